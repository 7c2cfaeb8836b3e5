"""Screens of the directorate's staff: tariffs, levels and fields, required documents.

See docs/specification.md 4.1, staff.menu.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import document_types as paper_service
from bot.services.directorate import reference_rows, studies
from bot.services.qualification import fees as tariff_service
from bot.texts import t
from bot.texts.formats import TEHRAN, digits, jalali_day, number, toman
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.staff.reference_data import CODE, MARK
from handlers.common.navigation import ButtonRow, grid, home, navigation_row
from handlers.common.numbered_list import STAFF, numbered, question
from storage.enums import RequestKind
from storage.tables import DegreeLevel, DocumentType, FieldOfStudy, Tariff

PAGE = 10
FORMER = 3


def routes(engine: Engine) -> Routes:
    """staff.tariffs, staff.studies …, staff.documents …"""
    table = Routes()
    for action, decide in (
        ("staff.tariffs", tariffs),
        ("staff.studies", levels),
        ("staff.level", level),
        ("staff.level_ask", level_ask),
        ("staff.fields", fields),
        ("staff.field", field),
        ("staff.field_ask", field_ask),
        ("staff.pair_ask", pair_ask),
        ("staff.documents", documents),
        ("staff.document", document),
        ("staff.document_ask", document_ask),
    ):
        table.show(action, roles=STAFF)(decide)
    for action, act in (
        ("staff.level_do", level_do),
        ("staff.field_do", field_do),
        ("staff.pair_do", pair_do),
        ("staff.document_do", document_do),
        ("staff.document_move", document_move),
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


def tariffs(turn: Turn, press: Press) -> Screen:
    """What is in force for each kind, what comes, and what was."""
    today = turn.now.astimezone(TEHRAN).date()
    lines = [t("kept.tariff.title")]
    for kind in RequestKind:
        lines += ["", t("kept.tariff.kind", kind=t(f"desk.kind_{kind}"))]
        now = tariff_service.in_force(turn.db, kind=kind, day=today)
        lines.append(_tariff("kept.tariff.in_force", now) if now is not None else t("kept.tariff.none"))
        coming = tariff_service.upcoming(turn.db, actor=turn.actor, kind=kind, day=today)
        lines += [_tariff("kept.tariff.coming", one) for one in coming]
        gone = tariff_service.former(turn.db, actor=turn.actor, kind=kind, day=today, limit=FORMER)
        lines += [_tariff("kept.tariff.former", one) for one in gone]
    return Screen("\n".join(lines), ((button(t("kept.tariff.new"), "staff.new_tariff"),), (home(),)))


def _tariff(key: str, one: Tariff) -> str:
    amount = t("kept.tariff.amount", amount=number(one.amount_rial), toman=toman(one.amount_rial))
    return t(key, amount=amount, day=jalali_day(one.valid_from))


# -- levels and fields -----------------------------------------------------------------------------


def _sign(allowed: bool) -> str:
    return t("kept.sign_on") if allowed else t("kept.sign_off")


def levels(turn: Turn, press: Press) -> Screen:
    """The levels with their flags; the button to the fields."""
    every = studies.levels(turn.db, actor=turn.actor)
    lines = [t("kept.studies.levels_title")]
    lines += [t("kept.studies.line", sign=_sign(one.allowed), name=one.name) for one in every]
    buttons = [button(one.name, "staff.level", arg=one.code) for one in every]
    fields_row = (button(t("kept.studies.fields"), "staff.fields"), home())
    return Screen("\n".join(lines), (*grid(buttons, columns=2), fields_row))


def level(turn: Turn, press: Press) -> Screen:
    """One level, with the fields that are closed at it."""
    one: DegreeLevel = _row(turn, DegreeLevel, press.arg)
    lines = [t("kept.studies.level", name=one.name, state=_state(one.allowed))]
    if closed := studies.closed_fields(turn.db, actor=turn.actor, level_code=one.code):
        lines.append(t("kept.studies.closed_fields", names="، ".join(closed)))
    return Screen("\n".join(lines), (_toggle("staff.level_ask", one), navigation_row("staff.studies")))


def _state(allowed: bool) -> str:
    return t("kept.studies.open") if allowed else t("kept.studies.closed")


def _toggle(action: str, one: DegreeLevel | FieldOfStudy) -> ButtonRow:
    label = t("kept.studies.close") if one.allowed else t("kept.studies.reopen")
    return (button(label, action, 0, reference_rows.row_fingerprint(one), one.code),)


def level_ask(turn: Turn, press: Press) -> Screen:
    """The question before a level is opened or closed; the level as it is, where it changed meanwhile."""
    one: DegreeLevel = _row(turn, DegreeLevel, press.arg)
    if reference_rows.row_fingerprint(one) != press.version:
        return level(turn, press)
    return _toggle_question(one, "staff.level_do", "staff.level")


def _toggle_question(one: DegreeLevel | FieldOfStudy, act: str, show: str) -> Screen:
    key = "kept.studies.close_ask" if one.allowed else "kept.studies.reopen_ask"
    yes = button(t("kept.yes"), act, int(not one.allowed), 0, one.code)
    return question(t(key, name=one.name), yes, Press(show, arg=one.code))


def level_do(turn: Turn, press: Press) -> Reply:
    studies.set_level(turn.db, actor=turn.actor, code=press.arg, allowed=press.id == 1, now=turn.now)
    return Reply(goto=Press("staff.level", arg=press.arg), notice=t("kept.done"))


def fields(turn: Turn, press: Press) -> Screen:
    """The fields with their flags, ten a page."""
    lines, rows = numbered(
        press,
        studies.fields(turn.db, actor=turn.actor),
        size=PAGE,
        line=lambda i, one: t("kept.studies.field_line", i=i, sign=_sign(one.allowed), name=one.name),
        make_button=lambda i, one: button(i, "staff.field", arg=one.code),
    )
    new = (button(t("kept.studies.new_field"), "staff.new_field"),)
    return Screen(
        "\n".join([t("kept.studies.fields_title"), *lines]), (*rows, new, navigation_row("staff.studies"))
    )


def field(turn: Turn, press: Press) -> Screen:
    """One field, and at which levels it is open."""
    one: FieldOfStudy = _row(turn, FieldOfStudy, press.arg)
    closed = studies.closed_at(turn.db, actor=turn.actor, field_code=one.code)
    lines = [t("kept.studies.field", name=one.name, state=_state(one.allowed))]
    if one.needs_note:
        lines.append(t("kept.studies.needs_note"))
    lines.append(t("kept.studies.pairs"))
    pairs = [
        button(
            t("kept.studies.pair", sign=_sign(level.code not in closed), name=shortened(level.name, 16)),
            "staff.pair_ask",
            arg=f"{one.code}:{level.code}",
        )
        for level in studies.levels(turn.db, actor=turn.actor)
    ]
    toggle = _toggle("staff.field_ask", one)
    return Screen("\n".join(lines), (*grid(pairs, columns=2), toggle, navigation_row("staff.fields")))


def field_ask(turn: Turn, press: Press) -> Screen:
    """The question before a field is opened or closed; the field as it is, where it changed meanwhile."""
    one: FieldOfStudy = _row(turn, FieldOfStudy, press.arg)
    if reference_rows.row_fingerprint(one) != press.version:
        return field(turn, press)
    return _toggle_question(one, "staff.field_do", "staff.field")


def field_do(turn: Turn, press: Press) -> Reply:
    studies.set_field(turn.db, actor=turn.actor, code=press.arg, allowed=press.id == 1, now=turn.now)
    return Reply(goto=Press("staff.field", arg=press.arg), notice=t("kept.done"))


def pair_ask(turn: Turn, press: Press) -> Screen:
    """The question before a field is opened or closed at one level."""
    field_code, _, level_code = press.arg.partition(":")
    one: FieldOfStudy = _row(turn, FieldOfStudy, field_code)
    at: DegreeLevel = _row(turn, DegreeLevel, level_code)
    is_open = level_code not in studies.closed_at(turn.db, actor=turn.actor, field_code=field_code)
    key = "kept.studies.pair_close_ask" if is_open else "kept.studies.pair_reopen_ask"
    yes = button(t("kept.yes"), "staff.pair_do", int(not is_open), 0, press.arg)
    return question(t(key, field=one.name, level=at.name), yes, Press("staff.field", arg=field_code))


def pair_do(turn: Turn, press: Press) -> Reply:
    field_code, _, level_code = press.arg.partition(":")
    studies.set_pair(
        turn.db,
        actor=turn.actor,
        field_code=field_code,
        level_code=level_code,
        allowed=press.id == 1,
        now=turn.now,
    )
    return Reply(goto=Press("staff.field", arg=field_code), notice=t("kept.done"))


# -- documents -------------------------------------------------------------------------------------


def documents(turn: Turn, press: Press) -> Screen:
    """All documents in the order in which they are asked for."""

    def line(i: str, one: DocumentType) -> str:
        rule = t(f"kept.papers.required_{one.required}") if one.active else t("kept.papers.inactive")
        return t("kept.papers.line", i=i, name=one.name, rule=rule, n=digits(one.max_files))

    lines, rows = numbered(
        press,
        paper_service.everything(turn.db, actor=turn.actor),
        size=PAGE,
        line=line,
        make_button=lambda i, one: button(i, "staff.document", arg=one.code),
    )
    new = (button(t("kept.papers.new"), "staff.new_document"),)
    return Screen("\n".join([t("kept.papers.title"), *lines]), (*rows, new, (home(),)))


def document(turn: Turn, press: Press) -> Screen:
    """One document, and everything that can be changed about it."""
    one: DocumentType = _row(turn, DocumentType, press.arg)
    mark = reference_rows.row_fingerprint(one)
    lines = [
        one.name,
        t("kept.papers.short", name=one.short_name),
        t("kept.papers.rule", rule=t(f"kept.papers.required_{one.required}")),
        t("kept.papers.files", n=digits(one.max_files)),
    ]
    if not one.active:
        lines.append(t("kept.papers.is_inactive"))

    def ask(label: str, change: str) -> Any:
        return button(label, "staff.document_ask", 0, mark, f"{one.code}:{change}")

    rules = [
        ask(t(f"kept.papers.required_{rule}"), f"required:{rule}")
        for rule in paper_service.REQUIRED
        if rule != one.required
    ]
    counts = [
        ask(t("form.files", n=digits(n)), f"files:{n}")
        for n in range(1, paper_service.MOST_FILES + 1)
        if n != one.max_files
    ]
    active = ask(t("kept.papers.off") if one.active else t("kept.papers.on"), f"active:{int(not one.active)}")
    moves = (
        button(t("kept.papers.up"), "staff.document_move", 1, mark, one.code),
        button(t("kept.papers.down"), "staff.document_move", 0, mark, one.code),
    )
    rename = button(t("kept.rename"), "staff.rename_doc", 0, mark, one.code)
    rows = (tuple(rules), tuple(counts), (active, rename), moves, navigation_row("staff.documents"))
    return Screen("\n".join(lines), rows)


def _wanted(press: Press) -> tuple[str, str, dict[str, Any]]:
    """(document, event, columns) of a button. Raises Stale for forged ones."""
    code, _, rest = press.arg.partition(":")
    what, _, value = rest.partition(":")
    match what:
        case "required" if value in paper_service.REQUIRED:
            return code, "document_rule_set", {"required": value}
        case "files" if value in ("1", "2", "3"):
            return code, "document_files_set", {"max_files": int(value)}
        case "active" if value in ("0", "1"):
            return code, "document_on" if value == "1" else "document_off", {"active": value == "1"}
    raise Stale


def document_ask(turn: Turn, press: Press) -> Screen:
    """The question before a document changes; the document as it is, where it changed meanwhile."""
    code, _, values = _wanted(press)
    one: DocumentType = _row(turn, DocumentType, code)
    if reference_rows.row_fingerprint(one) != press.version:
        return document(turn, Press("staff.document", arg=code))
    if "required" in values:
        change = t(f"kept.papers.required_{values['required']}")
    elif "max_files" in values:
        change = t("kept.papers.files", n=digits(values["max_files"]))
    else:
        change = t("kept.papers.on") if values["active"] else t("kept.papers.off")
    yes = button(t("kept.yes"), "staff.document_do", 0, press.version, press.arg)
    return question(
        t("kept.papers.ask", name=one.name, change=change), yes, Press("staff.document", arg=code)
    )


def document_do(turn: Turn, press: Press) -> Reply:
    code, event, values = _wanted(press)
    paper_service.change(
        turn.db, actor=turn.actor, code=code, expected=press.version, now=turn.now, event=event, **values
    )
    return Reply(goto=Press("staff.document", arg=code), notice=t("kept.done"))


def document_move(turn: Turn, press: Press) -> Reply:
    paper_service.move(
        turn.db, actor=turn.actor, code=press.arg, up=press.id == 1, expected=press.version, now=turn.now
    )
    return Reply(goto=Press("staff.documents"), notice=t("kept.done"))
