"""Two people at one instant: one of them wins, the other reads why, and no promise is broken. On both databases; on
PostgreSQL also with both halfway through."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.services import cooperation
from bot.services.cooperation import contracts, requests, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.shared import eligibility
from storage.database.database import Database
from storage.enums import ContractState, CooperationState, PushChannel, TerminationState
from storage.tables import Contract, CooperationRequest, Push, Termination
from tests.support.effects import pushes, sms_to
from tests.support.factories.cooperation import (
    KIAN_MOBILE,
    SARA,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.people import suspend
from tests.support.factories.reference_data import NOW
from tests.support.services import act

State = CooperationState
Unit = Callable[[Session], Any]


async def at_once(database: Database, *units: Unit) -> list[Any]:
    """Their results, or their refusals; anything else is a failure."""
    async with asyncio.timeout(60):
        results = await asyncio.gather(*map(database.run, units), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refusal):
            raise result
    return results


def won(results: list[Any]) -> list[Any]:
    return [one for one in results if not isinstance(one, Refusal)]


def lost(results: list[Any]) -> list[Refusal]:
    return [one for one in results if isinstance(one, Refusal)]


def pick(actor: Actor, branch_id: int) -> Unit:
    return lambda db: cooperation.pick(
        db, actor=actor, branch_id=branch_id, national_code=SARA, now=NOW, counted=False
    )


def action(parties: Parties, name: str, request: CooperationRequest) -> Unit:
    """A press of this button, by the person who has it, on a screen that shows the request as it is now."""
    actor = {
        "accept": parties.sara,
        "reject": parties.sara,
        "give_up": parties.sara,
        "withdraw": parties.kian.manager,
        "claim": parties.in_charge,
        "approve": parties.ali,
        "university_reject": parties.zahra,
    }[name]
    service = getattr(COOPERATION_WORKFLOW if name == "claim" else cooperation, name)
    more = {"reason": "خارج از حوزه"} if name == "university_reject" else {}
    return lambda db: act(db, service, actor, request, version=request.version, **more)


def check_promises(db: Session, parties: Parties) -> None:
    """What holds after every race: one contract and one reservation for each, and everybody was told of what is so."""
    active = db.exec(select(Contract).where(Contract.state == ContractState.ACTIVE)).all()
    assert max(Counter(one.account_id for one in active).values(), default=0) <= 1
    assert max(Counter(one.branch_id for one in active).values(), default=0) <= 1
    requests = db.exec(select(CooperationRequest)).all()
    states = Counter(one.state for one in requests)
    waiting = [one.account_id for one in requests if one.state is State.PENDING_UNIVERSITY]
    assert max(Counter(waiting).values(), default=0) <= 1
    for officer in (parties.sara.account_id, parties.mina.account_id):
        facts = eligibility.eligibility_of(db, officer)
        assert facts.reserved == (officer in waiting)
        assert facts.employed == (officer in {one.account_id for one in active})
        assert not (facts.reserved and facts.employed)
    assert len(db.exec(select(Contract)).all()) == states[State.APPROVED]
    assert len(pushes(db, parties.sara, "N24")) == states[State.WITHDRAWN]
    accepted = [one for one in requests if one.accepted_at and one.distributor_id == parties.kian.id]
    assert len(pushes(db, parties.kian.manager, "N14")) == len(accepted)
    finalised = db.exec(select(Termination).where(Termination.state == TerminationState.FINALIZED)).all()
    texts = db.exec(select(Push).where(Push.kind == "N19", Push.channel == PushChannel.SMS)).all()
    assert len(texts) == len(finalised)


async def test_two_managers_choose_for_one_branch(database: Database, parties: Parties) -> None:
    kian = parties.kian
    results = await at_once(database, pick(kian.manager, kian.east), pick(kian.deputy, kian.east))
    assert len(won(results)) == 1
    assert [one.key for one in lost(results)] == ["error.branch_busy"]


async def test_two_distributors_choose_one_officer_who_takes_both(
    database: Database, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both may ask (Q18); of two acceptances at one instant one reserves."""
    asked = await at_once(database, *(pick(at.manager, at.east) for at in (parties.kian, parties.arad)))
    assert len(won(asked)) == 2
    meet_before_locking(database, monkeypatch)
    results = await at_once(database, *(action(parties, "accept", one) for one in asked))
    assert len(won(results)) == 1
    assert [one.key for one in lost(results)] == ["error.accept_while_reserved"]
    await database.read(lambda db: check_promises(db, parties))


@pytest.mark.parametrize(
    ("begin", "names", "both_lock", "refusals"),
    [
        (cooperation_request, ("accept", "withdraw"), True, {"error.stale"}),
        (cooperation_request, ("reject", "withdraw"), False, {"error.stale"}),
        (accepted_request, ("approve", "give_up"), True, {"error.stale"}),
        (accepted_request, ("approve", "withdraw"), True, {"error.stale"}),
        (accepted_request, ("approve", "university_reject"), True, {"error.already_decided"}),
        (
            accepted_request,
            ("approve", "university_reject", "claim"),
            False,
            {"error.already_decided", "error.already_claimed"},
        ),
    ],
)
async def test_of_several_who_decide_at_one_instant_one_wins(
    database: Database,
    parties: Parties,
    monkeypatch: pytest.MonkeyPatch,
    begin: Any,
    names: tuple[str, ...],
    both_lock: bool,
    refusals: set[str],
) -> None:
    request = await database.run(lambda db: begin(db, parties.kian, parties.sara))
    if names[1:] != ("withdraw",) or ("reject" not in names and len(names) == 2):
        meet_before_locking(database, monkeypatch)
    results = await at_once(database, *(action(parties, name, request) for name in names))
    assert len(won(results)) == 1
    assert {one.key for one in lost(results)} <= refusals
    await database.read(lambda db: check_promises(db, parties))


