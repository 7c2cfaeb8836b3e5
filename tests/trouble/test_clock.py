"""The machine's clock is set: back by an hour, forward by a day. Nobody is locked out for it, nothing is lost or doubled."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.jobs import clock_setback
from bot.services.shared import rate_limit
from bot.services.shared.rate_limit import WRONG_PASSWORDS_PER_CHAT
from demo.botapi.faults import Fault
from demo.person import Person
from storage.database.database import Database
from storage.enums import AttemptState, InboxState, Messenger, PushChannel, PushState
from storage.tables import Chat, InboxUpdate, Push
from tests.support.bot_process import PROJECT, BotProcess
from tests.support.factories.people import account, participants
from tests.support.factories.qualification import attempt_row, request_row
from tests.support.journey_steps import Someone, login, register
from tests.support.services import as_unit
from tests.trouble.watching import everything_done, lines, until

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR, DAY = 3600, 24 * 3600
#: Seconds until the bot has noticed a clock that was set back.
NOTICES = 180.0


def set_clock(bot: BotProcess, seconds: int) -> None:
    path = bot.folder / "offset"
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)


async def wrong_passwords(person: Person, someone: Someone) -> None:
    await person.start().tap("🔑 ورود").sees("کد کاربری خود را")
    await person.type(someone.credentials.user_code)
    for _ in range(WRONG_PASSWORDS_PER_CHAT.count + 1):
        await person.sees("رمز عبور")
        await person.type("wrong-password")
    await person.sees(re.compile("دقیقه"))


def told_of_logins(person: Person) -> list[str]:
    return [one.text for one in person.history() if one.from_bot and "🔐 ورود جدید به حساب شما" in one.text]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_back_by_an_hour_and_forward_by_a_day(clocked: BotProcess) -> None:
    bot = clocked
    sara = bot.emulators.telegram.person("سارا", phone="09900000001")
    elsewhere = bot.emulators.bale.person("سارا", phone=sara.user.phone)
    locked = bot.emulators.bale.person("سارا", phone=sara.user.phone)
    await bot.start()
    someone = await register(bot, sara)
    await sara.command("menu").sees("سارا")
    await wrong_passwords(locked, someone)
    # What she is told waits for its next try when the clock is set back.
    away = bot.emulators.telegram.faults.add(Fault.html(502), method="sendMessage", times=None)
    await login(elsewhere, someone.credentials)
    telegram = bot.emulators.telegram.server
    await until(lambda: any(one.status == 502 for one in telegram.calls_of("sendMessage")), what="a try")
    set_clock(bot, -HOUR)
    bot.emulators.telegram.faults.remove(away)
    await sara.sees("🔐 ورود جدید به حساب شما", within=NOTICES)
    assert len(lines(bot, "the clock was set back")) == 1
    await login(locked, someone.credentials)

    set_clock(bot, DAY)
    await sara.waits(lambda: len(told_of_logins(sara)) == 2, what="told of both logins")
    await sara.tap("❓ راهنما").sees("راهنما")
    await everything_done(bot)
    assert len(told_of_logins(sara)) == 2, "once for each login elsewhere"


async def test_times_of_a_wrong_clock_are_drawn_near(database: Database) -> None:
    """A clock that was a year ahead: what was put off under it is due, what is near stays as it is."""
    year = NOW + timedelta(days=365)

    def fill(db: Session) -> None:
        owner = account(db, chat=False)
        chats = [Chat(messenger=Messenger.BALE, chat_id=one, show_at=at) for one, at in ((1, year), (2, NOW))]
        db.add_all(chats)
        db.flush()
        for key, state, at in (
            ("far", PushState.QUEUED, year),
            ("near", PushState.QUEUED, NOW + timedelta(minutes=15)),
            ("held", PushState.SENDING, year),
        ):
            push = Push(key=key, kind="N6", channel=PushChannel.CHAT, text="خبر", state=state)
            push.account_id, push.chat_row_id = owner.id, chats[0].id
            push.next_at = push.leased_until = at
            db.add(push)
        for state in (InboxState.RECEIVED, InboxState.DONE):
            row = InboxUpdate(messenger=Messenger.BALE, update_id=len(state), raw="{}", state=state)
            row.received_at = row.done_at = year
            db.add(row)
        for _ in range(WRONG_PASSWORDS_PER_CHAT.count):
            rate_limit.count_try(db, key="k", now=year)

    await database.run(fill)
    limit = WRONG_PASSWORDS_PER_CHAT
    locked = partial(rate_limit.time_to_wait, key="k", limit=limit, now=NOW)
    assert await database.read(locked) is not None
    drawn = await database.run(lambda db: clock_setback.pull_forward(db, now=NOW))

    def look(db: Session) -> None:
        assert locked(db) is None
        pushes = {one.key: one for one in db.exec(select(Push))}
        assert pushes["far"].next_at == NOW
        assert pushes["near"].next_at == NOW + timedelta(minutes=15)
        leased = pushes["held"].leased_until
        assert leased is not None
        assert NOW < leased <= NOW + clock_setback.LEASE, "it may be on its way at this moment"
        assert max(one.show_at or NOW for one in db.exec(select(Chat))) <= NOW + timedelta(minutes=1)
        updates = {one.state: one for one in db.exec(select(InboxUpdate))}
        assert updates[InboxState.RECEIVED].received_at == updates[InboxState.DONE].done_at == NOW

    await database.read(look)
    assert drawn == 5 + limit.count
    assert await database.run(lambda db: clock_setback.pull_forward(db, now=NOW)) == 0


#: (state, looks at it so far, minutes until the next) → whether that look lies too far ahead
LOOKS = {
    (AttemptState.CREATED, 0, 2): False,
    (AttemptState.CREATED, 14, 20): True,
    (AttemptState.CREATED, 15, 60): False,
    (AttemptState.CREATED, 15, 80): True,
    (AttemptState.UNCERTAIN, 40, 60): False,
    (AttemptState.VERIFYING, 40, 3): False,
    (AttemptState.VERIFYING, 40, 20): True,
}


@as_unit
def test_payments_are_looked_at_when_the_clock_is_right_again(db: Session) -> None:
    request = request_row(participants(db).sara.account_id)
    db.add(request)
    db.flush()
    attempts = {
        case: attempt_row(
            request.id,
            ref=f"A{number}",
            state=case[0],
            state_since=NOW,
            checks=case[1],
            next_check_at=NOW + timedelta(minutes=case[2]),
        )
        for number, case in enumerate(LOOKS)
    }
    db.add_all(attempts.values())
    db.flush()
    assert clock_setback.pull_forward(db, now=NOW) == sum(LOOKS.values())
    db.expire_all()
    found = {case: attempt.next_check_at for case, attempt in attempts.items()}
    assert found == {
        case: NOW + (clock_setback.LEASE if far else timedelta(minutes=case[2]))
        for case, far in LOOKS.items()
    }


def test_one_place_reads_the_wall_clock() -> None:
    """`storage.tables.column_types.utcnow`; `doctor` compares it with others' and is no part of the service."""
    read = re.compile(r"datetime\.now\(|\.utcnow\(\)|time\.time\(|date\.today\(")
    found = {
        path.relative_to(PROJECT)
        for room in ("bot", "handlers", "conversations", "storage")
        for path in (PROJECT / room).rglob("*.py")
        if "doctor" not in path.parts and read.search(path.read_text())
    }
    assert found == {Path("storage/tables/column_types.py")}
