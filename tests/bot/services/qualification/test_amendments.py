"""Amendments (R5, R6, R49–R51), on both databases: what counts as a change, what is asked, what stands until the end."""

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.services import qualification
from bot.services.officers import personal_details
from bot.services.qualification import decisions, review
from storage.database.database import Database
from storage.enums import RejectReason, RequestKind, RequestState
from storage.tables import Account, Coverage, DegreeLevel, Officer, QualificationRequest, RequestFile, Tariff
from tests.support.effects import labels, pushes
from tests.support.factories.people import Participants, participants
from tests.support.factories.qualification import completed_request, stored_file
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act, refused

FARS = {"province": "فارس", "city": "شیراز"}
ISFAHAN = {"province": "اصفهان", "city": "اصفهان"}


@pytest.fixture
async def people(database: Database) -> Participants:
    """Sara is qualified, and an amendment has its fee."""

    def unit(db: Session) -> Participants:
        people = participants(db)
        completed_request(db, people)
        tariff(db, 2_800_000, RequestKind.AMENDMENT)
        return people

    return await database.run(unit)


def start(db: Session, actor: Actor) -> QualificationRequest:
    return qualification.start_draft(db, actor=actor, now=NOW, kind=RequestKind.AMENDMENT)


def amend(db: Session, people: Participants, **changes: Any) -> QualificationRequest:
    """An amendment of these items, as its form hands it over: without answers to steps that were not open."""
    request = start(db, people.sara)
    form = qualification.prefill(db, request)
    form.pop("university", None)
    return act(db, qualification.submit, people.sara, request, answers=form | changes)


def approve(db: Session, expert: Actor, request: QualificationRequest) -> None:
    act(db, decisions.approve, expert, request, public_url=PUBLIC_URL)


def complete(db: Session, request: QualificationRequest) -> None:
    act(db, qualification.complete_request, SYSTEM, request, bank_ref="778")


def sara(db: Session, people: Participants) -> tuple[Account, Officer]:
    db.expire_all()
    number = people.sara.account_id
    return db.get_one(Account, number), db.get_one(Officer, number)


def migrate(db: Session, people: Participants) -> None:
    """As if the officer came from the old system with a name, a code and a birth date."""
    account, officer = sara(db, people)
    account.migrated, officer.legacy_qualified = True, True
    officer.documents = {}
    for column in ("level_code", "field_code", "father_name", "gender", "birth_cert_no", "province", "city"):
        setattr(officer, column, None)
    officer.university_code = officer.postal_address = officer.phone = officer.email = None
    db.flush()


def test_new_coverage_of_the_region_is_no_change_of_the_officers(db: Session, people: Participants) -> None:
    """Without a change an amendment is refused, also where the region is not asked; another university is one."""
    with refused("error.no_change", db=db):
        amend(db, people)
    db.add(Coverage(province="فارس", city="شیراز", university_code="fasa", active=True))
    db.flush()
    with refused("error.no_change", db=db):
        amend(db, people)
    request = amend(db, people, father_name="حسن")
    assert request.university_code == "fasa"
    act(db, qualification.withdraw, people.sara, request)
    _, officer = sara(db, people)
    officer.province, officer.city, officer.university_code = "تهران", "تهران", "tums"
    db.flush()
    assert amend(db, people, university="sbmu").university_code == "sbmu"


def test_data_are_applied_at_payment_and_not_before(db: Session, people: Participants) -> None:
    """R6, Q1, Q2: until then the old data and the qualification stand. An optional document may be left out."""
    _, officer = sara(db, people)
    officer.documents = officer.documents | {"retraining": [stored_file(db, people.sara)]}
    db.flush()
    new, old = stored_file(db, people.sara, "new.jpg"), officer.documents
    changes = {
        "last_name": "محمدی",
        "degree_level": "master",
        "doc.national_card": [new],
        "doc.retraining": [],
    }
    request = amend(db, people, **changes)
    assert request.before["doc.national_card"] == old["national_card"]
    approve(db, people.ali, request)
    account, officer = sara(db, people)
    assert (request.state, request.fee_rial) == (RequestState.AWAITING_PAYMENT, 2_800_000)
    assert (account.last_name, officer.level_code) == ("کریمی‌نژاد", "bachelor")
    assert officer.documents == old
    assert qualification.is_qualified(db, account.id)

    since = officer.qualified_at
    complete(db, request)
    account, officer = sara(db, people)
    assert (account.last_name, officer.level_code) == ("محمدی", "master")
    assert officer.documents["national_card"] == [new]
    assert "retraining" not in officer.documents
    assert officer.qualified_at == since
    assert pushes(db, people.sara)[-1].text == (
        f"✅ پرداخت انجام شد و اطلاعات جدید شما (اصلاحیه \u2066{request.tracking_code}\u2069) ثبت شد. "
        "شماره پیگیری بانک: \u2066778\u2069"
    )


