"""uvicorn's HTTP/1.1 protocol, which tells `Connections` what it is doing."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.web.http_server.connections import Connections, Phase

#: Bytes of a body that are kept until the application asks for them.
BODY_AHEAD = 16 * 1024
#: Bodies under these addresses are the messengers': they are never closed in favour of others. (The
#: application answers at once where the rest of the address is not the secret one, and then the connection is
#: like every other.)
HOOKS = "/hook/"
#: Seconds that a new connection has to bring its request once the server stops.
LAST_REQUEST = 0.5


class LimitedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, connections: Connections, **uvicorn_s: Any) -> None:
        super().__init__(**uvicorn_s)
        self.phase, self.since = Phase.HEAD, 0.0
        self.address: str | None = None
        self._connections = connections
        self._aborted = False
        self._last = False

    def shutdown(self) -> None:
        """The server stops: what is in hand is finished. A connection that has brought no request yet was opened a moment ago: its
        request is on its way, and closing would reset it."""
        if self.cycle is None and not self._last:
            self._last = True
            self.loop.call_later(LAST_REQUEST, self._close_unused)
        else:
            super().shutdown()

    def _close_unused(self) -> None:
        if self.cycle is None and self.transport is not None and not self.transport.is_closing():
            super().shutdown()

    def abort(self) -> None:
        self._aborted = True
        if self.transport is not None:
            self.transport.abort()

    def unsent(self) -> int:
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._aborted:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._aborted:
            return
        super().data_received(data)
        if self._last and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        if self.cycle is not None and len(self.cycle.body) > BODY_AHEAD:
            self.flow.pause_reading()
        phase = self._now()
        # What is neither a whole head nor of a request under way begins the next head.
        self._enter(Phase.HEAD if phase is Phase.IDLE else phase)

    def on_response_complete(self) -> None:
        self.cycle.body = bytearray()
        super().on_response_complete()
        self._enter(self._now(), restart=True)

    def _enter(self, phase: Phase, *, restart: bool = False) -> None:
        if restart or phase is not self.phase:
            self._connections.enter(self, phase, self.loop.time())

    def _now(self) -> Phase:
        if self.cycle is not None and not self.cycle.response_complete:
            if not self.cycle.more_body or self.cycle.scope["path"].startswith(HOOKS):
                return Phase.WORK
            return Phase.BODY
        if self.cycle is not None and self.conn.their_state is h11.SEND_BODY:
            return Phase.REST
        return Phase.SEND if self.unsent() else Phase.IDLE
