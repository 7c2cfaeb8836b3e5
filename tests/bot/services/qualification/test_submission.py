"""The officer submits a request, resolves its deficiencies, withdraws it or pays; on both databases."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.texts import t
from storage import tables
from storage.database.database import Database
from storage.enums import AttemptState, RequestState
from tests.support.effects import alerts, events, labels, pushes
from tests.support.factories.people import Participants, end_role, officer
from tests.support.factories.qualification import stored_file, submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused

TEHRAN = {"province": "تهران", "city": "تهران"}


def test_a_submitted_form_is_numbered_routed_frozen_and_told(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    assert request.state is RequestState.SUBMITTED
    assert request.tracking_code == "140509010001"
    assert request.university_code == "sums"
    assert request.snapshot["city"] == "شیراز"
    assert request.submitted_at == NOW
    assert events(db, request) == ["started", "submitted"]
    (told,) = pushes(db, people.sara)
    assert told.kind == "N3"
    assert "دانشگاه علوم پزشکی شیراز" in told.text
    assert "140509010001" in told.text
    for reader in (people.ali, people.zahra, people.in_charge):
        (waits,) = pushes(db, reader)
        assert waits.kind == "N10"
        assert "۱ پرونده" in waits.text
        assert labels(waits) == ["مشاهده"]
    assert pushes(db, people.foreign) == []
    kept = db.exec(select(tables.RequestFile).where(tables.RequestFile.request_id == request.id)).all()
    assert {one.document_code for one in kept} == {"national_card", "degree_certificate"}


def test_codes_of_a_day_follow_each_other_and_the_day_is_tehrans(db: Session, people: Participants) -> None:
    late = NOW.replace(hour=20, minute=29)  # 23:59 in Tehran
    days = (NOW, late, late + timedelta(minutes=2))
    found = [submitted_request(db, officer(db), now=day).tracking_code for day in days]
    assert found == ["140509010001", "140509010002", "140509020001"]


async def test_two_submissions_at_once_get_two_codes(database: Database, people: Participants) -> None:
    officers = people.sara, await database.run(officer)
    codes = await asyncio.gather(
        *(database.run(lambda db, who=who: submitted_request(db, who).tracking_code) for who in officers)
    )
    assert sorted(codes) == ["140509010001", "140509010002"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"father_name": None}, ["نام پدر"]),
        ({"doc.national_card": []}, ["تصویر کارت ملی"]),
        ({"gender": "male"}, ["کارت پایان خدمت"]),
        ({"field_of_study": "other"}, [t("field.field_note")]),
        ({"phone": None, "doc.degree_certificate": []}, ["تلفن ثابت", "تصویر مدرک تحصیلی"]),
        ({"province": None, "city": None, "university": None}, ["استان", "شهر محل زندگی", "دانشگاه"]),
        (TEHRAN | {"university": "sums"}, ["دانشگاه"]),
        (TEHRAN | {"university": "ajaums"}, ["دانشگاه"]),
        (TEHRAN | {"university": "nowhere"}, ["دانشگاه"]),
        (TEHRAN | {"university": None}, ["دانشگاه"]),
    ],
)
def test_missing_items(db: Session, people: Participants, changes: dict[str, Any], named: list[str]) -> None:
    with refused("error.missing_items", db=db) as caught:
        submitted_request(db, people.sara, **changes)
    assert caught.refusal.args_of_text["items"] == "، ".join(named)


def test_closed_studies_are_refused_at_submission(db: Session, people: Participants) -> None:
    db.get_one(tables.DegreeLevel, "bachelor").allowed = False
    db.flush()
    with refused("error.field_closed", db=db):
        submitted_request(db, people.sara)


def test_files_that_cannot_be_submitted(db: Session, people: Participants) -> None:
    """Another officer's, a removed one, and more than a document takes."""
    others = stored_file(db, officer(db))
    removed, *four = (stored_file(db, people.sara) for _ in range(5))
    db.get_one(tables.StoredFile, removed).removed_at = NOW
    db.flush()
    for files, key in (
        ([others], "error.file_gone"),
        ([removed], "error.file_gone"),
        (four, "error.too_many_document_files"),
    ):
        with refused(key, db=db):
            submitted_request(db, people.sara, **{"doc.national_card": files})


