"""A document becomes required: from which day, which drafts it touches, who is told; each other draft differs in one thing."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import InvalidInput, Stale
from bot.services.directorate import document_requirements as requirements
from bot.services.directorate import document_types, reference_rows
from bot.texts import BIDI_MARKS
from storage.enums import AccountState
from storage.tables import Account, AuditEvent, DocumentType, Draft, Push
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import form_answers
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, TODAY = timedelta(days=1), date(2026, 11, 22)
CODE = "retraining"


def form(db: Session, *, ready: bool = True, minutes: int = 0, **values: Any) -> Draft:
    """An officer's draft; `ready`: it lacks nothing."""
    who = officer(db)
    answers = form_answers(db, who) | values.pop("answers", {})
    if not ready:
        answers["father_name"] = None
    given = {"dialogue": "qualification", "dialogue_version": 1, "subject_id": 7, "created_at": NOW}
    at = {"updated_at": NOW + timedelta(minutes=minutes)}
    row = Draft(account_id=who.account_id, answers=answers, **given | at | values)
    db.add(row)
    db.flush()
    return row


def rule(db: Session) -> DocumentType:
    return db.get_one(DocumentType, CODE)


def plan(db: Session, people: Participants, days: int, required: str = "yes") -> DocumentType:
    return requirements.require_from(
        db, actor=people.staff, code=CODE, required=required, day=TODAY + days * DAY, now=NOW
    )


def test_a_rule_is_in_force_today_or_on_its_day(db: Session, people: Participants) -> None:
    with refused(InvalidInput, "error.day_to_come", db=db):
        plan(db, people, -1)
    row = plan(db, people, 3, "men")
    assert (row.required, row.next_required, row.next_from) == ("no", "men", "2026-11-25")
    with refused(Stale, db=db):
        requirements.cancel_plan(db, actor=people.staff, code=CODE, expected=1, now=NOW)
    mark = reference_rows.row_fingerprint(row)
    requirements.cancel_plan(db, actor=people.staff, code=CODE, expected=mark, now=NOW)
    assert (row.required, row.next_required, row.next_from) == ("no", None, None)
    plan(db, people, 3, "men")
    row.active = False
    db.flush()
    assert requirements.keep_requirements(db, now=NOW + 2 * DAY) == 0
    assert (row.required, requirements.is_telling(db)) == ("no", False)
    requirements.keep_requirements(db, now=NOW + 3 * DAY)
    assert (row.required, row.active, row.required_since) == ("men", True, "2026-11-25")
    assert (row.next_required, row.next_from, row.told_draft) == (None, None, None), "nobody had to be told"
    plan(db, people, 0, "no")
    assert (row.required, row.required_since, row.told_draft) == ("no", None, None)
    plan(db, people, 0)
    assert (row.required, row.required_since, row.told_draft) == ("yes", "2026-11-22", 0)
    assert requirements.is_telling(db)


