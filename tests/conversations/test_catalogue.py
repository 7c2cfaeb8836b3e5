"""Every declared dialogue, walked along all its routes: doubled ids, missing texts, unreachable steps, long labels."""

import pytest
from sqlmodel import Session

from bot.core.context import Turn
from bot.core.screens import MAX_LABEL
from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue, Step
from conversations.engine.rendering import rendered_step, shown
from conversations.engine.steps import SECOND_QUESTION, SUMMARY, Position, first_open
from conversations.engine.validation import check_step
from conversations.preview.routes import walk
from conversations.preview.sample_rows import sample_turn
from conversations.questions import Search
from storage.tables import Draft
from tests.support.chat_driver import NOW


@pytest.mark.parametrize("dialogue", ALL, ids=[one.name for one in ALL])
def test_every_route_of(dialogue: Dialogue, db: Session) -> None:
    assert dialogue.roles, "shut to everybody"
    assert dialogue.roles == {None} or None not in dialogue.roles, "for guests, who have no role, and others"
    turn = sample_turn(db, dialogue, NOW)
    reached: dict[str, Step] = {}
    whole = 0
    for taken in walk(turn, dialogue, {}):
        route, answers = taken.route, taken.answers
        keys = [ask.key for ask in route]
        assert len(set(keys)) == len(keys), f"a step twice: {keys}"
        for ask in route:
            if ask.key not in reached:
                reached[ask.key] = ask
                check_step(dialogue, ask, last=ask is route[-1])
                look(
                    turn, Position(dialogue, turn.draft or Draft(dialogue=""), answers, route, ask.key, False)
                )
        if first_open(route, answers) is None and not whole:
            whole += 1
            asked_last = {SUMMARY: dialogue.summary, SECOND_QUESTION: dialogue.second_question}
            for step in [step for step, asked in asked_last.items() if asked]:
                look(turn, Position(dialogue, turn.draft or Draft(dialogue=""), answers, route, step, False))
            for ask in route:
                assert shown(turn, ask, answers[ask.key])
    assert whole, "no way to the end"
    if not callable(dialogue.steps):
        missing = {ask.key for ask in dialogue.steps} - reached.keys()
        assert not missing, f"never open: {missing}"


def look(turn: Turn, position: Position) -> None:
    """Render one place: no text is missing, no label too long for a phone."""
    turn.chat.dialogue_state = {"step": position.step}
    face = rendered_step(turn, position)
    assert 0 < len(face.text) <= 4096
    ask = position.open_step
    named_by_data = ask is not None and isinstance(ask.question, Search)
    for key in face.buttons():
        assert key.label
        assert named_by_data or len(key.label) <= MAX_LABEL, f"{key.label!r} at {position.step} is too long"
    screen = face.screen(position)
    for one in screen.buttons():
        assert one.press is not None
        one.press.pack()
    assert len(screen.rows) <= 30
