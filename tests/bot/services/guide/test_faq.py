"""What people read before they begin: documents and fees in force, answers with their values; which entries are shown."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.refusals import InvalidInput, Stale
from bot.services.directorate import faq_entries
from bot.services.guide import faq, requirements
from bot.services.guide.requirements import Requirements
from bot.texts import BIDI_MARKS
from storage.enums import RequestKind
from storage.tables import DocumentType, FaqEntry, Tariff
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def entry(db: Session, code: str, position: int, **values: Any) -> FaqEntry:
    given = {"question": f"{code}؟", "short_name": code, "answer": "پاسخ", "search_words": code}
    row = FaqEntry(code=code, position=position, **given | values)
    db.add(row)
    db.flush()
    return row


def test_documents_and_fees_in_force(db: Session, people: Participants) -> None:
    documents = ("تصویر کارت ملی", "تصویر مدرک تحصیلی"), ("کارت پایان خدمت",), ("گواهی بازآموزی",)
    assert requirements.in_force(db, now=NOW) == Requirements(*documents, None, None)
    for days, rial, kind in (
        (0, 500_000, RequestKind.NEW),
        (1, 900_000, RequestKind.NEW),
        (-1, 0, RequestKind.AMENDMENT),
    ):
        valid_from = date(2026, 11, 22) + timedelta(days=days)
        db.add(Tariff(kind=kind, amount_rial=rial, valid_from=valid_from))
    db.get_one(DocumentType, "retraining").active = False
    db.flush()
    assert requirements.in_force(db, now=NOW) == Requirements(*documents[:2], (), 500_000, 0)
    tehran_midnight = NOW.replace(hour=20, minute=30)
    assert requirements.in_force(db, now=tehran_midnight).fee_new == 900_000
    texts = [BIDI_MARKS.sub("", faq.fee_text(rial)) for rial in (None, 0, 500_000)]
    assert texts == ["هنوز تعیین نشده است", "رایگان", "۵۰۰٬۰۰۰ ریال (۵۰٬۰۰۰ تومان)"]


def test_an_answer_with_its_values(db: Session, people: Participants) -> None:
    db.get_one(DocumentType, "retraining").active = False
    answer = "{documents} | {documents_men} | {documents_optional} | {fee} | {support} | {other} {}"
    shown = entry(db, "a", 1, answer=answer)
    said = BIDI_MARKS.sub("", faq.answer_text(db, shown, now=NOW, contact="021"))
    assert said == (
        "تصویر کارت ملی، تصویر مدرک تحصیلی | کارت پایان خدمت | ندارد | هنوز تعیین نشده است | 021 | {other} {}"
    )
    assert faq.unknown_values(answer) == ["other", ""]
    assert faq.answer_text(db, entry(db, "b", 2), now=NOW, contact="021") == "پاسخ"


def test_which_entries_are_shown_and_found(db: Session, people: Participants) -> None:
    second, first = entry(db, "ب", 2, search_words="شیراز"), entry(db, "الف", 1, search_words="شیراز تهران")
    hidden = entry(db, "پ", 0, search_words="شیراز", active=False)
    by_question = entry(db, "ت", 3, search_words="", question="گواهی کجاست؟")
    assert faq.shown_entries(db) == [first, second, by_question]
    assert faq.shown_entry(db, "ب") == second
    for code in (hidden.code, "none"):
        with refused(Stale):
            faq.shown_entry(db, code)
    assert (faq.found(db, "شیراز"), faq.found(db, "تهران"), faq.found(db, "گواهی")) == (
        [first, second],
        [first],
        [by_question],
    )
    one, many = faq.press_for(db, "تهران"), faq.press_for(db, "شیراز")
    assert one is not None
    assert many is not None
    assert ((one.action, one.arg), (many.action, many.arg)) == (("faq", "الف"), ("faq.found", "الف,ب"))
    assert faq.press_for(db, "قیسبلاذ") is None


def test_thirty_questions_at_most(db: Session, people: Participants) -> None:
    given = {"question": "کجا؟", "answer": "اینجا", "search_words": "", "actor": people.staff, "now": NOW}
    bounds = faq_entries.LONGEST_QUESTION, faq_entries.LONGEST_SHORT
    assert bounds == (120, 20)
    assert (faq_entries.LONGEST_ANSWER, faq_entries.LONGEST_WORDS) == (1500, 400)
    for number in range(29):
        entry(db, f"e{number}", number)
    with refused("error.name_taken", db=db):
        faq_entries.add_entry(db, short_name="e1", **given)
    with refused("error.faq_value", db=db):
        faq_entries.add_entry(db, short_name="نو", **given | {"answer": "{x}"})
    last = faq_entries.add_entry(db, short_name="نو", **given)
    assert (last.position, last.code) == (29, "added_1")
    with refused(InvalidInput, "error.faq_many", db=db):
        faq_entries.add_entry(db, short_name="دیگر", **given)
