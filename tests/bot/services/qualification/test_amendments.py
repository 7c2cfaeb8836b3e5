"""Amendments (R5, R6, R49–R51), on both databases: what counts as a change, what is asked, what stands until the end."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import Refusal
from bot.services import qualification
from bot.services.officers import personal_details
from bot.services.qualification import decisions, review
from storage.database.database import Database
from storage.enums import RejectReason, RequestKind, RequestState
from storage.tables import (
    Account,
    Coverage,
    DegreeLevel,
    DocumentType,
    Officer,
    QualificationRequest,
    RequestFile,
)
from tests.support.qualification_data import (
    NOW,
    URL,
    Office,
    awaiting_payment,
    labels,
    open_office,
    paper,
    pushes,
    tariff,
)


@pytest.fixture
async def office(database: Database) -> Office:
    def unit(db: Session) -> Office:
        office = open_office(db)
        request = awaiting_payment(db, office)
        qualification.complete_request(db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="1")
        tariff(db, 2_800_000, RequestKind.AMENDMENT)
        return office

    return await database.run(unit)


def begin(db: Session, actor: Actor) -> QualificationRequest:
    return qualification.start_draft(db, actor=actor, now=NOW, kind=RequestKind.AMENDMENT)


def amend(db: Session, actor: Actor, **changes: Any) -> QualificationRequest:
    """An amendment of these items, as its form hands it over: without answers to steps that were not open."""
    request = begin(db, actor)
    form = qualification.prefill(db, request)
    form.pop("university", None)
    return qualification.submit(db, actor=actor, request_id=request.id or 0, answers=form | changes, now=NOW)


def person(db: Session, office: Office) -> tuple[Account, Officer]:
    db.expire_all()
    number = office.sara.account_id
    return db.get_one(Account, number), db.get_one(Officer, number)


def migrate(db: Session, office: Office) -> None:
    """As if the officer came from the old system with a name, a code and a birth date."""
    account, officer = person(db, office)
    account.migrated, officer.legacy_qualified = True, True
    officer.documents = {}
    for column in ("level_code", "field_code", "father_name", "gender", "birth_cert_no", "province", "city"):
        setattr(officer, column, None)
    officer.university_code = officer.postal_address = officer.phone = officer.email = None
    db.flush()


async def refused(database: Database, unit: Callable[[Session], Any]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await database.run(unit)
    return caught.value


async def test_without_a_change_it_is_refused_also_where_the_region_is_not_asked(
    database: Database, office: Office
) -> None:
    assert (await refused(database, lambda db: amend(db, office.sara))).key == "error.no_change"


async def test_new_coverage_of_the_region_is_no_change_of_the_officers(
    database: Database, office: Office
) -> None:
    def cover(db: Session) -> None:
        db.add(Coverage(province="فارس", city="شیراز", university_code="fasa", active=True))
        db.flush()

    await database.run(cover)
    assert (await refused(database, lambda db: amend(db, office.sara))).key == "error.no_change"
    request = await database.run(lambda db: amend(db, office.sara, father_name="حسن"))
    assert request.university_code == "fasa"


async def test_another_university_of_tehran_is_a_change(database: Database, office: Office) -> None:
    def unit(db: Session) -> str | None:
        _, officer = person(db, office)
        officer.province, officer.city, officer.university_code = "تهران", "تهران", "tums"
        db.flush()
        return amend(db, office.sara, university="sbmu").university_code

    assert await database.run(unit) == "sbmu"


async def test_data_are_applied_at_payment_and_not_before(database: Database, office: Office) -> None:
    """R6, Q1, Q2: until then the old data and the qualification stand."""

    def to_the_fee(db: Session) -> int:
        new = paper(db, office.sara, "new.jpg")
        request = amend(
            db, office.sara, last_name="محمدی", degree_level="master", **{"doc.national_card": [new]}
        )
        old = person(db, office)[1].documents["national_card"]
        assert request.before["doc.national_card"] == old
        decisions.approve(db, actor=office.ali, request_id=request.id or 0, public_url=URL, now=NOW)
        account, officer = person(db, office)
        assert request.state is RequestState.AWAITING_PAYMENT
        assert request.fee_rial == 2_800_000
        assert (account.last_name, officer.level_code) == ("کریمی‌نژاد", "bachelor")
        assert officer.documents["national_card"] == old
        assert qualification.is_qualified(db, account.id or 0)
        assert request.id is not None
        return request.id

    number = await database.run(to_the_fee)

    def pay(db: Session) -> None:
        since = person(db, office)[1].qualified_at
        qualification.complete_request(db, request_id=number, now=NOW, actor=SYSTEM, bank_ref="778")
        account, officer = person(db, office)
        request = db.get_one(QualificationRequest, number)
        assert (account.last_name, officer.level_code) == ("محمدی", "master")
        assert officer.documents["national_card"] == request.snapshot["doc.national_card"]
        assert officer.qualified_at == since
        told = pushes(db, office.sara)[-1]
        assert told.text == (
            f"✅ پرداخت انجام شد و اطلاعات جدید شما (اصلاحیه \u2066{request.tracking_code}\u2069) ثبت شد. "
            "شماره پیگیری بانک: \u2066778\u2069"
        )

    await database.run(pay)


async def test_the_expert_may_open_the_paper_that_is_replaced(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        old = person(db, office)[1].documents["national_card"]
        new = paper(db, office.sara, "new.jpg")
        # The new province's expert has not seen any of these papers before.
        request = amend(db, office.sara, province="اصفهان", city="اصفهان", **{"doc.national_card": [new]})
        for file_id in (*old, new):
            seen = review.view_document(
                db, actor=office.foreign, request_id=request.id or 0, file_id=file_id, now=NOW
            )
            assert seen.id == file_id
        held = db.exec(select(RequestFile.file_id).where(RequestFile.request_id == request.id)).all()
        assert len(held) == len(set(held)) == 3

    await database.run(unit)


async def test_a_rejected_or_withdrawn_amendment_leaves_everything(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        before = [one.model_dump(exclude={"version"}) for one in person(db, office)]
        request = amend(db, office.sara, first_name="مینا")
        decisions.reject(
            db, actor=office.ali, request_id=request.id or 0, reason=RejectReason.WRONG_REGION, now=NOW
        )
        told = pushes(db, office.sara)[-1]
        assert told.text.startswith("❌ اصلاحیه")
        assert told.text.endswith("صلاحیت و اطلاعات قبلی شما بدون تغییر می‌ماند.")
        assert labels(told) == ["ثبت دوباره"]
        assert "qual.amend" in told.buttons[0][0]["press"]
        request = amend(db, office.sara, first_name="مینا")
        qualification.withdraw(db, actor=office.sara, request_id=request.id or 0, now=NOW)
        assert [one.model_dump(exclude={"version"}) for one in person(db, office)] == before

    await database.run(unit)


async def test_an_amendment_begins_with_the_approved_file_also_after_a_rejection(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        request = amend(db, office.sara, first_name="مینا")
        decisions.reject(
            db, actor=office.ali, request_id=request.id or 0, reason=RejectReason.INCORRECT_DATA, now=NOW
        )
        personal_details.edit_item(db, actor=office.sara, field="father_name", value="حسن", now=NOW)
        form = qualification.prefill(db, begin(db, office.sara))
        assert (form["first_name"], form["father_name"]) == ("سارا", "حسن")
        assert len(form["doc.national_card"]) == 1

    await database.run(unit)


async def test_deficiencies_of_an_amendment_are_resolved_like_any_other(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        request = amend(db, office.sara, last_name="محمدی")
        number = request.id or 0
        decisions.declare_deficiencies(db, actor=office.ali, request_id=number, items=["last_name"], now=NOW)
        request = qualification.resolve(
            db, actor=office.sara, request_id=number, answers={"last_name": "محمدیان"}, now=NOW
        )
        assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, office.ali.account_id)
        assert request.before["last_name"] == "کریمی‌نژاد"

    await database.run(unit)


async def test_a_migrated_officer_is_asked_only_for_what_is_touched(
    database: Database, office: Office
) -> None:
    """Q27. The region is needed by whoever reviews."""
    await database.run(lambda db: migrate(db, office))
    refusal = await refused(database, lambda db: amend(db, office.sara, first_name="مینا"))
    assert refusal.args_of_text["items"] == "استان، شهر محل زندگی، دانشگاه"
    region = {"province": "فارس", "city": "شیراز"}
    refusal = await refused(database, lambda db: amend(db, office.sara, degree_level="bachelor", **region))
    assert refusal.args_of_text["items"] == "رشته تحصیلی، تصویر مدرک تحصیلی"
    refusal = await refused(database, lambda db: amend(db, office.sara, gender="male", **region))
    assert refusal.args_of_text["items"] == "کارت پایان خدمت"
    request = await database.run(lambda db: amend(db, office.sara, first_name="مینا", **region))

    def resolve(db: Session) -> None:
        """Neither do deficiencies ask for more."""
        number = request.id or 0
        decisions.declare_deficiencies(db, actor=office.ali, request_id=number, items=["first_name"], now=NOW)
        qualification.resolve(
            db, actor=office.sara, request_id=number, answers={"first_name": "مینو"}, now=NOW
        )
        decisions.approve(db, actor=office.ali, request_id=number, public_url=URL, now=NOW)
        qualification.complete_request(db, request_id=number, now=NOW, actor=SYSTEM, bank_ref="1")
        account, officer = person(db, office)
        assert (account.first_name, officer.province, officer.level_code) == ("مینو", "فارس", None)

    await database.run(resolve)


async def test_a_man_since_then_is_asked_for_the_military_card(database: Database, office: Office) -> None:
    """Q33: no demand at the general edit, one in the next amendment."""

    def change(db: Session) -> None:
        personal_details.edit_item(db, actor=office.sara, field="gender", value="male", now=NOW)
        assert qualification.is_qualified(db, office.sara.account_id or 0)

    await database.run(change)
    refusal = await refused(database, lambda db: amend(db, office.sara, last_name="محمدی"))
    assert refusal.args_of_text["items"] == "کارت پایان خدمت"


async def test_closed_studies_bar_only_an_amendment_of_the_studies(
    database: Database, office: Office
) -> None:
    """Q34."""

    def close(db: Session) -> None:
        for code in ("bachelor", "master"):
            db.get_one(DegreeLevel, code).allowed = False

    await database.run(close)
    refusal = await refused(database, lambda db: amend(db, office.sara, degree_level="master"))
    assert refusal.key == "error.field_closed"
    assert (await database.run(lambda db: amend(db, office.sara, last_name="محمدی"))).id


async def test_an_optional_paper_may_be_left_out(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        assert db.get_one(DocumentType, "retraining").required == "no"
        _, officer = person(db, office)
        officer.documents = officer.documents | {"retraining": [paper(db, office.sara)]}
        db.flush()
        request = amend(db, office.sara, **{"doc.retraining": []})
        decisions.approve(db, actor=office.ali, request_id=request.id or 0, public_url=URL, now=NOW)
        qualification.complete_request(db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="1")
        assert "retraining" not in person(db, office)[1].documents

    await database.run(unit)


async def test_the_wrong_kind_leads_to_the_right_one(database: Database, office: Office) -> None:
    refusal = await refused(database, lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    assert refusal.key == "error.new_while_qualified"
    assert [door.label for door in refusal.next_buttons] == ["ثبت اصلاحیه"]

    def disqualify(db: Session) -> None:
        person(db, office)[1].qualified_at = None

    await database.run(disqualify)
    refusal = await refused(database, lambda db: begin(db, office.sara))
    assert refusal.key == "error.amend_while_unqualified"
    assert [door.label for door in refusal.next_buttons] == ["🎓 احراز صلاحیت"]