def test_which_drafts_a_rule_touches(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (requirements.BATCH, requirements.COUNTED) == (25, 1000)
    form(db)
    form(db, answers={"gender": "male"})
    form(db, answers={f"doc.{CODE}": [1]})
    form(db, dialogue="general")

    def touched(required: str) -> tuple[int, bool]:
        found = requirements.drafts_touched(db, actor=people.staff, code=CODE, required=required)
        return found.number, found.at_least

    assert [touched(one) for one in ("yes", "men", "no")] == [(2, False), (1, False), (0, False)]
    monkeypatch.setattr(requirements, "COUNTED", 3)
    assert touched("yes") == (2, True)
    form(db, answers={f"doc.{CODE}": [1]}, minutes=5)
    assert touched("yes")[1]
    monkeypatch.setattr(requirements, "COUNTED", 1)
    assert touched("yes") == (0, True), "the newest are looked at"
    found = requirements.Touched(2, at_least=False), requirements.Touched(2, at_least=True)
    assert found[0].told() != found[1].told()


def test_who_is_told_that_a_document_is_lacking(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was ready to send, once; batch by batch."""
    monkeypatch.setattr(requirements, "BATCH", 2)
    ready = [form(db), form(db, subject_id=8)]
    form(db, ready=False)
    form(db, answers={f"doc.{CODE}": [1]})
    form(db, dialogue="general")
    suspended = form(db)
    db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
    without_university = form(db, answers={"university": None}, subject_id=9)
    db.flush()
    plan(db, people, 0)
    told = [requirements.keep_requirements(db, now=NOW) for _ in range(5)]
    assert told == [2, 0, 0, 1, 0]
    assert rule(db).told_draft is None
    pushes = db.exec(select(Push).where(Push.kind == "N28")).all()
    assert [(one.account_id, one.buttons[0][0]["press"].split("|")[1:3]) for one in pushes] == [
        (draft.account_id, ["qual.draft", f"{draft.subject_id}"]) for draft in (*ready, without_university)
    ]
    assert {BIDI_MARKS.sub("", one.text) for one in pushes} == {
        "📎 از ۱۴۰۵/۰۹/۰۱ مدرک «گواهی بازآموزی» هم برای همه لازم است؛ درخواست شما هنوز ارسال نشده و این مدرک را ندارد."
        " لطفاً آن را اضافه و سپس ثبت نهایی کنید."
    }
    lines = db.exec(select(AuditEvent).where(AuditEvent.event == "document_rule_told")).all()
    assert [line.data for line in lines] == [{"code": CODE, "told": 2}, {"code": CODE, "told": 1}]


def test_what_a_document_type_may_be(db: Session, people: Participants) -> None:
    row = rule(db)

    def change(**values: Any) -> DocumentType:
        mark = reference_rows.row_fingerprint(rule(db))
        return document_types.change_document_type(
            db, actor=people.staff, code=CODE, expected=mark, now=NOW, event="x", **values
        )

    for wrong in ({"required": "all"}, {"max_files": 0}, {"max_files": 4}, {"sides": 0}, {"sides": 3}):
        with refused(Stale, db=db):
            change(**wrong)
    for name, short in (("ا", "کوتاه"), ("ن" * 81, "کوتاه"), ("نام", "ا"), ("نام", "ن" * 21)):
        with refused(InvalidInput, "error.long_text", db=db):
            change(name=name, short_name=short)
    with refused("error.name_taken", db=db):
        change(name="تصویر کارت ملی", short_name="کارت")
    with refused(Stale, db=db):
        change(max_files=row.max_files)
    for values in (
        {"max_files": 3 if row.max_files != 3 else 2},
        {"sides": 2 if row.sides == 1 else 1},
        {"name": "ن" * 80, "short_name": "ن" * 20},
        {"name": "نم", "short_name": "نم"},
    ):
        change(**values)
    assert (row.name, row.short_name) == ("نم", "نم")


def test_the_mark_of_a_row_is_that_of_all_its_values(db: Session, people: Participants) -> None:
    row = rule(db)
    before = reference_rows.row_fingerprint(row)
    assert reference_rows.row_fingerprint(DocumentType(**row.model_dump())) == before
    for change in ({"position": 99}, {"name": "دیگر"}, {"active": False}):
        assert reference_rows.row_fingerprint(DocumentType(**row.model_dump() | change)) != before
    for _ in range(2):
        document_types.add_document_type(
            db,
            actor=people.staff,
            name=f"نو {reference_rows.next_code(db, DocumentType)}",
            short_name="نو",
            required="no",
            max_files=1,
            active=False,
            now=NOW,
        )
    last = [one.code for one in document_types.all_document_types(db, actor=people.staff)][-2:]
    assert last == ["added_1", "added_2"]
    db.delete(db.get_one(DocumentType, "added_1"))
    db.flush()
    assert reference_rows.next_code(db, DocumentType) == "added_1"