def test_an_amendment_at_no_charge_is_applied_by_the_approval(db: Session, people: Participants) -> None:
    """Q9."""
    db.exec(select(Tariff).where(Tariff.kind == RequestKind.AMENDMENT)).one().amount_rial = 0
    request = amend(db, people, last_name="محمدی", **ISFAHAN)
    assert request.university_code == "mui"
    assert request.before["last_name"] == "کریمی‌نژاد"
    assert sara(db, people)[0].last_name == "کریمی‌نژاد"
    approve(db, people.foreign, request)
    account, officer = sara(db, people)
    assert (account.last_name, officer.university_code) == ("محمدی", "mui")
    assert "اصلاحیه" in pushes(db, people.sara)[-1].text


def test_the_expert_may_open_the_document_that_is_replaced(db: Session, people: Participants) -> None:
    old = sara(db, people)[1].documents["national_card"]
    new = stored_file(db, people.sara, "new.jpg")
    # The new province's expert has not seen any of these documents before.
    request = amend(db, people, **ISFAHAN, **{"doc.national_card": [new]})
    for file_id in (*old, new):
        assert act(db, review.view_document, people.foreign, request, file_id=file_id).id == file_id
    held = db.exec(select(RequestFile.file_id).where(RequestFile.request_id == request.id)).all()
    assert len(held) == len(set(held)) == 3


def test_a_rejected_or_withdrawn_amendment_leaves_everything(db: Session, people: Participants) -> None:
    """The next one begins with the approved data."""
    before = [one.model_dump(exclude={"version"}) for one in sara(db, people)]
    request = amend(db, people, first_name="مینا")
    act(db, decisions.reject, people.ali, request, reason=RejectReason.WRONG_REGION)
    told = pushes(db, people.sara)[-1]
    assert told.text.startswith("❌ اصلاحیه")
    assert told.text.endswith("صلاحیت و اطلاعات قبلی شما بدون تغییر می‌ماند.")
    assert labels(told) == ["ثبت دوباره"]
    assert "qual.amend" in told.buttons[0][0]["press"]
    assert qualification.is_qualified(db, people.sara.account_id)
    act(db, qualification.withdraw, people.sara, amend(db, people, first_name="مینا"))
    assert [one.model_dump(exclude={"version"}) for one in sara(db, people)] == before
    personal_details.edit_item(db, actor=people.sara, field="father_name", value="حسن", now=NOW)
    form = qualification.prefill(db, start(db, people.sara))
    assert (form["first_name"], form["father_name"]) == ("سارا", "حسن")
    assert len(form["doc.national_card"]) == 1


def test_a_migrated_officer_is_asked_only_for_what_is_touched(db: Session, people: Participants) -> None:
    """Q27. The region is needed by the expert; deficiencies do not ask for more either."""
    migrate(db, people)
    for changes, items in (
        ({"first_name": "مینا"}, "استان، شهر محل زندگی، دانشگاه"),
        (FARS | {"degree_level": "bachelor"}, "رشته تحصیلی، تصویر مدرک تحصیلی"),
        (FARS | {"gender": "male"}, "کارت پایان خدمت"),
    ):
        with refused("error.missing_items", db=db) as caught:
            amend(db, people, **changes)
        assert caught.refusal.args_of_text["items"] == items
    request = amend(db, people, first_name="مینا", **FARS)
    act(db, decisions.declare_deficiencies, people.ali, request, items=["first_name"])
    act(db, qualification.resolve, people.sara, request, answers={"first_name": "مینو"})
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, people.ali.account_id)
    assert request.before["first_name"] == "سارا"
    approve(db, people.ali, request)
    complete(db, request)
    account, officer = sara(db, people)
    assert (account.first_name, officer.province, officer.level_code) == ("مینو", "فارس", None)


def test_what_changed_since_then_counts_only_where_touched(db: Session, people: Participants) -> None:
    """Q34: closed studies bar an amendment of the studies. Q33: a man is not asked for the military card at the general
    edit, but in the next amendment."""
    for code in ("bachelor", "master"):
        db.get_one(DegreeLevel, code).allowed = False
    db.flush()
    with refused("error.field_closed", db=db):
        amend(db, people, degree_level="master")
    personal_details.edit_item(db, actor=people.sara, field="gender", value="male", now=NOW)
    assert qualification.is_qualified(db, people.sara.account_id)
    with refused("error.missing_items", db=db) as caught:
        amend(db, people, last_name="محمدی")
    assert caught.refusal.args_of_text["items"] == "کارت پایان خدمت"
    personal_details.edit_item(db, actor=people.sara, field="gender", value="female", now=NOW)
    assert amend(db, people, last_name="محمدی").id


def test_the_wrong_kind_leads_to_the_right_one(db: Session, people: Participants) -> None:
    with refused("error.new_while_qualified", db=db) as caught:
        qualification.start_draft(db, actor=people.sara, now=NOW)
    assert [button.label for button in caught.refusal.next_buttons] == ["ثبت اصلاحیه"]
    sara(db, people)[1].qualified_at = None
    db.flush()
    with refused("error.amend_while_unqualified", db=db) as caught:
        start(db, people.sara)
    assert [button.label for button in caught.refusal.next_buttons] == ["🎓 احراز صلاحیت"]
