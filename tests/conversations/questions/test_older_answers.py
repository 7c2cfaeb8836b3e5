"""An answer that was given to an older form is kept where it still holds, and asked for again where it does not."""

from datetime import timedelta
from typing import Any

import pytest

from conversations.engine.declaration import Step
from conversations.engine.steps import Question, _holds
from conversations.questions import (
    Address,
    Choice,
    Confirm,
    Documents,
    Email,
    JalaliDate,
    Mobile,
    NationalCode,
    Search,
    Text,
    Ticks,
)
from conversations.questions.tariff import DayToCome, Rial
from storage.tables import StoredFile
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import officer

COLOURS = [("a", "سبز"), ("b", "آبی")]
TODAY = NOW.date()

#: question, answers that hold, answers that do not
HOLDS: dict[str, tuple[Question, list[Any], list[Any]]] = {
    "text": (Text(2, 5), ["سلام", "ab"], ["ا", "سلام سلام", 7, ["سلام"], True]),
    "address": (Address(), ["شیراز، خیابان زند، پلاک ۷"], ["کوتاه", 5]),
    "email": (Email(), ["a@example.com"], ["a.example.com", 5]),
    "national code": (NationalCode(), ["9991234561"], ["9991234562", 9991234561]),
    "choice": (Choice(COLOURS), ["a", "b"], ["c", "سبز", 0, ["a"]]),
    "search": (Search(COLOURS), ["a"], ["c", "سبز"]),
    "yes or no": (Confirm(), [True, False], ["yes", 1, 0, "True"]),
    "amount": (Rial(1_000, 5_000_000), [1_000, 5_000_000, 0], [999, 5_000_001, "1000", 1.5]),
    "day to come": (
        DayToCome(),
        [TODAY.isoformat(), (TODAY + timedelta(days=3)).isoformat()],
        [(TODAY - timedelta(days=1)).isoformat(), "1404/01/01", 5],
    ),
    "date of birth": (JalaliDate(), ["1985-07-03"], ["1300", 5]),
    "ticks": (Ticks(COLOURS), [{"items": ["a"], "note": None}, {"items": [], "note": "سبز"}], [{"a": ""}, 5]),
    "mobile": (Mobile(), [{"number": "+989121234567", "verified": False}], ["+989121234567", {}]),
}


def holds(person: Person, question: Question, value: Any, *, optional: bool = False) -> bool:
    step = Step("x", question, prompt="چه؟", label="مورد", optional=optional)
    return person.read_turn(lambda turn: _holds(step, turn, {"x": value}))


@pytest.fixture
def sara(app: App) -> Person:
    return officer(app)


@pytest.mark.parametrize("name", HOLDS)
def test_what_holds_is_kept(sara: Person, name: str) -> None:
    question, kept, gone = HOLDS[name]
    assert [holds(sara, question, value) for value in kept] == [True] * len(kept)
    assert [value for value in gone if holds(sara, question, value)] == []


def test_files_are_kept_while_all_of_them_are_there_and_her_own(app: App, sara: Person) -> None:
    own, other = sara.account.id, officer(app, "مینا").account.id

    def file(account_id: int | None) -> int:
        keys = {
            "sha256": "0" * 64,
            "media_type": "image/jpeg",
            "size": 1,
            "original_key": "k",
            "shown_key": "k",
        }
        number: int = app.add(StoredFile(account_id=account_id, **keys)).id
        return number

    first, second, hers = file(own), file(own), file(other)
    question = Documents("card", "کارت", 3)
    assert holds(sara, question, [first])
    assert holds(sara, question, [second, first])
    for gone in ([first, 999], [first, hers], [hers], ["x"], "x", 5):
        assert not holds(sara, question, gone), gone


@pytest.mark.parametrize("optional", [True, False])
def test_what_was_left_out_may_be_left_out_only_where_the_question_is_optional(
    sara: Person, optional: bool
) -> None:
    assert holds(sara, Text(2, 5), None, optional=optional) is optional
