"""Who hears of a cooperation without a live chat, after a while, and when an account is suspended."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from bot.core.context import Actor, PublicInfo
from bot.jobs import schedule
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from storage.enums import ContractState, CooperationState, Messenger, PushChannel
from storage.tables import Chat
from tests.support.effects import leads_to, pushes
from tests.support.factories.cooperation import (
    KIAN_MOBILE,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.people import qualified_officer
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit


@as_unit
def test_an_officer_without_a_live_chat_gets_an_sms(db: Session, parties: Parties) -> None:
    """docs/specification.md 2.8 for N13, N16, N17, N18: a migrated officer who has not logged in."""
    manager, east = parties.kian.manager, parties.kian.east
    officer = qualified_officer(db, chat=False)
    request = cooperation_request(db, parties.kian, officer)
    (sms,) = pushes(db, officer)
    assert (sms.kind, sms.channel) == ("N13", PushChannel.SMS)
    assert not sms.text.endswith(".")
    assert branches.view_branch(db, actor=manager, branch_id=east).unreachable
    assert cooperation.distributor_card(db, actor=manager, request_id=request.id).unreachable
    chat = Chat(messenger=Messenger.BALE, chat_id=5, account_id=officer.account_id)
    db.add(chat)
    db.flush()
    assert not branches.view_branch(db, actor=manager, branch_id=east).unreachable
    act(db, cooperation.accept, officer, request)
    chat.dead = True
    db.flush()
    act(db, cooperation.approve, parties.ali, request)
    contract = contracts.active(db, officer.account_id)
    assert contract is not None
    contracts.free(db, actor=manager, contract_id=contract.id, now=NOW)
    kinds = [(one.kind, one.channel) for one in pushes(db, officer)]
    assert kinds == [("N13", PushChannel.SMS), ("N16", PushChannel.SMS), ("N18", PushChannel.SMS)]


@as_unit
def test_a_manager_without_a_live_chat_gets_an_sms_of_the_decision(db: Session, parties: Parties) -> None:
    for chat in db.exec(select(Chat).where(Chat.account_id == parties.kian.deputy.account_id)):
        chat.dead = True
    db.flush()
    request = accepted_request(db, parties.kian, parties.sara)
    act(db, cooperation.university_reject, parties.ali, request, reason="خارج از حوزه")
    assert [one.channel for one in pushes(db, parties.kian.manager, "N17")] == [PushChannel.CHAT]
    (sms,) = pushes(db, parties.kian.deputy)
    assert (sms.kind, sms.channel, sms.mobile) == ("N17", PushChannel.SMS, KIAN_MOBILE)


def suspend(db: Session, parties: Parties, officer: Actor, **how: Any) -> None:
    accounts.suspend(
        db,
        actor=parties.staff,
        account_id=officer.account_id,
        reason="به درخواست اداره کل",
        public_info=PublicInfo("021", "https://x"),
        now=NOW,
        **how,
    )


@as_unit
def test_suspension_closes_what_is_pending_and_keeps_the_contract(db: Session, parties: Parties) -> None:
    requests = [
        cooperation_request(db, parties.arad, parties.sara),
        accepted_request(db, parties.kian, parties.sara),
    ]
    suspend(db, parties, parties.sara)
    for request in requests:
        db.refresh(request)
        assert request.state is CooperationState.CLOSED
    assert len(pushes(db, parties.arad.manager, "N24")) == 1
    contract = active_contract(db, parties.kian, parties.mina, parties.ali)
    suspend(db, parties, parties.mina)
    db.refresh(contract)
    assert contract.state is ContractState.ACTIVE
    (told,) = pushes(db, parties.kian.manager, "N21")
    assert "به درخواست اداره کل" not in told.text  # the reason is not the distributor's
    mina = parties.mina.account_id
    accounts.lift(db, actor=parties.staff, account_id=mina, reason="رفع مانع شد", now=NOW)
    assert "دوباره فعال شد" in pushes(db, parties.kian.manager, "N21")[1].text


@as_unit
def test_death_ends_the_contract(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    suspend(db, parties, parties.sara, death=True)
    db.refresh(contract)
    assert contract.state is ContractState.ENDED_BY_DEATH
    assert "به دلیل فوت پایان یافت" in pushes(db, parties.kian.manager, "N21")[0].text
    assert not pushes(db, parties.sara, "N18")


@as_unit
def test_reminders_of_unanswered_requests_and_late_files(db: Session, parties: Parties) -> None:
    """N20 after 3, 7 and 30 days to the officer; after 10 to the reviewer or the queue's experts."""
    waiting = cooperation_request(db, parties.arad, parties.sara)
    held = accepted_request(db, parties.kian, parties.mina)
    for days in (2, 3, 4, 7, 30, 40):
        schedule.send_reminders(db, now=NOW + timedelta(days=days))
    told = pushes(db, parties.sara, "N20")
    assert len(told) == 3
    assert "در انتظار پاسخ شما" in told[0].text
    assert leads_to(told[0], "coop.view")
    assert waiting.state is CooperationState.PENDING_OFFICER
    assert [leads_to(one, "desk.coop_file") for one in pushes(db, parties.ali, "N20")] == [True, True]
    act(db, COOPERATION_WORKFLOW.claim, parties.zahra, held, now=NOW + timedelta(days=41))
    schedule.send_reminders(db, now=NOW + timedelta(days=52))
    assert "در انتظار بررسی دانشگاه" in pushes(db, parties.zahra, "N20")[-1].text
    assert len(pushes(db, parties.ali, "N20")) == 2
