"""What the web server answers where something is wrong: a crash, a database that is away, a client that left."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.core.context import PublicInfo
from bot.core.counters import Counters
from bot.texts import t
from bot.web.app import build_app
from bot.web.http_server import rate_limit
from bot.web.http_server.rate_limit import Rate
from storage.database.outage import Outage
from storage.enums import Messenger
from tests.bot.web.conftest import Webhooks


class Database:
    """Answers every read with `result`, which may be an error."""

    def __init__(self, result: Any = None) -> None:
        self.result, self.outage = result, Outage()

    async def read(self, unit: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def resources(result: Any = None) -> Any:
    return SimpleNamespace(
        public_info=PublicInfo("", "https://pay.example.ir"),
        gateway=SimpleNamespace(name="zarinpal"),
        database=Database(result),
        counters=Counters(),
    )


async def get(app: Any, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get(path)


def locked() -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionRefusedError(), 503),
        (locked(), 503),
        (sqlite3.IntegrityError("twice"), 500),
        (KeyError("x"), 500),
    ],
    ids=["refused", "disk", "our fault", "a crash"],
)
async def test_a_payer_reads_that_it_is_our_trouble(error: Exception, status: int) -> None:
    page = await get(build_app(resources(error)), "/pay/callback/zarinpal/1")
    assert page.status_code == status
    assert t("pay.trouble.text") in page.text


async def test_health_names_the_messengers_that_rest_or_are_polled_by_others() -> None:
    found = resources()
    assert (await get(build_app(found), "/health")).json() == {"ok": True, "database": True}
    rests = {Messenger.BALE: 12.4, Messenger.TELEGRAM: 0.0}
    found.counters.rests = {one: SimpleNamespace(rest_of_all=seconds) for one, seconds in rests.items()}
    for _ in range(2):
        found.counters.note_poll_conflict(Messenger.TELEGRAM)
    told = await get(build_app(found), "/health")
    assert (told.status_code, told.json()) == (
        200,
        {
            "ok": True,
            "database": True,
            "messengers_resting_seconds": {"bale": 12},
            "polled_by_others": ["telegram"],
        },
    )
    away = await get(build_app(resources(ConnectionRefusedError())), "/health")
    assert (away.status_code, away.json()) == (503, {"ok": False, "database": False})


async def test_who_asks_for_health_too_often_is_told_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "HEALTH", Rate(1, 0.5))
    app = build_app(resources())
    assert (await get(app, "/health")).status_code == 200
    told = await get(app, "/health")
    assert (told.status_code, told.json(), told.headers["retry-after"]) == (
        429,
        {"detail": "too many requests"},
        "2",
    )


@pytest.mark.parametrize("path", ["/hook/bale/long-random-b", "/pay/callback/zarinpal/1"])
async def test_a_client_that_leaves_in_the_middle_of_its_body_has_done_nothing(path: str) -> None:
    webhooks = Webhooks()
    app = build_app(resources(("A1", "token")), webhooks=webhooks)
    events: list[Any] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    form = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [form],
        "query_string": b"",
        "client": None,
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert webhooks.calls == []
