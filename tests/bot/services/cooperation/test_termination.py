"""The officer ends a contract, on both databases (R31–R36): who is told, by SMS above all."""

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import cooperation
from bot.services.cooperation import contracts, termination
from bot.services.distributors import branches, registry
from bot.services.shared import eligibility
from storage.enums import ContractState, CooperationState, PushChannel, PushState, TerminationState
from storage.tables import Contract, Distributor, Push, Termination
from tests.support.effects import alerts, labels, leads_to, pushes, sms_to
from tests.support.factories.cooperation import (
    KIAN_MOBILE,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit, refused

REASON = "محل خدمت من تغییر کرده است"


def sara_at_kian(db: Session, parties: Parties) -> tuple[Contract, Termination]:
    """Sara's contract, and her draft of its termination."""
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    return contract, draft(db, parties.sara, contract)


def draft(db: Session, officer: Actor, contract: Contract, reason: str = REASON) -> Termination:
    return termination.draft(db, actor=officer, contract_id=contract.id, reason=reason, now=NOW)


def finalise(db: Session, officer: Actor, drafted: Termination, version: int | None = None) -> Termination:
    return termination.finalise(db, actor=officer, termination_id=drafted.id, version=version, now=NOW)


@as_unit
def test_a_draft_changes_nothing_yet(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    before = len(db.exec(select(Push)).all())
    drafted = draft(db, parties.sara, contract)
    assert (drafted.state, contract.state) == (TerminationState.DRAFT, ContractState.ACTIVE)
    assert len(db.exec(select(Push)).all()) == before
    again = draft(db, parties.sara, contract, "به شهر دیگری رفته‌ام")
    assert (again.id, again.reason, again.version) == (drafted.id, "به شهر دیگری رفته‌ام", 1)


@as_unit
def test_finalising_ends_at_once_and_tells_the_management(db: Session, parties: Parties) -> None:
    """R32–R34, N19: SMS always, also where the managers have chats."""
    contract, drafted = sara_at_kian(db, parties)
    ended = finalise(db, parties.sara, drafted)
    db.refresh(contract)
    assert (ended.state, ended.closed_at) == (TerminationState.FINALIZED, NOW)
    assert (contract.state, contract.ended_at) == (ContractState.ENDED_BY_OFFICER, NOW)
    assert branches.view_branch(db, actor=parties.kian.manager, branch_id=parties.kian.east).officers == ()
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    (sms,) = sms_to(db, KIAN_MOBILE)
    assert (sms.kind, sms.channel, sms.state) == ("N19", PushChannel.SMS, PushState.QUEUED)
    assert sms.text == (
        "مدیریت محترم کیان طب؛ سارا نمونه، مسئول فنی شعبه شرق، در تاریخ ۱۴۰۵/۰۹/۰۱ به همکاری خود پایان داد. "
        "لطفاً مسئول فنی جدید معرفی فرمایید."
    )
    assert sms.sms == {
        "template": "termination",
        "tokens": ["۱۴۰۵/۰۹/۰۱", "سارا نمونه", "کیان طب", "شرق"],
        "whole": True,
    }
    for manager in (parties.kian.manager, parties.kian.deputy):
        (told,) = pushes(db, manager, "N19")
        assert labels(told) == ["👤 انتخاب مسئول فنی"]
        assert leads_to(told, "dist.pick")
        assert REASON not in told.text
    (receipt,) = pushes(db, parties.sara, "N19")
    assert receipt.text.startswith("✅ قطع همکاری با «کیان طب» نهایی شد")
    assert not pushes(db, parties.sara, "N18")


@as_unit
def test_a_second_press_finalises_nothing_twice(db: Session, parties: Parties) -> None:
    _, drafted = sara_at_kian(db, parties)
    seen = drafted.version
    finalise(db, parties.sara, drafted, seen)
    for version in (seen, None):
        with refused(Stale, db=db):
            finalise(db, parties.sara, drafted, version)
    assert len(sms_to(db, KIAN_MOBILE)) == 1


@as_unit
def test_a_management_without_a_mobile_is_raised_with_staff(db: Session, parties: Parties) -> None:
    """Q23: the termination stands."""
    db.get_one(Distributor, parties.kian.id).manager_mobile = None
    db.flush()
    _, drafted = sara_at_kian(db, parties)
    finalise(db, parties.sara, drafted)
    assert drafted.state is TerminationState.FINALIZED
    assert alerts(db) == [f"no-manager-mobile:{drafted.id}"]
    assert len(pushes(db, parties.kian.manager, "N19")) == 1


@as_unit
def test_the_distributor_was_faster(db: Session, parties: Parties) -> None:
    """Q20: the draft is cancelled, the contract ends once, no SMS."""
    contract, drafted = sara_at_kian(db, parties)
    contracts.free(db, actor=parties.kian.deputy, contract_id=contract.id, now=NOW)
    db.refresh(drafted)
    assert drafted.state is TerminationState.CANCELLED
    with refused(NotAllowed, "error.no_contract", db=db):
        finalise(db, parties.sara, drafted)
    with refused("error.no_contract", db=db):
        draft(db, parties.sara, contract)
    assert not sms_to(db, KIAN_MOBILE)
    assert len(pushes(db, parties.sara, "N18")) == 1


@as_unit
def test_only_the_officer_ends_a_contract_and_staff_read_of_it(db: Session, parties: Parties) -> None:
    contract, drafted = sara_at_kian(db, parties)
    number = drafted.id
    for actor in (parties.mina, parties.kian.manager, parties.ali, parties.staff):
        with refused("error.not_yours", db=db):
            draft(db, actor, contract)
        with refused("error.not_yours", db=db):
            finalise(db, actor, drafted)
        if actor is not parties.staff:
            with refused(NotAllowed):
                termination.view_termination(db, actor=actor, termination_id=number)
    line = termination.view_termination(db, actor=parties.staff, termination_id=number)
    assert (line.termination.reason, line.branch.name) == (REASON, "شرق")


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("", "error.short_reason"),
        (f"   {'آ' * 9}   ", "error.short_reason"),
        ("آ" * 501, "error.long_text"),
    ],
    ids=["empty", "nine letters", "too long"],
)
@as_unit
def test_the_reason_has_ten_to_five_hundred_letters(
    db: Session, parties: Parties, reason: str, key: str
) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    with refused(InvalidInput, key, db=db):
        draft(db, parties.sara, contract, reason)


