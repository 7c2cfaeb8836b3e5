"""Attacks through a messenger: one chat or group meets its limits, and so does nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from demo.botapi.faults import Fault
from demo.emulators import EmulatedMessenger
from tests.journeys.plays import Scene
from tests.support import files
from tests.support.scenes import login, register


async def group_flood(scene: Scene, seconds: float) -> str:
    """A stranger adds the bot to a group and writes ten times a second."""
    stranger, group = scene.here.person("غریبه"), scene.here.group("گروه")
    written = 0
    async for _ in _ticks(seconds, 0.1):
        await stranger.send(f"پیام {written}", chat=group)
        written += 1
    return f"{written} messages in a group"


async def own_flood(scene: Scene, seconds: float) -> str:
    """Somebody writes ten times a second in the own chat, on both messengers."""
    flooders = [face.person("سیل") for face in (scene.here, scene.there)]
    written = 0
    async for _ in _ticks(seconds, 0.1):
        for flooder in flooders:
            await flooder.send(f"/start {written}" if written % 2 else "سلام")
        written += 1
    for flooder in flooders:
        await flooder.start()
        await flooder.sees("خوش آمدید", within=60)
    return f"{2 * written} messages in two chats"


async def photos_one_by_one(scene: Scene, seconds: float) -> str:
    """Twelve photos, each as a message of its own, as phones do."""
    sender = scene.here.person("عکاس")
    await sender.start()
    pictures = [files.jpeg() for _ in range(12)]
    for picture in pictures:
        await sender.send_photo(picture)
    await asyncio.sleep(seconds)
    await sender.start()
    await sender.sees("خوش آمدید", within=60)
    return "12 photos"


async def refused_push(scene: Scene, seconds: float) -> str:
    """A push meets 429 for forty seconds."""
    sara = scene.officer()
    someone = await register(scene.stage, sara)
    _refuse(scene.here, sara.user.id, 40, "sendMessage")
    elsewhere = scene.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    await asyncio.sleep(seconds)
    return "a push that met 429"


async def giant_rest(scene: Scene, seconds: float) -> str:
    """One chat is refused for 10,072 seconds, whatever is sent there; it goes on writing."""
    stranger = scene.here.person("دربند")
    _refuse(scene.here, stranger.user.id, 10_072, None)
    async for _ in _ticks(seconds, 0.5):
        await stranger.start()
    return "retry_after 10072"


async def restart_with_giant_rest(scene: Scene, seconds: float) -> str:
    """The rest of that chat outlives a restart of the bot and still is nobody else's."""
    assert await scene.stage.stop() == 0
    await scene.stage.start()
    await asyncio.sleep(seconds)
    return "after a restart"


def _refuse(face: EmulatedMessenger, chat_id: int, seconds: int, method: str | None) -> None:
    face.faults.add(Fault.flood(seconds), method=method, chat_id=chat_id)


async def _ticks(seconds: float, gap: float) -> AsyncIterator[None]:
    """One turn every `gap` seconds, for so long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        yield
        await asyncio.sleep(gap)


CHAT_ATTACKS = (group_flood, own_flood, photos_one_by_one, refused_push, giant_rest)
