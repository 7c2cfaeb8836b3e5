"""Another bot's token on the same database: its updates are its own, what the first bot left behind does no harm."""

import logging
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.documents.library import DocumentLibrary
from bot.messengers.intake.receiver import webhook_path
from bot.messengers.transport.channel import bot_number
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import Messenger, PushState
from storage.tables import InboxUpdate
from tests.support import files
from tests.support.bot_process import bot_process
from tests.support.identities import next_mobile
from tests.support.journey_steps import register
from tests.support.messenger_app import (
    MessengerApp,
    note,
    raw_message,
    running_app,
    started,
    starts,
    store_attachments,
    until_file_ids,
    without_queues,
)
from tests.support.pushes import ScriptedSms, all_pushes, log_in, queue_push

OTHER = {
    "telegram": "990201543:ANOTHER-TELEGRAM-TOKEN-GOOD-FOR-NO",
    "bale": "990301654:ANOTHER-BALE-TOKEN-GOOD-FOR-NOTHING",
}


def swap(face: EmulatedMessenger) -> None:
    """The operator puts another bot's token into the settings; its updates count from 1 as the first bot's did."""
    face.token = OTHER[face.kind]
    face.bot = face.server.add_bot(face.token, username="another_bot")


def again(face: EmulatedMessenger, person: Person) -> Person:
    """The same human, at the bot that is there now."""
    return Person(person.state, face.bot, person.user)


@pytest.fixture(params=["telegram", "bale"])
def face(request: pytest.FixtureRequest, emulators: Emulators) -> EmulatedMessenger:
    return emulators.telegram if request.param == "telegram" else emulators.bale


async def test_the_first_updates_of_another_bot_are_no_doubles(
    emulators: Emulators, database: Database, face: EmulatedMessenger
) -> None:
    sara = face.person("سارا")
    async with running_app(emulators, database) as app:
        await starts(sara)
        await note(sara, "first")
        await app.until_answered()
    swap(face)
    async with running_app(emulators, database) as app:
        there = again(face, sara)
        await starts(there)
        await note(there, "second")
        face.server.deliver_twice(1, face.token)
        await there.tap("بازگشت").sees("خانه")
        await app.until(lambda: face.server.pending(face.token) == 0)
        assert await app.notes() == ["first", "second"]
        assert app.service.resources.counters.repeated[Messenger(face.kind)] == 1
        assert [(one.bot_id, one.update_id) for one in await app.inbox()] == [
            (int(token.partition(":")[0]), number)
            for token, numbers in ((next(iter(face.server.state.bots)), (1, 2)), (face.token, (1, 2, 3)))
            for number in numbers
        ]


async def test_what_the_first_bot_did_not_finish_has_its_effect(
    emulators: Emulators, database: Database, face: EmulatedMessenger, caplog: pytest.LogCaptureFixture
) -> None:
    """It touches no message of the other bot, whose numbers are the same."""
    sara = face.person("سارا")
    async with running_app(emulators, database) as app:
        await starts(sara)
        with without_queues(app.service):
            await sara.tap("اول")
            await app.until_received(1)
    swap(face)
    there = again(face, sara)
    await there.start()
    edits = len(face.server.calls_of("editMessageText"))
    with caplog.at_level(logging.WARNING):
        async with running_app(emulators, database) as app:
            await there.sees("خانه")
            await app.until_answered()
            assert await app.notes() == ["first"]
            assert len(face.server.calls_of("editMessageText")) == edits
            assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
            await note(there, "second")
    assert not [one for one in emulators.violations if "not the bot" in one]


async def test_a_password_that_the_first_bot_was_sent_costs_nobody_a_message(
    emulators: Emulators, database: Database, face: EmulatedMessenger
) -> None:
    """A deletion that the first bot owes is not done on another bot's message of the same number."""
    sara = face.person("سارا")
    async with running_app(emulators, database) as app:

        async def nothing(answer: object) -> None: ...

        async def owes() -> bool:
            return any((one.note or "").startswith("delete message") for one in await app.inbox())

        await starts(sara)
        app.service.processor.delivery.deliver = nothing  # type: ignore[method-assign, assignment]
        await sara.command("secret")
        await app.until(owes)
    swap(face)
    there = again(face, sara)
    for _ in range(6):
        await there.start()
    async with running_app(emulators, database) as app:
        # As on a database of our own: where others may serve, they get a minute.
        app.service.dispatcher._shared = False
        await app.service.dispatcher.recover(Messenger(face.kind))
        await there.sees("خانه")
        await app.until_answered()
        assert face.server.calls_of("deleteMessage") == []


