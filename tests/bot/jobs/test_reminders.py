"""Nobody is reminded of what their suspended account may not do; after the suspension it goes on."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from bot.jobs import reminders
from bot.services import accounts, qualification
from bot.services.directorate import document_requirements
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import routing
from storage.enums import AccountState
from storage.tables import Account, DocumentType, Draft, Push
from tests.support import jobs
from tests.support.effects import pushes, watch_statements
from tests.support.factories.cooperation import cooperation_request, parties
from tests.support.factories.people import Participants, expert, officer, suspend
from tests.support.factories.qualification import form_answers, submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit


def after(**span: int) -> datetime:
    return NOW + timedelta(**span)


def lift(db: Session, people: Participants, now: datetime) -> None:
    how: dict[str, Any] = {"account_id": people.sara.account_id, "reason": "بررسی پایان یافت", "now": now}
    accounts.lift(db, actor=people.staff, **how)


@as_unit
def test_a_suspended_officer_is_not_told_to_pay(db: Session, people: Participants) -> None:
    """The page refuses the payment; once the account works again one reminder comes, not every missed one."""
    unpaid_request(db, people)
    suspend(db, people.staff, people.sara)
    for day in (3, 7, 30):
        jobs.send_reminders(db, now=after(days=day))
    assert pushes(db, people.sara, "N20") == []
    lift(db, people, after(days=31))
    jobs.send_reminders(db, now=after(days=32))
    jobs.send_reminders(db, now=after(days=33))
    assert len(pushes(db, people.sara, "N20")) == 1


@as_unit
def test_nor_to_mend_what_is_missing(db: Session, people: Participants) -> None:
    common: dict[str, Any] = {"request_id": submitted_request(db, people.sara).id, "now": NOW}
    QUALIFICATION_WORKFLOW.claim(db, actor=people.ali, **common)
    decisions.declare_deficiencies(db, actor=people.ali, **common, items=["father_name"])
    suspend(db, people.staff, people.sara)
    jobs.send_reminders(db, now=after(days=7))
    assert pushes(db, people.sara, "N20") == []


@as_unit
def test_nor_to_answer_a_distributor(db: Session) -> None:
    """Whatever led there: a suspension closes what is open."""
    both = parties(db)
    cooperation_request(db, both.kian, both.sara)
    db.get_one(Account, both.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    jobs.send_reminders(db, now=after(days=7))
    assert pushes(db, both.sara, "N20") == []


@as_unit
def test_many_suspended_officers_do_not_keep_others_waiting(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit takes a bounded number of cases; those that are left out are not among them."""
    monkeypatch.setattr(reminders, "BATCH", 1)
    unpaid_request(db, people)
    suspend(db, people.staff, people.sara)
    mina = officer(db)
    how: dict[str, Any] = {"request_id": submitted_request(db, mina).id, "public_url": "https://x"}
    decisions.approve(db, actor=people.ali, **how, now=NOW)
    jobs.send_reminders(db, now=after(days=3))
    assert len(pushes(db, mina, "N20")) == 1


@as_unit
def test_the_draft_of_a_suspended_officer_stays_and_is_announced_afterwards(
    db: Session, people: Participants
) -> None:
    """Also one that was announced before: the month begins anew, for nobody could go on with it."""
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    about = {"dialogue": "qualification", "subject_id": request.id or 0, "updated_at": NOW}
    db.add(Draft(account_id=people.sara.account_id, **about))
    db.flush()
    assert jobs.abandoned_drafts(db, now=after(days=345)) == (1, 0)
    suspend(db, people.staff, people.sara, now=after(days=346))
    for day in (366, 376, 400):
        assert jobs.abandoned_drafts(db, now=after(days=day)) == (0, 0)
    lift(db, people, after(days=401))
    assert jobs.abandoned_drafts(db, now=after(days=405)) == (1, 0)
    assert jobs.abandoned_drafts(db, now=after(days=434)) == (0, 0)
    assert jobs.abandoned_drafts(db, now=after(days=436)) == (0, 1)


