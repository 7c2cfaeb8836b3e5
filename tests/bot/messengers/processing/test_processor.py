"""What people meet: refusals, crashes, stale and forged buttons, typed labels, groups, secrets."""

import json
import re

from bot.core.screens import Press
from demo.botapi.faults import Fault
from storage.enums import InboxState
from tests.support.messenger_app import House


async def test_typed_labels_and_numbers_press_the_buttons(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        for typed, said in (
            ("دوم", "second"),
            ("/start", ""),
            ("۲", "second"),
            ("/start", ""),
            (" اول ", "first"),
        ):
            await sara.send(typed)
            await sara.sees(f"یادداشت شد: {said}" if said else "خانه")
    assert await house.notes() == ["second", "second", "first"] * 2


async def test_a_refusal_rolls_back_and_opens_doors(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.tap("ردشده")
    screen = await sara.sees("دلیل را کامل‌تر بنویسید")
    assert "خانه" in screen.text
    assert screen.button("در دیگر")
    assert await house.notes() == []


async def test_a_crash_gives_a_number_and_changes_nothing(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.tap("خراب")
    screen = await sara.sees("خطایی رخ داد")
    [failed] = [row for row in await house.inbox() if row.state is InboxState.FAILED]
    assert str(failed.id).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) in screen.text
    assert failed.note == str(failed.id)
    assert await house.notes() == []
    await sara.tap("منوی اصلی")
    await sara.sees("خانه")


async def test_forged_and_foreign_buttons(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    for data in (
        "x",
        "1|no.such|||",
        "1|closed|||",
        "1|d.next|||",
        "1|note",
    ):
        await sara.press_raw(data)
        await sara.sees_toast(re.compile("معتبر نیست"))
    assert await house.notes() == []


async def test_unknown_input_and_edits_are_answered(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        await sara.sees("خانه")
        said = await sara.send("بیا")
        await sara.sees("متوجه نشدم")
        await sara.sticker()
        await sara.sees("متوجه نشدم")
        await sara.voice()
        await sara.sees("متوجه نشدم")
        await sara.edit(said, "اول")
        await sara.sees("ویرایش پیام خوانده نمی‌شود")
    assert await house.notes() == []


async def test_a_group_is_refused_politely(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    group = house.town.telegram.group("همکاران")
    await sara.send("/start", chat=group)
    server = house.town.telegram.server
    await house.until(lambda: server.calls_of("sendMessage"))
    [call] = server.calls_of("sendMessage")
    assert "خصوصی پاسخ" in str(call)


async def test_a_secret_is_wiped_and_its_message_deleted(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        said = await sara.send("/secret hunter2")
        await sara.sees("خانه")
        await sara.sees_gone(said)
    assert all("hunter2" not in row.raw for row in await house.inbox())


async def test_a_notice_reaches_old_clients_as_a_message(house: House) -> None:
    sara = house.town.bale.person("سارا")
    await sara.start()
    shown = await sara.sees("خانه")
    chat = {"id": sara.user.id, "type": "private"}
    who = {"id": sara.user.id, "is_bot": False, "first_name": "س"}
    house.town.bale.server.inject(
        {
            "callback_query": {
                "id": "1old",
                "from": who,
                "message": {"message_id": shown.id, "date": 1, "chat": chat},
                "data": Press("say").pack(),
            }
        }
    )
    await house.until(lambda: "خبر کوتاه" in [one.text for one in sara.history()])


async def test_an_album_is_answered_once_it_is_quiet(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    shown = len(sara.history())
    for _ in range(3):
        await sara.send("/album")
    await sara.sees("خانه")
    await house.until(lambda: not len(house.service.lanes))
    assert len(sara.history()) == shown + 3 + 1


async def test_the_contact_keyboard_goes_away_with_the_next_answer(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا", phone="09121234567")
        await sara.send("/contact")
        await sara.sees("شماره؟")
        assert sara.keyboard == [["ارسال شماره"], ["انصراف"]]
        await sara.send("/start")
        await sara.sees("خانه")
        assert sara.keyboard == []


async def test_one_messenger_failing_does_not_stop_the_other(house: House) -> None:
    telegram, bale = house.town.messengers
    telegram.server.go_out()
    sara = bale.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    telegram.server.come_back()
    reza = telegram.person("رضا")
    await reza.start()
    await reza.sees("خانه", within=20)


async def test_raw_updates_are_kept_as_they_came(house: House) -> None:
    sara = house.town.bale.person("سارا")
    await sara.send("/start payload_1")
    await sara.sees("خانه")
    [row] = await house.inbox()
    assert json.loads(row.raw)["message"]["text"] == "/start payload_1"
    assert row.lane == sara.user.id


async def test_a_slow_answer_of_the_messenger_is_waited_for(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    house.town.telegram.faults.add(Fault.flood(1), method="sendMessage")
    await sara.start()
    await sara.sees("خانه")
