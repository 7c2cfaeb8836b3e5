"""Help for everybody: what to do here, the frequent questions and their answers, privacy, and back to an open form."""

from __future__ import annotations

from collections.abc import Mapping

from bot.application.routes import EVERYONE, Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.guide import faq, requirements
from bot.texts import t
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, back_button, form_rows, home_button
from storage.enums import Role
from storage.tables import FaqEntry

#: (role, entry that a new installation begins with) → text key of the label, action.
LEADS: Mapping[tuple[Role | None, str], tuple[str, str]] = {
    (None, "register"): ("guest.register", "register"),
    (None, "documents"): ("guest.register", "register"),
    (None, "password"): ("guest.forgot", "forgot"),
    (Role.OFFICER, "time"): ("menu.qual", "qual"),
    (Role.OFFICER, "rejected"): ("menu.qual", "qual"),
    (Role.OFFICER, "ending"): ("menu.centers", "centers"),
    (Role.OFFICER, "changes"): ("menu.me", "me"),
}


def routes(engine: Engine) -> Routes:
    """help, faq, faq.found, requirements, privacy, form: all may be read in the middle of a dialogue."""
    table = Routes()
    for action, decide in (
        ("help", show_help),
        ("faq", show_answer),
        ("faq.found", show_found),
        ("requirements", show_requirements),
        ("privacy", show_privacy),
    ):
        table.show(action, roles=EVERYONE, suspended=EVERYONE, beside=True)(decide)

    @table.show("form", roles=EVERYONE, suspended=EVERYONE, beside=True)
    def show_open_form(turn: Turn, press: Press) -> Screen | Reply:
        """Back to the question of the open dialogue from what was read beside it."""
        return engine.current(turn) if engine.is_open(turn) else Reply(goto=Press("home"))

    table.commands |= {
        "help": Press("help"),
        "requirements": Press("requirements"),
        "privacy": Press("privacy"),
    }
    return table


def show_help(turn: Turn, press: Press) -> Screen:
    """What can be done here, for this role, and one button a question."""
    match turn.role:
        case None:
            text = t("help.guest")
        case Role.EXPERT | Role.IN_CHARGE:
            text = t("help.expert")
        case role:
            text = t(f"help.{role}")
    contact = t("help.contact", contact=turn.public_info.support_contact)
    questions = faq.shown_entries(turn.db)
    lines = [text.strip(), t("help.commands").strip(), contact]
    if questions:
        lines.append(t("faq.in_help"))
    rows = [*form_rows(turn), *_entry_rows(questions)]
    if turn.account is None:
        rows.append((button(t("guest.forgot"), "forgot"),))
    rows.append((button(t("menu.requirements"), "requirements"), button(t("menu.privacy"), "privacy")))
    rows.append((home_button(),))
    return Screen("\n".join(lines), tuple(rows))


def _entry_rows(entries: list[FaqEntry]) -> list[ButtonRow]:
    return [(button(entry.short_name, "faq", arg=entry.code),) for entry in entries]


def show_answer(turn: Turn, press: Press) -> Screen:
    """One question with its answer. Raises Stale where it is hidden now."""
    entry = faq.shown_entry(turn.db, press.arg)
    contact = turn.public_info.support_contact
    answer = faq.answer_text(turn.db, entry, now=turn.now, contact=contact)
    return Screen(f"❓ {entry.question}\n\n{answer}", (*form_rows(turn), *_lead(turn, entry), _ways_on()))


def _lead(turn: Turn, entry: FaqEntry) -> list[ButtonRow]:
    """The button to what an answer speaks of, for who may use it and has no form open."""
    lead = LEADS.get((turn.role, entry.code)) if turn.chat.dialogue is None else None
    return [(button(t(lead[0]), lead[1]),)] if lead is not None else []


def show_found(turn: Turn, press: Press) -> Screen:
    """The questions that fit what was typed, where none fits best; `press.arg` holds their codes."""
    codes = press.arg.split(",")
    entries = [entry for entry in faq.shown_entries(turn.db) if entry.code in codes]
    return Screen(t("faq.found"), (*form_rows(turn), *_entry_rows(entries), _ways_on()))


def _ways_on() -> ButtonRow:
    return (back_button("help", label="faq.others"), home_button())


def show_requirements(turn: Turn, press: Press) -> Screen:
    """«📋 مدارک و هزینه»: what to have at hand, what it costs, who reviews and how it goes."""
    known = requirements.in_force(turn.db, now=turn.now)
    lines = [t("guide.title"), ""]
    for key, names in (("must", known.all), ("men", known.men), ("optional", known.optional)):
        if names:
            lines += [t(f"guide.{key}"), *(t("guide.document", name=name) for name in names), ""]
    lines.append(t("guide.fees", new=faq.fee_text(known.fee_new), change=faq.fee_text(known.fee_amendment)))
    lines.append(t("guide.how").strip())
    rows: list[ButtonRow] = []
    if turn.chat.dialogue is None and turn.account is None:
        rows.append((button(t("guest.register"), "register"), button(t("guest.login"), "login")))
    elif turn.chat.dialogue is None and turn.role is Role.OFFICER:
        rows.append((button(t("menu.qual"), "qual"),))
    return Screen(
        "\n".join(lines), (*form_rows(turn), *rows, (button(t("menu.help"), "help"), home_button()))
    )


def show_privacy(turn: Turn, press: Press) -> Screen:
    """Q44, in plain words."""
    text = t("privacy.text", contact=turn.public_info.support_contact)
    return Screen(text.strip(), (*form_rows(turn), (home_button(),)))
