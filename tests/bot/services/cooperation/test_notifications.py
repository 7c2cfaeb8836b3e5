"""What people read of a cooperation: cards, lists, the timeline, pushes and SMS, reminders."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.rules.cooperation import CooperationAction
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.search import lookup
from bot.services.shared import audit
from storage.enums import ContractState, CooperationState, Messenger, PushChannel, RequestState
from storage.tables import Chat, CooperationRequest
from tests.support import jobs
from tests.support.effects import leads_to, pushes
from tests.support.factories.cooperation import (
    KIAN_MOBILE,
    MINA,
    SARA,
    UNKNOWN,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.people import qualified_officer, suspend
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused


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


def test_a_manager_without_a_live_chat_gets_an_sms_of_the_decision(db: Session, parties: Parties) -> None:
    for chat in db.exec(select(Chat).where(Chat.account_id == parties.kian.deputy.account_id)):
        chat.dead = True
    db.flush()
    request = accepted_request(db, parties.kian, parties.sara)
    act(db, cooperation.university_reject, parties.ali, request, reason="خارج از حوزه")
    assert [one.channel for one in pushes(db, parties.kian.manager, "N17")] == [PushChannel.CHAT]
    (sms,) = pushes(db, parties.kian.deputy)
    assert (sms.kind, sms.channel, sms.mobile) == ("N17", PushChannel.SMS, KIAN_MOBILE)


@pytest.mark.parametrize("death", [False, True])
def test_suspension_closes_what_is_pending_and_death_a_contract(
    db: Session, parties: Parties, death: bool
) -> None:
    pending = cooperation_request(db, parties.arad, parties.sara)
    accepted = accepted_request(db, parties.kian, parties.sara)
    suspend(db, parties.staff, parties.sara, death=death)
    for request in (pending, accepted):
        db.refresh(request)
        assert request.state is CooperationState.CLOSED
    assert len(pushes(db, parties.arad.manager, "N24")) == 1
    contract = active_contract(db, parties.kian, parties.mina, parties.ali)
    suspend(db, parties.staff, parties.mina, death=death)
    db.refresh(contract)
    assert contract.state is (ContractState.ENDED_BY_DEATH if death else ContractState.ACTIVE)
    (told,) = pushes(db, parties.kian.manager, "N21")
    assert ("به دلیل فوت پایان یافت" in told.text) == death
    assert "به درخواست اداره کل" not in told.text  # the reason is not the distributor's
    assert not pushes(db, parties.mina, "N18")
    if not death:
        given = {"actor": parties.staff, "account_id": parties.mina.account_id, "now": NOW}
        accounts.lift(db, **given, reason="رفع مانع شد")
        assert "دوباره فعال شد" in pushes(db, parties.kian.manager, "N21")[1].text


def test_reminders_of_unanswered_requests_and_late_files(db: Session, parties: Parties) -> None:
    """N20 after 3, 7 and 30 days to the officer; after 10 to the reviewer or the queue's experts."""
    waiting = cooperation_request(db, parties.arad, parties.sara)
    held = accepted_request(db, parties.kian, parties.mina)
    for days in (2, 3, 4, 7, 30, 41):
        jobs.send_reminders(db, now=NOW + timedelta(days=days))
    told = pushes(db, parties.sara, "N20")
    assert len(told) == 3
    assert "منتظر پاسخ شماست" in told[0].text
    assert leads_to(told[0], "coop.view")
    assert waiting.state is CooperationState.PENDING_OFFICER
    assert [leads_to(one, "desk.coop_file") for one in pushes(db, parties.ali, "N20")] == [True, True]
    act(db, COOPERATION_WORKFLOW.claim, parties.zahra, held, now=NOW + timedelta(days=42))
    jobs.send_reminders(db, now=NOW + timedelta(days=53))
    assert "منتظر تصمیم شماست" in pushes(db, parties.zahra, "N20")[-1].text
    assert len(pushes(db, parties.ali, "N20")) == 2


