"""The start of the messengers: each is tried before anybody is told that the bot runs, and tried again ever more rarely."""

import asyncio
from typing import Any

import pytest
from telegram.error import NetworkError

from demo.emulators import Emulators
from handlers.telegram import runtime
from storage.database.database import Database
from storage.enums import Messenger
from tests.support import messenger_app
from tests.support.messenger_app import running_app


def slow_or_failing(monkeypatch: pytest.MonkeyPatch, *, failures: int) -> None:
    """Bale answers its first calls late, or only after so many failures."""
    make = messenger_app.make_channel
    left = failures

    def made(messenger: Messenger, **options: Any) -> Any:
        channel = make(messenger, **options)
        if messenger is Messenger.BALE:
            initialize = channel.application.initialize

            async def late() -> None:
                nonlocal left
                await asyncio.sleep(0.05 if failures else 1.5)  # long after Telegram answered
                if left:
                    left -= 1
                    raise NetworkError("no route")
                await initialize()

            monkeypatch.setattr(channel.application, "initialize", late)
        return channel

    monkeypatch.setattr(messenger_app, "make_channel", made)


async def test_the_start_waits_until_each_messenger_was_tried(
    emulators: Emulators, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_or_failing(monkeypatch, failures=0)
    async with running_app(emulators, database) as app:
        assert {messenger: one.ready for messenger, one in app.service.states().items()} == dict.fromkeys(
            Messenger, True
        )


async def test_a_messenger_that_does_not_answer_is_tried_ever_more_rarely(
    emulators: Emulators, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_or_failing(monkeypatch, failures=3)
    counted: list[int] = []

    def pause(failures: int) -> float:
        counted.append(failures)
        return 0.0

    pauses = [runtime._pause(failures) for failures in range(1, 9)]
    monkeypatch.setattr(runtime, "_pause", pause)
    async with running_app(emulators, database) as app:
        await app.until(lambda: app.service.states()[Messenger.BALE].ready)
    assert counted == [1, 2, 3]
    assert max(pauses[:2]) < max(pauses[-2:])
