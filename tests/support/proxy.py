"""An HTTP proxy before servers: a balancer, or what stands between the bot and a server that is to fail."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

#: Of one connection; these are the proxy's own.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


class Proxy:
    """Each request goes to the next member; a member that cannot be reached is passed over.

    What a member had begun to take when it died is answered 502, as balancers do: it may have been done."""

    def __init__(self, *members: str) -> None:
        self.members = list(members)
        #: Where it is set, every request is answered with it and none is handed on.
        self.status: int | None = None
        #: Requests are taken and never answered.
        self.silent = False
        #: Member → requests that it answered.
        self.answered: Counter[str] = Counter()
        #: What somebody must have noticed, or asked for again: "member status path".
        self.troubles: list[str] = []
        self.url = ""
        self._turn = itertools.count()
        self._closing = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Proxy]:
        # As balancers do by default: no connection is kept, so that none is met just as a member closes it.
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=60),
            trust_env=False,
        ) as self._session:
            app = web.Application(client_max_size=32 * 1024 * 1024)
            app.router.add_route("*", "/{path:.*}", self._pass)
            server = TestServer(app)
            await server.start_server(access_log=None, shutdown_timeout=0.2)
            self.url = str(server.make_url("")).rstrip("/")
            try:
                yield self
            finally:
                self._closing.set()
                await server.close()

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.silent:
            await self._closing.wait()
        if self.status is not None:
            return web.Response(status=self.status, text="<html>Service Unavailable</html>")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        first = next(self._turn)
        for step in range(len(self.members)):
            member = self.members[(first + step) % len(self.members)]
            try:
                async with self._session.request(
                    request.method,
                    member + request.raw_path,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                ) as answer:
                    whole = await answer.read()
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                self.troubles.append(f"{member} {type(error).__name__} {request.path}")
                return web.Response(status=502)
            self.answered[member] += 1
            if answer.status >= 500:
                self.troubles.append(f"{member} {answer.status} {request.path}")
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            if request.method == "HEAD":  # there is no body to measure
                kept["Content-Length"] = answer.headers.get("Content-Length", "0")
            return web.Response(status=answer.status, headers=kept, body=whole)
        return web.Response(status=502)
