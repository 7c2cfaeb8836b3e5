"""Staff keep the frequent questions of the help: add, change, hide, order (docs/specification.md 4.1, staff.menu)."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import faq_entries, reference_rows
from bot.texts import t
from conversations.engine.engine import Engine
from conversations.staff.reference_data import CODE, MARK
from handlers.common.navigation import home_button, navigation_row
from handlers.common.numbered_list import STAFF, confirmation_screen, numbered_page
from storage.tables import FaqEntry

PAGE = 10


def routes(engine: Engine) -> Routes:
    """staff.faq → staff.faq_entry → staff.faq_ask."""
    table = Routes()
    for action, decide in (
        ("staff.faq", show_entries),
        ("staff.faq_entry", show_entry),
        ("staff.faq_ask", ask_change),
    ):
        table.show(action, roles=STAFF, listed=action in ("staff.faq",))(decide)
    table.act("staff.faq_do", roles=STAFF)(change)
    table.act("staff.faq_move", roles=STAFF)(move)

    @table.act("staff.faq_new", roles=STAFF)
    def new(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_faq")

    @table.act("staff.faq_edit", roles=STAFF)
    def edit(turn: Turn, press: Press) -> Reply:
        entry = _entry(turn, press.arg)
        answers = {
            "faq_question": entry.question,
            "faq_short": entry.short_name,
            "faq_answer": entry.answer,
            "faq_words": entry.search_words or None,
        }
        return engine.start(turn, "edit_faq", answers={CODE: entry.code, MARK: press.version, **answers})

    return table


def _entry(turn: Turn, code: str) -> FaqEntry:
    """The row that a button names. Raises Stale."""
    row = turn.db.get(FaqEntry, code)
    if row is None:
        raise Stale
    return row


def show_entries(turn: Turn, press: Press) -> Screen:
    """All questions in order, also those that are hidden."""
    lines, rows = numbered_page(
        press,
        faq_entries.all_entries(turn.db, actor=turn.actor),
        size=PAGE,
        line=lambda i, entry: t(
            "faq.line" if entry.active else "faq.line_hidden", i=i, question=entry.question
        ),
        make_button=lambda i, entry: button(i, "staff.faq_entry", arg=entry.code),
    )
    new = (button(t("faq.new"), "staff.faq_new"),)
    return Screen("\n".join([t("faq.title"), *lines]), (*rows, new, (home_button(),)))


def show_entry(turn: Turn, press: Press) -> Screen:
    """One question as it is kept, and everything that can be changed about it."""
    entry = _entry(turn, press.arg)
    mark = reference_rows.row_fingerprint(entry)
    lines = [entry.question, "", entry.answer, ""]
    lines += [t("faq.short", name=entry.short_name), t("faq.words", words=entry.search_words or "–")]
    if not entry.active:
        lines.append(t("faq.is_hidden"))
    toggle = button(
        t("faq.hide" if entry.active else "faq.show"),
        "staff.faq_ask",
        0,
        mark,
        f"{entry.code}:{int(not entry.active)}",
    )
    edit = button(t("form.edit"), "staff.faq_edit", 0, mark, entry.code)
    moves = (
        button(t("document_types.up"), "staff.faq_move", 1, mark, entry.code),
        button(t("document_types.down"), "staff.faq_move", 0, mark, entry.code),
    )
    return Screen("\n".join(lines), ((edit, toggle), moves, navigation_row("staff.faq")))


def _requested(press: Press) -> tuple[str, bool]:
    """(entry, shown) of a button. Raises Stale for forged ones."""
    code, _, value = press.arg.partition(":")
    if value not in ("0", "1"):
        raise Stale
    return code, value == "1"


def ask_change(turn: Turn, press: Press) -> Screen:
    """The question before an entry is hidden or shown; the entry as it is, where it changed meanwhile."""
    code, active = _requested(press)
    entry = _entry(turn, code)
    if reference_rows.row_fingerprint(entry) != press.version:
        return show_entry(turn, Press("staff.faq_entry", arg=code))
    yes = button(t("reference_data.yes"), "staff.faq_do", 0, press.version, press.arg)
    text = t("faq.ask_show" if active else "faq.ask_hide", question=entry.question)
    return confirmation_screen(text, yes, Press("staff.faq_entry", arg=code))


def change(turn: Turn, press: Press) -> Reply:
    code, active = _requested(press)
    faq_entries.change_entry(
        turn.db,
        actor=turn.actor,
        code=code,
        expected=press.version,
        now=turn.now,
        event="faq_shown" if active else "faq_hidden",
        active=active,
    )
    return Reply(goto=Press("staff.faq_entry", arg=code), notice=t("reference_data.done"))


def move(turn: Turn, press: Press) -> Reply:
    faq_entries.move_entry(
        turn.db, actor=turn.actor, code=press.arg, up=press.id == 1, expected=press.version, now=turn.now
    )
    return Reply(goto=Press("staff.faq"), notice=t("reference_data.done"))
