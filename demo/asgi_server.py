"""An ASGI application on a port of its own, on the present event loop."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server


class AsgiServer:
    """`port` 0 is a free one, known after `start`."""

    def __init__(self, app: Any, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        config = Config(app, log_level="critical", lifespan="off", proxy_headers=False, date_header=False)
        config.load()
        self._server = Server(config)
        self._server.lifespan = config.lifespan_class(config)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Raises OSError where the port is taken."""
        # Of a socket that names TCP, asyncio sends at once what is written. Otherwise the second part of an answer waits for the
        # client's acknowledgement of the first, 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        await self._server.startup([listening])

    async def stop(self) -> None:
        """Requests that still hang are cut off. As `uvicorn.Server.shutdown`, but without its pauses."""
        state = self._server.server_state
        for listener in self._server.servers:
            listener.close()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        for connection in list(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # their callbacks
