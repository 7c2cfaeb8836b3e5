"""Webhooks over HTTP: whose body comes in where, and what is refused."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from bot.core.context import PublicInfo
from bot.web.app import build_app
from bot.web.webhooks import MAX_UPDATE, SIGNATURE_HEADER
from storage.enums import Messenger
from tests.support.asgi import serving


class Taken:
    def __init__(self) -> None:
        self.paths = {"long-random-t": Messenger.TELEGRAM, "long-random-b": Messenger.BALE}
        self.calls: list[tuple[Messenger, bytes, str | None]] = []
        self.status = 200

    async def accept_webhook(self, messenger: Messenger, body: bytes, secret: str | None = None) -> int:
        self.calls.append((messenger, body, secret))
        return self.status


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
async def http(taken: Taken) -> AsyncIterator[httpx.AsyncClient]:
    resources = cast(
        "Any",
        SimpleNamespace(public_info=PublicInfo("", "https://pay.example.ir"), gateway=None, database=None),
    )
    async with (
        serving(build_app(resources, webhooks=taken)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield client


async def test_a_body_reaches_intake_as_it_came(http: httpx.AsyncClient, taken: Taken) -> None:
    headers = {SIGNATURE_HEADER: "s3"}
    told = await http.post("/hook/telegram/long-random-t", content=b'{"update_id": 1', headers=headers)
    await http.post("/hook/bale/long-random-b", content=b"{}")
    assert told.status_code == 200
    assert taken.calls == [
        (Messenger.TELEGRAM, b'{"update_id": 1', "s3"),
        (Messenger.BALE, b"{}", None),
    ]


async def test_intake_has_the_last_word(http: httpx.AsyncClient, taken: Taken) -> None:
    for status in (403, 503):
        taken.status = status
        assert (await http.post("/hook/bale/long-random-b", content=b"{}")).status_code == status


async def test_elsewhere_there_is_nothing(http: httpx.AsyncClient, taken: Taken) -> None:
    for path in ("telegram/guess", "bale/long-random-t", "rubika/long-random-t", "telegram/"):
        assert (await http.post(f"/hook/{path}", content=b"{}")).status_code == 404
    assert (await http.get("/hook/telegram/long-random-t")).status_code == 405
    assert taken.calls == []


async def test_a_huge_body_is_refused(http: httpx.AsyncClient, taken: Taken) -> None:
    told = await http.post("/hook/bale/long-random-b", content=b"x" * (MAX_UPDATE + 1))
    assert told.status_code == 413
    assert taken.calls == []


async def test_without_webhooks_there_are_none() -> None:
    resources = cast(
        "Any",
        SimpleNamespace(public_info=PublicInfo("", "https://pay.example.ir"), gateway=None, database=None),
    )
    async with serving(build_app(resources)) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.post("/hook/bale/long-random-b", content=b"{}")).status_code == 404
