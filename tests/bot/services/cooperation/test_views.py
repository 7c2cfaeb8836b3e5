"""What each side reads of a cooperation: cards, lists, search, the timeline."""

from datetime import timedelta

from sqlmodel import Session

from bot.core.refusals import InvalidInput, NotAllowed
from bot.rules.cooperation import CooperationAction
from bot.services import cooperation
from storage.enums import RequestKind, RequestState
from storage.tables import QualificationRequest
from tests.support.factories.cooperation import (
    MINA,
    SARA,
    UNKNOWN,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit, refused


@as_unit
def test_each_side_sees_its_own_card(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    request_id = request.id
    mine = cooperation.officer_card(db, actor=parties.sara, request_id=request_id)
    assert (mine.distributor.legal_id, mine.distributor.phone) == ("14009999995", "07132123456")
    assert mine.branch.address == "شیراز، بلوار نصر، پلاک 2"  # stored in ASCII
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
    for actor in (parties.mina, parties.arad.manager, parties.foreign):
        for card_of in (cooperation.officer_card, cooperation.distributor_card, cooperation.expert_card):
            with refused(NotAllowed):
                card_of(db, actor=actor, request_id=request_id)


@as_unit
def test_the_card_names_who_found_the_officer_qualified(db: Session, parties: Parties) -> None:
    closed_at = NOW - timedelta(days=9)
    db.add(
        QualificationRequest(
            account_id=parties.sara.account_id,
            kind=RequestKind.NEW,
            state=RequestState.COMPLETED,
            university_code="tums",
            closed_at=closed_at,
        )
    )
    db.flush()
    request = accepted_request(db, parties.kian, parties.sara)
    card = cooperation.expert_card(db, actor=parties.ali, request_id=request.id)
    assert (card.qualified_by, card.qualified_at) == ("دانشگاه علوم پزشکی تهران", closed_at)


@as_unit
def test_lists_of_both_sides(db: Session, parties: Parties) -> None:
    first = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.reject, parties.sara, first)
    second = cooperation_request(db, parties.kian, parties.sara)
    third = cooperation_request(db, parties.arad, parties.sara)
    new = cooperation.new_for_officer(db, actor=parties.sara, limit=1)
    assert (new.total, [line.request.id for line in new.lines]) == (2, [second.id])
    archive = cooperation.archive_for_officer(db, actor=parties.sara, offset=1, limit=2)
    assert (archive.total, [line.request.id for line in archive.lines]) == (3, [second.id, first.id])
    mine = cooperation.for_distributor(db, actor=parties.kian.deputy)
    assert [line.request.id for line in mine.lines] == [second.id, first.id]
    opened = cooperation.for_distributor(db, actor=parties.arad.manager, open_only=True)
    assert [line.request.id for line in opened.lines] == [third.id]
    central = cooperation.for_distributor(db, actor=parties.kian.manager, branch_id=parties.kian.central)
    assert central.total == 0
    with refused(NotAllowed):
        cooperation.for_distributor(db, actor=parties.sara)
    with refused(NotAllowed):
        cooperation.new_for_officer(db, actor=parties.kian.manager)


@as_unit
def test_search_finds_what_reached_the_university(db: Session, parties: Parties) -> None:
    find = cooperation.LISTS.find
    cooperation_request(db, parties.arad, parties.mina)
    sent = accepted_request(db, parties.kian, parties.sara)
    for typed in (sent.tracking_code or "", "۹۹۹۱۲۳۴۵۰۰"):
        assert [found.id for found in find(db, actor=parties.ali, code=typed)] == [sent.id]
    for actor, code in ((parties.ali, MINA), (parties.foreign, SARA), (parties.staff, UNKNOWN)):
        with refused(InvalidInput, "desk.not_found"):
            find(db, actor=actor, code=code)
    assert len(find(db, actor=parties.staff, code=MINA)) == 1
    with refused(InvalidInput):
        find(db, actor=parties.ali, code="12")
    with refused(NotAllowed):
        find(db, actor=parties.kian.manager, code=SARA)


@as_unit
def test_the_timeline_names_roles_to_the_sides_and_people_to_experts(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    lines = cooperation.cooperation_timeline(db, actor=parties.sara, request_id=contract.cooperation_id)
    assert [line.text for line in lines] == [
        "کیان طب درخواست همکاری داد.",
        "مسئول فنی درخواست را پذیرفت و پرونده برای دانشگاه علوم پزشکی شیراز ارسال شد.",
        "کارشناس دانشگاه علوم پزشکی شیراز همکاری را تأیید کرد.",
    ]
    names = cooperation.cooperation_timeline(db, actor=parties.zahra, request_id=contract.cooperation_id)
    assert names[-1].text == "کارشناس علوی همکاری را تأیید کرد."
