"""One user takes all there is; the others are answered as on a calm day.

Asserted is that nobody goes without an answer; at full size (ISOLATION=full) also the longest wait: at most 3 s, and for
chats, connections and disk at most 250 ms more than calm.
"""

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import col

from storage.tables import InboxUpdate
from tests.abuse.isolation import attacks
from tests.abuse.isolation.other_users import OtherUsers, Waits
from tests.journeys.qualification import JourneySetup
from tests.support.pending import UNPROCESSED, rows_of

FULL = os.environ.get("ISOLATION") == "full"
#: Seconds; ISOLATION_SECONDS shortens the attacks at full size.
CALM, ATTACK = (15.0, float(os.environ.get("ISOLATION_SECONDS", "60"))) if FULL else (1.5, 4.0)
#: Seconds.
LONGEST, MORE_THAN_CALM = 3.0, 0.25


@pytest.fixture
async def users(setup: JourneySetup) -> OtherUsers:
    made = OtherUsers(setup.bot.emulators, f"http://127.0.0.1:{setup.bot.port}/health")
    await made.greet()
    return made


async def _play(
    users: OtherUsers, name: str, attack: Awaitable[str], *, calm: Waits, strict: bool = True
) -> None:
    waits, said = await users.during(attack)
    print(f"\n{name}: {said}\n  calm   {calm}\n  attack {waits}")
    assert not waits.lost, waits.lost
    if FULL:
        assert waits.longest <= LONGEST, f"{name}: {waits}"
        assert not strict or waits.longest <= calm.longest + MORE_THAN_CALM, f"{name}: {waits} against {calm}"


async def _calm(users: OtherUsers) -> Waits:
    waits, _ = await users.during(asyncio.sleep(CALM))
    assert not waits.lost, waits.lost
    return waits


async def test_a_chat_that_meets_its_limits_silences_nobody_else(
    setup: JourneySetup, users: OtherUsers
) -> None:
    calm = await _calm(users)
    for attack in attacks.CHAT_ATTACKS:
        await _play(users, attack.__name__, attack(setup, ATTACK), calm=calm)


@pytest.mark.parametrize("many_addresses", [False, True], ids=["one-address", "many-addresses"])
async def test_connections_that_never_finish(
    setup: JourneySetup, users: OtherUsers, many_addresses: bool
) -> None:
    calm, log = await _calm(users), setup.bot.log.stat().st_size
    assert setup.bot.process is not None
    # What a container or an old system leaves to a process.
    resource.prlimit(setup.bot.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    attack = asyncio.to_thread(
        attacks.unfinished_requests, setup.bot.port, ATTACK, many_addresses=many_addresses
    )
    await _play(users, f"connections, {many_addresses=}", attack, calm=calm)
    written = setup.bot.log.stat().st_size - log
    print(f"  log {written / 1e6:.2f} MB")
    assert written < 2_000_000


@pytest.mark.parametrize(("accounts", "chats"), [(1, 3), (5, 1)], ids=["one-account", "five-accounts"])
async def test_slow_files(setup: JourneySetup, users: OtherUsers, accounts: int, chats: int) -> None:
    officers = [await attacks.officer_at_a_document(setup) for _ in range(accounts)]
    attackers = [one.person for one in officers]
    attackers += await attacks.more_phones(setup, officers[0], chats - 1)
    stranger = (await attacks.officer_at_a_document(setup)).person
    calm, memory, longest = await _calm(users), setup.bot.memory(), 0.0

    async def attack() -> str:
        nonlocal longest
        said, longest = await attacks.slow_files(attackers, stranger, 30 if FULL else 6)
        lanes = [one.user.id for one in attackers]
        mine = UNPROCESSED.where(col(InboxUpdate.lane).in_(lanes))
        left = await setup.bot.read(lambda db: len(rows_of(db, mine)))
        assert left, "the attack was over before the stranger's files were taken"
        return f"{said}; {left} were left, {(setup.bot.memory() - memory) >> 20} MB more"

    await _play(users, "slow files", attack(), calm=calm, strict=False)
    assert not FULL or longest <= LONGEST


@pytest.mark.parametrize("attack", [attacks.large_files, attacks.pay_page, attacks.wrong_passwords])
async def test_files_payments_and_guesses(
    setup: JourneySetup, users: OtherUsers, attack: Callable[[JourneySetup, float], Awaitable[str]]
) -> None:
    calm, strict = await _calm(users), attack is attacks.large_files
    await _play(users, attack.__name__, attack(setup, ATTACK), calm=calm, strict=strict)
