"""The items of a request: what must be there, what differs, what may be ticked."""

from typing import Any

import pytest

from bot.rules import request_items
from bot.rules.request_items import (
    FIELDS,
    DocumentRule,
    can_be_deficient,
    changed,
    files,
    frozen,
    long_enough,
    missing,
)

PAPERS = [
    DocumentRule("national_card", "yes"),
    DocumentRule("military_card", "men"),
    DocumentRule("retraining", "no"),
]


def full(**other: Any) -> dict[str, Any]:
    answers: dict[str, Any] = {key: "x" for key in FIELDS if key not in request_items.OPTIONAL}
    return answers | {"gender": "female", "doc.national_card": [1]} | other


@pytest.mark.parametrize(
    ("answers", "note_needed", "named"),
    [
        ({}, False, []),
        ({"phone": ""}, False, []),  # no phone is an answer and silence is not
        ({"phone": None}, False, ["phone"]),
        ({"gender": "male"}, False, ["doc.military_card"]),
        ({"gender": "male", "doc.military_card": [2]}, False, []),
        ({}, True, ["field_note"]),
        ({"field_note": "اپتیک"}, True, []),
    ],
)
def test_what_is_missing(answers: dict[str, Any], note_needed: bool, named: list[str]) -> None:
    assert missing(full(**answers), PAPERS, note_needed=note_needed) == named


@pytest.mark.parametrize(
    "key", [key for key in FIELDS if key not in request_items.OPTIONAL and key != "phone"]
)
@pytest.mark.parametrize("empty", ["", None])
def test_each_mandatory_field_is_missed(key: str, empty: str | None) -> None:
    assert missing(full(**{key: empty}), PAPERS) == [key]


def test_a_snapshot_keeps_known_items_and_only_papers_that_apply() -> None:
    answers = full(
        **{"doc.military_card": [2], "doc.unknown": [3], "password": "secret", "doc.retraining": []}
    )
    kept = frozen(answers, PAPERS)
    assert set(kept) == {*FIELDS, "doc.national_card"}
    assert files(answers, PAPERS) == {"national_card": [1]}
    assert frozen(full(gender="male", **{"doc.military_card": [2]}), PAPERS)["doc.military_card"] == [2]


def test_changes_are_told_in_reading_order_and_empty_is_empty() -> None:
    old = full(email=None, **{"doc.retraining": []})
    new = full(last_name="ن", first_name="س", email="", **{"doc.national_card": [2]})
    assert changed(old, new) == ["first_name", "last_name", "doc.national_card"]
    assert changed(old, old) == []


def test_the_region_is_never_a_deficiency() -> None:
    codes = ["national_card"]
    assert not any(can_be_deficient(key, codes) for key in request_items.REGION)
    assert can_be_deficient("first_name", codes)
    assert can_be_deficient("doc.national_card", codes)
    for never in ("national_code", "birth_date", "mobile", "doc.unknown", "doc.", ""):
        assert not can_be_deficient(never, codes)


@pytest.mark.parametrize(
    ("text", "enough"), [(None, False), ("  کم  ", False), ("چهار", False), ("پنج حرف", True)]
)
def test_replies_have_five_characters(text: str | None, enough: bool) -> None:
    assert long_enough(text) is enough


def test_a_gap_is_excused_while_the_request_does_not_touch_it() -> None:
    """Q27."""
    papers = (
        DocumentRule("national_card", "yes"),
        DocumentRule("degree_certificate", "yes"),
        DocumentRule("military_card", "men"),
    )
    old = {"first_name": "رضا", "last_name": "مرادی", "gender": "male"}
    excused = request_items.excused(old, old | {"first_name": "رضوان"}, papers, note_needed=False)
    assert {"father_name", "degree_level", "doc.national_card", "doc.military_card"} <= excused
    assert not excused & {"first_name", *request_items.REGION}
    studies = request_items.excused(old, old | {"degree_level": "bachelor"}, papers, note_needed=False)
    assert excused - studies == {"degree_level", "field_of_study", "doc.degree_certificate"}
    woman = old | {"gender": "female"}
    assert "doc.military_card" not in request_items.excused(woman, old, papers, note_needed=False)
