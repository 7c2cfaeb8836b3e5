"""Pushes arrive once, in order, within the messenger's limits; who cannot be reached is noted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.gateways.interfaces import SmsAccepted, SmsRejected, SmsRetry
from bot.messengers.delivery import outbox
from bot.services.shared import notify
from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import PushState, Role
from storage.tables import Chat, Push, StaffAlert
from storage.tables.column_types import utcnow
from tests.support.messenger_app import MessengerApp, note, running_app
from tests.support.pushes import ScriptedSms, all_pushes, log_in, make_due, queue_push, until_pushes

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_push_reaches_every_chat_once_and_its_button_works(app: MessengerApp) -> None:
    people = [face.person("سارا") for face in app.emulators.messengers]
    account = await log_in(app, *people)
    for _ in range(3):
        await queue_push(app, account, "پرونده دارای نقص است", key="request:1:deficient")
    for person in people:
        seen = await person.sees("پرونده دارای نقص است")
        answer = await note(person, "first")
        assert answer.id != seen.id, "the push stays; the answer is a new message"
    await until_pushes(app, PushState.SENT, PushState.SENT)


async def test_a_push_is_sent_as_soon_as_it_is_committed(
    emulators: Emulators, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "IDLE", 3600.0)
    async with running_app(emulators, database) as app:
        sara = app.emulators.telegram.person("سارا")
        account = await log_in(app, sara)
        for news in ("یک خبر", "خبر دیگر"):
            await queue_push(app, account, news)
            await sara.sees(news)


async def test_order_in_a_chat(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    account = await log_in(app, sara)
    app.emulators.telegram.faults.add(Fault.html(502), method="sendMessage", times=1)
    for number in range(5):
        await queue_push(app, account, f"خبر {number}")

    async def first_was_tried() -> bool:
        first, *rest = await all_pushes(app)
        assert all(one.state is PushState.QUEUED for one in rest) or first.state is PushState.SENT
        return first.state is PushState.QUEUED and first.attempts == 1

    await app.until(first_was_tried)
    await make_due(app)
    await sara.sees("خبر 4")
    received = [one.text for one in sara.history() if "خبر" in one.text]
    assert received == [f"خبر {number}" for number in range(5)]


async def test_a_blocked_chat_is_skipped_and_the_other_one_reached(app: MessengerApp) -> None:
    on_telegram, on_bale = (face.person("سارا") for face in app.emulators.messengers)
    account = await log_in(app, on_telegram, on_bale)
    app.emulators.telegram.faults.add(
        Fault.api(403, "Forbidden: bot was blocked by the user"), method="sendMessage", times=None
    )
    await queue_push(app, account, "خبر", sms="خبری هست")
    await on_bale.sees("خبر")
    await until_pushes(app, PushState.SKIPPED, PushState.SENT)
    assert (await app.chat(on_telegram)).dead
    await queue_push(app, account, "خبر دیگر")
    await on_bale.sees("خبر دیگر")
    assert len(await all_pushes(app)) == 3, "nothing is queued for a dead chat"


async def test_whoever_blocked_everything_gets_an_sms(emulators: Emulators, database: Database) -> None:
    sms = ScriptedSms(SmsRetry("busy"), SmsAccepted("77"))
    async with running_app(emulators, database, sms=sms) as app:
        sara = emulators.telegram.person("سارا")
        account = await log_in(app, sara)
        await sara.block()
        await app.until_dead(sara)

        def revive(db: Session) -> None:
            db.exec(select(Chat)).one().dead = False  # the block is not known yet

        async def first_sms_was_tried() -> bool:
            found = await all_pushes(app)
            return bool(sms.sent) and found[1].attempts > 0 and found[1].state is PushState.QUEUED

        await database.run(revive)
        await queue_push(app, account, "خبر", sms="خبری هست")
        await app.until(first_sms_was_tried)
        assert (await all_pushes(app))[1].attempts == 1
        await make_due(app)
        await until_pushes(app, PushState.SKIPPED, PushState.SENT)
        (to, text, first), (_, _, second) = sms.sent
        assert to == "+989121234567"
        assert text.startswith("سامانه مسئولان فنی: خبری هست. ")
        assert first == second, "a repeat is known to the provider"
        assert (await all_pushes(app))[1].provider_id == "77"


async def test_what_is_refused_for_good_is_told_to_staff(emulators: Emulators, database: Database) -> None:
    sms = ScriptedSms(SmsRejected("no credit", alert=True))
    async with running_app(emulators, database, sms=sms) as app:
        boss = emulators.bale.person("رئیس")
        await log_in(app, boss, role=Role.STAFF)
        nobody = await log_in(app)
        await queue_push(app, nobody, "خبر", sms="خبری هست")
        await boss.sees("ارسال نشد", "no credit")
        alerts = await database.read(lambda db: db.exec(select(StaffAlert)).all())
        assert len(alerts) == 1
        assert (await all_pushes(app))[0].state is PushState.GIVEN_UP


async def test_a_push_in_hand_is_not_taken_again_where_the_clock_is_put_forward(
    app: MessengerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sara = app.emulators.telegram.person("سارا")
    account = await log_in(app, sara)
    answers = asyncio.Event()
    app.emulators.telegram.faults.add(Fault.held(answers), method="sendMessage", chat_id=sara.user.id)
    await queue_push(app, account, "خبر")
    pushes, later = app.service.outbox, utcnow() + timedelta(hours=1)
    await app.until(pushes._in_hand.total)  # a moment after its row says so
    monkeypatch.setattr(pushes.resources, "clock", lambda: later)
    for _ in range(2):
        await pushes.dispatch()
        assert pushes._in_hand.total() == 1
    answers.set()
    await until_pushes(app, PushState.SENT)
    assert [one.text for one in sara.history() if "خبر" in one.text] == ["خبر"]


async def push_in_other_circumstances(app: MessengerApp, change: Callable[[Push, Chat], None]) -> Person:
    """Queued for somebody whose push or chat is changed so, before it is sent."""
    sara = app.emulators.telegram.person("سارا")
    account = await log_in(app, sara)

    def unit(db: Session) -> None:
        notify.push(db, kind="N4", event_key="x", account_id=account, text="خبر", now=LONG_AGO)
        db.flush()
        change(db.exec(select(Push)).one(), db.exec(select(Chat)).one())

    await app.database.run(unit)
    app.service.outbox.wake()
    return sara


async def test_a_lease_that_ran_out_is_taken_up_again(app: MessengerApp) -> None:
    def lease(push: Push, chat: Chat) -> None:
        push.state, push.leased_until = PushState.SENDING, LONG_AGO

    sara = await push_in_other_circumstances(app, lease)
    await sara.sees("خبر")


async def test_nobody_is_told_in_a_chat_they_left(app: MessengerApp) -> None:
    def leave(push: Push, chat: Chat) -> None:
        chat.account_id = None

    sara = await push_in_other_circumstances(app, leave)
    await until_pushes(app, PushState.SKIPPED)
    sara.sees_not("خبر")


async def test_the_mandatory_sms_is_sent_in_its_own_words_and_shown_to_staff_where_it_fails(
    emulators: Emulators, database: Database
) -> None:
    """R33: retried with the same id, then staff read what should have been said, and to whom (the whole mobile on demand)."""
    sms = ScriptedSms(SmsRetry("busy"), SmsRejected("status 411"))
    async with running_app(emulators, database, sms=sms) as app:
        boss = emulators.bale.person("رئیس")
        await log_in(app, boss, role=Role.STAFF)

        words = "مدیریت محترم کیان طب؛ سارا کریمی به همکاری خود پایان داد."
        push: dict[str, Any] = {"kind": "N19", "event_key": "termination:1:finalised", "text": words}
        push |= {"template": "termination", "tokens": ("۱۴۰۵/۰۹/۰۱", "سارا کریمی")}
        for _ in range(2):
            await database.run(
                lambda db: notify.sms(db, mobile="+989120000001", now=datetime.now(UTC), **push)
            )
        app.service.outbox.wake()
        await until_pushes(app, PushState.QUEUED)
        await make_due(app)
        seen = await boss.sees("ارسال نشد")
        for part in ("N19", "۰۰۱", "status 411", words.partition(" به ")[0]):
            assert part in seen.text
        (to, text, first), (_, _, second) = sms.sent
        assert (to, text, first) == ("+989120000001", words, second)
