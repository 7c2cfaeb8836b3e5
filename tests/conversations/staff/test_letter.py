"""A letter's answers: whom they mean, which of them fall with another, how long its SMS is, what a correction begins with."""

from typing import Any

import pytest

from bot.services.letters.audience import Audience, Group, Kind
from bot.services.letters.letters import TITLE_MAX
from bot.texts import t
from conversations.staff.letter import (
    WRITE_LETTER,
    chosen_audience,
    correction_answers,
    letter_text,
    sms_parts,
)
from storage.tables import Letter
from tests.support.factories.reference_data import NOW


@pytest.mark.parametrize(
    ("letters", "parts"),
    [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)],
)
def test_parts_of_an_sms(letters: int, parts: int) -> None:
    assert sms_parts("م" * letters) == parts
    assert sms_parts("😀" * (letters // 2) + "م" * (letters % 2)) == parts, "an emoji counts as two"


STATE = Group.QUALIFIED.value


@pytest.mark.parametrize(
    ("answers", "means"),
    [
        ({"letter_audience": "ALL"}, Audience(Kind.ALL)),
        ({"letter_audience": "ONE", "letter_officer": 7}, Audience(Kind.ONE, "7")),
        ({"letter_audience": "PROVINCE", "letter_province": "فارس"}, Audience(Kind.PROVINCE, "فارس")),
        ({"letter_audience": "STATE", "letter_state": STATE}, Audience(Kind.STATE, STATE)),
        (
            {"letter_audience": "PROVINCE_STATE", "letter_province": "فارس", "letter_state": STATE},
            Audience(Kind.PROVINCE_STATE, f"فارس|{STATE}"),
        ),
        ({"letter_audience": "EXPERTS", "letter_area": "ALL"}, Audience(Kind.EXPERTS)),
        ({"letter_audience": "MANAGERS", "letter_area": "فارس"}, Audience(Kind.MANAGERS, "فارس")),
        ({"_corrects": 5, "letter_audience": "ALL"}, Audience(Kind.CORRECTION, "5")),
    ],
    ids=lambda one: str(one.get("letter_audience")) if isinstance(one, dict) else "",
)
def test_whom_the_answers_mean(answers: dict[str, Any], means: Audience) -> None:
    assert chosen_audience(answers) == means


OFFICER, SURE = "letter_officer", "letter_officer_sure"


@pytest.mark.parametrize(
    ("changed", "falls"),
    [
        ({"letter_audience": "ALL"}, {"letter_state", "letter_area", "letter_sms"}),
        ({OFFICER: 7}, {SURE}),
        ({SURE: True}, set()),
        ({SURE: False}, {OFFICER, SURE}),
        ({"letter_title": "عنوان"}, set()),
    ],
    ids=lambda one: str(one) if isinstance(one, dict) else "",
)
def test_what_falls_with_an_answer(changed: dict[str, Any], falls: set[str]) -> None:
    """Not the one that was meant, or others than before: asked again."""
    names = ("letter_audience", "letter_state", "letter_area", "letter_sms", OFFICER, SURE, "letter_title")
    answers = dict.fromkeys(names, "x") | changed
    (key,) = changed
    assert WRITE_LETTER.after is not None
    turn: Any = None
    left = WRITE_LETTER.after(turn, key, answers)
    assert left == {name: value for name, value in answers.items() if name not in falls}


@pytest.mark.parametrize("fits", [True, False])
def test_a_correction_begins_with_the_letter(fits: bool) -> None:
    room = TITLE_MAX - len(t("letters.correction_title", title=""))
    title = "ع" * (room if fits else room + 1)
    corrected = Letter(id=5, number="۱", title=title, text="متن", created_by=1)
    assert correction_answers(corrected) == {
        "_corrects": 5,
        "letter_number": "۱",
        "letter_title": f"اصلاحیه: {title}" if fits else title,
        "letter_text": "متن",
        "letter_files": None,
    }


def test_a_letter_as_it_is_read() -> None:
    plain = letter_text(number=None, title="دوره", text="متن\nدو", files=0, date=NOW).split("\n")
    assert (plain[0], plain[-3:]) == (t("letter.head", title="دوره"), ["", "متن", "دو"])
    whole = letter_text(number="12", title="دوره", text="متن\nدو", files=2, date=NOW).split("\n")
    assert whole == [plain[0], "شماره: ۱۲", *plain[1:], "", "📎 پیوست: ۲ فایل"]
