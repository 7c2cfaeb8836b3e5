"""Kept phrases: an expert's own, a head's those of the university, staff's those of any (docs/specification.md 2.2)."""

from __future__ import annotations

from bot.application.routes import EXPERTS, REVIEWERS, STAFF_ONLY, Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.shared import reference_data
from bot.services.team import phrases
from bot.texts import quoted, t
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.expert.phrases import PHRASE, UNIVERSITY
from handlers.common.navigation import ButtonRow, back_button, home_button, page_of
from handlers.common.numbered_list import confirmation_screen, numbered_page
from storage.enums import Role
from storage.tables import Account, SavedPhrase, University

#: Phrases of a page, and characters of one in its line.
PAGE, LINE = 10, 80


def routes(engine: Engine) -> Routes:
    """desk.phrases and staff.phrases → desk.phrase → desk.phrase_ask."""
    table = Routes()
    table.show("desk.phrases", roles=EXPERTS)(show_own)
    table.show("staff.phrases", roles=STAFF_ONLY)(show_of_university)
    table.show("desk.phrase", roles=REVIEWERS)(show_phrase)
    table.show("desk.phrase_ask", roles=REVIEWERS)(ask_remove)
    table.act("desk.phrase_do", roles=REVIEWERS)(remove)

    @table.act("desk.phrase_new", roles=EXPERTS)
    def new(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_phrase")

    @table.act("staff.phrase_new", roles=STAFF_ONLY)
    def new_of_university(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "new_phrase", answers={UNIVERSITY: _university(turn, press.arg).code})

    @table.act("desk.phrase_edit", roles=REVIEWERS)
    def edit(turn: Turn, press: Press) -> Reply:
        row = phrases.find(turn.db, actor=turn.actor, phrase_id=press.id)
        return engine.start(
            turn, "edit_phrase", subject_id=press.id, answers={PHRASE: row.text, UNIVERSITY: press.arg}
        )

    return table


def _university(turn: Turn, code: str) -> University:
    university = turn.db.get(University, code)
    if university is None:
        raise Stale
    return university


def _line(i: str, phrase: SavedPhrase, whose: str) -> str:
    text = shortened(" ".join(phrase.text.split()), LINE)
    return t("phrases.line_of", i=i, whose=whose, words=text) if whose else t("phrases.line", i=i, words=text)


def show_own(turn: Turn, press: Press) -> Screen:
    """What an expert is offered: the own phrases, and those for all, which the head alone may change."""
    offered = phrases.offered(turn.db, actor=turn.actor)
    head = turn.role is Role.IN_CHARGE
    changeable = [phrase for phrase in offered if head or phrase.university_code is None]
    lines, rows = numbered_page(
        press,
        changeable,
        size=PAGE,
        line=lambda i, phrase: _line(i, phrase, t("phrases.for_all") if phrase.university_code else ""),
        make_button=lambda i, phrase: button(i, "desk.phrase", phrase.id or 0, arg=press.arg),
    )
    lines = [t("phrases.own_title" if offered else "phrases.none"), *lines]
    shared = [phrase for phrase in offered if phrase not in changeable]
    if shared and page_of(press) == 0:
        lines += [
            "",
            t("phrases.shared_title"),
            *(t("phrases.line_shared", words=" ".join(phrase.text.split())) for phrase in shared),
        ]
    new = (button(t("phrases.new"), "desk.phrase_new"),)
    return Screen("\n".join(lines), (*rows, new, (back_button("desk.team"), home_button())))


def show_of_university(turn: Turn, press: Press) -> Screen:
    """For staff: the phrases for all experts of a university, and each expert's own."""
    place = press.arg if "." in press.arg else f"0.{press.arg}"
    university = _university(turn, place.partition(".")[2])
    every = phrases.of_university(turn.db, actor=turn.actor, university_code=university.code)
    names = {
        account_id: turn.db.get_one(Account, account_id).name
        for account_id in {phrase.account_id for phrase in every}
        if account_id is not None
    }
    lines, rows = numbered_page(
        Press(press.action, arg=place),
        every,
        size=PAGE,
        line=lambda i, phrase: _line(
            i, phrase, names[phrase.account_id] if phrase.account_id is not None else t("phrases.for_all")
        ),
        make_button=lambda i, phrase: button(i, "desk.phrase", phrase.id or 0, arg=place),
    )
    lines = [t("phrases.title" if every else "phrases.title_none", university=university.name), *lines]
    new = (button(t("phrases.new"), "staff.phrase_new", arg=university.code),)
    back = back_button("staff.university", arg=university.code)
    return Screen("\n".join(lines), (*rows, new, (back, home_button())))


def _list(turn: Turn, arg: str) -> Press:
    """The page that a phrase was opened from."""
    return Press("staff.phrases" if turn.role is Role.STAFF else "desk.phrases", arg=arg)


def show_phrase(turn: Turn, press: Press) -> Screen:
    """A phrase in full, whose it is, and what can be done to it."""
    phrase = phrases.find(turn.db, actor=turn.actor, phrase_id=press.id)
    if phrase.account_id is None:
        of = t(
            "phrases.of_university",
            university=reference_data.university_name(turn.db, phrase.university_code),
        )
    else:
        of = t("phrases.of_expert", name=turn.db.get_one(Account, phrase.account_id).name)
    text = t("phrases.card", of=of, text=quoted(phrase.text))
    row: ButtonRow = (
        button(t("form.edit"), "desk.phrase_edit", press.id, arg=press.arg),
        button(t("phrases.remove"), "desk.phrase_ask", press.id, arg=press.arg),
    )
    back = _list(turn, press.arg)
    return Screen(text, (row, (back_button(back.action, arg=back.arg), home_button())))


def ask_remove(turn: Turn, press: Press) -> Screen:
    phrase = phrases.find(turn.db, actor=turn.actor, phrase_id=press.id)
    yes = button(t("phrases.remove_do"), "desk.phrase_do", press.id, arg=press.arg)
    text = t("phrases.remove_ask", text=quoted(phrase.text, t("who.you")))
    return confirmation_screen(text, yes, Press("desk.phrase", press.id, arg=press.arg))


def remove(turn: Turn, press: Press) -> Reply:
    phrases.remove(turn.db, actor=turn.actor, phrase_id=press.id, now=turn.now)
    return Reply(goto=_list(turn, press.arg), notice=t("phrases.removed"))
