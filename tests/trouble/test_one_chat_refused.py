"""The messenger refuses one chat for hours: the real process, through a restart."""

from functools import partial

import pytest

from demo.botapi.faults import Fault
from demo.person import Person
from tests.support.bot_process import BotProcess
from tests.trouble.watching import figure, health, lines, until

HOURS = 10_072


async def served(person: Person) -> None:
    await person.start().sees("خوش آمدید")
    await person.tap("❓ راهنما").sees("راهنما")


async def resting(bot: BotProcess, messenger: str) -> bool:
    """One chat of this messenger rests: where it was asked for is known, also after a restart."""
    return await figure(bot, "officer_chats_resting", messenger=messenger) == 1


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
        await until(partial(resting, bot, face.kind), what="her chat rests")
        await served(face.person("رضا"))
    await until(lambda: len(lines(bot, "a chat rests")) == 2, what="a line of the log for each")
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
        await until(partial(resting, bot, face.kind), what="her chat rests")
        left = await figure(bot, "officer_longest_chat_rest_seconds", messenger=face.kind)
        assert HOURS - 600 < left <= HOURS
        assert await figure(bot, "officer_messenger_rest_seconds", messenger=face.kind) == 0
    assert await health(bot) == 200
    # Neither before nor after the restart was it asked again.
    refused = [one for face in bot.emulators.messengers for one in face.server.calls if one.status == 429]
    assert len(refused) == 2
