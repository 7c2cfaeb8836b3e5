"""Which answers go when another one is changed: those that depend on it, and no others."""

from typing import Any

import pytest
from sqlmodel import col, select

from conversations.account.registration import REGISTER
from conversations.distributor.branches import NEW_BRANCH
from conversations.distributor.registration import NEW_DISTRIBUTOR
from conversations.engine.declaration import Dialogue
from conversations.expert.bulk import BULK_ASSIGN, BULK_ASSIGN_COOPERATION
from conversations.staff.letter import WRITE_LETTER
from conversations.staff.reference_data import NEW_TARIFF
from storage.tables import ClosedPair, DegreeLevel, FieldOfStudy
from tests.support.chat_driver import App
from tests.support.chat_people import officer

PLACE = {"province": "فارس", "city": "شیراز", "university": "sums", "address": "زند"}
STUDIES = {"degree_level": "LEVEL", "field_of_study": "FIELD", "field_note": "ن", "first_name": "سارا"}
LETTER = {
    "letter_audience": "OFFICER", "letter_state": "s", "letter_area": "a", "letter_sms": True,
    "letter_officer": "1", "letter_officer_sure": True, "letter_title": "ت",
}  # fmt: skip
TARIFF = {"tariff_kind": "NEW", "tariff_amount": 0, "tariff_zero": True, "tariff_from": "2027-01-01"}
BULK = {"bulk_from": "1", "bulk_files": [1, 2], "bulk_to": "2"}

#: dialogue, its answers (with what is new in them), the answer that was given, those that go
CASES: dict[str, tuple[Dialogue, dict[str, Any], str, set[str]]] = {
    "another province": (NEW_BRANCH, PLACE, "province", {"city", "university"}),
    "another city": (NEW_BRANCH, PLACE, "city", {"university"}),
    "another address": (NEW_BRANCH, PLACE, "address", set()),
    "province of a distributor": (NEW_DISTRIBUTOR, PLACE, "province", {"city", "university"}),
    "a level whose field is closed": (
        REGISTER, STUDIES | {"degree_level": "CLOSED"}, "degree_level", {"field_of_study", "field_note"}
    ),
    "a level whose field is open": (REGISTER, STUDIES, "degree_level", set()),
    "the name beside a closed field": (REGISTER, STUDIES | {"degree_level": "CLOSED"}, "first_name", set()),
    "a field that says enough": (REGISTER, STUDIES, "field_of_study", {"field_note"}),
    "a field that needs a note": (REGISTER, STUDIES | {"field_of_study": "OTHER"}, "field_of_study", set()),
    "level without a field yet": (REGISTER, {"degree_level": "LEVEL"}, "degree_level", set()),
    "other readers": (WRITE_LETTER, LETTER, "letter_audience", {"letter_state", "letter_area", "letter_sms"}),
    "another officer": (WRITE_LETTER, LETTER, "letter_officer", {"letter_officer_sure"}),
    "the officer that was meant": (WRITE_LETTER, LETTER, "letter_officer_sure", set()),
    "not the officer that was meant": (
        WRITE_LETTER, LETTER | {"letter_officer_sure": False}, "letter_officer_sure",
        {"letter_officer", "letter_officer_sure"},
    ),
    "another title": (WRITE_LETTER, LETTER, "letter_title", set()),
    "another amount": (NEW_TARIFF, TARIFF, "tariff_amount", {"tariff_zero"}),
    "an amount the first time": (NEW_TARIFF, {"tariff_amount": 5}, "tariff_amount", set()),
    "nothing is meant": (NEW_TARIFF, TARIFF, "tariff_zero", set()),
    "nothing is not meant": (
        NEW_TARIFF, TARIFF | {"tariff_zero": False}, "tariff_zero", {"tariff_zero", "tariff_amount"}
    ),
    "another day": (NEW_TARIFF, TARIFF, "tariff_from", set()),
    "another source": (BULK_ASSIGN, BULK, "bulk_from", {"bulk_files"}),
    "another receiver": (BULK_ASSIGN_COOPERATION, BULK, "bulk_to", set()),
}  # fmt: skip


@pytest.fixture
def codes(app: App) -> dict[str, str]:
    """A level and a field that are open, a level at which the field is closed, and the field that needs a note."""
    level, closed = app.all(select(DegreeLevel.code).where(col(DegreeLevel.allowed).is_(True)))[:2]
    fields = select(FieldOfStudy.code).where(col(FieldOfStudy.allowed).is_(True))
    field = app.first(fields.where(col(FieldOfStudy.needs_note).is_(False)))
    other = app.first(fields.where(col(FieldOfStudy.needs_note).is_(True)))
    for pair in app.all(select(ClosedPair)):
        assert (pair.level_code, pair.field_code) != (level, field)
    app.add(ClosedPair(level_code=closed, field_code=field))
    return {"LEVEL": level, "CLOSED": closed, "FIELD": field, "OTHER": other}


@pytest.mark.parametrize("case", CASES)
def test_what_depends_on_an_answer_goes_with_it(app: App, codes: dict[str, str], case: str) -> None:
    dialogue, given, key, gone = CASES[case]
    answers = {
        name: codes.get(value, value) if isinstance(value, str) else value for name, value in given.items()
    }
    assert dialogue.after is not None
    after = dialogue.after
    left = officer(app).read_turn(lambda turn: after(turn, key, dict(answers)))
    assert left == {name: value for name, value in answers.items() if name not in gone}
