"""Two people at one instant: one of them wins, the other reads why, and no promise is broken. On both databases; on
PostgreSQL also with both halfway through."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts, requests, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.shared import eligibility
from storage.database.database import Database, open_database
from storage.enums import ContractState, CooperationState, PushChannel, TerminationState
from storage.tables import Contract, CooperationRequest, Push, Termination
from tests.support.cooperation_data import (
    KIAN_MOBILE,
    SARA,
    Centers,
    accepted,
    employed,
    open_centers,
    picked,
    sms_to,
)
from tests.support.qualification_data import NOW, pushes

S = CooperationState
Unit = Callable[[Session], Any]


@pytest.fixture
async def centers(database: Database) -> Centers:
    return await database.run(open_centers)


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


def pick(actor: Actor, branch_id: int, code: str = SARA) -> Unit:
    return lambda db: cooperation.pick(db, actor=actor, branch_id=branch_id, national_code=code, now=NOW)


def deed(name: str, actor: Actor, request: CooperationRequest, **more: Any) -> Unit:
    service = COOPERATION_WORKFLOW if name in ("claim", "release") else cooperation
    return lambda db: getattr(service, name)(
        db, actor=actor, request_id=request.id, version=request.version, now=NOW, **more
    )


def promises(db: Session) -> None:
    """What holds after whatever race."""
    active = db.exec(select(Contract).where(Contract.state == ContractState.ACTIVE)).all()
    assert max(Counter(one.account_id for one in active).values(), default=0) <= 1
    assert max(Counter(one.branch_id for one in active).values(), default=0) <= 1
    waiting = db.exec(
        select(CooperationRequest).where(CooperationRequest.state == S.PENDING_UNIVERSITY)
    ).all()
    assert max(Counter(one.account_id for one in waiting).values(), default=0) <= 1
    assert not {one.account_id for one in active} & {one.account_id for one in waiting}
    finalised = db.exec(select(Termination).where(Termination.state == TerminationState.FINALIZED)).all()
    texts = db.exec(select(Push).where(Push.kind == "N19", Push.channel == PushChannel.SMS)).all()
    assert len(texts) == len(finalised)


async def test_two_managers_choose_for_one_branch(database: Database, centers: Centers) -> None:
    results = await at_once(
        database,
        *(pick(who, centers.kian.east) for who in (centers.kian.boss, centers.kian.deputy)),
    )
    assert len(won(results)) == 1
    assert [one.key for one in lost(results)] == ["error.branch_busy"]


async def test_two_distributors_choose_one_officer_who_takes_both(
    database: Database, centers: Centers
) -> None:
    """Both may ask (Q18); of two acceptances at one instant one reserves."""
    asked = won(
        await at_once(
            database,
            pick(centers.kian.boss, centers.kian.east),
            pick(centers.arad.boss, centers.arad.east),
        )
    )
    assert len(asked) == 2
    results = await at_once(database, *(deed("accept", centers.sara, one) for one in asked))
    assert len(won(results)) == 1
    assert [one.key for one in lost(results)] == ["error.accept_while_reserved"]
    await database.read(promises)


@pytest.mark.parametrize("first", ["accept", "reject"])
async def test_an_answer_against_a_withdrawal(database: Database, centers: Centers, first: str) -> None:
    request = await database.run(lambda db: picked(db, centers, centers.sara))
    results = await at_once(
        database,
        deed(first, centers.sara, request),
        deed("withdraw", centers.kian.boss, request),
    )
    assert len(won(results)) == 1
    assert [type(one) for one in lost(results)] == [Stale]

    def look(db: Session) -> None:
        promises(db)
        state = db.get_one(CooperationRequest, request.id).state
        reserved = eligibility.eligibility_of(db, centers.sara.account_id or 0).reserved
        assert reserved == (state is S.PENDING_UNIVERSITY)
        assert (state is S.WITHDRAWN) == bool(pushes(db, centers.sara, "N24"))
        assert (state is S.PENDING_UNIVERSITY) == bool(pushes(db, centers.kian.boss, "N14"))

    await database.read(look)


@pytest.mark.parametrize("other", ["give_up", "withdraw"])
async def test_an_approval_against_whoever_leaves(database: Database, centers: Centers, other: str) -> None:
    request = await database.run(lambda db: accepted(db, centers, centers.sara))
    who = centers.sara if other == "give_up" else centers.kian.boss
    results = await at_once(database, deed("approve", centers.office.ali, request), deed(other, who, request))
    assert len(won(results)) == 1

    def look(db: Session) -> None:
        promises(db)
        approved = db.get_one(CooperationRequest, request.id).state is S.APPROVED
        facts = eligibility.eligibility_of(db, centers.sara.account_id or 0)
        assert (facts.employed, facts.reserved) == (approved, False)

    await database.read(look)


async def test_two_experts_decide(database: Database, centers: Centers) -> None:
    request = await database.run(lambda db: accepted(db, centers, centers.sara))
    results = await at_once(
        database,
        deed("approve", centers.office.ali, request),
        deed("university_reject", centers.office.zahra, request, reason="خارج از حوزه"),
        deed("claim", centers.office.head, request),
    )
    assert len(won(results)) == 1
    assert {one.key for one in lost(results)} <= {"error.already_decided", "error.already_claimed"}
    await database.read(promises)


async def test_freeing_against_terminating(database: Database, centers: Centers) -> None:
    """The contract ends once; the SMS is sent only if the officer ended it (Q20)."""

    def prepare(db: Session) -> tuple[Contract, Termination]:
        contract = employed(db, centers, centers.sara)
        draft = termination.draft(
            db, actor=centers.sara, contract_id=contract.id or 0, reason="تغییر محل خدمت", now=NOW
        )
        return contract, draft

    contract, draft = await database.run(prepare)
    results = await at_once(
        database,
        lambda db: termination.finalise(db, actor=centers.sara, termination_id=draft.id or 0, now=NOW),
        lambda db: contracts.free(db, actor=centers.kian.boss, contract_id=contract.id or 0, now=NOW),
        lambda db: termination.finalise(db, actor=centers.sara, termination_id=draft.id or 0, now=NOW),
        lambda db: contracts.free(db, actor=centers.kian.deputy, contract_id=contract.id or 0, now=NOW),
    )
    assert len(won(results)) == 1
    assert all(isinstance(one, Stale | NotAllowed) for one in lost(results))

    def look(db: Session) -> None:
        promises(db)
        ended = db.get_one(Contract, contract.id).state
        by_officer = ended is ContractState.ENDED_BY_OFFICER
        assert by_officer or ended is ContractState.ENDED_BY_DISTRIBUTOR
        assert len(sms_to(db, KIAN_MOBILE)) == by_officer
        assert len(pushes(db, centers.sara, "N18")) == (not by_officer)
        wanted = TerminationState.FINALIZED if by_officer else TerminationState.CANCELLED
        assert db.get_one(Termination, draft.id).state is wanted

    await database.read(look)


async def test_a_replacement_against_the_former_officers_termination(
    database: Database, centers: Centers
) -> None:
    def prepare(db: Session) -> tuple[Contract, Termination, CooperationRequest]:
        contract = employed(db, centers, centers.sara)
        draft = termination.draft(
            db, actor=centers.sara, contract_id=contract.id or 0, reason="تغییر محل خدمت", now=NOW
        )
        return contract, draft, accepted(db, centers, centers.mina)

    contract, draft, request = await database.run(prepare)
    results = await at_once(
        database,
        deed("approve", centers.office.ali, request),
        lambda db: termination.finalise(db, actor=centers.sara, termination_id=draft.id or 0, now=NOW),
    )
    assert not isinstance(results[0], Refusal)

    def look(db: Session) -> None:
        promises(db)
        assert db.get_one(Contract, contract.id).state is not ContractState.ACTIVE
        assert eligibility.eligibility_of(db, centers.mina.account_id or 0).employed

    await database.read(look)


async def test_a_suspension_against_an_acceptance(database: Database, centers: Centers) -> None:
    request = await database.run(lambda db: picked(db, centers, centers.sara))

    def suspend(db: Session) -> None:
        accounts.suspend(
            db,
            actor=centers.office.staff,
            account_id=centers.sara.account_id or 0,
            reason="به درخواست اداره کل",
            public_info=PublicInfo("021", "https://x"),
            now=NOW,
        )

    await at_once(database, suspend, deed("accept", centers.sara, request))

    def look(db: Session) -> None:
        assert db.get_one(CooperationRequest, request.id).state is S.CLOSED
        assert not eligibility.eligibility_of(db, centers.sara.account_id or 0).reserved

    await database.read(look)


async def test_choosing_against_moving_the_branch(database: Database, centers: Centers) -> None:
    """The region is locked by whoever comes first."""
    results = await at_once(
        database,
        pick(centers.kian.boss, centers.kian.east),
        lambda db: branches.edit_branch(
            db,
            actor=centers.kian.deputy,
            branch_id=centers.kian.east,
            province="اصفهان",
            city="اصفهان",
            now=NOW,
        ),
    )
    assert not isinstance(results[0], Refusal)
    assert all(one.key == "error.branch_region_locked" for one in lost(results))


# ── both halfway through, on PostgreSQL ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accept", "withdraw"),
        ("approve", "give_up"),
        ("approve", "withdraw"),
        ("approve", "university_reject"),
    ],
)
async def test_units_that_read_before_either_wrote(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """Both have found the request before either holds its officer: the second decides on what the first left."""
    database = await open_database(postgres_url)
    centers = await database.run(open_centers)
    begin = picked if first == "accept" else accepted
    request = await database.run(lambda db: begin(db, centers, centers.sara))
    both_read, hold = asyncio.Barrier(2), eligibility.lock_account

    def meet_and_hold(db: Session, account_id: int) -> None:
        await_only(both_read.wait())
        hold(db, account_id)

    monkeypatch.setattr(eligibility, "lock_account", meet_and_hold)
    actors = {
        "accept": centers.sara,
        "give_up": centers.sara,
        "withdraw": centers.kian.boss,
        "approve": centers.office.ali,
        "university_reject": centers.office.zahra,
    }
    more = {"reason": "خارج از حوزه"} if second == "university_reject" else {}
    results = await at_once(
        database, deed(first, actors[first], request), deed(second, actors[second], request, **more)
    )
    monkeypatch.undo()
    assert len(won(results)) == 1
    await database.read(promises)
    await database.close()


async def test_two_acceptances_that_read_before_either_wrote(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(postgres_url)
    centers = await database.run(open_centers)
    one = await database.run(lambda db: picked(db, centers, centers.sara))
    two = await database.run(lambda db: picked(db, centers, centers.sara, firm=centers.arad))
    both_read, hold = asyncio.Barrier(2), eligibility.lock_account

    def meet_and_hold(db: Session, account_id: int) -> None:
        await_only(both_read.wait())
        hold(db, account_id)

    monkeypatch.setattr(eligibility, "lock_account", meet_and_hold)
    results = await at_once(database, deed("accept", centers.sara, one), deed("accept", centers.sara, two))
    monkeypatch.undo()
    assert [refusal.key for refusal in lost(results)] == ["error.accept_while_reserved"]
    await database.read(promises)
    await database.close()


async def test_an_approval_that_comes_too_late_keeps_nobody_waiting(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was taken back; the same officer is chosen for that branch again while an old button is pressed. Each
    holds what the other would want: nobody may have to begin anew."""
    database = await open_database(postgres_url)
    centers = await database.run(open_centers)
    request = await database.run(lambda db: accepted(db, centers, centers.sara))
    await database.run(deed("withdraw", centers.kian.boss, request))
    both_hold, begun = asyncio.Barrier(2), list[str]()
    hold, hold_branch = eligibility.lock_account, requests.hold_branch

    def hold_the_officer(db: Session, account_id: int) -> None:
        hold(db, account_id)
        if begun.count("approve") == 1 and not db.info.get("chooses"):
            await_only(both_hold.wait())

    def hold_the_branch(db: Session, branch_id: int) -> Any:
        branch = hold_branch(db, branch_id)
        if begun.count("pick") == 1 and db.info.get("chooses"):
            await_only(both_hold.wait())
        return branch

    def approve(db: Session) -> Any:
        begun.append("approve")
        return deed("approve", centers.office.ali, request)(db)

    def choose(db: Session) -> Any:
        begun.append("pick")
        db.info["chooses"] = True
        return pick(centers.kian.boss, centers.kian.east)(db)

    monkeypatch.setattr(eligibility, "lock_account", hold_the_officer)
    monkeypatch.setattr(requests, "hold_branch", hold_the_branch)
    results = await at_once(database, approve, choose)
    monkeypatch.undo()
    assert isinstance(results[0], Stale)
    assert not isinstance(results[1], Refusal)
    assert sorted(begun) == ["approve", "pick"]
    await database.close()
