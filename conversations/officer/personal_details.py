"""Editing one item of the general data (R10, R48). Which one is the draft's subject: its place in
`items.FREE`."""

from __future__ import annotations

from typing import Any

from bot.application.routes import OFFICERS
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.rules import request_items
from bot.services import qualification
from bot.services.officers import personal_details
from bot.texts import t
from conversations.common.request_steps import FIELD_STEPS, other_city_sentence
from conversations.engine.declaration import Answers, Dialogue, Step

_STEPS_BY_KEY = {step.key: step for step in FIELD_STEPS}
LIST = Press("general")


def subject_of(field: str) -> int:
    """The subject of the dialogue that edits `field`. Raises ValueError where it is not free."""
    return request_items.FREE.index(field)


def _field(turn: Turn) -> str:
    assert turn.draft is not None
    return request_items.FREE[turn.draft.subject_id]


def _guard(turn: Turn) -> None:
    """Raises the Refusal that says why the item cannot be edited now."""
    personal_details.refuse_edit(turn.db, account_id=turn.actor.account_id or 0, field=_field(turn))


def steps(turn: Turn, answers: Answers) -> list[Step]:
    return [_STEPS_BY_KEY[_field(turn)]]


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    field = _field(turn)
    saved = personal_details.edit_item(
        turn.db, actor=turn.actor, field=field, value=answers.get(field), now=turn.now
    )
    key = "general.saved" if saved else "general.same"
    said = [t(key, field=t(f"field.{field}"))]
    if field == "postal_address":
        known = qualification.approved_of(turn.db, turn.actor.account_id or 0)
        if other := other_city_sentence("general.other_city", answers.get(field), known):
            said.append(other)
    return Reply((Screen("\n\n".join(said)),), goto=LIST)


EDIT_PERSONAL_DETAILS = Dialogue(
    "general",
    steps,
    finish,
    exit=LIST,
    roles=OFFICERS,
    guard=_guard,
    events=(personal_details.EVENT,),
)
