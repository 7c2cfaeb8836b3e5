"""A long summary comes in pages that fit a message, each with the buttons of its own answers."""

import pytest

from bot.texts import t
from conversations.engine.declaration import Dialogue, Step
from conversations.engine.rendering import PAGE_FIELDS, PAGE_LENGTH, VALUE_LENGTH
from conversations.questions import Text
from tests.support.chat_driver import App, Person
from tests.support.chat_people import officer


def summary(app: App, answers: list[str]) -> Person:
    steps = [Step(f"x{n}", Text(1, 2000), prompt=f"{n}؟", label=f"مورد {n}") for n in range(len(answers))]
    dialogue = Dialogue("long", tuple(steps), app.finish, summary="review.summary", keeps_draft=True)
    given = {f"x{n}": answer for n, answer in enumerate(answers)}
    return officer(app.use(dialogue)).start("long", answers=given)


def pages(person: Person) -> list[int]:
    """How many answers each page shows, from the first to the last."""
    found = []
    while True:
        found.append(person.text.count("مورد "))
        assert sum("مورد " in label for label in person.labels) == found[-1]
        assert len(person.text) < 4096
        if t("nav.next") not in person.labels:
            return found
        person.tap(t("nav.next"))


@pytest.mark.parametrize(
    ("number", "length", "shown"),
    [
        pytest.param(3, 5, [3], id="short"),
        pytest.param(PAGE_FIELDS, 5, [PAGE_FIELDS], id="as many as a page takes"),
        pytest.param(PAGE_FIELDS + 1, 5, [PAGE_FIELDS, 1], id="one more"),
        pytest.param(2 * PAGE_FIELDS + 1, 1, [PAGE_FIELDS, PAGE_FIELDS, 1], id="three pages"),
    ],
)
def test_a_page_takes_so_many_answers(app: App, number: int, length: int, shown: list[int]) -> None:
    person = summary(app, ["ا" * length] * number)
    assert pages(person) == shown
    for _ in shown[1:]:
        person.tap(t("nav.previous"))
    person.sees("مورد 0").sees_not(t("nav.previous"))


def test_a_page_takes_so_many_characters(app: App) -> None:
    found = pages(summary(app, ["ا" * 300] * 20))

    assert sum(found) == 20
    assert found[0] == PAGE_LENGTH // (300 + 10)
    assert len(found) == 3


def test_a_very_long_answer_is_cut_in_the_summary_alone(app: App) -> None:
    person = summary(app, ["ا" * VALUE_LENGTH, "ب" * (VALUE_LENGTH + 1)])

    person.sees("ا" * VALUE_LENGTH, "ب" * (VALUE_LENGTH - 1) + "…").sees_not("ب" * VALUE_LENGTH)
    assert len(person.answers["x1"]) == VALUE_LENGTH + 1
