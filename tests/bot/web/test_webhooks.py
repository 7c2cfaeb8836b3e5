"""Webhooks over HTTP: whose body comes in where, and what is refused."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.web.app import build_app
from bot.web.webhooks import MAX_UPDATE, SIGNATURE_HEADER
from storage.enums import Messenger
from tests.bot.web.conftest import Webhooks, without_database
from tests.support.asgi import serving


@pytest.fixture
async def http(webhooks: Webhooks) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(without_database(), webhooks=webhooks)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=90) as client:
        yield client


async def test_a_body_reaches_intake_as_it_came_and_intake_has_the_last_word(
    http: httpx.AsyncClient, webhooks: Webhooks
) -> None:
    headers = {SIGNATURE_HEADER: "s3"}
    told = await http.post("/hook/telegram/long-random-t", content=b'{"update_id": 1', headers=headers)
    await http.post("/hook/bale/long-random-b", content=b"{}")
    assert told.status_code == 200
    telegrams = (Messenger.TELEGRAM, b'{"update_id": 1', "s3")
    assert webhooks.calls == [telegrams, (Messenger.BALE, b"{}", None)]
    for status in (403, 503):
        webhooks.status = status
        assert (await http.post("/hook/bale/long-random-b", content=b"{}")).status_code == status


async def test_what_is_refused_before_it_reaches_intake(http: httpx.AsyncClient, webhooks: Webhooks) -> None:
    for path in ("telegram/guess", "bale/long-random-t", "rubika/long-random-t", "telegram/"):
        assert (await http.post(f"/hook/{path}", content=b"{}")).status_code == 404
    assert (await http.get("/hook/telegram/long-random-t")).status_code == 405
    huge = b"x" * (MAX_UPDATE + 1)
    assert (await http.post("/hook/bale/long-random-b", content=huge)).status_code == 413
    assert webhooks.calls == []


async def test_without_webhooks_there_are_none() -> None:
    async with (
        serving(build_app(without_database())) as url,
        httpx.AsyncClient(base_url=url, timeout=90) as client,
    ):
        assert (await client.post("/hook/bale/long-random-b", content=b"{}")).status_code == 404
