"""Connections that never finish: more than the bot may have descriptors. People, health and webhooks go on."""

import asyncio
import os

import pytest

from tests.support.bot_process import BotProcess
from tests.trouble.watching import figure, health, lines, until

#: HALF_OPEN=1100 plays it at full size, against 1,024 descriptors.
CONNECTIONS = int(os.environ.get("HALF_OPEN", "300"))
DESCRIPTORS = 1024 if CONNECTIONS > 1000 else 256
HALF = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Half: "


@pytest.fixture
def besieged(bot: BotProcess) -> BotProcess:
    bot.program = ("-m", "tests.trouble.few_descriptors")
    bot.extra_env["DESCRIPTORS"] = str(DESCRIPTORS)
    return bot


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_half_a_head_each(besieged: BotProcess, updates: str) -> None:
    bot, emulators = besieged, besieged.emulators
    bot.extra_env["UPDATES"] = updates
    await bot.start()
    sara, mina = emulators.telegram.person("سارا"), emulators.bale.person("مینا")
    attackers: list[asyncio.StreamWriter] = []

    async def attack(number: int) -> None:
        for _ in range(number):
            _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
            writer.write(HALF)
            attackers.append(writer)

    try:
        await attack(CONNECTIONS)
        for person in (sara, mina):
            await person.start().sees("خوش آمدید")
        assert await health(bot) == 200
        await attack(CONNECTIONS // 3)
        await sara.command("menu").sees("خوش آمدید")
        assert await health(bot) == 200
        assert await figure(bot, "officer_web_connections") <= DESCRIPTORS / 4
        assert await figure(bot, "officer_web_connections_closed_total", reason="crowded") > 0
    finally:
        for writer in attackers:
            writer.close()

    async def none_left() -> bool:
        return await figure(bot, "officer_web_connections") == 0

    await until(none_left, what="every connection closed")
    assert len(lines(bot)) < 200, "the log was filled"
    assert len(lines(bot, "the limit of connections is reached")) == 1
