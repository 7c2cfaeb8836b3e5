"""The messenger refuses one chat (429): that chat waits, nobody else notices, and nothing is lost."""

import re
import time
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import GeneratedFile
from bot.documents.library import DocumentLibrary
from bot.jobs import clock_setback
from bot.messengers.transport import aiohttp_request, rate_limits
from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import InboxState, Messenger, PushState
from storage.tables import Chat, InboxUpdate
from tests.support import files
from tests.support.messenger_app import MessengerApp, is_served, running_app, started
from tests.support.pushes import all_pushes, log_in, make_due, queue_push, until_pushes

#: Seconds for which one chat was refused in the wild.
HOURS = 10_072
#: Chats that write to the bot far faster than a messenger lets it answer.
FLOOD = 150


def texts(person: Person) -> list[str]:
    return [one.text for one in person.history() if one.from_bot]


async def until_resting(app: MessengerApp, person: Person) -> None:
    async def resting() -> bool:
        return (await app.chat(person)).rest_until is not None

    await app.until(resting)


async def end_rest(app: MessengerApp) -> None:
    """The long rest is over, by the clock and by what this process remembers."""

    def unit(db: Session) -> None:
        for chat in db.exec(select(Chat).where(col(Chat.rest_until).is_not(None))):
            chat.rest_until = app.service.resources.clock()
            chat.show_at = chat.show_at and chat.rest_until

    await app.database.run(unit)
    for channel in app.service.channels.values():
        channel.limiter._chats.clear()
    app.service.ticker.wake()
    await make_due(app)


