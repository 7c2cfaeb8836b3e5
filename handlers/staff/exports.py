"""Lists by row as files, for staff and for experts in charge: what is chosen stands in the buttons.

See docs/specification.md 7.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.application.resources import Resources
from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed, Stale
from bot.core.screens import Button, GeneratedFile, Press, Reply, Screen, button
from bot.messengers.processing.inbox_store import read_actor
from bot.reports.drawing_queue import DRAWING
from bot.services.exports import reading
from bot.services.exports import wanted as exports
from bot.services.exports.wanted import PERIODS, STATES, ExportKind, Wanted
from bot.services.shared import reference_data
from bot.texts import t
from bot.texts.formats import digits, jalali_compact, number
from conversations.common.labels import short_university
from handlers.common.navigation import ButtonRow, button_grid, home_button
from storage.enums import Role

WHO = (Role.STAFF, Role.IN_CHARGE)
#: Universities a page.
PAGE = 14
#: Days that a first export is of.
USUAL = 30


def routes() -> Routes:
    """export, export.kind, export.states, export.at, export.xlsx, export.csv. `press.id` is days + 1, so that 0 is none
    chosen; `press.arg` is kind, state and university."""
    table = Routes()
    table.show("export", roles=WHO)(show_kinds)
    table.show("export.kind", roles=WHO)(show_kind)
    table.show("export.states", roles=WHO)(show_states)
    table.show("export.at", roles=[Role.STAFF])(show_universities)
    table.act("export.xlsx", roles=WHO, prepare=partial(_prepare, form="xlsx"))(partial(_send, form="xlsx"))
    table.act("export.csv", roles=WHO, prepare=partial(_prepare, form="csv"))(partial(_send, form="csv"))
    return table


def _wanted(press: Press) -> Wanted:
    """Raises Stale for a forged button."""
    kind, _, rest = press.arg.partition(".")
    state, _, university = rest.partition(".")
    days = press.id - 1 if press.id else USUAL
    known = kind in set(ExportKind) and days in PERIODS
    if not known or (state and state not in STATES.get(ExportKind(kind), ("", ()))[1]):
        raise Stale
    return Wanted(ExportKind(kind), days, state, university or None)


def _button(label: str, action: str, wanted: Wanted, version: int = 0) -> Button:
    arg = ".".join((wanted.kind, wanted.state, wanted.university or "")).rstrip(".")
    return button(label, action, wanted.days + 1, version, arg)


def show_kinds(turn: Turn, press: Press) -> Screen:
    """What may be exported."""
    kinds = exports.kinds_for(turn.db, actor=turn.actor)
    buttons = [
        _button(t(f"export.kind.{kind}"), "export.kind", Wanted(ExportKind(kind), USUAL)) for kind in kinds
    ]
    return Screen(t("export.intro"), (*button_grid(buttons, columns=2), (home_button(),)))


def show_kind(turn: Turn, press: Press) -> Screen:
    """One kind: its period, state and university, and the two forms of the file."""
    wanted = _wanted(press)
    if wanted.kind not in exports.kinds_for(turn.db, actor=turn.actor):
        raise NotAllowed("error.not_allowed")
    at = wanted.university if turn.role is Role.STAFF else turn.actor.university_code
    lines = [
        t("export.title", what=t(f"export.kind.{wanted.kind}")),
        t("export.line", label=t("export.about_period"), value=exports.period(wanted.days, turn.now)),
    ]
    if wanted.kind in STATES:
        state = exports.state_name(wanted.kind, wanted.state)
        lines.append(t("export.line", label=t("export.about_state"), value=state))
    if wanted.kind is not ExportKind.LETTERS:
        place = reference_data.university_name(turn.db, at) if at else t("export.all")
        lines.append(t("export.line", label=t("export.about_university"), value=place))
    lines += ["", t("export.most", n=number(exports.MOST_ROWS))]
    periods = [
        _button(
            t("export.days", n=digits(days)) if days else t("export.always"),
            "export.kind",
            replace(wanted, days=days),
        )
        for days in PERIODS
        if days != wanted.days
    ]
    filters = []
    if wanted.kind in STATES:
        filters.append(_button(t("export.by_state"), "export.states", wanted))
    if turn.role is Role.STAFF and wanted.kind is not ExportKind.LETTERS:
        # Page 0 of the press: the one on which what was chosen stands.
        filters.append(_button(t("export.by_university"), "export.at", wanted))
    files = (
        _button(t("export.xlsx"), "export.xlsx", wanted),
        _button(t("export.csv"), "export.csv", wanted),
    )
    shown: list[ButtonRow] = [files, *button_grid(periods, columns=2)]
    if filters:
        shown.append(tuple(filters))
    return Screen("\n".join(lines), (*shown, (button(t("nav.back"), "export"), home_button())))


def show_states(turn: Turn, press: Press) -> Screen:
    """The states that a kind may be narrowed to."""
    wanted = _wanted(press)
    states = ("", *STATES.get(wanted.kind, ("", ()))[1])
    lines, buttons = [t("export.choose_state")], []
    for i, state in enumerate(states, start=1):
        lines.append(t("export.numbered", i=digits(i), what=exports.state_name(wanted.kind, state)))
        buttons.append(_button(digits(i), "export.kind", replace(wanted, state=state)))
    back = _button(t("nav.back"), "export.kind", wanted)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=5), (back, home_button())))


def show_universities(turn: Turn, press: Press) -> Screen:
    """The universities that a kind may be narrowed to; the version of the press is the page, counted from 1, and 0 is
    that of the chosen one."""
    wanted = _wanted(press)
    names = sorted(reference_data.names_of_universities(turn.db).items(), key=lambda item: item[1])
    pages = max(-(-len(names) // PAGE), 1)
    chosen = next((at for at, (code, _) in enumerate(names) if code == wanted.university), 0)
    page = min(press.version - 1 if press.version else chosen // PAGE, pages - 1)
    buttons = [
        _button(short_university(name), "export.kind", replace(wanted, university=code))
        for code, name in names[page * PAGE : (page + 1) * PAGE]
    ]
    turns = [
        _button(t(label), "export.at", wanted, target + 1)
        for label, target in (("nav.previous", page - 1), ("nav.next", page + 1))
        if 0 <= target < pages
    ]
    every = _button(t("export.all_universities"), "export.kind", replace(wanted, university=None))
    last = (_button(t("nav.back"), "export.kind", wanted), home_button())
    turn_row: list[ButtonRow] = [tuple(turns)] if turns else []
    return Screen(
        t("export.choose_university"), (*button_grid(buttons, columns=2), *turn_row, (every,), last)
    )


async def _prepare(resources: Resources, incoming: Incoming, press: Press, *, form: str) -> tuple[bytes, int]:
    """The file, read and made outside any transaction, and its rows. Raises NotAllowed, Unavailable."""
    from bot.reports import spreadsheet

    now = resources.clock()
    who = partial(read_actor, incoming=incoming, now=now, public_info=resources.public_info)
    actor = await resources.database.read(who)
    export = await reading.read(resources.database, actor=actor, wanted=_wanted(press), now=now)
    make = spreadsheet.export_bytes if form == "xlsx" else spreadsheet.export_csv_bytes
    return await DRAWING.draw(actor.account_id or 0, partial(make, export)), len(export.rows)


def _send(turn: Turn, press: Press, *, form: str) -> Reply:
    """The file that was made before this unit, recorded, and the screen again below it."""
    wanted = _wanted(press)
    content, count = turn.prepared or (b"", 0)
    exports.note(turn.db, actor=turn.actor, wanted=wanted, form=form, rows=count, now=turn.now)
    what = t(f"export.kind.{wanted.kind}")
    caption = t("export.caption", what=what, n=number(count), since=exports.period(wanted.days, turn.now))
    file = GeneratedFile(f"{wanted.kind}-{jalali_compact(turn.now)}.{form}", content, caption)
    return Reply(
        (Screen("", attachments=(file,)),),
        goto=Press("export.kind", press.id, arg=press.arg),
        send_as_new=True,
    )
