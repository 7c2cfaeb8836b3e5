"""Accepting connections on a listening socket, a few in each turn of the loop.

asyncio's own server accepts up to its whole backlog at once, and where descriptors have run out it logs every
one of these tries with a traceback and sets a timer for each: hundreds of megabytes of log in minutes. Here
one failure ends the turn, is logged once a minute, and accepting rests for a moment.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from bot.web.http_server.connections import REPEAT, Connections
from bot.web.http_server.protocol import LimitedProtocol

log = logging.getLogger(__name__)

#: Connections that wait in the kernel.
BACKLOG = 512
#: Accepted in one turn. Fewer than any limit on connections, so that what came in is read before a connection
#: is closed for it.
AT_ONCE = 16
#: Seconds without accepting after a failure.
REST = 0.5


class Acceptor:
    """Looks like an asyncio server to uvicorn: `sockets`, `close`, `wait_closed`."""

    def __init__(
        self,
        listening: socket.socket,
        connections: Connections,
        make: Callable[[], LimitedProtocol],
    ) -> None:
        self.sockets = (listening,)
        self._listening = listening
        self._connections = connections
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[None]] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._said = -REPEAT
        self._closed = False
        self._start()

    def close(self) -> None:
        """Accept nobody any more. Whoever waits in the backlog is still answered: closing would reset the connection."""
        self._closed = True
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening)
            for _ in range(BACKLOG // AT_ONCE):
                if not self._accept():
                    break
            self._listening.close()
        if self._resting is not None:
            self._resting.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _start(self) -> None:
        self._resting = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> bool:
        """Accept some; True where more may wait."""
        for _ in range(AT_ONCE):
            try:
                connected, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                self._rest(error)
                return False
            connected.setblocking(False)
            protocol = self._make()
            if not self._connections.admit(protocol, str(address[0]), self._loop.time()):
                connected.close()
                continue
            task = self._loop.create_task(self._connect(protocol, connected))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        return True

    async def _connect(self, protocol: LimitedProtocol, connected: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, connected)
        except OSError:
            self._connections.discard(protocol)
            connected.close()
        else:
            if self._closed:
                protocol.shutdown()

    def _rest(self, error: OSError) -> None:
        """No descriptor, no memory, or something like it: people wait in the backlog until there is some
        again."""
        now = self._loop.time()
        if now - self._said >= REPEAT:
            self._said = now
            log.error("connections cannot be accepted (%s); tried again every %s s", error.strerror, REST)
        self._loop.remove_reader(self._listening)
        self._connections.make_room(now)
        self._resting = self._loop.call_later(REST, self._start)
