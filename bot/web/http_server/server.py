"""uvicorn on the loop of everything else, with limits on connections (`bot.web.http_server.connections` says
why)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator, Sequence
from typing import Any, cast

from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.server import Server

from bot.core.counters import WebCounters
from bot.web.http_server.acceptor import BACKLOG, Acceptor
from bot.web.http_server.addresses import Network
from bot.web.http_server.connections import REPEAT, Connections, Limits
from bot.web.http_server.descriptors import descriptor_limit
from bot.web.http_server.listen import bind_sockets
from bot.web.http_server.protocol import LimitedProtocol

#: Bytes of a request's line and headers.
MAX_HEAD = 16 * 1024
#: Ticks of 0.1 s between two looks at what takes too long.
SWEEP_TICKS = 5


class OnceAMinute(logging.Filter):
    """Lets each warning of uvicorn through once a minute: any client can cause them by sending nonsense."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        if record.created - self._said.get(record.msg, 0.0) < REPEAT:
            return False
        self._said[record.msg] = record.created
        return True


class WebServer(Server):
    """Serves `app` until `should_exit`; signals are `bot.cli.serve`'s."""

    def __init__(
        self,
        app: Starlette,
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        trusted: Sequence[Network] = (),
        counters: WebCounters | None = None,
    ) -> None:
        super().__init__(
            Config(
                app,
                host=host,
                port=port,
                http="h11",
                ws="none",
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                # X-Forwarded-For is read by us, and only from TRUSTED_PROXIES.
                proxy_headers=False,
                h11_max_incomplete_event_size=MAX_HEAD,
                timeout_graceful_shutdown=2,
            )
        )
        limits = (limits or Limits()).within(descriptor_limit())
        self.connections = Connections(limits, counters, trusted)
        #: Why it could not listen.
        self.failed: OSError | None = None
        logger = logging.getLogger("uvicorn.error")
        if not any(isinstance(log_filter, OnceAMinute) for log_filter in logger.filters):
            logger.addFilter(OnceAMinute())

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on `sockets`, which are bound, or on the address; `failed` and `should_exit` where that is
        not possible."""
        try:
            listening = sockets or bind_sockets(self.config.host, self.config.port)
            for listener in listening:
                listener.listen(BACKLOG)
                listener.setblocking(False)
        except OSError as error:
            self.failed, self.should_exit = error, True
            return
        acceptors = [Acceptor(listener, self.connections, self._make) for listener in listening]
        self.servers = cast("list[asyncio.base_events.Server]", acceptors)
        self.started = True

    def _make(self) -> LimitedProtocol:
        parts: dict[str, Any] = {
            "config": self.config,
            "server_state": self.server_state,
            "app_state": self.lifespan.state,
        }
        return LimitedProtocol(self.connections, **parts)

    async def on_tick(self, counter: int) -> bool:
        if counter % SWEEP_TICKS == 0:
            self.connections.close_overdue(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