@pytest.fixture
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal that names no time rests a chat for a second instead of five."""
    monkeypatch.setattr(aiohttp_request, "RETRY_AFTER", 1)


@pytest.mark.parametrize("kind", [0, 1], ids=["telegram", "bale"])
async def test_a_flood_meets_no_refusal_and_nobody_else_notices(app: MessengerApp, kind: int) -> None:
    face = app.emulators.messengers[kind]
    flooder, stranger = face.person("سیل"), face.person("غریبه")
    await is_served(stranger)
    began = time.monotonic()
    for _ in range(FLOOD):
        await flooder.type("/start")
    await flooder.type("دوم")
    await is_served(stranger)
    await app.until_noted("second", by=flooder)
    await flooder.sees("یادداشت شد: second")
    await app.until_answered()
    limits = face.server.limits[face.token]
    assert limits.refused == {}, "we wrote more than the messenger bears"
    # A machine that takes minutes for it has room for more answers.
    most = rate_limits.BURST + rate_limits.RATE * (time.monotonic() - began) + 1
    assert len(texts(flooder)) < max(FLOOD / 2, most)
    assert texts(flooder)[-1].endswith("یادداشت شد: second")
    # The screen that remains has live buttons.
    await flooder.tap("بازگشت").sees("خانه")


async def test_a_guest_who_floods_is_told_once(app: MessengerApp) -> None:
    guest = app.emulators.telegram.person("مهمان")
    for _ in range(FLOOD):
        await guest.type("/start")
    await app.until_answered()
    assert sum("پس از دیدن هر پاسخ" in one for one in texts(guest)) == 1
    assert texts(guest)[-1].endswith("خانه")


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_hours_for_one_chat_are_nobody_elses(
    app: MessengerApp, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    for face in app.emulators.messengers:
        sara, reza = face.person("سارا"), face.person("رضا")
        accounts = [await log_in(app, one) for one in (sara, reza)]
        face.faults.add(Fault.flood(HOURS), method=method, chat_id=sara.user.id)
        if method == "sendMessage":
            await sara.type("/start")
        else:
            await sara.tap("اول")
        await until_resting(app, sara)
        for account in accounts:
            await queue_push(app, account, "خبر")
        await reza.sees("خبر")
        await is_served(reza)
        # What she does is done all the same; only nothing is said.
        before, notes = len(texts(sara)), await app.notes(sara.user.id)
        await sara.type("/start").type("دوم")
        await app.until_noted(*notes, "second", by=sara)
        await app.until_answered()
        assert len(texts(sara)) == before
        chat = await app.chat(sara)
        told = [one for one in caplog.records if one.getMessage() == "a chat rests"]
        assert [(one.chat, one.seconds) for one in told] == [(chat.id, HOURS)]  # type: ignore[attr-defined]
        assert str(sara.user.id) not in caplog.text
        caplog.clear()
        await end_rest(app)
        await sara.sees("خبر").sees("یادداشت شد: second")
    await until_pushes(app, *[PushState.SENT] * 4)


async def test_a_long_rest_is_not_taken_for_a_clock_that_was_set_back(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    account = await log_in(app, sara)
    app.emulators.telegram.faults.add(Fault.flood(HOURS), method="sendMessage", chat_id=sara.user.id)
    await queue_push(app, account, "خبر")
    await until_resting(app, sara)
    await sara.type("/start")
    await app.until_answered()
    now = app.service.resources.clock()
    assert await app.database.run(lambda db: clock_setback.pull_forward(db, now=now)) == 0
    # And a clock that was: the rest lasts as long as was asked for, from now.
    before = now - timedelta(days=1)
    assert await app.database.run(lambda db: clock_setback.pull_forward(db, now=before)) > 0
    until = (await app.chat(sara)).rest_until
    assert until is not None
    assert abs((until - before).total_seconds() - HOURS) < 60


async def test_a_long_rest_outlives_a_restart(emulators: Emulators, database: Database) -> None:
    sara, reza = emulators.bale.person("سارا"), emulators.bale.person("رضا")
    async with running_app(emulators, database) as app:
        account = await log_in(app, sara)
        emulators.bale.faults.add(Fault.flood(HOURS), method="sendMessage", chat_id=sara.user.id)
        await queue_push(app, account, "خبر")
        await until_resting(app, sara)

    def asked() -> int:
        return sum(one.params.get("chat_id") == sara.user.id for one in emulators.bale.server.calls)

    before = asked()
    async with running_app(emulators, database) as app:
        await sara.type("/start")
        await is_served(reza)
        await app.until_answered()
        assert asked() == before, "the messenger was asked in spite of what it said"
        await end_rest(app)
        await sara.sees("خبر").sees("خانه")
        await until_pushes(app, PushState.SENT)


async def test_a_push_that_is_refused_holds_up_its_chat_alone_and_costs_no_try(app: MessengerApp) -> None:
    sara, reza = app.emulators.telegram.person("سارا"), app.emulators.telegram.person("رضا")
    accounts = [await log_in(app, one) for one in (sara, reza)]
    app.emulators.telegram.faults.add(Fault.flood(2), method="sendMessage", chat_id=sara.user.id)
    for account in accounts:
        await queue_push(app, account, "خبر")
    await reza.sees("خبر")
    assert "خبر" not in texts(sara), "the other one waited for it"
    await sara.sees("خبر")
    await until_pushes(app, PushState.SENT, PushState.SENT)
    assert [one.attempts for one in await all_pushes(app)] == [1, 1]


async def test_of_several_answers_that_wait_the_newest_is_shown(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        before = len(texts(sara))
        face.faults.add(Fault.flood(2), method="sendMessage", chat_id=sara.user.id)
        for typed in ("اول", "/start", "دوم", "/start", "دوم"):
            await sara.type(typed)
        # All of it is done before anything may be said.
        await app.until_noted("first", "second", "second", by=sara)
        assert len(texts(sara)) == before
        await sara.sees("یادداشت شد: second")
        await app.until_answered()
        assert [one.split("\n")[-1] for one in texts(sara)[before:]] == ["یادداشت شد: second"]


async def test_a_screen_in_whose_place_nothing_comes_is_shown_all_the_same(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    app.emulators.telegram.faults.add(Fault.flood(2), method="sendMessage", chat_id=sara.user.id)
    await sara.type("اول").type("/album").sees("یادداشت شد: first")
    await app.until_answered()


async def test_what_is_shown_once_waits_and_is_not_superseded(
    emulators: Emulators, database: Database, library: DocumentLibrary
) -> None:
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = (
            GeneratedFile("a.png", files.png(), "نمودار", picture=True),
            GeneratedFile("b.xlsx", b"PK-b", "جدول"),
        )
        for face in emulators.messengers:
            sara = await started(face)
            # The second of three messages is refused.
            face.faults.add(Fault.flood(1), method="sendDocument", chat_id=sara.user.id)
            await sara.type("/papers")
            await app.until(lambda face=face: len(face.server.calls_of("sendDocument")) % 2)
            # A notice whose screen is superseded is said by the one that takes its place.
            face.faults.add(Fault.flood(1), method="sendMessage", chat_id=sara.user.id)
            await sara.type("/say").type("/start")
            await app.until_answered()
            kinds = [file.kind for one in sara.history() for file in one.files]
            assert kinds == ["photo", "document"], "each once"
            assert sum("خبر کوتاه" in one for one in texts(sara)) == 1
            assert texts(sara)[-1].endswith("خانه")


@pytest.mark.usefixtures("short_rests")
@pytest.mark.parametrize(
    "fault", [Fault.flood(1), Fault.flood_bare(), Fault.flood_text()], ids=lambda f: f.name
)
async def test_refused_deletions_and_presses_are_repeated(app: MessengerApp, fault: Fault) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        for method in ("deleteMessage", "answerCallbackQuery", "sendMessage"):
            face.faults.add(fault, method=method)
        said = await sara.type("/secret hunter2")
        await sara.tap("اول")
        await is_served(face.person("رضا"))
        await sara.sees_gone(said).button_rests().sees("یادداشت شد: first")
        await app.until_answered()


async def test_a_password_is_deleted_however_long_the_messenger_refuses_it(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    refused = app.emulators.telegram.faults.add(Fault.flood(HOURS), method="deleteMessage", times=None)
    said = await sara.type("/secret hunter2")
    await sara.sees("خانه")
    await app.until_idle()
    assert await app.states() == [InboxState.DONE], "it is owed"
    app.emulators.telegram.faults.remove(refused)
    app.service.channels[Messenger.TELEGRAM].limiter._chats.clear()
    shown = len(texts(sara))

    def minutes_later(db: Session) -> None:
        for row in db.exec(select(InboxUpdate)):
            row.done_at = row.done_at and row.done_at - timedelta(minutes=5)

    await app.database.run(minutes_later)
    await app.service.dispatcher.take_over()
    await sara.sees_gone(said)
    await app.until_answered()
    assert len(texts(sara)) <= shown + 1


async def test_three_refused_chats_are_three_refused_chats(app: MessengerApp) -> None:
    face = app.emulators.telegram
    crowd = [face.person(f"نفر {number}") for number in range(5)]
    for one in crowd:
        face.faults.add(Fault.flood(HOURS), method="sendMessage", chat_id=one.user.id)
        await one.start()
    await app.until(lambda: len(face.server.calls_of("sendMessage")) == 5)
    await is_served(face.person("غریبه"))
    assert app.service.states()[Messenger.TELEGRAM].rests_for == 0


async def test_a_messenger_that_refuses_everybody_is_asked_by_one(app: MessengerApp) -> None:
    face = app.emulators.telegram
    refused = face.faults.add(Fault.flood(3), method="sendMessage", times=None)
    crowd = [face.person(f"نفر {number}") for number in range(12)]

    async def all_stored() -> bool:
        found = await app.states()
        return len(found) == 12 + 5 and InboxState.RECEIVED not in found

    for one in crowd[:4]:
        await one.start()
    limiter = app.service.channels[Messenger.TELEGRAM].limiter
    await app.until(lambda: limiter.rest_of_all)
    assert app.service.states()[Messenger.TELEGRAM].rests_for
    asked = len(face.server.calls_of("sendMessage"))
    for one in crowd[4:]:
        await one.start()
    await is_served(app.emulators.bale.person("مینا"))
    await app.until(all_stored)
    # One asks after each rest, and each rest is longer than the one before.
    await app.until(lambda: len(face.server.calls_of("sendMessage")) >= asked + 2)
    assert len(face.server.calls_of("sendMessage")) <= asked + 4, "they asked while the messenger rests"
    face.faults.remove(refused)
    for one in crowd:
        await one.sees("خانه")
        assert sum("خانه" in text for text in texts(one)) == 1
    await app.until_answered()


@pytest.mark.usefixtures("short_rests")
async def test_photos_one_by_one(app: MessengerApp) -> None:
    """Each is answered; the last answer is the one that stays."""
    for face in app.emulators.messengers:
        sara = await started(face)
        face.faults.add(Fault.flood_bare(), method="sendMessage", chat_id=sara.user.id)
        for _ in range(12):
            await sara.send_photo(files.jpeg())
        await is_served(face.person("رضا"))
        await sara.sees(re.compile("برای فرستادن مدرک"))
        await app.until_answered()
