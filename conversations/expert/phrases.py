"""To write a kept phrase, or to write one anew: an expert, a head for all, staff for a university."""

from __future__ import annotations

from typing import Any

from bot.application.routes import REVIEWERS
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply
from bot.services.team import phrases
from bot.texts import quoted, t
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.questions import Choice, Text
from storage.enums import Role
from storage.tables import SavedPhrase

#: Context: the words as they were, and the university or the page of the list that was come from.
PHRASE, UNIVERSITY = "_phrase", "_university"
OWN, SHARED = "own", "shared"
_WORDS = Text(phrases.SHORTEST, phrases.LONGEST, lines=True)


def _list(turn: Turn) -> Press:
    answers = turn.draft.answers if turn.draft is not None else {}
    action = "staff.phrases" if turn.role is Role.STAFF else "desk.phrases"
    return Press(action, arg=str(answers.get(UNIVERSITY, "")))


def _is_head(turn: Turn, answers: Answers) -> bool:
    return turn.role is Role.IN_CHARGE


def _owners(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    return [(OWN, t("phrases.for_me")), (SHARED, t("phrases.for_all"))]


def _add(turn: Turn, answers: dict[str, Any]) -> Reply:
    text = answers["phrase_text"]
    if turn.role is Role.STAFF:
        phrases.save_for_university(
            turn.db, actor=turn.actor, text=text, now=turn.now, university_code=answers[UNIVERSITY]
        )
    elif answers.get("phrase_for") == SHARED:
        phrases.save_for_university(turn.db, actor=turn.actor, text=text, now=turn.now)
    else:
        phrases.save(turn.db, actor=turn.actor, text=text, now=turn.now)
    return Reply(goto=_list(turn), notice=t("phrases.saved"))


NEW_PHRASE = Dialogue(
    "new_phrase",
    (Step("phrase_for", Choice(_owners, columns=2), when=_is_head), Step("phrase_text", _WORDS)),
    _add,
    exit=_list,
    roles=REVIEWERS,
    events=("phrase_saved",),
)


def _subject(turn: Turn) -> int:
    return turn.draft.subject_id if turn.draft is not None else 0


def _guard(turn: Turn) -> None:
    """Raises NotAllowed, Stale where it was removed."""
    phrases.find(turn.db, actor=turn.actor, phrase_id=_subject(turn))


def _edit_steps(turn: Turn, answers: Answers) -> list[Step]:
    was = quoted(str(answers.get(PHRASE, "")), t("who.you"))
    return [Step("phrase_text", _WORDS, prompt=t("ask.phrase_anew", text=was))]


def _change(turn: Turn, answers: dict[str, Any]) -> Reply:
    row: SavedPhrase = phrases.find(turn.db, actor=turn.actor, phrase_id=_subject(turn))
    if row.text != answers[PHRASE]:
        raise Stale
    phrases.change(
        turn.db, actor=turn.actor, phrase_id=_subject(turn), text=answers["phrase_text"], now=turn.now
    )
    return Reply(goto=_list(turn), notice=t("phrases.changed"))


def _card(turn: Turn) -> Press:
    answers = turn.draft.answers if turn.draft is not None else {}
    return Press("desk.phrase", _subject(turn), arg=str(answers.get(UNIVERSITY, "")))


EDIT_PHRASE = Dialogue(
    "edit_phrase",
    _edit_steps,
    _change,
    exit=_card,
    roles=REVIEWERS,
    guard=_guard,
    events=("phrase_changed",),
)
DIALOGUES = (NEW_PHRASE, EDIT_PHRASE)
