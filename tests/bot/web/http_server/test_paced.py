"""Which requests are refused, and as whose: every kind of request at the limits."""

import asyncio
import logging
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.core.counters import WebCounters
from bot.web.http_server import rate_limit
from bot.web.http_server.rate_limit import Paced, Rate


class Pages:
    """An application behind small limits, and what became of each request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **rates: Rate) -> None:
        for name in ("PER_ADDRESS", "IN_ALL", "HEALTH"):
            monkeypatch.setattr(rate_limit, name, rates.get(name, Rate(100, 1)))
        self.counters = WebCounters()
        self.served: list[str] = []
        self.paced = Paced(
            self.serve,
            refused=self.refuse,
            free=lambda path: path.startswith("/hook/"),
            trusted=[ip_network("127.0.0.1")],
            counters=self.counters,
        )

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.served.append("served")

    def refuse(self, request: Request, seconds: int) -> Response:
        self.served.append(f"wait {seconds}")
        return Response()

    def ask(self, *requests: tuple[str, str], forwarded: str = "", kind: str = "http") -> list[str]:
        """What each request, of an address for a path, got."""

        async def all_of_them() -> None:
            monotonic = asyncio.get_running_loop()
            monotonic.time = lambda: 5.0  # type: ignore[method-assign]
            for address, path in requests:
                headers = [(b"host", b"x")]
                headers += [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
                scope = {"type": kind, "path": path, "method": "GET", "headers": headers}
                scope["client"] = (address, 5) if address else None
                await self.paced(scope, ignore, ignore)

        self.served.clear()
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(all_of_them())
        finally:
            loop.close()
        return self.served


async def ignore(*event: Any) -> Any:
    return None


def test_each_address_has_its_own_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(monkeypatch, PER_ADDRESS=Rate(1, 0.4))
    asked = [("1.1.1.1", "/pay/a"), ("1.1.1.1", "/pay/b"), ("2.2.2.2", "/pay/a")]
    assert pages.ask(*asked) == ["served", "wait 3", "served"]
    assert dict(pages.counters.paced) == {"address": 1}


def test_all_together_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(monkeypatch, IN_ALL=Rate(2, 0.5))
    asked = [("1.1.1.1", "/pay/a"), ("2.2.2.2", "/pay/a"), ("3.3.3.3", "/pay/a"), ("4.4.4.4", "/health")]
    assert pages.ask(*asked) == ["served", "served", "wait 2", "served"]
    assert dict(pages.counters.paced) == {"all": 1}


def test_health_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(monkeypatch, HEALTH=Rate(1, 1), PER_ADDRESS=Rate(1, 1))
    asked = [("1.1.1.1", "/health"), ("1.1.1.1", "/health"), ("1.1.1.1", "/pay/a")]
    assert pages.ask(*asked) == ["served", "wait 1", "served"]
    assert dict(pages.counters.paced) == {"health": 1}


def test_what_is_free_and_what_is_no_request_never_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(monkeypatch, PER_ADDRESS=Rate(1, 1), IN_ALL=Rate(1, 1))
    assert pages.ask(*[("1.1.1.1", "/hook/secret")] * 3) == ["served"] * 3
    assert pages.ask(*[("1.1.1.1", "/pay/a")] * 3, kind="lifespan") == ["served"] * 3
    assert dict(pages.counters.paced) == {}


def test_who_is_not_known_counts_among_all_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a trusted proxy that names nobody, and on a socket without addresses."""
    pages = Pages(monkeypatch, PER_ADDRESS=Rate(1, 1), IN_ALL=Rate(4, 1))
    asked = [("127.0.0.1", "/pay/a"), ("", "/pay/a")] * 2
    assert pages.ask(*asked) == ["served"] * 4
    assert pages.ask(asked[0]) == ["wait 1"]
    assert dict(pages.counters.paced) == {"all": 1}


def test_a_proxy_that_is_not_configured_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pages = Pages(monkeypatch)
    with caplog.at_level(logging.WARNING):
        pages.ask(("10.0.0.1", "/pay/a"))
        pages.ask(("127.0.0.1", "/pay/a"), ("8.8.8.8", "/pay/a"), forwarded="9.9.9.9")
        assert caplog.records == []
        pages.ask(*[("10.0.0.1", "/pay/a")] * 2, ("10.0.0.2", "/pay/a"), forwarded="9.9.9.9")
    said = "X-Forwarded-For from 10.0.0.1 is not believed: is it a proxy for TRUSTED_PROXIES?"
    assert [record.getMessage() for record in caplog.records] == [said]
