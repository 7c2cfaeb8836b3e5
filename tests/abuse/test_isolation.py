"""One user takes all there is; the others are answered as on a calm day.

`make abuse` plays these at full size (ISOLATION=full) and prints, beside each attack, the longest wait of other people on
a calm minute and under attack. At full size the bounds are asserted: at most 3 s, and at most 250 ms more than calm for
chats, connections and disk. The quick suite plays a share and asserts that nobody goes without an answer.
"""

import asyncio
import os
import resource
import time
from collections.abc import Awaitable

import httpx
import pytest
from sqlmodel import col, func, select

from storage.enums import InboxState
from storage.tables import AuditEvent, InboxUpdate, PaymentAttempt
from tests.abuse.isolation import attacks
from tests.abuse.isolation.connections import hold_from_outside
from tests.abuse.isolation.other_users import OtherUsers, Waits
from tests.journeys.qualification import JourneySetup, to_payment
from tests.support.journey_steps import click_to_bank, come_back, follow, login, register
from tests.support.pending import UNPROCESSED, rows_of, until_none

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
    # The rest of the refused chat outlives a restart of the bot and still is nobody else's.
    assert await setup.bot.stop() == 0
    await setup.bot.start()
    calm = await _calm(users)
    await _play(users, "after a restart", asyncio.sleep(ATTACK, "the rest goes on"), calm=calm)
    await _nothing_waits(setup)


@pytest.mark.parametrize("many_addresses", [False, True], ids=["one-address", "many-addresses"])
async def test_connections_that_never_finish(
    setup: JourneySetup, users: OtherUsers, many_addresses: bool
) -> None:
    calm, log = await _calm(users), setup.bot.log.stat().st_size
    assert setup.bot.process is not None
    # What a container or an old system leaves to a process.
    resource.prlimit(setup.bot.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    attack = hold_from_outside(setup.bot.port, count=1100, many_addresses=many_addresses, seconds=ATTACK)
    await _play(users, f"connections, {many_addresses=}", attack, calm=calm)
    written = setup.bot.log.stat().st_size - log
    print(f"  log {written / 1e6:.2f} MB")
    assert written < 2_000_000


@pytest.mark.parametrize(
    ("accounts", "chats"), [(1, 1), (1, 3), (5, 1)], ids=["one-chat", "one-account", "five-accounts"]
)
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


async def test_large_files_sent_and_removed(setup: JourneySetup, users: OtherUsers) -> None:
    attacker = await attacks.officer_at_a_document(setup)
    calm, kept = await _calm(users), 0

    async def attack() -> str:
        nonlocal kept
        rounds, folder = 60 if FULL else 8, setup.bot.folder / "files"
        said, kept = await attacks.send_and_remove(attacker.person, rounds, folder)
        return said

    await _play(users, "large files", attack(), calm=calm)
    assert kept < 25_000_000


async def test_one_pay_link_pressed_very_often(setup: JourneySetup, users: OtherUsers) -> None:
    await setup.tariff()
    expert, bank = await setup.expert(), setup.bot.emulators.bank
    _, greedy = await to_payment(setup, expert=expert)
    payer, url = await to_payment(setup, expert=expert)
    calm, posts = await _calm(users), 3000 if FULL else 150
    before = len(bank.payments)

    async def attack() -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
            statuses: dict[int, int] = {}
            for _ in range(posts // 10):
                for answer in await asyncio.gather(*(browser.post(greedy) for _ in range(10))):
                    statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            return f"{posts} posts, {len(bank.payments) - before} payments opened, answers {statuses}"

    await _play(users, "one pay link", attack(), calm=calm, strict=False)
    assert len(bank.payments) - before <= 12
    rows, audits = await setup.bot.read(
        lambda db: (
            db.exec(select(func.count()).select_from(PaymentAttempt)).one(),
            db.exec(select(func.count()).where(AuditEvent.subject == "payment_attempt")).one(),
        )
    )
    print(f"  {rows} attempts, {audits} audit lines")
    assert rows <= 14
    assert audits <= 60
    # Somebody else pays and never comes back: the bot finds out by itself, as on any day.
    await click_to_bank(url)
    begun = time.monotonic()
    bank.pay(bank.last.ref)
    if FULL:
        await payer.sees("🎉 پرداخت انجام شد", within=200)
        print(f"  another officer's fee was complete after {time.monotonic() - begun:.0f} s")


async def test_a_return_from_the_bank_played_again_and_again(setup: JourneySetup, users: OtherUsers) -> None:
    await setup.tariff()
    bank = setup.bot.emulators.bank
    _, url = await to_payment(setup)
    await click_to_bank(url)
    payment = bank.last
    calm, cancelled = await _calm(users), bank.cancel(payment.ref)
    await come_back(cancelled)

    async def attack() -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
            for _ in range(20):
                await asyncio.gather(*(browser.get(cancelled) for _ in range(10)))
        return f"200 returns; the bank was asked {payment.asked} times"

    await _play(users, "returns", attack(), calm=calm, strict=False)
    assert payment.asked <= 5


async def test_wrong_passwords_keep_no_owner_out(setup: JourneySetup, users: OtherUsers) -> None:
    sara = setup.officer()
    someone = await register(setup.bot, sara)
    await sara.command("menu")
    await sara.tap("🚪 خروج")
    await sara.sees("از حساب خود خارج شدید")
    calm = await _calm(users)

    async def attack() -> str:
        for number in range(6):
            guesser = (setup.here, setup.there)[number % 2].person("حدس")
            for _ in range(5):
                await guesser.start()
                await follow(guesser, ("🔑 ورود", "کد کاربری خود را"))
                await guesser.type(someone.credentials.user_code)
                told = await guesser.sees(within=60)
                if "رمز عبور خود را" not in told.text:
                    break
                await guesser.type("guess-1234567")
                await guesser.sees(within=60)
        return "30 wrong passwords from six chats"

    await _play(users, "wrong passwords", attack(), calm=calm, strict=False)
    # The phone that was logged in before.
    await login(sara, someone.credentials)


async def _nothing_waits(setup: JourneySetup) -> None:
    """Every update was done, whatever was answered."""
    await until_none(setup.bot, UNPROCESSED)
    failed = select(InboxUpdate.id).where(col(InboxUpdate.state) == InboxState.FAILED)
    assert await setup.bot.read(lambda db: rows_of(db, failed)) == []
