"""Which answers the preview gives to each kind of question, so that every route through a dialogue is seen."""

from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Turn
from bot.core.screens import Press, Reply
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.engine.steps import Question
from conversations.preview.routes import sample_values
from conversations.preview.sample_rows import sample_turn
from conversations.questions import Choice, Confirm, Documents, Email, Mobile, Search, Text, Ticks
from tests.support.chat_driver import NOW

ONE, TWO = {"items": ["0"], "note": None}, {"items": ["0", "1"], "note": None}
TOWNS = [(str(number), f"شهر {number}") for number in range(30)]


def two_towns(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    return TOWNS[:2]


def sampled(db: Session, question: Question, optional: bool) -> list[Any]:
    step = Step("x", question, prompt="چه؟", label="مورد", optional=optional)
    dialogue = Dialogue("sampled", (step,), lambda turn, answers: Reply(goto=Press("home")))
    return list(sample_values(sample_turn(db, dialogue, NOW), dialogue, step, {}))


@pytest.mark.parametrize(
    ("question", "optional", "values"),
    [
        pytest.param(Documents("card", "کارت", 3), False, [[1]], id="a document"),
        pytest.param(Documents("card", "کارت", 3), True, [[1], []], id="an optional document"),
        pytest.param(Choice(TOWNS), False, [key for key, _ in TOWNS], id="every choice, on all pages"),
        pytest.param(Search(TOWNS), False, [key for key, _ in TOWNS], id="every result of a search"),
        pytest.param(Confirm(), False, [True, False], id="yes and no"),
        pytest.param(Ticks(two_towns), False, [TWO | {"note": "ناقص"}, ONE], id="ticks with a note"),
        pytest.param(Ticks(two_towns, note=False), False, [TWO, ONE], id="ticks without a note"),
        pytest.param(Mobile(), False, [{"number": "+989123456789", "verified": True}], id="a mobile"),
    ],
)
def test_every_choice_or_one_good_line(
    db: Session, question: Question, optional: bool, values: list[Any]
) -> None:
    assert sampled(db, question, optional) == values


@pytest.mark.parametrize(("question", "optional"), [(Text(1, 500), False), (Email(), True), (Email(), False)])
def test_one_line_is_enough_and_may_be_left_out_where_it_is_optional(
    db: Session, question: Question, optional: bool
) -> None:
    found = sampled(db, question, optional)
    assert len(found) == 1 + optional
    assert isinstance(found[0], str)
    assert (question.skipped in found) == optional
