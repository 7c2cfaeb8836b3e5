"""Freeing and terminating on both databases (R31–R36): who is told, by SMS above all."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import cooperation
from bot.services.cooperation import contracts, termination
from bot.services.distributors import branches, registry
from bot.services.shared import eligibility
from storage.database.database import Database
from storage.enums import ContractState, CooperationState, PushChannel, PushState, Role, TerminationState
from storage.tables import Contract, Distributor, Push, Termination
from tests.support.cooperation_data import (
    KIAN_MOBILE,
    Centers,
    accepted,
    employed,
    open_centers,
    picked,
    refused,
    sms_to,
)
from tests.support.qualification_data import NOW, alerts, labels, pushes

REASON = "محل خدمت من تغییر کرده است"


@pytest.fixture
async def centers(database: Database) -> Centers:
    return await database.run(open_centers)


def drafted(db: Session, officer: Actor, contract: Contract, reason: str = REASON) -> Termination:
    return termination.draft(db, actor=officer, contract_id=contract.id or 0, reason=reason, now=NOW)


def finalise(db: Session, officer: Actor, draft: Termination, version: int | None = None) -> Termination:
    return termination.finalise(db, actor=officer, termination_id=draft.id or 0, version=version, now=NOW)


async def test_a_draft_changes_nothing_yet(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        before = len(db.exec(select(Push)).all())
        draft = drafted(db, centers.sara, contract)
        assert (draft.state, contract.state) == (TerminationState.DRAFT, ContractState.ACTIVE)
        assert len(db.exec(select(Push)).all()) == before
        again = drafted(db, centers.sara, contract, "به شهر دیگری رفته‌ام")
        assert (again.id, again.reason, again.version) == (draft.id, "به شهر دیگری رفته‌ام", 1)

    await database.run(unit)


async def test_finalising_ends_at_once_and_tells_the_management(database: Database, centers: Centers) -> None:
    """R32–R34, N19: SMS always, also where the managers have chats."""

    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        draft = finalise(db, centers.sara, drafted(db, centers.sara, contract))
        db.refresh(contract)
        assert (draft.state, draft.closed_at) == (TerminationState.FINALIZED, NOW)
        assert (contract.state, contract.ended_at) == (ContractState.ENDED_BY_OFFICER, NOW)
        assert branches.view_branch(db, actor=centers.kian.boss, branch_id=centers.kian.east).officers == ()
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible
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
        for manager in (centers.kian.boss, centers.kian.deputy):
            (told,) = pushes(db, manager, "N19")
            assert labels(told) == ["👤 انتخاب مسئول فنی"]
            assert told.buttons[0][0]["press"].startswith("1f|dist.pick|")
            assert REASON not in told.text
        (receipt,) = pushes(db, centers.sara, "N19")
        assert receipt.text.startswith("✅ قطع همکاری با «کیان طب» نهایی شد")
        assert not pushes(db, centers.sara, "N18")

    await database.run(unit)


async def test_a_second_press_finalises_nothing_twice(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        draft = drafted(db, centers.sara, employed(db, centers, centers.sara))
        seen = draft.version
        finalise(db, centers.sara, draft, seen)
        assert type(refused(db, lambda: finalise(db, centers.sara, draft, seen))) is Stale
        assert type(refused(db, lambda: finalise(db, centers.sara, draft))) is Stale
        assert len(sms_to(db, KIAN_MOBILE)) == 1

    await database.run(unit)


async def test_a_management_without_a_mobile_is_raised_with_staff(
    database: Database, centers: Centers
) -> None:
    """Q23: the termination stands."""

    def unit(db: Session) -> None:
        db.get_one(Distributor, centers.kian.id).manager_mobile = None
        db.flush()
        draft = drafted(db, centers.sara, employed(db, centers, centers.sara))
        finalise(db, centers.sara, draft)
        assert draft.state is TerminationState.FINALIZED
        assert alerts(db) == [f"no-manager-mobile:{draft.id}"]
        assert len(pushes(db, centers.kian.boss, "N19")) == 1

    await database.run(unit)


async def test_the_distributor_was_faster(database: Database, centers: Centers) -> None:
    """Q20: the draft is cancelled, the contract ends once, no SMS."""

    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        draft = drafted(db, centers.sara, contract)
        contracts.free(db, actor=centers.kian.deputy, contract_id=contract.id or 0, now=NOW)
        db.refresh(draft)
        assert draft.state is TerminationState.CANCELLED
        refusal = refused(db, lambda: finalise(db, centers.sara, draft))
        assert (type(refusal), refusal.key) == (NotAllowed, "error.no_contract")
        refusal = refused(db, lambda: drafted(db, centers.sara, contract))
        assert refusal.key == "error.no_contract"
        assert not sms_to(db, KIAN_MOBILE)
        assert len(pushes(db, centers.sara, "N18")) == 1

    await database.run(unit)


async def test_freeing_is_the_distributors_and_once(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        strangers = (centers.arad.boss, centers.sara, centers.office.ali, centers.office.staff)
        for actor in strangers:
            refusal = refused(
                db,
                lambda actor=actor: contracts.free(db, actor=actor, contract_id=contract.id or 0, now=NOW),
            )
            assert refusal.key == "error.not_yours"
        common: dict[str, Any] = {"actor": centers.kian.boss, "contract_id": contract.id or 0, "now": NOW}
        assert type(refused(db, lambda: contracts.free(db, **common, version=9))) is Stale
        contracts.free(db, **common, version=contract.version)
        assert contract.state is ContractState.ENDED_BY_DISTRIBUTOR
        assert type(refused(db, lambda: contracts.free(db, **common))) is Stale
        (told,) = pushes(db, centers.sara, "N18")
        assert told.buttons[0][0]["press"].startswith("1f|centers|")
        assert cooperation.pick(
            db,
            actor=centers.arad.boss,
            branch_id=centers.arad.east,
            national_code="9991234500",
            now=NOW,
        )

    await database.run(unit)


async def test_a_termination_is_nobody_elses(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        draft = drafted(db, centers.sara, contract)
        for actor in (centers.mina, centers.kian.boss, centers.office.ali, centers.office.staff):
            assert refused(db, lambda actor=actor: drafted(db, actor, contract)).key == "error.not_yours"
            assert refused(db, lambda actor=actor: finalise(db, actor, draft)).key == "error.not_yours"
        for actor in (centers.mina, centers.kian.boss, centers.office.ali):
            with pytest.raises(NotAllowed):
                termination.view_termination(db, actor=actor, termination_id=draft.id or 0)
        line = termination.view_termination(db, actor=centers.office.staff, termination_id=draft.id or 0)
        assert (line.termination.reason, line.branch.name) == (REASON, "شرق")

    await database.run(unit)


@pytest.mark.parametrize(
    ("reason", "key"),
    [("", "error.short_reason"), ("   ۹ حرف   ", "error.short_reason"), ("آ" * 501, "error.long_text")],
)
async def test_the_reason_has_ten_to_five_hundred_letters(
    database: Database, centers: Centers, reason: str, key: str
) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        refusal = refused(db, lambda: drafted(db, centers.sara, contract, reason))
        assert (type(refusal), refusal.key) == (InvalidInput, key)

    await database.run(unit)


async def test_a_pending_replacement_goes_on(database: Database, centers: Centers) -> None:
    """docs/specification.md 2.6: termination is open also while a replacement is pending."""

    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        replacement = accepted(db, centers, centers.mina)
        finalise(db, centers.sara, drafted(db, centers.sara, contract))
        db.refresh(replacement)
        assert replacement.state is CooperationState.PENDING_UNIVERSITY
        cooperation.approve(db, actor=centers.office.ali, request_id=replacement.id or 0, now=NOW)
        assert not pushes(db, centers.sara, "N18")

    await database.run(unit)


async def test_a_replacement_cancels_the_draft(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        draft = drafted(db, centers.sara, contract)
        request = accepted(db, centers, centers.mina)
        cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        db.refresh(draft)
        assert draft.state is TerminationState.CANCELLED

    await database.run(unit)


async def test_the_archive_keeps_them_all(database: Database, centers: Centers) -> None:
    """R36."""

    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        first = drafted(db, centers.sara, contract)
        termination.cancel(db, actor=centers.sara, termination_id=first.id or 0, now=NOW)
        assert type(refused(db, lambda: finalise(db, centers.sara, first))) is Stale
        second = finalise(db, centers.sara, drafted(db, centers.sara, contract))
        page = termination.archive(db, actor=centers.sara)
        assert [(line.termination.id, line.termination.state) for line in page.lines] == [
            (second.id, TerminationState.FINALIZED),
            (first.id, TerminationState.CANCELLED),
        ]
        assert page.lines[0].distributor.name == "کیان طب"
        assert termination.archive(db, actor=centers.sara, offset=1, limit=1).lines == page.lines[1:]
        assert termination.archive(db, actor=centers.mina).total == 0
        history = contracts.history(db, actor=centers.sara)
        assert [one.contract.state for one in history.lines] == [ContractState.ENDED_BY_OFFICER]
        with pytest.raises(NotAllowed):
            contracts.history(db, actor=centers.kian.boss)

    await database.run(unit)


async def test_after_a_termination_a_new_request_is_possible(database: Database, centers: Centers) -> None:
    """J8: eligible again; Q22: by a new request only."""

    def unit(db: Session) -> None:
        for _ in range(2):
            contract = employed(db, centers, centers.sara)
            finalise(db, centers.sara, drafted(db, centers.sara, contract))
        assert len(sms_to(db, KIAN_MOBILE)) == 2
        assert picked(db, centers, centers.sara, branch=centers.kian.central)

    await database.run(unit)


async def test_the_sms_goes_to_the_mobile_of_that_moment(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        registry.edit_distributor(
            db,
            actor=centers.kian.deputy,
            distributor_id=centers.kian.id,
            manager_mobile="۰۹۱۲۰۰۰۰۰۰۹",
            now=NOW,
        )
        finalise(db, centers.sara, drafted(db, centers.sara, contract))
        assert [one.mobile for one in db.exec(select(Push).where(Push.channel == PushChannel.SMS))] == [
            "+989120000009"
        ]
        rows = db.exec(select(Termination).order_by(col(Termination.id))).all()
        assert [one.state for one in rows] == [TerminationState.FINALIZED]

    await database.run(unit)


async def test_a_contract_is_seen_by_its_sides(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        for actor in (centers.sara, centers.kian.deputy, centers.office.staff):
            seen = contracts.view_contract(db, actor=actor, contract_id=contract.id or 0)
            assert (seen.officer.first_name, seen.branch.name) == ("سارا", "شرق")
        forged = Actor(centers.mina.account_id, Role.DISTRIBUTOR, distributor_id=centers.kian.id)
        for actor in (centers.mina, centers.arad.boss, centers.office.ali, forged):
            with pytest.raises(NotAllowed):
                contracts.view_contract(db, actor=actor, contract_id=contract.id or 0)

    await database.run(unit)
