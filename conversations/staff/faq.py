"""Staff add a frequent question, or change one."""

from __future__ import annotations

from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.services.directorate import faq_entries
from bot.texts import t
from conversations.engine.declaration import Dialogue, Step
from conversations.questions import Text
from conversations.staff.reference_data import CODE, MARK


class Wording(Text):
    """Words of the directorate: questions belong to them."""

    def __init__(self, min: int, max: int, *, lines: bool = False) -> None:
        super().__init__(min, max, lines=lines)
        self.in_sentences = True


_STEPS = (
    Step("faq_question", Wording(5, faq_entries.LONGEST_QUESTION)),
    Step("faq_short", Wording(2, faq_entries.LONGEST_SHORT)),
    Step("faq_answer", Wording(10, faq_entries.LONGEST_ANSWER, lines=True)),
    Step("faq_words", Wording(2, faq_entries.LONGEST_WORDS), optional=True),
)


def _values(answers: dict[str, Any]) -> dict[str, str]:
    return {
        "question": answers["faq_question"],
        "short_name": answers["faq_short"],
        "answer": answers["faq_answer"],
        "search_words": answers.get("faq_words") or "",
    }


def _add(turn: Turn, answers: dict[str, Any]) -> Reply:
    row = faq_entries.add_entry(turn.db, actor=turn.actor, now=turn.now, **_values(answers))
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.faq_entry", arg=row.code))


def _change(turn: Turn, answers: dict[str, Any]) -> Reply:
    faq_entries.change_entry(
        turn.db,
        actor=turn.actor,
        code=answers[CODE],
        expected=answers[MARK],
        now=turn.now,
        event="faq_changed",
        **_values(answers),
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.faq_entry", arg=answers[CODE]))


def _back(turn: Turn) -> Press:
    code = turn.draft.answers.get(CODE) if turn.draft is not None else None
    return Press("staff.faq_entry", arg=str(code)) if code else Press("staff.faq")


NEW_FAQ = Dialogue(
    "new_faq",
    _STEPS,
    _add,
    summary="faq.summary_new",
    exit=Press("staff.faq"),
    roles=STAFF_ONLY,
    events=(),
)
EDIT_FAQ = Dialogue("edit_faq", _STEPS, _change, summary="faq.summary_edit", exit=_back, roles=STAFF_ONLY)
DIALOGUES = (NEW_FAQ, EDIT_FAQ)