async def test_pushes_where_the_new_bot_never_was_end_in_one_sms(
    emulators: Emulators, database: Database, face: EmulatedMessenger, caplog: pytest.LogCaptureFixture
) -> None:
    sara = face.person("سارا")
    async with running_app(emulators, database) as app:
        account = await log_in(app, sara)
    swap(face)
    sms = ScriptedSms()
    with caplog.at_level(logging.WARNING):
        async with running_app(emulators, database, sms=sms) as app:

            async def all_over() -> bool:
                states = {push.state for push in await all_pushes(app)}
                assert PushState.GIVEN_UP not in states
                return states <= {PushState.SENT, PushState.SKIPPED}

            for number in range(5):
                await queue_push(app, account, f"خبر {number}", sms=f"خبری هست {number}")
            await app.until(all_over)
            assert sorted(text.split("خبری هست ")[1][0] for _, text, _ in sms.sent) == list("01234")
            assert (await app.chat(sara)).dead
            there = again(face, sara)
            await starts(there)
            assert not (await app.chat(there)).dead
            await queue_push(app, account, "خبر تازه", sms="خبری هست 9")
            await there.sees("خبر تازه")
            assert len(sms.sent) == 5
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(face.server.calls_of("sendMessage")) < 20


async def test_a_document_that_the_first_bot_sent_is_sent_by_the_other(
    emulators: Emulators, database: Database, face: EmulatedMessenger, library: DocumentLibrary
) -> None:
    """Without a try of the first one's file id, which the messenger refuses; back again, that id is still known."""
    shown = await store_attachments(database, library, files.pdf())
    sara, first = face.person("سارا"), (face.token, face.bot)
    for number, token in enumerate(("first", "other", "first")):
        if token == "other":
            swap(face)
        else:
            face.token, face.bot = first
        async with running_app(emulators, database, papers=library) as app:
            app.route_state.papers = shown
            there = again(face, sara)
            await there.type("/papers").sees("مدارک")
            await until_file_ids(app, min(number + 1, 2))
    refused = [call for call in face.server.calls_of("sendDocument") if call.status != 200]
    assert not refused
    assert len(face.server.calls_of("sendDocument")) == 3


def test_another_bot_has_other_addresses_and_the_same_bot_the_same() -> None:
    paths = {webhook_path("0" * 64, Messenger.TELEGRAM, bot) for bot in (None, 1, 2)}
    assert len(paths) == 3
    assert bot_number("110201543:AAA") == bot_number("110201543:BBB") == 110201543
    odd = [bot_number(token) for token in ("bot:x", "0:x", "۱۲:x", "9" * 40 + ":x", ":x", "-5:x")]
    assert len({*odd}) == len(odd)
    assert all(0 < one < 2**62 for one in odd)


async def test_what_came_before_the_migration_is_the_first_bots(
    emulators: Emulators, database: Database
) -> None:
    """The last batch before the upgrade is handed over again after it."""
    face = emulators.telegram
    sara = face.person("سارا")
    async with running_app(emulators, database) as app:
        await starts(sara)
        await note(sara, "first")
        await app.until_answered()
        raw = (await app.inbox())[-1].raw

    def unit(db: Session) -> None:
        for one in db.exec(select(InboxUpdate)):
            one.bot_id = 0

    await database.run(unit)
    async with running_app(emulators, database) as app:
        face.server.inject_raw(raw.encode())
        await sara.tap("بازگشت").sees("خانه")
        await app.until(lambda: face.server.pending() == 0)
        assert await app.notes() == ["first"]
        assert {one.bot_id for one in await app.inbox()} == {110201543}


async def test_a_wiped_update_is_known_again(app: MessengerApp) -> None:
    """Its body held a password and is gone; handed over again it is a double, and another under its number is none."""
    sara = await started(app.emulators.telegram)
    await sara.command("secret")

    async def wiped() -> bool:
        return any(one.raw == "{}" for one in await app.inbox())

    await app.until(wiped)
    row = (await app.inbox())[-1]
    sent = [one for one in sara.conversation.messages.values() if one.sender is not None][-1]

    async def taken(*, after: int, times: int = 1) -> int:
        """How many updates are taken of a message that is so many later than the first."""
        date = sent.date + 1000 * after
        message = raw_message(sara.user.id, "/secret", number=sent.id + after, date=date)
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": 7}]
        update = {"update_id": row.update_id, "message": message}
        return await app.service.intake.store_updates(Messenger.TELEGRAM, [update] * times)

    assert await taken(after=0) == 0
    assert await taken(after=90, times=2) == 1
    assert await taken(after=90) == 0
    assert "/secret" not in (row.identity or "")


@pytest.mark.campaign
async def test_with_the_real_process(database_url: str, tmp_path: Path) -> None:
    """Registered with one bot, she goes on with the other as soon as she pressed its *Start*."""
    async with bot_process(tmp_path, database_url) as bot:
        for face in bot.emulators.messengers:
            sara = face.person("سارا", phone=next_mobile())
            await register(bot, sara)
            assert await bot.stop() == 0
            swap(face)
            await bot.start()
            there = again(face, sara)
            await there.start().sees("سارا")
            await there.tap("❓ راهنما").sees("راهنما")
            assert not [one for one in there.history() if "خطایی رخ داد" in one.text]
        assert "the token is of bot" not in bot.logs
