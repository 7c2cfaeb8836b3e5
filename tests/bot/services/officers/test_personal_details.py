"""General data (R10, R11, R47–R49), on both databases."""

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal
from bot.services import qualification
from bot.services.officers import personal_details
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.enums import AccountState, RequestState, Role
from storage.tables import Account, AuditEvent, Draft, Officer
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused


def sara(db: Session, people: Participants) -> Officer:
    return db.get_one(Officer, people.sara.account_id, populate_existing=True)


def edits(db: Session, people: Participants) -> list[dict[str, Any]]:
    query = select(AuditEvent.data).where(
        AuditEvent.event == "general_edited",
        AuditEvent.subject == "account",
        AuditEvent.subject_id == people.sara.account_id,
    )
    return list(db.exec(query))


def edit(db: Session, actor: Actor, field: str, value: Any) -> bool:
    return personal_details.edit_item(db, actor=actor, field=field, value=value, now=NOW)


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("father_name", "  علي ", "علی"),
        ("gender", "male", "male"),
        ("birth_cert_no", "۱۲۳۴", "1234"),
        ("postal_address", "اصفهان، خیابان چهارباغ، پلاک ۹", "اصفهان، خیابان چهارباغ، پلاک ۹"),
        ("phone", "۰۷۱۳۲۱۲۳۴۵۶", "07132123456"),
        ("phone", "", ""),
        ("email", "Sara@Example.COM", "sara@example.com"),
    ],
)
def test_a_free_item_is_written(db: Session, people: Participants, field: str, typed: str, kept: str) -> None:
    assert edit(db, people.sara, field, typed)
    assert not edit(db, people.sara, field, typed), "the same again is no edit"
    assert getattr(sara(db, people), field) == kept
    assert edits(db, people) == [{"field": field}]  # which, never what


def test_an_email_may_be_taken_away_and_nothing_else(db: Session, people: Participants) -> None:
    edit(db, people.sara, "email", "a@b.ir")
    assert edit(db, people.sara, "email", None)
    for field in ("father_name", "gender", "postal_address", "phone"):
        with pytest.raises(Refusal):
            edit(db, people.sara, field, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("father_name", "Ali"),
        ("gender", "other"),
        ("birth_cert_no", "12345678901"),
        ("phone", "12"),
        ("email", "nobody"),
        ("postal_address", "شیراز"),
    ],
)
def test_a_bad_value_is_refused(db: Session, people: Participants, field: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        edit(db, people.sara, field, value)
    assert edits(db, people) == []


def test_the_other_items_say_what_changes_them_if_anything_can(db: Session, people: Participants) -> None:
    for qualified, key in ((False, "error.needs_request"), (True, "error.needs_amendment")):
        sara(db, people).legacy_qualified = qualified
        db.flush()
        for field in ("national_code", "birth_date"):
            with refused(NotAllowed, "error.immutable_field"):
                edit(db, people.sara, field, "علی")
        for field in (
            "first_name",
            "degree_level",
            "province",
            "doc.national_card",
            "legacy_qualified",
            "mobile",
        ):
            with refused(NotAllowed, key) as caught:
                edit(db, people.sara, field, "علی")
    assert [button.press.action for button in caught.refusal.next_buttons] == ["qual.amend"]


@pytest.mark.parametrize("state", ["SUBMITTED", "IN_REVIEW", "DEFICIENT", "AWAITING_PAYMENT"])
def test_nothing_is_saved_while_a_request_circulates(db: Session, people: Participants, state: str) -> None:
    if state == "AWAITING_PAYMENT":
        request = unpaid_request(db, people)
    else:
        request = submitted_request(db, people.sara)
    if state == "IN_REVIEW":
        act(db, QUALIFICATION_WORKFLOW.claim, people.ali, request)
    if state == "DEFICIENT":
        act(db, decisions.declare_deficiencies, people.ali, request, items=["father_name"])
    assert request.state is RequestState(state)
    with refused("mobile.in_circulation", db=db) as caught:
        edit(db, people.sara, "email", "a@b.ir")
    assert [button.press.action for button in caught.refusal.next_buttons] == ["qual.track"]
    assert sara(db, people).email is None
    if state == "AWAITING_PAYMENT":
        act(db, qualification.complete_request, SYSTEM, request, bank_ref="1")
        assert edit(db, people.sara, "email", "a@b.ir")


def test_a_draft_follows_unless_it_says_otherwise(db: Session, people: Participants) -> None:
    """Q37: the draft stores only its overrides."""
    edit(db, people.sara, "father_name", "علی")
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    answers = qualification.prefill(db, request) | {"phone": "07132123456"}
    owner = people.sara.account_id
    draft, of_another = (
        Draft(account_id=account_id, dialogue="qualification", subject_id=request.id, answers=answers)
        for account_id in (owner, officer(db, "مینا").account_id)
    )
    db.add_all([draft, of_another])
    db.flush()
    for field, value in (("father_name", "حسن"), ("phone", ""), ("email", "a@b.ir")):
        edit(db, people.sara, field, value)
    db.flush()
    db.refresh(draft)
    assert draft.answers["father_name"] == "حسن"
    assert draft.answers["phone"] == "07132123456"  # the form says otherwise
    assert draft.answers["email"] == "a@b.ir"
    assert draft.version == 2
    db.refresh(of_another)
    assert of_another.answers == answers


def test_nobody_edits_for_another_or_while_suspended(db: Session, people: Participants) -> None:
    for actor in (people.ali, people.staff, Actor(None, Role.OFFICER), SYSTEM):
        with refused(NotAllowed):
            edit(db, actor, "father_name", "حسن")
    db.get_one(Account, people.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    with refused(NotAllowed):
        edit(db, people.sara, "father_name", "حسن")
    assert sara(db, people).father_name is None
