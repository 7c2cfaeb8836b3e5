"""A gate before somebody else's HTTP server: open, answering for it, or silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


class Gate:
    """`status`: what it answers itself, None: it lets through. `silent`: it takes requests and never answers."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.status: int | None = None
        self.silent = False
        self.url = ""
        self._quiet = asyncio.Event()

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[Gate]:
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(
            auto_decompress=False, timeout=timeout, trust_env=False
        ) as self._session:
            app = web.Application(client_max_size=32 * 1024 * 1024)
            app.router.add_route("*", "/{path:.*}", self._pass)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.url = f"http://{host}:{port}"
            try:
                yield self
            finally:
                self._quiet.set()
                await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.silent:
            await self._quiet.wait()
        if self.status is not None:
            return web.Response(status=self.status, text="<html>Service Unavailable</html>")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(
            request.method, self.behind + request.raw_path, headers=headers, data=body, allow_redirects=False
        ) as answer:
            whole = await answer.read()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
        if request.method == "HEAD":  # there is no body to measure
            kept["Content-Length"] = answer.headers.get("Content-Length", "0")
        return web.Response(status=answer.status, headers=kept, body=whole)
