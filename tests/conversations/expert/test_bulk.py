"""The files that the head ticks: on pages of ten, by button and by number; and what the buttons of phrases mean."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.refusals import InvalidInput
from bot.services.team import MOST, BulkFile
from conversations.engine.declaration import Incomplete, Step, UserInput
from conversations.expert import phrase_choices
from conversations.expert.bulk import FileTicks
from conversations.expert.review import Confirmation
from tests.support.chat_driver import NOW


def files(number: int) -> list[BulkFile]:
    return [
        BulkFile(100 + n, f"کد{n}", f"متقاضی{n}", NOW - timedelta(days=number - n)) for n in range(number)
    ]


class Ticks(FileTicks):
    def __init__(self, number: int) -> None:
        self.found = files(number)

    def _files(self, turn: Any, answers: Any) -> list[BulkFile]:
        return self.found


def turn(ticked: Any = None, page: int = 0) -> Any:
    state = {} if ticked is None else {"step": "x", "ticked": ticked, "page": page}
    return SimpleNamespace(chat=SimpleNamespace(dialogue_state=state), now=NOW, account=None, role=None)


def answered(question: FileTicks, at: Any, answers: Any = None, **given: Any) -> Any:
    """The ticks and the page that are left, what was chosen, or why not."""
    try:
        found = question.accept(at, Step("x", question), answers or {}, UserInput(**given))
    except InvalidInput as refusal:
        return refusal.key
    return (
        (found.question_state["ticked"], found.question_state["page"])
        if isinstance(found, Incomplete)
        else found
    )


EVERY = [100 + n for n in range(12)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"choice": "@all"}, (EVERY, 1)),
        ({"choice": "@none"}, ([], 1)),
        ({"choice": "@done"}, [101, 111]),
        ({"choice": "@page:0"}, ([101, 111], 0)),
        ({"choice": "103"}, ([101, 103, 111], 1)),
        ({"choice": "101"}, ([111], 1)),
        ({"choice": "112"}, "error.choose"),
        ({"choice": "@nothing"}, "error.choose"),
        ({"text": "1"}, ([100], 1)),
        ({"text": " ۳ "}, ([100, 101, 102], 1)),
        ({"text": str(MOST)}, (EVERY, 1)),
        ({"text": str(MOST + 1)}, "error.bulk_number"),
        ({"text": "0"}, "error.bulk_number"),
        ({"text": "دو"}, "error.bulk_number"),
        ({"text": "१२"}, "error.bulk_number"),
        ({}, "error.bulk_number"),
    ],
    ids=str,
)
def test_what_is_ticked(given: dict[str, Any], found: Any) -> None:
    assert answered(Ticks(12), turn([111, 101], 1), **given) == found


def test_nothing_ticked_is_no_answer_and_an_earlier_answer_is_ticked() -> None:
    assert answered(Ticks(12), turn(), choice="@done") == "error.choose"
    assert answered(Ticks(12), turn(), {"x": [104, 102]}, choice="@done") == [102, 104]
    assert answered(Ticks(12), turn([]), {"x": [104, 102]}, choice="@done") == "error.choose"
    nothing: Any = None
    assert Ticks(1).is_compatible(nothing, nothing, {}, [1])
    assert not Ticks(1).is_compatible(nothing, nothing, {}, "1")


@pytest.mark.parametrize(
    ("number", "page", "first", "last", "turns"),
    [
        (10, 0, 1, 10, []),
        (11, 0, 1, 10, ["@page:1"]),
        (11, 1, 11, 11, ["@page:0"]),
        (21, 1, 11, 20, ["@page:0", "@page:2"]),
        (21, 2, 21, 21, ["@page:1"]),
        (21, 9, 21, 21, ["@page:1"]),
    ],
)
def test_a_page_of_files(number: int, page: int, first: int, last: int, turns: list[str]) -> None:
    question = Ticks(number)
    prompt = question.make_prompt(turn([99 + first], page), Step("x", question, prompt="کدام؟"), {})
    choices = [[one.key for one in row] for row in prompt.choices]
    shown = [str(99 + n) for n in range(first, last + 1)]
    ticks = [row for row in (shown[:5], shown[5:]) if row]
    assert choices == [*ticks, *([turns] if turns else []), ["@all", "@none"], ["@done"]]
    marks = [one.label[0] for row in prompt.choices[: len(ticks)] for one in row]
    assert marks == ["☑", *["▫"] * (last - first)]
    assert len(prompt.below) == last - first + 2


def test_what_the_buttons_of_phrases_mean() -> None:
    pages = {
        choice: phrase_choices.turned_to(choice) for choice in ("@phrases:2", "@phrases:x", "@phrase:2", "2")
    }
    assert pages == {"@phrases:2": 2, "@phrases:x": None, "@phrase:2": None, "2": None}
    assert phrase_choices.turned_to(None) is None
    assert [phrase_choices.chosen(turn(), choice) for choice in (None, "x")] == [None, None]
    with pytest.raises(InvalidInput):
        phrase_choices.chosen(turn(), "@phrase:1")
    assert not phrase_choices.save(turn(), "x", "متن")
    assert not phrase_choices.save(turn(), phrase_choices.OWN, "")


def test_a_plain_yes_is_as_good_as_the_whole_label() -> None:
    question = Confirmation("desk.bulk_do")
    assert question.accept(turn(), Step("x", question), {}, UserInput(text="بله")) is True
