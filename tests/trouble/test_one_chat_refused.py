"""The messenger refuses one chat for hours, and a group is flooded: the real process, through a restart."""

from __future__ import annotations

from functools import partial

import pytest

from demo.botapi.faults import Fault
from demo.person import Person
from tests.support.bot_process import BotProcess
from tests.trouble.watching import figure, health, lines, until

HOURS = 10_072
FLOOD = 120


async def served(person: Person) -> None:
    await person.start()
    await person.sees("خوش آمدید")
    await person.tap("❓ راهنما")
    await person.sees("راهنما")


def messages_to(person: Person) -> int:
    return sum(one.from_bot for one in person.history())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_hours_for_one_chat_through_a_restart(bot: BotProcess) -> None:
    for_hours = {face.kind: face.person("سارا") for face in bot.emulators.messengers}
    await bot.start()
    for face in bot.emulators.messengers:
        sara = for_hours[face.kind]
        await served(sara)
        face.faults.add(Fault.flood(HOURS), method="sendMessage", chat_id=sara.user.id)
        await sara.start()
        await until(lambda: lines(bot, "a chat rests"), what="a line of the log")
        await served(face.person("رضا"))
    rested = lines(bot, "a chat rests")
    assert [one["seconds"] for one in rested] == [HOURS, HOURS]
    assert all(str(one.user.id) not in str(rested) for one in for_hours.values())
    assert await bot.stop() == 0
    asked = {kind: messages_to(one) for kind, one in for_hours.items()}
    await bot.start()
    for face in bot.emulators.messengers:
        sara = for_hours[face.kind]
        await sara.start()
        await served(face.person("مریم"))
        assert messages_to(sara) == asked[face.kind]
        assert await figure(bot, "officer_chats_resting", messenger=face.kind) == 1
        left = await figure(bot, "officer_longest_chat_rest_seconds", messenger=face.kind)
        assert HOURS - 600 < left <= HOURS
        assert await figure(bot, "officer_messenger_rest_seconds", messenger=face.kind) == 0
    assert await health(bot) == 200
    # Neither before nor after the restart was it asked again.
    refused = [one for face in bot.emulators.messengers for one in face.server.calls if one.status == 429]
    assert len(refused) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_floods_of_a_group_and_of_a_guest(bot: BotProcess) -> None:
    await bot.start()
    for face in bot.emulators.messengers:
        stranger, guest = face.person("غریبه"), face.person("مهمان")
        group = face.group("همکاران")
        await stranger.add_bot(group)
        for number in range(FLOOD):
            await stranger.type(f"پیام {number}", chat=group)
            await guest.start()
        await served(face.person("رضا"))
        found = face.server.state.conversation(face.bot, group.id)
        assert found is not None
        await until(partial(getattr, found, "left"), what="the bot left the group")
        assert sum(one.from_bot for one in found.live()) == 1
        # The newest screen, and live buttons.
        await guest.tap("❓ راهنما", within=30)
        await guest.sees("راهنما", within=30)
        assert face.server.limits[face.token].refused == {}
        assert sum("پس از دیدن هر پاسخ" in one.text for one in guest.history()) == 1
