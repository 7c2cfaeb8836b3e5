"""Delivery of updates to a webhook: retried until 2xx, in order within a chat, chats side by side."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from demo.botapi.updates import Queue, Waiting


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str | None = None
    max_connections: int = 40
    allowed: list[str] | None = None
    #: Unix seconds.
    last_error_date: int | None = None
    last_error: str | None = None


class Courier:
    def __init__(self, queue: Queue, webhook: Webhook) -> None:
        self.queue = queue
        self.webhook = webhook
        self.headers = {"Content-Type": "application/json"}
        if webhook.secret and queue.kind == "telegram":
            self.headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=self.webhook.max_connections)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            try:
                while True:
                    changed = self.queue.changed
                    if not self.queue.held():
                        self._send_out(session)
                    await changed.wait()
            finally:
                for task in self._tasks:
                    task.cancel()

    def _send_out(self, session: aiohttp.ClientSession) -> None:
        for waiting in list(self.queue.waiting):
            lane = lane_of(waiting.body)
            if lane in self._busy or len(self._tasks) >= self.webhook.max_connections:
                continue
            self._busy.add(lane)
            self._tasks.add(asyncio.create_task(self._hand_over(session, waiting, lane)))

    async def _hand_over(self, session: aiohttp.ClientSession, waiting: Waiting, lane: str) -> None:
        tries = 0
        try:
            while waiting in self.queue.waiting:
                error = "Connection refused" if self.queue.held() else await self._post(session, waiting.text)
                if error is None:
                    self.queue.done(waiting)
                    continue
                self.webhook.last_error_date, self.webhook.last_error = int(time.time()), error
                retries = self.queue.retries
                await asyncio.sleep(retries[min(tries, len(retries) - 1)])
                tries += 1
        finally:
            self._busy.discard(lane)
            task = asyncio.current_task()
            if task is not None:
                self._tasks.discard(task)
            self.queue.stir()

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        """None where the bot took it, else why not."""
        self.queue.deliveries += 1
        try:
            async with session.post(
                self.webhook.url,
                data=body,
                headers=self.headers,
                timeout=aiohttp.ClientTimeout(total=30),
                ssl=False,
            ) as answer:
                await answer.read()
                if answer.status // 100 == 2:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"Connection failed: {type(error).__name__}"


def lane_of(body: dict[str, Any]) -> str:
    """Whose update it is: a chat's follow one another."""
    try:
        payload = next(value for name, value in body.items() if name != "update_id")
        message = payload.get("message") or payload
        return repr(message.get("chat", payload.get("from", {})).get("id"))
    except (AttributeError, StopIteration):
        return ""
