"""A connection that was answered and stays open is idle: it makes room for somebody else, and is closed in time."""

from __future__ import annotations

from dataclasses import replace

from bot.web.http_server.connections import Limits, Phase
from tests.bot.web.http_server.test_connections import WHOLE, closed, standing, until


async def test_answered_connections_make_room_for_others() -> None:
    async with standing(replace(Limits(), most=3, per_address=3)) as house:
        idle = [await house.open() for _ in range(3)]
        for reader, writer in idle:
            writer.write(WHOLE)
            await reader.readuntil(b"fast")

        assert await house.get() == "fast"

        assert house.counters.refused == 0
        assert house.counters.closed["crowded"] == 1
        for _, writer in idle:
            writer.close()


async def test_an_answered_connection_is_closed_by_its_own_limit() -> None:
    async with standing(Limits(idle=0.2)) as house:
        reader, writer = await house.open(WHOLE)
        connections = house.server.connections
        await reader.readuntil(b"fast")
        await until(lambda: len(connections._phases[Phase.IDLE]) == 1 or not len(connections))
        await closed(reader)
        assert house.counters.closed["slow"] == 0
        writer.close()
