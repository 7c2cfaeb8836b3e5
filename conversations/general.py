"""Editing one item of the general data (R10, R48). Which one is the draft's subject: its place in `items.FREE`."""

from __future__ import annotations

from typing import Any

from bot.routes import OFFICERS
from bot.rules import items
from bot.screens import Press, Reply, Screen
from bot.services import general
from bot.texts import t
from bot.turn import Turn
from conversations.dialogue import Answers, Ask, Dialogue
from conversations.request_steps import FIELD_STEPS

_ASKS = {ask.key: ask for ask in FIELD_STEPS}
LIST = Press("general")


def subject_of(field: str) -> int:
    """The subject of the dialogue that edits `field`. Raises ValueError where it is not free."""
    return items.FREE.index(field)


def _field(turn: Turn) -> str:
    assert turn.draft is not None
    return items.FREE[turn.draft.subject_id]


def steps(turn: Turn, answers: Answers) -> list[Ask]:
    return [_ASKS[_field(turn)]]


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    field = _field(turn)
    saved = general.edit(turn.db, actor=turn.actor, field=field, value=answers.get(field), now=turn.now)
    key = "general.saved" if saved else "general.same"
    return Reply((Screen(t(key, field=t(f"field.{field}"))),), goto=LIST)


EDIT = Dialogue(
    "general",
    steps,
    finish,
    exit=LIST,
    roles=OFFICERS,
)
