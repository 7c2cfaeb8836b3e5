"""Staff take back an approval, a qualification or an amendment; on both databases: what follows, who is told, what is refused."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Refusal, Stale
from bot.services import qualification, revocation
from bot.services.cooperation import termination
from bot.services.officers import card, personal_details
from bot.services.qualification import decisions
from bot.services.shared import eligibility, pay_messages
from storage.database.database import Database
from storage.enums import (
    AttemptState,
    ContractState,
    CooperationState,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    Chat,
    Contract,
    CooperationRequest,
    ExpertLeave,
    Officer,
    PaymentAttempt,
    PayMessage,
    QualificationRequest,
    Termination,
)
from tests.support.effects import events, labels, leads_to, pushes, sms_to
from tests.support.factories import cooperation as coop
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import Participants, end_role, granted, suspend
from tests.support.factories.qualification import (
    attempt_row,
    completed_request,
    form_answers,
    submitted_request,
    unpaid_request,
)
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act, refused

WHY = "گواهی جعلی است"
INFO = PublicInfo("021-1234", "https://x")


def revoke(
    db: Session, actor: Actor, request: QualificationRequest, *, reason: str = WHY, **more: Any
) -> QualificationRequest:
    return act(db, revocation.revoke, actor, request, reason=reason, public_info=INFO, **more)


# ── an approval that is not paid ─────────────────────────────────────────────────────────────────────────────────


def test_an_unpaid_approval_goes_back_to_who_approved(db: Session, people: Participants) -> None:
    """No fee, no pay page; the officer and the expert read why."""
    request = unpaid_request(db, people)
    later = NOW + timedelta(days=2)
    revoke(db, people.staff, request, now=later, version=request.version)
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, people.ali.account_id)
    assert (request.fee_rial, request.pay_token, request.decided_at) == (None, None, None)
    assert (request.received_at, request.revoke_reason) == (later, WHY)
    assert events(db, request)[-1] == "approval_revoked"
    (told,) = pushes(db, people.sara, "N29")
    assert "تأیید درخواست" in told.text
    assert "پرداختی لازم نیست" in told.text
    assert WHY in told.text
    assert labels(told) == ["🔎 پیگیری درخواست"]
    (back,) = pushes(db, people.ali, "N29")
    assert WHY in back.text
    assert labels(back) == ["مشاهده"]
    assert len(pushes(db, people.in_charge, "N29")) == 1
    assert pushes(db, people.zahra, "N29") == pushes(db, people.foreign, "N29") == []


def test_it_is_decided_again_and_the_officer_is_told_again(db: Session, people: Participants) -> None:
    """With the fee of that day and another page: the second approval is no repetition of the first."""
    request = unpaid_request(db, people)
    first = request.pay_token
    revoke(db, people.staff, request)
    tariff(db, 700_000)
    act(db, decisions.approve, people.ali, request, public_url=PUBLIC_URL)
    assert (request.state, request.fee_rial) == (RequestState.AWAITING_PAYMENT, 700_000)
    assert request.pay_token not in (None, first)
    told = pushes(db, people.sara, "N6")
    assert len(told) == 1, "the first, which nobody has got yet, is not sent any more"
    assert "۷۰۰٬۰۰۰" in told[0].text


@pytest.mark.parametrize("why", ["dismissed", "suspended", "on leave"])
def test_without_its_expert_it_goes_into_the_queue(db: Session, people: Participants, why: str) -> None:
    request = unpaid_request(db, people)
    if why == "dismissed":
        end_role(db, people.ali)
    elif why == "suspended":
        suspend(db, people.staff, people.ali)
    else:
        days: dict[str, Any] = {"starts_on": date(2026, 11, 1), "ends_on": date(2027, 1, 1)}
        ali, zahra = people.ali.account_id, people.zahra.account_id
        db.add(ExpertLeave(account_id=ali, university_code="sums", deputy_id=zahra, **days))
        db.flush()
    revoke(db, people.staff, request)
    assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)
    (told,) = pushes(db, people.zahra, "N29")
    assert "به صف بازگشت" in told.text


def test_every_message_with_its_pay_button_says_that_nothing_is_due(
    db: Session, people: Participants
) -> None:
    request = unpaid_request(db, people)
    chat = db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)).one()
    about: dict[str, Any] = {"request_id": request.id or 0, "chat_row_id": chat.id or 0, "bot_id": 1}
    pay_messages.record(db, **about, message_id=7, now=NOW)
    revoke(db, people.staff, request)
    (edit,) = pushes(db, people.sara, pay_messages.KIND)
    assert "لغو شده است و پرداختی لازم نیست" in edit.text
    # One that is noted only now as well.
    pay_messages.record(db, **about, message_id=8, now=NOW)
    assert len(pushes(db, people.sara, pay_messages.KIND)) == 2
    assert len(db.exec(select(PayMessage)).all()) == 2


@pytest.mark.parametrize("state", [AttemptState.VERIFYING, AttemptState.UNCERTAIN, AttemptState.REFUND_DUE])
def test_not_while_money_is_on_its_way_or_here(
    db: Session, people: Participants, state: AttemptState
) -> None:
    request = unpaid_request(db, people)
    attempt = attempt_row(request.id, state=state)
    db.add(attempt)
    db.flush()
    key = "error.revoke_money_received" if state is AttemptState.REFUND_DUE else "error.payment_uncertain"
    with refused(key, db=db):
        revoke(db, people.staff, request)
    attempt.state, attempt.refund_ref, attempt.refunded_at = AttemptState.REFUNDED, "77", NOW
    attempt.refunded_by = people.staff.account_id
    db.flush()
    assert revoke(db, people.staff, request).state is RequestState.IN_REVIEW


# ── who, and when ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paid", [False, True])
def test_only_staff_and_nobody_their_own(db: Session, people: Participants, paid: bool) -> None:
    request = completed_request(db, people) if paid else unpaid_request(db, people)
    for actor in (people.sara, people.ali, people.in_charge, people.foreign, SYSTEM):
        with refused(NotAllowed, db=db):
            revoke(db, actor, request)


def test_a_reason_is_written_and_an_old_button_does_nothing(db: Session, people: Participants) -> None:
    request = completed_request(db, people)
    for reason in ("", "  نه ", "x" * 501):
        with refused(InvalidInput, "error.short_reason", db=db):
            revoke(db, people.staff, request, reason=reason)
    with refused("error.revoke_paid", db=db):  # the card still showed the unpaid approval
        revoke(db, people.staff, request, version=request.version - 1)


def test_only_what_was_decided_in_favour(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    with refused(Stale, db=db):
        revoke(db, people.staff, waiting)


# ── a qualification ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_qualification_ends_with_everything_that_rests_on_it(db: Session, parties: Parties) -> None:
    """Contract, open requests, card and certificate; the officer, the centre and the university are told once each."""
    sara, kian, arad = parties.unqualified, parties.kian, parties.arad
    request = completed_request(db, _with_sara(parties))
    contract = coop.active_contract(db, kian, sara, parties.ali)
    draft = termination.draft(
        db, actor=sara, contract_id=contract.id or 0, reason="جابه‌جایی به شهر دیگر", now=NOW
    )
    issued = card.issue_card(db, actor=sara, now=NOW)
    revoke(db, parties.staff, request)
    assert (request.state, request.revoke_reason) == (RequestState.REVOKED, WHY)
    found = eligibility.eligibility_of(db, sara.account_id or 0)
    assert (found.qualified, found.employed, found.reserved, found.eligible) == (False,) * 4
    assert db.get_one(Contract, contract.id).state is ContractState.ENDED_BY_REVOCATION
    assert db.get_one(Termination, draft.id).closed_at == NOW
    shown = card.look_up(db, token=issued.token)
    assert shown is not None
    assert (shown.valid, shown.qualified) == (False, False)
    with refused(NotAllowed, "card.not_yet"):
        card.issue_card(db, actor=sara, now=NOW)
    (told,) = pushes(db, sara, "N29")
    assert WHY in told.text
    assert "همکاری شما با «کیان طب»" in told.text
    (centre,) = pushes(db, kian.manager, "N29")
    assert "ابطال شد و همکاری او پایان یافت" in centre.text
    assert WHY not in centre.text, "why is between the officer and the directorate"
    (university,) = pushes(db, parties.ali, "N29")
    assert WHY in university.text
    with refused("error.not_eligible"):
        coop.cooperation_request(db, arad, sara)


def _with_sara(parties: Parties) -> Participants:
    """`completed_request` is about `sara` of the participants: here the one who is not qualified yet."""
    values = {name: getattr(parties, name) for name in ("ali", "zahra", "in_charge", "foreign", "staff")}
    return Participants(sara=parties.unqualified, **values)


@pytest.mark.parametrize("accepted", [False, True])
def test_what_waits_is_closed_with_it(db: Session, parties: Parties, accepted: bool) -> None:
    sara = parties.unqualified
    request = completed_request(db, _with_sara(parties))
    ask = coop.accepted_request if accepted else coop.cooperation_request
    asked = ask(db, parties.kian, sara)
    revoke(db, parties.staff, request)
    assert db.get_one(CooperationRequest, asked.id).state is CooperationState.CLOSED
    assert len(pushes(db, parties.kian.manager, "N24")) == 1
    assert pushes(db, parties.kian.manager, "N29") == []


def test_the_officer_begins_anew_with_the_old_answers(db: Session, people: Participants) -> None:
    """What was edited freely while it was in force is not lost; the first decision does not count any more."""
    sara = people.sara
    request = completed_request(db, people)
    noon = NOW + timedelta(hours=2)
    personal_details.edit_item(db, actor=sara, field="father_name", value="رضا", now=noon)
    revoke(db, people.staff, request, now=NOW + timedelta(days=1))
    assert qualification.may_start(db, actor=sara)
    assert not qualification.may_start(db, actor=sara, kind=RequestKind.AMENDMENT)
    again = qualification.start_draft(db, actor=sara, now=NOW + timedelta(days=2))
    form = qualification.prefill(db, again)
    assert form["father_name"] == "رضا"
    assert form["doc.national_card"] == request.snapshot["doc.national_card"]
    assert db.get_one(Officer, sara.account_id).documents == {}


def test_qualified_again_with_a_new_day(db: Session, people: Participants) -> None:
    request = completed_request(db, people)
    revoke(db, people.staff, request)
    later = NOW + timedelta(days=30)
    second = submitted_request(db, people.sara, later)
    act(db, decisions.approve, people.ali, second, public_url=PUBLIC_URL, now=later)
    qualification.complete_request(db, request_id=second.id or 0, now=later, actor=SYSTEM, bank_ref="2")
    assert db.get_one(Officer, people.sara.account_id).qualified_at == later
    with refused(AlreadyDecided, "error.you_decided"):  # the first one has ended for good
        revoke(db, people.staff, request)
    assert revoke(db, people.staff, second).state is RequestState.REVOKED


def test_an_officer_without_a_chat_gets_an_sms(db: Session, people: Participants) -> None:
    request = completed_request(db, people)
    for chat in db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)):
        chat.dead = True
    db.flush()
    revoke(db, people.staff, request)
    mobile = db.get_one(Account, people.sara.account_id).mobile or ""
    assert "ابطال شد" in sms_to(db, mobile)[-1].text


# ── an amendment ─────────────────────────────────────────────────────────────────────────────────────────────────


def amended(db: Session, people: Participants, now: datetime = NOW, **changes: Any) -> QualificationRequest:
    """An amendment of these items, approved and paid."""
    tariff(db, 2_800_000, RequestKind.AMENDMENT)
    request = qualification.start_draft(db, actor=people.sara, now=now, kind=RequestKind.AMENDMENT)
    form = qualification.prefill(db, request) | changes
    act(db, qualification.submit, people.sara, request, answers=form, now=now)
    act(db, decisions.approve, people.ali, request, public_url=PUBLIC_URL, now=now)
    qualification.complete_request(db, request_id=request.id or 0, now=now, actor=SYSTEM, bank_ref="9")
    return request


def test_an_amendment_gives_back_what_was_before(db: Session, parties: Parties) -> None:
    """But what its officer edited freely since stays; qualification and contract stand."""
    people, sara = _with_sara(parties), parties.unqualified
    completed_request(db, people)
    contract = coop.active_contract(db, parties.kian, sara, parties.ali)
    before = qualification.approved_of(db, sara.account_id or 0)
    papers = form_answers(db, sara)["doc.degree_certificate"]
    changes = {"last_name": "رضایی", "degree_level": "master", "phone": "07131234567", "father_name": "حسن"}
    request = amended(db, people, **changes, **{"doc.degree_certificate": papers})
    personal_details.edit_item(db, actor=sara, field="father_name", value="محمود", now=NOW)
    assert db.get_one(Account, sara.account_id).last_name == "رضایی"
    revoke(db, parties.staff, request)
    assert request.state is RequestState.REVOKED
    now_there = qualification.approved_of(db, sara.account_id or 0)
    assert now_there == before | {"father_name": "محمود"}
    assert qualification.is_qualified(db, sara.account_id or 0)
    assert db.get_one(Contract, contract.id).state is ContractState.ACTIVE
    (told,) = pushes(db, sara, "N29")
    assert "اطلاعات پیش از آن دوباره برقرار است" in told.text
    assert pushes(db, parties.kian.manager, "N29") == []


def test_the_university_hears_of_a_revoked_amendment(db: Session, people: Participants) -> None:
    """Its reviewer and the expert in charge; no other expert, and nobody elsewhere."""
    completed_request(db, people)
    request = amended(db, people, last_name="رضایی")
    assert request.reviewer_id == people.ali.account_id
    revoke(db, people.staff, request)
    told = {actor.account_id: pushes(db, actor, "N29") for actor in (people.ali, people.in_charge)}
    assert [len(one) for one in told.values()] == [1, 1]
    for (push,) in told.values():
        assert request.tracking_code in push.text
        assert leads_to(push, "desk.file")
    assert pushes(db, people.zahra, "N29") == pushes(db, people.foreign, "N29") == []


def test_the_latest_first(db: Session, people: Participants) -> None:
    first = completed_request(db, people)
    one = amended(db, people, last_name="رضایی")
    two = amended(db, people, last_name="احمدی")
    for request in (first, one):
        with refused("error.revoke_superseded", db=db):
            revoke(db, people.staff, request)
    for request, name in ((two, "رضایی"), (one, "کریمی‌نژاد"), (first, "کریمی‌نژاد")):
        revoke(db, people.staff, request)
        assert db.get_one(Account, people.sara.account_id).last_name == name
    assert not qualification.is_qualified(db, people.sara.account_id or 0)
    latest = qualification.latest(db, actor=people.sara)
    assert latest is not None
    assert latest.id == first.id, "the amendments of a qualification that is gone are not where one stands"


def test_not_while_an_amendment_is_in_circulation(db: Session, people: Participants) -> None:
    """A draft of one does not keep staff from it: it goes with a qualification, and stays with an amendment."""
    first = completed_request(db, people)
    tariff(db, 2_800_000, RequestKind.AMENDMENT)
    draft = qualification.start_draft(db, actor=people.sara, now=NOW, kind=RequestKind.AMENDMENT)
    form = qualification.prefill(db, draft)
    act(db, qualification.submit, people.sara, draft, answers=form | {"last_name": "رضایی"})
    with refused("error.revoke_in_circulation", db=db):
        revoke(db, people.staff, first)
    act(db, decisions.reject, people.ali, draft, reason="INCORRECT_DATA")
    again = qualification.start_draft(db, actor=people.sara, now=NOW, kind=RequestKind.AMENDMENT)
    revoke(db, people.staff, first)
    assert db.get(QualificationRequest, again.id) is None
    assert "پیش‌نویس اصلاحیه" in pushes(db, people.sara, "N29")[0].text


def test_an_officer_of_the_old_system_keeps_the_old_qualification(db: Session, people: Participants) -> None:
    """The day that the first amendment had brought goes with it."""
    sara = people.sara
    profile = db.get_one(Officer, sara.account_id)
    profile.legacy_qualified = True
    db.flush()
    fars = {"province": "فارس", "city": "شیراز"}
    whole = form_answers(db, sara)
    request = amended(db, people, **(whole | fars | {"last_name": "رضایی"}))
    assert profile.qualified_at is not None
    revoke(db, people.staff, request)
    assert profile.qualified_at is None
    assert qualification.is_qualified(db, sara.account_id or 0)


# ── two at once ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_two_of_staff_one_revokes(database: Database, people: Participants) -> None:
    request = await database.run(lambda db: completed_request(db, people))
    seen = request.version

    async def press() -> bool:
        try:
            await database.run(lambda db: revoke(db, people.staff, request, version=seen))
        except Refusal:
            return False
        return True

    done = await asyncio.gather(press(), press())
    assert sorted(done) == [False, True]
    told = await database.read(lambda db: len(pushes(db, people.sara, "N29")))
    assert told == 1


def test_the_consequences_are_those_that_follow(db: Session, parties: Parties) -> None:
    sara = parties.unqualified
    request = completed_request(db, _with_sara(parties))
    coop.active_contract(db, parties.kian, sara, parties.ali)
    db.add(PaymentAttempt(**attempt_row(request.id, state=AttemptState.PAID).model_dump(exclude={"id"})))
    db.flush()
    found = revocation.consequences_of(db, actor=parties.staff, request_id=request.id or 0, now=NOW)
    assert found.contract is not None
    assert found.contract.distributor.name == "کیان طب"
    assert found.paid_rial == 5_000_000
    with refused(NotAllowed):
        revocation.consequences_of(db, actor=parties.ali, request_id=request.id or 0, now=NOW)


def test_staff_do_not_revoke_their_own(db: Session, people: Participants) -> None:
    request = completed_request(db, people)
    own = granted(db, db.get_one(Account, people.sara.account_id), Role.STAFF)
    with refused(NotAllowed, db=db):
        revoke(db, own, request)
