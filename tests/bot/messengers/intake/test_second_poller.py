"""Another program polls with our token: the operator hears of it, on /metrics, at /health and from `doctor`. Nobody's silence counts
as health: the age of the last good answer counts from the start."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.core.counters import Counters
from bot.documents.disk_space import DiskSpace
from bot.messengers.intake import polling
from bot.web.app import health_of
from bot.web.metrics import metrics_app
from demo.emulators import Emulators
from storage.enums import Messenger
from tests.support.asgi import serving
from tests.support.messenger_app import MessengerApp


async def look(app: MessengerApp) -> tuple[dict[str, Any], str]:
    """/health and /metrics of this bot."""
    own = app.service.resources
    resources: Any = SimpleNamespace(
        database=own.database, counters=own.counters, clock=own.clock, disk_space=DiskSpace()
    )
    site = metrics_app(resources, app.service.states, health=health_of(resources))
    async with serving(site) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=90) as client:
        return (await client.get("/health")).json(), (await client.get("/metrics")).text


async def test_a_second_poller_is_seen(app: MessengerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.05)
    told, text = await look(app)
    assert "polled_by_others" not in told
    assert 'officer_poll_conflicts_total{messenger="telegram"} 0.0' in text
    face, counters = app.emulators.telegram, app.service.resources.counters

    async def other_program() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
            while True:
                await client.post(f"{face.server.url}/bot{face.token}/getUpdates", data={"timeout": "0"})
                await asyncio.sleep(0.05)

    program = asyncio.create_task(other_program())
    await app.until(lambda: counters.poll_conflicts[Messenger.TELEGRAM] >= 3)
    program.cancel()
    told, text = await look(app)
    assert told["polled_by_others"] == ["telegram"]
    assert told["ok"], "people are still served: the balancer leaves it in"
    assert 'officer_bot_info{bot_id="110201543",messenger="telegram"} 1.0' in text


async def test_one_meeting_at_a_restart_is_no_second_poller() -> None:
    counters = Counters()
    counters.note_poll_conflict(Messenger.BALE)
    assert counters.polled_by_others == []
    counters.note_poll_conflict(Messenger.BALE)
    assert counters.polled_by_others == [Messenger.BALE]


async def test_a_messenger_that_never_answered_grows_older(app: MessengerApp, emulators: Emulators) -> None:
    polled = app.service.pollings[Messenger.BALE]
    polled.last_good -= 300
    assert (app.service.states()[Messenger.BALE].polled_ago or 0) >= 300
    fresh = polling.Polling(polled._channel, polled._intake)
    assert fresh.last_good > 0, "before the first answer it counts from the start"