@pytest.mark.parametrize(
    ("answers", "university", "alerted"),
    [
        ({"university": "tums"}, "sums", []),
        ({"city": "فسا"}, "fasa", ["no-expert:fasa"]),
        (TEHRAN | {"university": "sbmu"}, "sbmu", ["no-expert:sbmu"]),
    ],
    ids=["the region and not the answer", "confirmed coverage", "chosen in Tehran"],
)
def test_the_university_that_decides(
    db: Session, people: Participants, answers: dict[str, str], university: str, alerted: list[str]
) -> None:
    db.exec(select(tables.Coverage).where(tables.Coverage.city == "فسا")).one().active = True
    db.flush()
    request = submitted_request(db, people.sara, **answers)
    assert request.university_code == request.snapshot["university"] == university
    assert alerts(db) == alerted  # where no expert is there to review it


# ── deficiencies ─────────────────────────────────────────────────────────────────────────────────────────────────


def deficient_request(
    db: Session, people: Participants, items: list[str], note: str | None = None
) -> tables.QualificationRequest:
    request = submitted_request(db, people.sara)
    act(db, QUALIFICATION_WORKFLOW.claim, people.ali, request)
    return act(db, decisions.declare_deficiencies, people.ali, request, items=items, note=note)


def resolve(
    db: Session,
    people: Participants,
    request: tables.QualificationRequest,
    *,
    replies: dict[str, str] | None = None,
    note: str | None = None,
    now: datetime = NOW,
    **answers: Any,
) -> tables.QualificationRequest:
    more = {"answers": answers, "replies": replies or {}, "note": note, "now": now}
    return act(db, qualification.resolve, people.sara, request, **more)


def test_fixed_deficiencies_return_to_the_same_expert(db: Session, people: Participants) -> None:
    request = deficient_request(db, people, ["father_name", "doc.national_card"], "نام پدر را بررسی کنید")
    (told,) = pushes(db, people.sara, "N4")
    assert told.text.splitlines() == [
        "⚠️ برای درخواست \u2066140509010001\u2069 نواقص زیر اعلام شد:",
        "• نام پدر",
        "• تصویر کارت ملی",
        "توضیح کارشناس:",
        "│ نام پدر را بررسی کنید",
        "└ کارشناس دانشگاه علوم پزشکی شیراز",
    ]
    assert labels(told) == ["رفع نقص"]
    card, replies = stored_file(db, people.sara), {"father_name": "در شناسنامه همین است"}
    request = resolve(db, people, request, replies=replies, note="با سپاس", **{"doc.national_card": [card]})
    assert request.state is RequestState.IN_REVIEW
    assert request.reviewer_id == people.ali.account_id
    assert request.round == 1
    assert request.officer_note == "با سپاس"
    assert request.snapshot["doc.national_card"] == [card]
    assert request.snapshot["father_name"] == "علی"
    assert request.tracking_code == "140509010001"
    assert [one.kind for one in pushes(db, people.ali)] == ["N10", "N11"]
    assert pushes(db, people.zahra, "N11") == []
    found = db.exec(select(tables.DeficiencyRound)).one()
    assert (found.replies, found.resolved_at) == (replies, NOW)
    assert db.exec(select(tables.RequestFile.round).where(tables.RequestFile.file_id == card)).all() == [1]


def test_every_ticked_item_needs_a_value_or_a_reply(db: Session, people: Participants) -> None:
    """The region is locked while fixing."""
    request = deficient_request(db, people, ["father_name", "doc.national_card"])
    same = {"doc.national_card": "همین است"}
    with refused("error.missing_fixes", db=db) as caught:
        resolve(db, people, request, replies={"father_name": "نه"}, father_name="علی")
    assert caught.refusal.args_of_text["items"] == "نام پدر، تصویر کارت ملی"
    with refused("error.missing_fixes", db=db) as caught:
        resolve(db, people, request, replies=same)
    assert caught.refusal.args_of_text["items"] == "نام پدر"
    with refused("error.region_locked", db=db):
        resolve(db, people, request, replies=same, father_name="حسن", city="فسا")
    assert resolve(db, people, request, replies=same, father_name="حسن").state is RequestState.IN_REVIEW


def test_a_note_alone_asks_for_a_change_or_an_answer(db: Session, people: Participants) -> None:
    request = deficient_request(db, people, [], "لطفاً آدرس را کامل کنید")
    for note in (None, "نه"):
        with refused("error.no_answer_to_note", db=db):
            resolve(db, people, request, note=note)
    resolve(db, people, request, note="آدرس کامل است")


