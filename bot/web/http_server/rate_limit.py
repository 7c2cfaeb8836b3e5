"""How many requests a public page answers: of one address, and of all together.

Health and webhooks stay outside the pace of all: a flood of pages must not make a balancer give this process
up, nor keep the messengers' updates out.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.counters import WebCounters
from bot.web.http_server.addresses import Address, Network, client_of, parse_address, subscriber_network

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, and `second` more each second."""

    burst: float
    second: float


#: A payer needs five or so; an office or a mobile network behind one address has several payers at once.
PER_ADDRESS = Rate(60, 1.0)
#: About a third of what the loop could answer with nothing else to do.
IN_ALL = Rate(200, 100.0)
#: Balancers ask every few seconds.
HEALTH = Rate(100, 20.0)
#: Addresses remembered; the longest unseen is forgotten first.
MOST_ADDRESSES = 4096


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Pace:
    """A token bucket for each key. Times are those of a monotonic clock, in seconds."""

    rate: Rate
    most: int = MOST_ADDRESSES
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, key: str, now: float) -> float:
        """Take one request of `key`: 0, or the seconds until one is allowed (then nothing was taken)."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.rate.burst, now)
            if len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        bucket.left = min(self.rate.burst, bucket.left + (now - bucket.at) * self.rate.second)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0.0
        return (1 - bucket.left) / self.rate.second


class Paced:
    """Answers `refused(request, seconds)` in place of the application to an address that asks too often.

    Nothing of a refused request's body is read, and nothing is asked of the database."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        refused: Callable[[Request, int], Response],
        free: Callable[[str], bool],
        trusted: Sequence[Network],
        counters: WebCounters,
    ) -> None:
        self._app = app
        self._refused = refused
        self._free = free
        self._trusted = trusted
        self._counters = counters
        self._said = False
        self._addresses, self._all, self._health = Pace(PER_ADDRESS), Pace(IN_ALL, 1), Pace(HEALTH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._free(scope["path"]):
            seconds = self._wait(scope)
            if seconds:
                refused = self._refused(Request(scope), math.ceil(seconds))
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        now = asyncio.get_running_loop().time()
        key = self._key(scope)
        health = scope["path"] == "/health"
        own = self._health if health else self._addresses
        wait, by = (own.wait(key, now), "health" if health else "address") if key is not None else (0.0, "")
        if not wait and not health:
            wait, by = self._all.wait("", now), "all"
        if wait:
            self._counters.paced[by] += 1
        return wait

    def _key(self, scope: Scope) -> str | None:
        peer: Any = scope.get("client")
        forwarded = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        nearest = parse_address(peer[0]) if peer else None
        address = client_of(nearest, forwarded, self._trusted)
        if forwarded and address == nearest and nearest is not None and nearest.is_private:
            self._say(nearest)
        return subscriber_network(address) if address is not None else None

    def _say(self, proxy: Address) -> None:
        """Everybody who comes through a proxy that is not configured counts as one address."""
        if not self._said:
            self._said = True
            log.warning("X-Forwarded-For from %s is not believed: is it a proxy for TRUSTED_PROXIES?", proxy)