@as_unit
def test_a_pending_replacement_goes_on(db: Session, parties: Parties) -> None:
    """docs/specification.md 2.6: termination is open also while a replacement is pending."""
    _, drafted = sara_at_kian(db, parties)
    replacement = accepted_request(db, parties.kian, parties.mina)
    finalise(db, parties.sara, drafted)
    db.refresh(replacement)
    assert replacement.state is CooperationState.PENDING_UNIVERSITY
    act(db, cooperation.approve, parties.ali, replacement)
    assert not pushes(db, parties.sara, "N18")


@as_unit
def test_a_replacement_cancels_the_draft(db: Session, parties: Parties) -> None:
    _, drafted = sara_at_kian(db, parties)
    act(db, cooperation.approve, parties.ali, accepted_request(db, parties.kian, parties.mina))
    db.refresh(drafted)
    assert drafted.state is TerminationState.CANCELLED


@as_unit
def test_the_archive_keeps_them_all(db: Session, parties: Parties) -> None:
    """R36."""
    contract, first = sara_at_kian(db, parties)
    termination.cancel(db, actor=parties.sara, termination_id=first.id, now=NOW)
    with refused(Stale, db=db):
        finalise(db, parties.sara, first)
    second = finalise(db, parties.sara, draft(db, parties.sara, contract))
    page = termination.archive(db, actor=parties.sara)
    assert [(line.termination.id, line.termination.state) for line in page.lines] == [
        (second.id, TerminationState.FINALIZED),
        (first.id, TerminationState.CANCELLED),
    ]
    assert page.lines[0].distributor.name == "کیان طب"
    assert termination.archive(db, actor=parties.sara, offset=1, limit=1).lines == page.lines[1:]
    assert termination.archive(db, actor=parties.mina).total == 0
    history = contracts.history(db, actor=parties.sara)
    assert [one.contract.state for one in history.lines] == [ContractState.ENDED_BY_OFFICER]
    with refused(NotAllowed):
        contracts.history(db, actor=parties.kian.manager)


@as_unit
def test_after_a_termination_a_new_request_is_possible(db: Session, parties: Parties) -> None:
    """J8: eligible again; Q22: by a new request only."""
    for _ in range(2):
        finalise(db, parties.sara, sara_at_kian(db, parties)[1])
    assert len(sms_to(db, KIAN_MOBILE)) == 2
    assert cooperation_request(db, parties.kian, parties.sara, branch=parties.kian.central)


@as_unit
def test_the_sms_goes_to_the_mobile_of_that_moment(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    kian, mobile = parties.kian, "۰۹۱۲۰۰۰۰۰۰۹"
    registry.edit_distributor(db, actor=kian.deputy, distributor_id=kian.id, manager_mobile=mobile, now=NOW)
    finalise(db, parties.sara, draft(db, parties.sara, contract))
    sent = [one.mobile for one in db.exec(select(Push).where(Push.channel == PushChannel.SMS))]
    assert sent == ["+989120000009"]
    assert db.exec(select(Termination.state)).all() == [TerminationState.FINALIZED]
