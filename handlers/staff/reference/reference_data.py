"""Screens of the directorate's staff: tariffs, levels and fields, required documents.

See docs/specification.md 4.1, staff.menu.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import document_requirements, reference_rows, studies
from bot.services.directorate import document_types as paper_service
from bot.services.qualification import fees as tariff_service
from bot.texts import t
from bot.texts.formats import TEHRAN, digits, jalali_day, number, toman
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.staff.reference_data import CODE, MARK, RULE
from handlers.common.navigation import ButtonRow, button_grid, home_button, navigation_row
from handlers.common.numbered_list import STAFF, confirmation_screen, numbered_page
from storage.enums import RequestKind
from storage.tables import DegreeLevel, DocumentType, FieldOfStudy, Tariff

PAGE = 10
FORMER = 3


def routes(engine: Engine) -> Routes:
    """staff.tariffs, staff.studies …, staff.documents …"""
    table = Routes()
    for action, decide in (
        ("staff.tariffs", show_tariffs),
        ("staff.tariff_ask", ask_delete_tariff),
        ("staff.studies", show_levels),
        ("staff.level", show_level),
        ("staff.level_ask", ask_level_change),
        ("staff.fields", show_fields),
        ("staff.field", show_field),
        ("staff.field_ask", ask_field_change),
        ("staff.pair_ask", ask_pair_change),
        ("staff.documents", show_document_types),
        ("staff.document", show_document_type),
        ("staff.document_ask", ask_document_change),
    ):
        table.show(action, roles=STAFF, listed=action in ("staff.fields", "staff.documents"))(decide)
    for action, act in (
        ("staff.tariff_end", delete_tariff),
        ("staff.level_do", change_level),
        ("staff.field_do", change_field),
        ("staff.pair_do", change_pair),
        ("staff.document_do", change_document_type),
        ("staff.document_move", move_document_type),
    ):
        table.act(action, roles=STAFF)(act)

    @table.act("staff.new_tariff", roles=STAFF)
    def new_tariff(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_tariff")

    @table.act("staff.new_field", roles=STAFF)
    def new_field(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_field")

    @table.act("staff.new_document", roles=STAFF)
    def new_document(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_document")

    @table.act("staff.document_from", roles=STAFF)
    def require_document(turn: Turn, press: Press) -> Reply:
        code, _, values = _requested_change(press)
        if values.get("required", "no") == "no":
            raise Stale
        _row(turn, DocumentType, code)
        given = {CODE: code, MARK: press.version, RULE: values["required"]}
        return engine.start(turn, "require_document", answers=given)

    @table.act("staff.rename_doc", roles=STAFF)
    def rename_document(turn: Turn, press: Press) -> Reply:
        _row(turn, DocumentType, press.arg)
        return engine.start(turn, "rename_document", answers={CODE: press.arg, MARK: press.version})

    return table


def _row(turn: Turn, model: type[Any], code: str) -> Any:
    """The row that a button names. Raises Stale."""
    row = turn.db.get(model, code)
    if row is None:
        raise Stale
    return row


# -- tariffs ---------------------------------------------------------------------------------------


def show_tariffs(turn: Turn, press: Press) -> Screen:
    """What is in force for each kind, what comes, and what was."""
    today = turn.now.astimezone(TEHRAN).date()
    lines, rows = [t("tariffs.title")], list[ButtonRow]()
    for kind in RequestKind:
        lines += ["", t("tariffs.kind", kind=t(f"desk.kind_{kind}"))]
        now = tariff_service.in_force(turn.db, kind=kind, day=today)
        lines.append(_tariff_line("tariffs.in_force", now) if now is not None else t("tariffs.none"))
        coming = tariff_service.upcoming(turn.db, actor=turn.actor, kind=kind, day=today)
        lines += [_tariff_line("tariffs.coming", tariff) for tariff in coming]
        rows += [
            (
                button(
                    t("tariffs.delete", day=jalali_day(tariff.valid_from)),
                    "staff.tariff_ask",
                    tariff.valid_from.toordinal(),
                    arg=kind,
                ),
            )
            for tariff in coming
        ]
        gone = tariff_service.former(turn.db, actor=turn.actor, kind=kind, day=today, limit=FORMER)
        lines += [_tariff_line("tariffs.former", tariff) for tariff in gone]
    return Screen(
        "\n".join(lines), ((button(t("tariffs.new"), "staff.new_tariff"),), *rows, (home_button(),))
    )


def ask_delete_tariff(turn: Turn, press: Press) -> Screen:
    """The question before a tariff to come is taken back; the argument is its kind, the id its day."""
    kind, day = _tariff_of(press)
    today = turn.now.astimezone(TEHRAN).date()
    coming = tariff_service.upcoming(turn.db, actor=turn.actor, kind=kind, day=today)
    tariff = next((one for one in coming if one.valid_from == day), None)
    if tariff is None:
        raise Stale
    return confirmation_screen(
        t("tariffs.delete_confirm", kind=t(f"desk.kind_{kind}"), what=_tariff_line("tariffs.coming", tariff)),
        button(t("tariffs.delete_do"), "staff.tariff_end", press.id, arg=press.arg),
        Press("staff.tariffs"),
    )


def delete_tariff(turn: Turn, press: Press) -> Reply:
    kind, day = _tariff_of(press)
    today = turn.now.astimezone(TEHRAN).date()
    tariff_service.delete_tariff(turn.db, actor=turn.actor, kind=kind, day=day, today=today, now=turn.now)
    return Reply((Screen(t("tariffs.deleted")),), goto=Press("staff.tariffs"))


def _tariff_of(press: Press) -> tuple[RequestKind, date]:
    """Raises Stale for a forged button."""
    if press.arg not in set(RequestKind) or not 0 < press.id < date.max.toordinal():
        raise Stale
    return RequestKind(press.arg), date.fromordinal(press.id)


def _tariff_line(key: str, tariff: Tariff) -> str:
    amount = t("tariffs.amount", amount=number(tariff.amount_rial), toman=toman(tariff.amount_rial))
    return t(key, amount=amount, day=jalali_day(tariff.valid_from))


# -- levels and fields -----------------------------------------------------------------------------


def _flag(allowed: bool) -> str:
    return t("reference_data.sign_on") if allowed else t("reference_data.sign_off")


def show_levels(turn: Turn, press: Press) -> Screen:
    """The levels with their flags; the button to the fields."""
    every = studies.levels(turn.db, actor=turn.actor)
    lines = [t("studies.levels_title")]
    lines += [t("studies.line", sign=_flag(level.allowed), name=level.name) for level in every]
    buttons = [button(level.name, "staff.level", arg=level.code) for level in every]
    fields_row = (button(t("studies.fields"), "staff.fields"), home_button())
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), fields_row))


def show_level(turn: Turn, press: Press) -> Screen:
    """One level, with the fields that are closed at it."""
    level: DegreeLevel = _row(turn, DegreeLevel, press.arg)
    lines = [t("studies.level", name=level.name, state=_state_line(level.allowed))]
    if closed := studies.closed_fields(turn.db, actor=turn.actor, level_code=level.code):
        lines.append(t("studies.closed_fields", names="، ".join(closed)))
    return Screen("\n".join(lines), (_toggle_row("staff.level_ask", level), navigation_row("staff.studies")))


def _state_line(allowed: bool) -> str:
    return t("studies.open") if allowed else t("studies.closed")


def _toggle_row(action: str, row: DegreeLevel | FieldOfStudy) -> ButtonRow:
    label = t("studies.close") if row.allowed else t("studies.reopen")
    return (button(label, action, 0, reference_rows.row_fingerprint(row), row.code),)


def ask_level_change(turn: Turn, press: Press) -> Screen:
    """The question before a level is opened or closed; the level as it is, where it changed meanwhile."""
    degree_level: DegreeLevel = _row(turn, DegreeLevel, press.arg)
    if reference_rows.row_fingerprint(degree_level) != press.version:
        return show_level(turn, press)
    return _toggle_screen(degree_level, "staff.level_do", "staff.level")


def _toggle_screen(row: DegreeLevel | FieldOfStudy, act: str, show: str) -> Screen:
    key = "studies.close_ask" if row.allowed else "studies.reopen_ask"
    yes = button(t("reference_data.yes"), act, int(not row.allowed), 0, row.code)
    return confirmation_screen(t(key, name=row.name), yes, Press(show, arg=row.code))


def change_level(turn: Turn, press: Press) -> Reply:
    studies.set_level(turn.db, actor=turn.actor, code=press.arg, allowed=press.id == 1, now=turn.now)
    return Reply(goto=Press("staff.level", arg=press.arg), notice=t("reference_data.done"))


def show_fields(turn: Turn, press: Press) -> Screen:
    """The fields with their flags, ten a page."""
    lines, rows = numbered_page(
        press,
        studies.fields(turn.db, actor=turn.actor),
        size=PAGE,
        line=lambda i, field: t("studies.field_line", i=i, sign=_flag(field.allowed), name=field.name),
        make_button=lambda i, field: button(i, "staff.field", arg=field.code),
    )
    new = (button(t("studies.new_field"), "staff.new_field"),)
    return Screen(
        "\n".join([t("studies.fields_title"), *lines]), (*rows, new, navigation_row("staff.studies"))
    )


def show_field(turn: Turn, press: Press) -> Screen:
    """One field, and at which levels it is open."""
    field: FieldOfStudy = _row(turn, FieldOfStudy, press.arg)
    closed = studies.closed_at(turn.db, actor=turn.actor, field_code=field.code)
    lines = [t("studies.field", name=field.name, state=_state_line(field.allowed))]
    if field.needs_note:
        lines.append(t("studies.needs_note"))
    lines.append(t("studies.pairs"))
    pairs = [
        button(
            t("studies.pair", sign=_flag(level.code not in closed), name=shortened(level.name, 16)),
            "staff.pair_ask",
            arg=f"{field.code}:{level.code}",
        )
        for level in studies.levels(turn.db, actor=turn.actor)
    ]
    toggle = _toggle_row("staff.field_ask", field)
    return Screen("\n".join(lines), (*button_grid(pairs, columns=2), toggle, navigation_row("staff.fields")))


def ask_field_change(turn: Turn, press: Press) -> Screen:
    """The question before a field is opened or closed; the field as it is, where it changed meanwhile."""
    study_field: FieldOfStudy = _row(turn, FieldOfStudy, press.arg)
    if reference_rows.row_fingerprint(study_field) != press.version:
        return show_field(turn, press)
    return _toggle_screen(study_field, "staff.field_do", "staff.field")


def change_field(turn: Turn, press: Press) -> Reply:
    studies.set_field(turn.db, actor=turn.actor, code=press.arg, allowed=press.id == 1, now=turn.now)
    return Reply(goto=Press("staff.field", arg=press.arg), notice=t("reference_data.done"))


def ask_pair_change(turn: Turn, press: Press) -> Screen:
    """The question before a field is opened or closed at one level."""
    field_code, _, level_code = press.arg.partition(":")
    field: FieldOfStudy = _row(turn, FieldOfStudy, field_code)
    at: DegreeLevel = _row(turn, DegreeLevel, level_code)
    is_open = level_code not in studies.closed_at(turn.db, actor=turn.actor, field_code=field_code)
    key = "studies.pair_close_ask" if is_open else "studies.pair_reopen_ask"
    yes = button(t("reference_data.yes"), "staff.pair_do", int(not is_open), 0, press.arg)
    return confirmation_screen(
        t(key, field=field.name, level=at.name), yes, Press("staff.field", arg=field_code)
    )


def change_pair(turn: Turn, press: Press) -> Reply:
    field_code, _, level_code = press.arg.partition(":")
    studies.set_pair(
        turn.db,
        actor=turn.actor,
        field_code=field_code,
        level_code=level_code,
        allowed=press.id == 1,
        now=turn.now,
    )
    return Reply(goto=Press("staff.field", arg=field_code), notice=t("reference_data.done"))


# -- documents -------------------------------------------------------------------------------------


def show_document_types(turn: Turn, press: Press) -> Screen:
    """All documents in the order in which they are asked for."""

    def line(i: str, document_type: DocumentType) -> str:
        rule = (
            t(f"document_types.required_{document_type.required}")
            if document_type.active
            else t("document_types.inactive")
        )
        return t(
            "document_types.line", i=i, name=document_type.name, rule=rule, n=digits(document_type.max_files)
        )

    lines, rows = numbered_page(
        press,
        paper_service.all_document_types(turn.db, actor=turn.actor),
        size=PAGE,
        line=line,
        make_button=lambda i, document_type: button(i, "staff.document", arg=document_type.code),
    )
    new = (button(t("document_types.new"), "staff.new_document"),)
    return Screen("\n".join([t("document_types.title"), *lines]), (*rows, new, (home_button(),)))


def show_document_type(turn: Turn, press: Press) -> Screen:
    """One document, and everything that can be changed about it."""
    document_type: DocumentType = _row(turn, DocumentType, press.arg)
    mark = reference_rows.row_fingerprint(document_type)
    lines = [
        document_type.name,
        t("document_types.short", name=document_type.short_name),
        t("document_types.rule", rule=t(f"document_types.required_{document_type.required}")),
        t("document_types.files", n=digits(document_type.max_files)),
        t(f"document_types.sides_{document_type.sides}"),
    ]
    if not document_type.active:
        lines.append(t("document_types.is_inactive"))
    planned = document_type.next_required is not None and document_type.next_from is not None
    if document_type.next_required is not None and document_type.next_from is not None:
        rule = t(f"document_types.required_{document_type.next_required}")
        day = jalali_day(date.fromisoformat(document_type.next_from))
        lines.append(t("document_types.planned", rule=rule, day=day))

    def ask(label: str, change: str) -> Any:
        return button(label, "staff.document_ask", 0, mark, f"{document_type.code}:{change}")

    rules = [
        ask(t(f"document_types.required_{rule}"), f"required:{rule}")
        for rule in paper_service.REQUIRED
        if rule != document_type.required
    ]
    counts = [
        ask(t("form.files", n=digits(n)), f"files:{n}")
        for n in range(1, paper_service.MOST_FILES + 1)
        if n != document_type.max_files
    ]
    active = ask(
        t("document_types.off") if document_type.active else t("document_types.on"),
        f"active:{int(not document_type.active)}",
    )
    moves = (
        button(t("document_types.up"), "staff.document_move", 1, mark, document_type.code),
        button(t("document_types.down"), "staff.document_move", 0, mark, document_type.code),
    )
    rename = button(t("reference_data.rename"), "staff.rename_doc", 0, mark, document_type.code)
    other = 1 if document_type.sides > 1 else 2
    sides = (ask(t(f"document_types.to_sides_{other}"), f"sides:{other}"),)
    plan: list[ButtonRow] = [(ask(t("document_types.no_plan"), "plan:0"),)] if planned else []
    rows = (tuple(rules), tuple(counts), sides, (active, rename), moves, *plan)
    return Screen("\n".join(lines), (*rows, navigation_row("staff.documents")))


def _requested_change(press: Press) -> tuple[str, str, dict[str, Any]]:
    """(document, event, columns) of a button. Raises Stale for forged ones."""
    code, _, rest = press.arg.partition(":")
    what, _, value = rest.partition(":")
    match what:
        case "required" if value in paper_service.REQUIRED:
            return code, "document_rule_set", {"required": value}
        case "files" if value in ("1", "2", "3"):
            return code, "document_files_set", {"max_files": int(value)}
        case "sides" if value in ("1", "2"):
            return code, "document_sides_set", {"sides": int(value)}
        case "plan" if value == "0":
            return code, "document_plan_cancelled", {"next_required": None, "next_from": None}
        case "active" if value in ("0", "1"):
            return code, "document_on" if value == "1" else "document_off", {"active": value == "1"}
    raise Stale


def ask_document_change(turn: Turn, press: Press) -> Screen:
    """The question before a document changes; the document as it is, where it changed meanwhile."""
    code, _, values = _requested_change(press)
    document_type: DocumentType = _row(turn, DocumentType, code)
    if reference_rows.row_fingerprint(document_type) != press.version:
        return show_document_type(turn, Press("staff.document", arg=code))
    text, rows = "", list[ButtonRow]()
    if "required" in values:
        change = t(f"document_types.required_{values['required']}")
        if values["required"] != "no":
            touched = document_requirements.drafts_touched(
                turn.db, actor=turn.actor, code=code, required=values["required"]
            )
            text = "\n" + touched.told()
            later = button(t("document_types.later"), "staff.document_from", 0, press.version, press.arg)
            rows.append((later,))
    elif "next_from" in values:
        change = t("document_types.no_plan")
    elif "max_files" in values:
        change = t("document_types.files", n=digits(values["max_files"]))
    elif "sides" in values:
        change = t(f"document_types.sides_{values['sides']}")
    else:
        change = t("document_types.on") if values["active"] else t("document_types.off")
    yes = button(t("reference_data.yes"), "staff.document_do", 0, press.version, press.arg)
    return confirmation_screen(
        t("document_types.ask", name=document_type.name, change=change) + text,
        yes,
        Press("staff.document", arg=code),
        rows=rows,
    )


def change_document_type(turn: Turn, press: Press) -> Reply:
    code, event, values = _requested_change(press)
    given: dict[str, Any] = {"code": code, "expected": press.version, "now": turn.now}
    if values.get("required", "no") != "no":
        document_requirements.require_from(
            turn.db,
            actor=turn.actor,
            required=values["required"],
            day=document_requirements.today_of(turn.now),
            **given,
        )
    elif "next_from" in values:
        document_requirements.cancel_plan(turn.db, actor=turn.actor, **given)
    else:
        paper_service.change_document_type(turn.db, actor=turn.actor, event=event, **given, **values)
    return Reply(goto=Press("staff.document", arg=code), notice=t("reference_data.done"))


def move_document_type(turn: Turn, press: Press) -> Reply:
    paper_service.move_document_type(
        turn.db, actor=turn.actor, code=press.arg, up=press.id == 1, expected=press.version, now=turn.now
    )
    return Reply(goto=Press("staff.documents"), notice=t("reference_data.done"))
