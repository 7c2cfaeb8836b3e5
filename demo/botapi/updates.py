"""The queue of updates of one bot: long polling by its rules, or delivery to a webhook. Never both."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo import clock
from demo.botapi.courier import Courier, Webhook
from demo.botapi.errors import ApiError
from demo.botapi.state import Json

MAX_TIMEOUT = 50
#: Telegram keeps an update about a day, Bale a day and at most 2000 of them.
KEPT_SECONDS = 24 * 3600
BALE_KEEPS = 2000
#: Updates that one call gives at most.
MOST = 100
#: Telegram takes an offset for one of this queue up to so far past its tail.
AHEAD = 10
#: Kinds that Telegram leaves out unless asked for.
_ON_DEMAND = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_BIGGEST = 2**62
_BALE_KINDS = frozenset({"message", "edited_message", "callback_query", "pre_checkout_query"})


@dataclass(slots=True, eq=False)
class Waiting:
    id: int
    body: Json
    made: float
    #: How often it is still to be handed over (2: a duplicate is ordered).
    copies: int = 1
    #: What is handed over in the place of `body`, JSON or not.
    raw: bytes | None = None

    @property
    def text(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(slots=True)
class Queue:
    kind: str
    #: Seconds between tries of a webhook that does not answer 2xx; the last one repeats.
    retries: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0)
    next_id: int = 1
    waiting: deque[Waiting] = field(default_factory=deque)
    webhook: Webhook | None = None
    allowed: list[str] | None = None
    #: Order that so many of the next updates be delivered twice.
    duplicates: int = 0
    #: Holds all deliveries back, as an outage does.
    held: Callable[[], bool] = lambda: False
    #: Told of updates that the bot confirmed: it has them now.
    on_taken: Callable[[list[Waiting]], None] = lambda taken: None
    deliveries: int = 0
    _poller: asyncio.Future[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _courier: asyncio.Task[None] | None = None

    # ── putting in ──

    def put(self, body: Json, *, as_is: bool = False) -> int | None:
        """Queue an update; None where this kind is not delivered. `as_is` skips the filter (raw
        injection)."""
        kind = next((name for name in body if name != "update_id"), "")
        if not as_is and not self._wanted(kind):
            return None
        if isinstance(body.get("update_id"), int):
            self.next_id = max(self.next_id, body["update_id"])
        else:
            body = {"update_id": self.next_id, **body}
        self.next_id += 1
        copies = 1
        if self.duplicates:
            self.duplicates -= 1
            copies = 2
        self._append(Waiting(body["update_id"], body, clock.time(), copies))
        return int(body["update_id"])

    def put_raw(self, raw: bytes) -> None:
        """Queue what no messenger sends: it is handed over as it is. The queue counts it under the number
        that it shows, where that can be one to come, else under the next."""
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        body = body if isinstance(body, dict) else {}
        shown = body.get("update_id")
        if isinstance(shown, int) and self.next_id < shown < _BIGGEST:
            self.next_id = shown
        self._append(Waiting(self.next_id, body, clock.time(), raw=raw))
        self.next_id += 1

    def number_anew(self, first: int) -> None:
        """Go on with other numbers, lower or higher, as Telegram does after a week without updates. Raises
        ValueError while updates wait: the queue of a week ago is empty."""
        if self.waiting:
            raise ValueError("updates wait under the old numbers")
        self.next_id = first

    def _append(self, waiting: Waiting) -> None:
        self.waiting.append(waiting)
        if self.kind == "bale":
            while len(self.waiting) > BALE_KEEPS:
                self.waiting.popleft()
        self.stir()

    def _wanted(self, kind: str) -> bool:
        if self.kind == "bale":
            return kind in _BALE_KINDS
        allowed = self.webhook.allowed if self.webhook else self.allowed
        return kind in allowed if allowed else kind not in _ON_DEMAND

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change; take a new one after each."""
        return self._changed

    def stir(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _expire(self) -> None:
        while self.waiting and self.waiting[0].made < clock.time() - KEPT_SECONDS:
            self.waiting.popleft()

    # ── polling ──

    def allow(self, names: list[Any] | None) -> None:
        """Remember allowed_updates until they are given again; an empty list is the default."""
        if names is not None:
            self.allowed = [str(name) for name in names] or None

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[bytes]:
        """getUpdates, each update as JSON. Raises ApiError 409 while a webhook is set, and in a poller whom
        another one ended."""
        if self.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first",
            )
        self.end_poller()
        self._confirm(offset)
        limit = min(max(limit, 1), MOST)
        deadline = time.monotonic() + max(0.0, min(timeout, MAX_TIMEOUT))
        mine = self._poller = asyncio.get_running_loop().create_future()
        try:
            while True:
                self._expire()
                if self.waiting and not self.held():
                    self.deliveries += 1
                    return [waiting.text for waiting in list(self.waiting)[:limit]]
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                await self._wait(mine, left)
        finally:
            if self._poller is mine:
                self._poller = None

    @property
    def polled(self) -> bool:
        """Whether a getUpdates call is open."""
        return self._poller is not None and not self._poller.done()

    def end_poller(self) -> None:
        """The open getUpdates call gets 409."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def done(self, waiting: Waiting) -> None:
        """One copy was taken by the webhook."""
        waiting.copies -= 1
        if not waiting.copies and waiting in self.waiting:
            self.waiting.remove(waiting)
            self.on_taken([waiting])

    async def _wait(self, mine: asyncio.Future[None], left: float) -> None:
        change = asyncio.create_task(self._changed.wait())
        waited: set[asyncio.Future[Any]] = {change, mine}
        try:
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()
        if mine.done():
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )

    def _confirm(self, offset: int) -> None:
        """What a call says with its offset. One that is far past the tail belongs to other numbers: it
        confirms nothing, and the queue is given from its head."""
        if offset > self.next_id + AHEAD:
            return
        if offset > 0:
            unconfirmed: deque[Waiting] = deque()
            taken = []
            for waiting in self.waiting:
                if waiting.id < offset:
                    waiting.copies -= 1
                    if not waiting.copies:
                        taken.append(waiting)
                        continue
                unconfirmed.append(waiting)
            self.waiting = unconfirmed
            if taken:
                self.on_taken(taken)
        elif offset < 0:
            self.waiting = deque(list(self.waiting)[offset:])

    # ── webhook ──

    def set_webhook(self, webhook: Webhook | None, *, drop: bool = False) -> None:
        self.stop()
        if drop and self.kind == "telegram":
            self.waiting.clear()
        self.webhook = webhook
        self.end_poller()
        if webhook is not None:
            self._courier = asyncio.create_task(Courier(self, webhook).run())

    def stop(self) -> None:
        if self._courier is not None:
            self._courier.cancel()
            self._courier = None
