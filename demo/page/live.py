"""What happens, told to every open page: over a WebSocket, or as server-sent events.

Pages use the WebSocket: a browser opens six connections to one address over HTTP/1.1, so that a seventh tab
with an event stream would wait for ever.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

_QUIET_SECONDS = 15
#: Events that a reader may be behind; one that does not read is cut off and reads everything anew.
_MOST_BEHIND = 20_000


class LiveEvents:
    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[str]] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        #: Events told so far; each has its number as "n".
        self.told = 0

    def tell(self, event: dict[str, Any]) -> None:
        self.told += 1
        line = json.dumps({**event, "n": self.told}, ensure_ascii=False)
        for reader in list(self._readers):
            try:
                reader.put_nowait(line)
            except asyncio.QueueFull:
                self._readers.discard(reader)

    def _reader(self) -> asyncio.Queue[str]:
        reader: asyncio.Queue[str] = asyncio.Queue(_MOST_BEHIND)
        self._readers.add(reader)
        return reader

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, for programs."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        reader = self._reader()
        try:
            await stream.write(b": hello\n\n")
            while reader in self._readers:
                try:
                    async with asyncio.timeout(_QUIET_SECONDS):
                        event = f"data: {await reader.get()}\n\n"
                except TimeoutError:
                    event = ": still here\n\n"
                await stream.write(event.encode())
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._readers.discard(reader)
        return stream

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """A WebSocket that gives an array of events a message: what came together is told together. It begins
        with how many were told before, so that a page knows whether it missed some since it read."""
        socket = web.WebSocketResponse(heartbeat=_QUIET_SECONDS, compress=True)
        await socket.prepare(request)
        reader = self._reader()
        reader.put_nowait(json.dumps({"kind": "hello", "told": self.told}))
        self._sockets.add(socket)
        sending = asyncio.create_task(self._send(socket, reader))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            sending.cancel()
            self._readers.discard(reader)
            self._sockets.discard(socket)
        return socket

    async def _send(self, socket: web.WebSocketResponse, reader: asyncio.Queue[str]) -> None:
        try:
            while reader in self._readers:
                lines = [await reader.get()]
                while not reader.empty() and len(lines) < 200:
                    lines.append(reader.get_nowait())
                await socket.send_str(f"[{','.join(lines)}]")
            await socket.close()
        except ConnectionError:
            return

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