def sara_ends_it(db: Session, parties: Parties) -> tuple[Contract, Unit]:
    """Sara's contract, and the unit in which she finalises her draft of its termination."""
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    common = {"actor": parties.sara, "now": NOW}
    reason = "تغییر محل خدمت"
    draft = termination.draft(db, **common, contract_id=contract.id, reason=reason)
    return contract, lambda db: termination.finalise(db, **common, termination_id=draft.id)


async def test_freeing_against_terminating(database: Database, parties: Parties) -> None:
    """The contract ends once; the SMS is sent only if the officer ended it (Q20)."""
    contract, finalise = await database.run(lambda db: sara_ends_it(db, parties))
    free = {"contract_id": contract.id, "now": NOW}
    results = await at_once(
        database,
        finalise,
        lambda db: contracts.free(db, actor=parties.kian.manager, **free),
        finalise,
        lambda db: contracts.free(db, actor=parties.kian.deputy, **free),
    )
    assert len(won(results)) == 1
    assert all(isinstance(one, Stale | NotAllowed) for one in lost(results))

    def check(db: Session) -> None:
        check_promises(db, parties)
        ended = db.get_one(Contract, contract.id).state
        by_officer = ended is ContractState.ENDED_BY_OFFICER
        assert by_officer or ended is ContractState.ENDED_BY_DISTRIBUTOR
        assert len(sms_to(db, KIAN_MOBILE)) == by_officer
        assert len(pushes(db, parties.sara, "N18")) == (not by_officer)
        wanted = TerminationState.FINALIZED if by_officer else TerminationState.CANCELLED
        assert db.exec(select(Termination.state)).all() == [wanted]

    await database.read(check)


async def test_a_replacement_against_a_termination(database: Database, parties: Parties) -> None:
    contract, finalise = await database.run(lambda db: sara_ends_it(db, parties))
    request = await database.run(lambda db: accepted_request(db, parties.kian, parties.mina))
    results = await at_once(database, action(parties, "approve", request), finalise)
    assert not isinstance(results[0], Refusal)

    def check(db: Session) -> None:
        check_promises(db, parties)
        assert db.get_one(Contract, contract.id).state is not ContractState.ACTIVE
        assert eligibility.eligibility_of(db, parties.mina.account_id).employed

    await database.read(check)


async def test_a_suspension_against_an_acceptance(database: Database, parties: Parties) -> None:
    request = await database.run(lambda db: cooperation_request(db, parties.kian, parties.sara))
    await at_once(
        database, lambda db: suspend(db, parties.staff, parties.sara), action(parties, "accept", request)
    )

    def check(db: Session) -> None:
        assert db.get_one(CooperationRequest, request.id).state is State.CLOSED
        assert not eligibility.eligibility_of(db, parties.sara.account_id).reserved

    await database.read(check)


async def test_choosing_against_moving_the_branch(database: Database, parties: Parties) -> None:
    """The first of the two locks the region."""
    kian, there = parties.kian, {"province": "اصفهان", "city": "اصفهان"}
    results = await at_once(
        database,
        pick(kian.manager, kian.east),
        lambda db: branches.edit_branch(db, actor=kian.deputy, branch_id=kian.east, **there, now=NOW),
    )
    assert not isinstance(results[0], Refusal)
    assert all(one.key == "error.branch_region_locked" for one in lost(results))


# ── both halfway through, on PostgreSQL ──────────────────────────────────────────────────────────────────────────


def meet_before_locking(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL, from now on two units both find their request before either holds its officer. SQLite has one
    writer at a time."""
    if database.url.get_backend_name() == "sqlite":
        return
    both_read, lock = asyncio.Barrier(2), eligibility.lock_account

    def meet_and_lock(db: Session, account_id: int) -> None:
        await_only(both_read.wait())
        lock(db, account_id)

    monkeypatch.setattr(eligibility, "lock_account", meet_and_lock)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_an_approval_that_comes_too_late_keeps_nobody_waiting(
    database: Database, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was taken back; the same officer is chosen for that branch again while an old button is pressed. Each
    holds what the other would want: nobody may have to begin anew."""
    request = await database.run(lambda db: accepted_request(db, parties.kian, parties.sara))
    await database.run(action(parties, "withdraw", request))
    both_hold, begun = asyncio.Barrier(2), list[str]()
    lock_account, hold_branch = eligibility.lock_account, requests.lock_branch

    def hold_the_officer(db: Session, account_id: int) -> None:
        lock_account(db, account_id)
        if begun.count("approve") == 1 and not db.info.get("chooses"):
            await_only(both_hold.wait())

    def hold_the_branch(db: Session, branch_id: int) -> Any:
        branch = hold_branch(db, branch_id)
        if begun.count("pick") == 1 and db.info.get("chooses"):
            await_only(both_hold.wait())
        return branch

    def approve(db: Session) -> Any:
        begun.append("approve")
        return action(parties, "approve", request)(db)

    def choose(db: Session) -> Any:
        begun.append("pick")
        db.info["chooses"] = True
        return pick(parties.kian.manager, parties.kian.east)(db)

    monkeypatch.setattr(eligibility, "lock_account", hold_the_officer)
    monkeypatch.setattr(requests, "lock_branch", hold_the_branch)
    results = await at_once(database, approve, choose)
    assert isinstance(results[0], Stale)
    assert not isinstance(results[1], Refusal)
    assert sorted(begun) == ["approve", "pick"]
