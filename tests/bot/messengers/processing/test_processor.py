"""What people meet: refusals, crashes, stale and forged buttons, typed labels, groups, secrets."""

import asyncio
import json
import logging
import re
from dataclasses import replace
from datetime import timedelta

from bot.core.incoming import Incoming
from bot.core.screens import Press
from bot.messengers.processing.inbox_store import InboxRow
from bot.texts.formats import digits
from handlers.telegram.redisplay import LEASE
from handlers.telegram.update_handler import CURRENT_UPDATE, UpdateScope
from storage.correlation import CORRELATION_ID
from storage.enums import InboxState, Messenger
from storage.tables.column_types import utcnow
from tests.support.messenger_app import MessengerApp, raw_message, started


async def test_typed_labels_and_numbers_press_the_buttons(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = face.person("سارا")
        await sara.start()
        for typed, said in (
            ("دوم", "second"),
            ("/start", ""),
            ("۲", "second"),
            ("/start", ""),
            (" اول ", "first"),
        ):
            await sara.type(typed)
            await sara.sees(f"یادداشت شد: {said}" if said else "خانه")
    assert await app.notes() == ["second", "second", "first"] * 2


class LogIds(logging.Handler):
    """The correlation ids of errors that are logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str | None] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(CORRELATION_ID.get())


async def test_a_refusal_and_a_crash_change_nothing_and_lead_on(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    await sara.tap("ردشده")
    screen = await sara.sees("دلیل را کامل‌تر بنویسید")
    assert "خانه" in screen.text
    assert screen.button("در دیگر")
    ids = LogIds()
    logging.getLogger().addHandler(ids)
    try:
        await sara.tap("خراب")
        screen = await sara.sees("خطایی رخ داد")
    finally:
        logging.getLogger().removeHandler(ids)
    [failed] = [row for row in await app.inbox() if row.state is InboxState.FAILED]
    assert digits(failed.id) in screen.text
    assert failed.note == str(failed.id)
    assert ids.seen == [f"update:{failed.id}"], "by the number, support finds the lines of the log"
    assert await app.notes() == []
    await sara.tap("منوی اصلی")
    await sara.sees("خانه")


async def test_forged_and_foreign_buttons(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    for data in ("x", "1|no.such|||", "1|closed|||", "1|d.next|||", "1|note"):
        await sara.command("start").sees("خانه")
        await sara.press_raw(data).sees("معتبر نیست")
        # Not by a toast besides; only where the message says it already.
        assert not [toast for toast in sara.toasts if "معتبر نیست" in toast.text]
    await sara.press_raw("1|note").sees_toast(re.compile("معتبر نیست"))
    assert await app.notes() == []


async def test_who_waits_for_the_database_is_told_once_an_update(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    before = len(sara.history())
    incoming = Incoming(Messenger.TELEGRAM, 1, sara.user.id)
    for private in (True, True, False):
        asked = replace(incoming, private=private)
        CURRENT_UPDATE.set(scope := UpdateScope(InboxRow(1, Messenger.TELEGRAM, 1, sara.user.id, "{}")))
        for _ in range(2):
            await app.service.processor._ask_to_wait(asked)
        assert scope.told_to_wait is private
    await sara.sees("لازم نیست دوباره بفرستید")
    assert len(sara.history()) == before + 2


async def test_unknown_input_and_edits_are_answered(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        said = await sara.type("بیا")
        await sara.sees("متوجه پیام شما نشدم")
        await sara.sticker()
        await sara.sees("برچسب خوانده نمی‌شود")
        await sara.voice()
        await sara.sees("پیام صوتی شنیده نمی‌شود")
        await sara.edit(said, "اول")
        await sara.sees("ویرایش پیام خوانده نمی‌شود")
    assert await app.notes() == []


async def test_updates_are_kept_as_they_came_but_a_secret_is_wiped_and_deleted(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = face.person("سارا")
        said = await sara.type("/secret hunter2")
        await sara.sees("خانه")
        await sara.sees_gone(said)
    assert all("hunter2" not in row.raw for row in await app.inbox())
    reza = await started(app.emulators.bale, "رضا")
    await reza.type("/start payload_1")
    await app.until_answered()
    row = (await app.inbox())[-1]
    assert json.loads(row.raw)["message"]["text"] == "/start payload_1"
    assert row.lane == reza.user.id


async def test_a_notice_reaches_old_clients_as_a_message(app: MessengerApp) -> None:
    sara = await started(app.emulators.bale)
    held = raw_message(sara.user.id, "", number=sara.screen().id)
    press = {"id": "1old", "from": held.pop("from"), "message": held, "data": Press("say").pack()}
    app.emulators.bale.server.inject({"callback_query": press})
    await app.until(lambda: "خبر کوتاه" in [one.text for one in sara.history()])


async def test_an_album_is_answered_once_it_is_quiet(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    shown = len(sara.history())
    for _ in range(3):
        await sara.type("/album")
    await sara.sees("خانه")
    await app.until_idle()
    assert len(sara.history()) == shown + 3 + 1


async def test_a_screen_that_becomes_due_behind_an_update_in_hand_is_not_shown_below_its_answer(
    app: MessengerApp,
) -> None:
    """The next file takes long to be looked at: what is asked after it is asked once."""
    sara = await started(app.emulators.telegram)
    gate = app.route_state.gates[sara.user.id] = asyncio.Event()
    await sara.type("/album").type("/slow")
    await app.until(lambda: sara.user.id in app.route_state.entered)

    async def waits_behind_it() -> bool:
        at = (await app.chat(sara)).show_at
        return at is not None and at > utcnow() + timedelta(seconds=LEASE / 2)

    await app.until(waits_behind_it)
    gate.set()
    await sara.sees("یادداشت شد: slow")
    await app.until_idle()
    assert sum("یادداشت شد: slow" in one.text for one in sara.history()) == 1


async def test_the_contact_keyboard_goes_away_with_the_next_answer(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = face.person("سارا", phone="09121234567")
        await sara.type("/contact")
        await sara.sees("شماره؟")
        assert sara.keyboard == [["ارسال شماره"], ["انصراف"]]
        await sara.type("/start")
        await sara.sees("خانه")
        assert sara.keyboard == []


async def test_one_messenger_failing_does_not_stop_the_other(app: MessengerApp) -> None:
    telegram, bale = app.emulators.messengers
    telegram.server.go_out()
    await started(bale)
    telegram.server.come_back()
    reza = telegram.person("رضا")
    await reza.start()
    await reza.sees("خانه")
