"""The bank on a port of its own, on the demo's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from demo.bank import Bank, build_bank_app


class _Quiet(uvicorn.Server):
    """A server that leaves the signals of the process alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class BankServer:
    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, bank: Bank | None = None) -> None:
        self.host, self.port = host, port
        self.bank = bank or Bank()
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        listening = socket.create_server((self.host, self.port))
        self.port = listening.getsockname()[1]
        app = build_bank_app(self.bank, host=self.host)
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve([listening]))

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None
