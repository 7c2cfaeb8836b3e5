"""How many requests one address gets answered, over HTTP; who is not held up by it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from bot.core.counters import WebCounters
from bot.web.app import build_app
from bot.web.http_server import rate_limit
from bot.web.http_server.addresses import client_of, parse_address, subscriber_network
from bot.web.http_server.rate_limit import Pace, Rate
from tests.bot.web.conftest import Site, Webhooks, without_database
from tests.support.asgi import serving
from tests.support.payments import LINK

PROXY = (ip_network("127.0.0.1"),)


@pytest.fixture
def counters() -> WebCounters:
    return WebCounters()


@asynccontextmanager
async def behind_proxy(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The bot's web server behind a proxy that is trusted."""
    app = build_app(without_database(), trusted=PROXY, **options)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=90) as client:
        yield client


@pytest.fixture
async def http(counters: WebCounters, webhooks: Webhooks) -> AsyncIterator[httpx.AsyncClient]:
    async with behind_proxy(webhooks=webhooks, counters=counters) as client:
        yield client


async def get(http: httpx.AsyncClient, address: str, path: str = "/pay/x") -> httpx.Response:
    """As the proxy hands on what comes from this address."""
    return await http.get(path, headers={"X-Forwarded-For": address})


async def ask(http: httpx.AsyncClient, *addresses: str, path: str = "/pay/x") -> Counter[int]:
    """How many times each status came, asked once from each address."""
    return Counter([(await get(http, address, path)).status_code for address in addresses])


async def test_who_asks_too_often_is_told_when_to_come_back(
    http: httpx.AsyncClient, counters: WebCounters
) -> None:
    found = await ask(http, *["203.0.113.1"] * 100)
    assert 60 <= found[404] < 100
    page = await get(http, "203.0.113.1", "/pay/x?a=1")
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) >= 1
    for words in ("ثانیه دیگر دوباره تلاش کنید", "محفوظ است", 'href="/pay/x?a=1"', LINK):
        assert words in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert counters.paced["address"] == found[429] + 1
    assert await ask(http, *["203.0.113.2"] * 5) == {404: 5}


@pytest.mark.parametrize("path", ["/pay/x", "/pay/callback/zarinpal/1", "/nowhere", "/hook/bale/guess", "/"])
async def test_every_public_address_has_a_pace(http: httpx.AsyncClient, path: str) -> None:
    assert (await ask(http, *["203.0.113.1"] * 100, path=path))[429] > 0


async def test_a_page_to_try_again_leads_nowhere_else(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PER_ADDRESS", Rate(1, 0.001))
    await ask(http, "203.0.113.1")
    for path in ("//evil.example/x", "/\\evil.example"):
        page = await get(http, "203.0.113.1", f"{http.base_url}".rstrip("/") + path)
        assert page.status_code == 429
        assert "evil" not in page.text


async def test_an_ipv6_subscriber_is_one_however_many_addresses(http: httpx.AsyncClient) -> None:
    found = await ask(http, *(f"2001:db8:1:2::{number:x}" for number in range(100)))
    assert found[429] > 0
    assert await ask(http, "2001:db8:1:3::1") == {404: 1}


async def test_webhooks_and_health_go_on(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "IN_ALL", Rate(1, 0.001))
    headers = {"X-Forwarded-For": "203.0.113.1"}
    await ask(http, *["203.0.113.1"] * 100)
    for _ in range(300):
        told = await http.post("/hook/bale/long-random-b", content=b"{}", headers=headers)
        assert told.status_code == 200


async def test_the_pace_of_all_together(counters: WebCounters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "IN_ALL", Rate(10, 0.001))
    async with behind_proxy(counters=counters) as http:
        found = await ask(http, *(f"203.0.113.{number}" for number in range(20)))
    assert found == {404: 10, 429: 10}
    assert counters.paced["all"] == 10


async def test_a_forged_address_is_not_believed(site: Site) -> None:
    """No proxy is configured: X-Forwarded-For is anybody's invention."""
    found = await ask(site.http, *(f"203.0.113.{number}" for number in range(100)))
    assert found[429] > 0
    assert (await site.http.get("/health")).status_code == 200


async def test_many_who_ask_for_health_ask_the_database_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, asked, release = site.paying.database, 0, asyncio.Event()
    read = database.read

    async def slowly(unit: Any) -> Any:
        nonlocal asked
        asked += 1
        await release.wait()
        return await read(unit)

    monkeypatch.setattr(database, "read", slowly)
    questions = [asyncio.create_task(site.http.get("/health")) for _ in range(30)]
    while not asked:
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    release.set()
    assert {answer.status_code for answer in await asyncio.gather(*questions)} == {200}
    assert asked < 30


def test_what_is_remembered_is_bounded() -> None:
    buckets = Pace(Rate(2, 1), most=100)
    for number in range(1000):
        assert buckets.wait(f"10.0.0.{number}", 0.0) == 0
    assert len(buckets) == 100
    assert [buckets.wait("a", 0.0), buckets.wait("a", 0.0), buckets.wait("a", 0.0)] == [0, 0, 1]
    assert buckets.wait("a", 1.0) == 0


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        ([], None),
        (["203.0.113.9"], "203.0.113.9"),
        (["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
        (["1.2.3.4", "203.0.113.9, 127.0.0.1"], "203.0.113.9"),
        (["203.0.113.9:5555"], "203.0.113.9"),
        (["[2001:db8::1]:443"], "2001:db8::/64"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["nonsense"], None),
        (["203.0.113.9, nonsense"], None),
        (["9" * 5000], None),
        ([","], None),
    ],
)
def test_whom_a_proxy_names(forwarded: list[str], found: str | None) -> None:
    address = client_of(parse_address("127.0.0.1"), forwarded, PROXY)
    assert (subscriber_network(address) if address else None) == found
    stranger = parse_address("198.51.100.1")
    assert client_of(stranger, forwarded, PROXY) == stranger
