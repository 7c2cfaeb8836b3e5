"""The lightest messenger that keeps a bot busy: every chat sends its next line as soon as the last was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "1:bench"


class BusyMessenger:
    """`script(chat)` yields what a chat types, endlessly. Counts one step an answer (sendMessage)."""

    def __init__(self, chats: int, script: Callable[[int], Iterator[str]]) -> None:
        self._scripts = {chat: script(chat) for chat in range(1, chats + 1)}
        self._updates = count(1)
        self._messages = count(1)
        self._waiting: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self.answers = 0
        self.answered = asyncio.Condition()
        self.url = ""

    async def __aenter__(self) -> BusyMessenger:
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._call)
        self._server = TestServer(app)
        await self._server.start_server(access_log=None)
        self.url = str(self._server.make_url("")).rstrip("/")
        for chat in self._scripts:
            self._type(chat)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    def _type(self, chat: int) -> None:
        text = next(self._scripts[chat])
        message: dict[str, Any] = {
            "message_id": next(self._messages),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "x"},
            "from": {"id": chat, "is_bot": False, "first_name": "x"},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        self._waiting.append({"update_id": next(self._updates), "message": message})
        self._arrived.set()

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"].lower()
        data = await request.post()
        if method == "getupdates":
            return self._ok(await self._get_updates(int(str(data.get("timeout", 0)))))
        if method == "getme":
            return self._ok({"id": 1, "is_bot": True, "first_name": "bench", "username": "bench_bot"})
        if method == "sendmessage":
            chat = int(str(data["chat_id"]))
            self._type(chat)
            self.answers += 1
            async with self.answered:
                self.answered.notify_all()
            return self._ok(
                {
                    "message_id": next(self._messages),
                    "date": int(time.time()),
                    "chat": {"id": chat, "type": "private", "first_name": "x"},
                    "text": str(data.get("text", "")),
                }
            )
        return self._ok(True)

    async def _get_updates(self, timeout: int) -> list[dict[str, Any]]:
        """A batch is handed out once: this messenger never sees a bot die."""
        if not self._waiting and timeout:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), min(timeout, 5))
            except TimeoutError:
                return []
        batch, self._waiting = self._waiting[:100], self._waiting[100:]
        return batch

    async def until(self, answers: int, seconds: float = 120) -> None:
        async def wait() -> None:
            async with self.answered:
                await self.answered.wait_for(lambda: self.answers >= answers)

        await asyncio.wait_for(wait(), seconds)

    @staticmethod
    def _ok(result: Any) -> web.Response:
        return web.json_response({"ok": True, "result": result})