@as_unit
def test_nor_to_send_one_more_document(db: Session, people: Participants) -> None:
    mina = officer(db)
    for who in (people.sara, mina):
        request = qualification.start_draft(db, actor=who, now=NOW)
        answers = form_answers(db, who)
        about = {"dialogue": "qualification", "subject_id": request.id or 0}
        db.add(Draft(account_id=who.account_id, answers=answers, **about))
    db.flush()
    suspend(db, people.staff, people.sara)
    rule = db.exec(select(DocumentType).where(DocumentType.code == "retraining")).one()
    rule.required, rule.required_since, rule.told_draft = "yes", "2026-11-22", 0
    db.flush()
    document_requirements.keep_requirements(db, now=NOW)
    assert len(pushes(db, mina, "N28")) == 1
    assert pushes(db, people.sara, "N28") == []


@as_unit
def test_an_expert_who_was_suspended_is_not_reminded(db: Session, people: Participants) -> None:
    """Nor is anything counted as told to them: the next reviewer is reminded."""
    request = submitted_request(db, people.sara)
    QUALIFICATION_WORKFLOW.claim(db, actor=people.ali, request_id=request.id or 0, now=NOW)
    db.get_one(Account, people.ali.account_id).state = AccountState.SUSPENDED
    db.flush()
    jobs.send_reminders(db, now=after(days=10))
    assert pushes(db, people.ali, "N20") == []


@as_unit
def test_all_experts_of_a_large_university_are_reminded_some_in_a_unit(
    db: Session, people: Participants
) -> None:
    experts = [expert(db, f"علوی{n}") for n in range(40)]
    submitted_request(db, people.sara)
    db.execute(delete(Push))
    now = after(days=11)
    told = [0]
    while reminders.remind_experts(db, now=now):
        told.append(sum(len(pushes(db, one)) for one in experts))
    assert max(then - before for before, then in pairwise(told)) == routing.EXPERTS_AT_ONCE
    assert [len(pushes(db, one, "N20")) for one in experts] == [1] * 40
    assert reminders.remind_experts(db, now=now) == 0
    # Another file of the same day tells nobody again.
    submitted_request(db, officer(db, "مینا", "رضایی"))
    jobs.send_reminders(db, now=after(days=11, hours=1))
    assert [len(pushes(db, one, "N20")) for one in experts] == [1] * 40


@as_unit
def test_a_draft_that_waits_for_its_end_is_not_looked_at_meanwhile(db: Session, people: Participants) -> None:
    """A million officers leave thousands of them: the job looks at each twice, not four times a day."""
    officers = [officer(db, f"سارا{n}") for n in range(12)]
    for one in officers:
        qualification.start_draft(db, actor=one, now=NOW)
    told = until_swept(db, after(days=336))
    assert told == (12, 0)
    with watch_statements(db) as statements:
        assert until_swept(db, after(days=350)) == (0, 0)
    assert [one for one in statements if "audit_event" in one] == []
    assert [len(pushes(db, one, "N20")) for one in officers] == [1] * 12
    assert until_swept(db, after(days=367)) == (0, 12)


@as_unit
def test_what_an_earlier_release_announced_is_not_announced_again(db: Session, people: Participants) -> None:
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    assert until_swept(db, after(days=336)) == (1, 0)
    request.reminders = 0  # as earlier releases left it
    db.flush()
    assert until_swept(db, after(days=337)) == (0, 0)
    db.refresh(request)
    assert request.reminders == 1
    assert until_swept(db, after(days=367)) == (0, 1)
    assert len(pushes(db, people.sara, "N20")) == 1


@as_unit
def test_a_draft_that_goes_on_after_its_announcement_has_another_year(
    db: Session, people: Participants
) -> None:
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    assert until_swept(db, after(days=336)) == (1, 0)
    written = Draft(account_id=people.sara.account_id, dialogue="qualification", subject_id=request.id or 0)
    written.updated_at = after(days=340)
    db.add(written)
    db.flush()
    assert until_swept(db, after(days=400)) == (0, 0)
    assert until_swept(db, after(days=340 + 336)) == (1, 0)
    assert until_swept(db, after(days=340 + 367)) == (0, 1)


def until_swept(db: Session, now: datetime) -> tuple[int, int]:
    """How many drafts were announced, and removed."""
    announced = removed = 0
    while any(done := jobs.abandoned_drafts(db, now=now)):
        announced, removed = announced + done[0], removed + done[1]
    return announced, removed
