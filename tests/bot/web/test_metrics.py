"""What an operator sees on /metrics and /health, over HTTP."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session

from bot.core.counters import Counters, MessengerState
from bot.documents.disk_space import DiskSpace
from bot.web import app as web
from bot.web.app import health_of
from bot.web.metrics import metrics_app
from storage.database.database import Database
from storage.database.outage import Outage
from storage.enums import InboxState, Messenger, PushChannel, PushState
from storage.tables import InboxUpdate, Push
from tests.bot.web.conftest import Site
from tests.support.asgi import serving
from tests.support.factories.reference_data import NOW


def states() -> dict[Messenger, MessengerState]:
    return {
        Messenger.TELEGRAM: MessengerState(True, 3.0, {"429": 2, "timeout": 1}),
        Messenger.BALE: MessengerState(False, None, {}),
    }


def watched(database: Any, **others: Any) -> Any:
    """The resources of a bot on this database."""
    plain = {"clock": lambda: NOW, "counters": Counters(), "disk_space": DiskSpace()}
    return SimpleNamespace(database=database, **plain | others)


async def get(resources: Any, path: str) -> httpx.Response:
    app = metrics_app(resources, states, health=health_of(resources))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=90) as client:
        return await client.get(path)


async def scrape(resources: Any) -> dict[str, float]:
    answer = await get(resources, "/metrics")
    assert answer.status_code == 200
    return {
        " ".join([sample.name.removeprefix("officer_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_what_waits_is_seen_with_its_age(database: Database, tmp_path: Path) -> None:
    updates = ((InboxState.RECEIVED, 40), (InboxState.RECEIVED, 90), (InboxState.ANSWERED, 900))
    pushes = (
        (PushChannel.CHAT, PushState.QUEUED),
        (PushChannel.SMS, PushState.SENDING),
        (PushChannel.SMS, PushState.GIVEN_UP),
        (PushChannel.CHAT, PushState.SENT),
    )

    def unit(db: Session) -> None:
        for number, (state, ago) in enumerate(updates):
            received = {"state": state, "received_at": NOW - timedelta(seconds=ago)}
            db.add(InboxUpdate(messenger=Messenger.BALE, update_id=number, raw="{}", **received))
        for number, (channel, push_state) in enumerate(pushes):
            queued = {"state": push_state, "created_at": NOW - timedelta(minutes=5)}
            db.add(Push(key=str(number), kind="N1", channel=channel, text="x", **queued))

    await database.run(unit)
    counters = Counters(received=Counter({Messenger.BALE: 7}), failed=Counter({Messenger.BALE: 1}))
    counters.uploads_refused["uploads_of_day"] += 3
    room = DiskSpace({"documents": tmp_path / "made with the first document"}, reserve=512)

    found = await scrape(watched(database, counters=counters, disk_space=room))

    assert found["database_up"] == 1
    assert found["updates_unfinished"] == 2
    assert found["oldest_unfinished_update_seconds"] == 90
    assert (found["outbox_queued CHAT"], found["outbox_queued SMS"]) == (1, 1)
    assert (found["outbox_given_up CHAT"], found["outbox_given_up SMS"]) == (0, 1)
    assert found["oldest_queued_push_seconds"] == 300
    assert found["payments UNCERTAIN"] == 0
    assert (found["updates_received_total bale"], found["updates_received_total telegram"]) == (7, 0)
    assert found["updates_failed_total bale"] == 1
    assert found["messenger_errors_total 429 telegram"] == 2
    assert (found["messenger_up telegram"], found["messenger_up bale"]) == (1, 0)
    assert found["last_poll_seconds telegram"] == 3
    assert "last_poll_seconds bale" not in found
    assert found["uploads_refused_total uploads_of_day"] == 3
    assert found["disk_free_bytes documents"] > 1024
    assert found["disk_reserve_bytes"] == 512
    assert found["web_connections"] == 0


async def test_what_came_this_moment_or_under_a_faster_clock_has_waited_for_nothing(
    database: Database,
) -> None:
    def unit(db: Session) -> None:
        for number, ahead in enumerate((0, 60)):
            received_at = NOW + timedelta(seconds=ahead)
            db.add(InboxUpdate(messenger=Messenger.BALE, update_id=number, raw="{}", received_at=received_at))

    await database.run(unit)
    assert (await scrape(watched(database)))["oldest_unfinished_update_seconds"] == 0


async def hang(unit: object) -> None:
    await asyncio.Event().wait()


async def fail(unit: object) -> None:
    raise ConnectionRefusedError


@pytest.mark.parametrize("read", [hang, fail])
async def test_a_dead_database_makes_it_unready_and_metrics_still_come(
    read: Callable[[object], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEALTH_TIMEOUT", 0.05)
    resources = watched(SimpleNamespace(read=read, outage=Outage()))
    assert (await get(resources, "/health")).status_code == 503

    found = await scrape(resources)

    assert found["database_up"] == 0
    assert "updates_unfinished" not in found
    assert found["messenger_up telegram"] == 1


async def test_the_public_web_server_has_no_metrics_and_says_whether_it_works(site: Site) -> None:
    assert (await site.http.get("/metrics")).status_code == 404
    assert (await site.http.get("/health")).json() == {"ok": True, "database": True}
    await site.paying.database.close()
    assert (await site.http.get("/health")).status_code == 503