def test_each_side_sees_its_own_card(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    request_id = request.id
    mine = cooperation.officer_card(db, actor=parties.sara, request_id=request_id)
    assert (mine.distributor.legal_id, mine.distributor.phone) == ("14009999995", "07132123456")
    assert mine.branch.address == "شیراز، بلوار نصر، پلاک ۲"
    assert mine.actions == {CooperationAction.ACCEPT, CooperationAction.REJECT}
    theirs = cooperation.distributor_card(db, actor=parties.kian.deputy, request_id=request_id)
    assert (theirs.officer_name, theirs.unreachable) == ("سارا نمونه", False)
    assert theirs.actions == {CooperationAction.WITHDRAW}
    for actor in (parties.ali, parties.in_charge):
        with refused(NotAllowed):
            cooperation.expert_card(db, actor=actor, request_id=request_id)
    act(db, cooperation.accept, parties.sara, request)
    card = cooperation.expert_card(db, actor=parties.ali, request_id=request_id)
    assert (card.officer_name, card.masked_code.strip("\u2066\u2069")) == ("سارا نمونه", "•••••••۵۰۰")
    assert (card.level, card.field) == ("کارشناسی", "مهندسی پزشکی")
    assert (card.qualified_by, card.qualified_at) == ("دانشگاه علوم پزشکی اصفهان", NOW)
    assert card.actions == {
        CooperationAction.CLAIM,
        CooperationAction.APPROVE,
        CooperationAction.UNIVERSITY_REJECT,
    }


def test_the_card_names_who_found_the_officer_qualified(db: Session, parties: Parties) -> None:
    closed_at = NOW - timedelta(days=9)
    given = {"university_code": "tums", "closed_at": closed_at}
    add_request(db, parties.sara, RequestState.COMPLETED, **given)
    request = accepted_request(db, parties.kian, parties.sara)
    card = cooperation.expert_card(db, actor=parties.ali, request_id=request.id)
    assert (card.qualified_by, card.qualified_at) == ("دانشگاه علوم پزشکی تهران", closed_at)


def test_lists_of_both_sides(db: Session, parties: Parties) -> None:
    first = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.reject, parties.sara, first)
    second = cooperation_request(db, parties.kian, parties.sara)
    third = cooperation_request(db, parties.arad, parties.sara)
    new = cooperation.new_for_officer(db, actor=parties.sara, limit=1, offset=0)
    assert (new.total, [line.request.id for line in new.lines]) == (2, [second.id])
    archive = cooperation.archive_for_officer(db, actor=parties.sara, offset=1, limit=2)
    assert (archive.total, [line.request.id for line in archive.lines]) == (3, [second.id, first.id])
    mine = cooperation.for_distributor(db, actor=parties.kian.deputy, offset=0, limit=5)
    assert [line.request.id for line in mine.lines] == [second.id, first.id]
    opened = cooperation.for_distributor(db, actor=parties.arad.manager, open_only=True, offset=0, limit=5)
    assert [line.request.id for line in opened.lines] == [third.id]
    central = cooperation.for_distributor(
        db, actor=parties.kian.manager, branch_id=parties.kian.central, offset=0, limit=5
    )
    assert central.total == 0


def test_search_finds_what_reached_the_university(db: Session, parties: Parties) -> None:
    def find(actor: Actor, text: str) -> list[int | None]:
        hits = lookup.search(db, actor=actor, text=text).hits
        return [hit.subject.id for hit in hits if isinstance(hit.subject, CooperationRequest)]

    cooperation_request(db, parties.arad, parties.mina)
    sent = accepted_request(db, parties.kian, parties.sara)
    for typed in (sent.tracking_code or "", "۹۹۹۱۲۳۴۵۰۰"):
        assert find(parties.ali, typed) == [sent.id]
    for actor, code in ((parties.ali, MINA), (parties.foreign, SARA), (parties.staff, UNKNOWN)):
        assert find(actor, code) == []
    assert len(find(parties.staff, MINA)) == 1
    files = lookup.files_of_person(db, actor=parties.ali, account_id=parties.sara.account_id or 0)
    assert [file.tracking_code for file in files] == [sent.tracking_code]
    with refused(NotAllowed):
        lookup.files_of_person(db, actor=parties.foreign, account_id=parties.sara.account_id or 0)
    with refused(NotAllowed):
        find(parties.kian.manager, SARA)


def test_the_timeline_names_roles_to_the_sides_and_people_to_experts(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    lines = cooperation.cooperation_timeline(db, actor=parties.sara, request_id=contract.cooperation_id)
    assert [line.text for line in lines] == [
        "کیان طب درخواست همکاری داد.",
        "مسئول فنی درخواست را پذیرفت و درخواست برای بررسی به دانشگاه علوم پزشکی شیراز رسید.",
        "کارشناس دانشگاه علوم پزشکی شیراز همکاری را تأیید کرد.",
    ]
    names = cooperation.cooperation_timeline(db, actor=parties.zahra, request_id=contract.cooperation_id)
    assert names[-1].text == "کارشناس علوی همکاری را تأیید کرد."
    held = {"subject": "cooperation", "subject_id": contract.cooperation_id, "event": "decision_held"}
    audit.record(db, now=NOW, actor=parties.ali, **held)
    told = [
        len(cooperation.cooperation_timeline(db, actor=actor, request_id=contract.cooperation_id))
        for actor in (parties.sara, parties.kian.manager, parties.zahra)
    ]
    assert told == [3, 3, 4], "that a decision may still be undone is for experts alone"