def test_a_change_of_gender_while_fixing_asks_for_what_follows(db: Session, people: Participants) -> None:
    request = deficient_request(db, people, ["gender"])
    with refused("error.missing_items", db=db) as caught:
        resolve(db, people, request, gender="male")
    assert caught.refusal.args_of_text["items"] == "کارت پایان خدمت"
    card = stored_file(db, people.sara)
    request = resolve(db, people, request, gender="male", **{"doc.military_card": [card]})
    assert request.snapshot["doc.military_card"] == [card]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_closed_studies_are_not_chosen_while_fixing(db: Session, people: Participants) -> None:
    """What was open when the file was sent stays, though it was closed since."""
    request = deficient_request(db, people, ["father_name"])
    for level in ("bachelor", "master"):
        db.get_one(tables.DegreeLevel, level).allowed = False
    db.flush()
    for changes in ({"degree_level": "master"}, {"field_of_study": "other", "field_note": "فیزیک پزشکی"}):
        with refused("error.field_closed", db=db):
            resolve(db, people, request, father_name="حسن", **changes)
    assert resolve(db, people, request, father_name="حسن").snapshot["degree_level"] == "bachelor"


def test_a_file_whose_expert_has_left_goes_to_the_queue(db: Session, people: Participants) -> None:
    request = deficient_request(db, people, ["father_name"])
    end_role(db, people.ali)
    request = resolve(db, people, request, now=NOW + timedelta(hours=2), father_name="حسن")
    assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)
    assert request.submitted_at == NOW  # it keeps its place in the queue
    assert len(pushes(db, people.zahra, "N10")) == 2
    assert pushes(db, people.ali, "N11") == []


def test_a_second_round_is_its_own(db: Session, people: Participants) -> None:
    request = deficient_request(db, people, ["father_name"])
    for name in ("حسن", "حسین"):
        resolve(db, people, request, father_name=name)
        act(db, decisions.declare_deficiencies, people.ali, request, items=["father_name"])
    found = db.exec(select(tables.DeficiencyRound).order_by(col(tables.DeficiencyRound.round))).all()
    assert [(one.round, one.snapshot["father_name"]) for one in found] == [
        (1, "علی"),
        (2, "حسن"),
        (3, "حسین"),
    ]
    assert len(pushes(db, people.sara, "N4")) == 3


def complete(db: Session, request: tables.QualificationRequest) -> bool:
    return act(db, qualification.complete_request, SYSTEM, request, bank_ref="12345")


def test_a_withdrawn_request_is_over_and_another_may_follow(db: Session, people: Participants) -> None:
    """It takes no payment."""
    request, owner = unpaid_request(db, people), people.sara.account_id
    assert qualification.in_circulation(db, owner)
    request = act(db, qualification.withdraw, people.sara, request)
    assert (request.state, request.closed_at) == (RequestState.WITHDRAWN, NOW)
    assert not qualification.in_circulation(db, owner)
    assert not complete(db, request)
    assert not qualification.is_qualified(db, owner)
    assert qualification.may_start(db, actor=people.sara)


@pytest.mark.parametrize("state", [AttemptState.UNCERTAIN, AttemptState.VERIFYING])
def test_no_withdrawal_while_the_bank_is_silent(
    db: Session, people: Participants, state: AttemptState
) -> None:
    request = unpaid_request(db, people)
    db.add(tables.PaymentAttempt(request_id=request.id, gateway="zarinpal", amount_rial=500_000, state=state))
    db.flush()
    with refused("error.payment_uncertain", db=db):
        act(db, qualification.withdraw, people.sara, request)


def test_completion_makes_the_snapshot_the_approved_file(db: Session, people: Participants) -> None:
    request, owner = unpaid_request(db, people), people.sara.account_id
    assert db.get_one(tables.Officer, owner).father_name is None  # nothing before the payment
    assert not qualification.is_qualified(db, owner)
    assert [complete(db, request) for _ in range(2)] == [True, False]
    profile = db.get_one(tables.Officer, owner)
    assert (profile.father_name, profile.university_code, profile.phone) == ("علی", "sums", "")
    assert set(profile.documents) == {"national_card", "degree_certificate"}
    assert profile.qualified_at == NOW
    assert qualification.is_qualified(db, owner)
    (told,) = pushes(db, people.sara, "N7")
    assert "12345" in told.text
    assert events(db, request)[-1] == "completed"
