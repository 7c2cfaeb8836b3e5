"""Troubles on order: what the messenger does instead of, before or after its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble. `delay` seconds pass first, and `until` is waited for; then, where `answer` is set, it replaces the method's own;
    `reset` cuts the connection. With `done` the method is carried out all the same and only its answer is
    lost."""

    name: str
    status: int = 0
    body: str = ""
    content_type: str = "application/json"
    delay: float = 0.0
    until: asyncio.Event | None = None
    reset: bool = False
    done: bool = False
    #: Of a download: it breaks off in the middle, or goes on for ever.
    broken_off: bool = False
    endless: bool = False

    @property
    def answers(self) -> bool:
        return self.status > 0

    @classmethod
    def api(cls, status: int, description: str, **parameters: object) -> Fault:
        """Any refusal in the Bot API's own form."""
        body: Json = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        return cls(f"api {status}", status, json.dumps(body))

    @classmethod
    def flood(cls, retry_after: int = 1) -> Fault:
        return cls.api(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)

    @classmethod
    def flood_bare(cls) -> Fault:
        """Bale: 429 without parameters."""
        return cls.api(429, "bot limit exceed")

    @classmethod
    def flood_text(cls) -> Fault:
        """Bale's gateway: 429 as plain text."""
        return cls("flood_text", 429, "local_rate_limited", "text/plain")

    @classmethod
    def html(cls, status: int = 502) -> Fault:
        page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
        return cls(f"html {status}", status, page, "text/html")

    @classmethod
    def ok_false(cls, description: str = "Internal error") -> Fault:
        """Bale: HTTP 200 with ok=false."""
        body = {"ok": False, "error_code": 400, "description": description}
        return cls("ok_false", 200, json.dumps(body))

    @classmethod
    def cut(cls) -> Fault:
        """Connection reset before anything was done."""
        return cls("cut", reset=True)

    @classmethod
    def cut_after(cls) -> Fault:
        """Done, but the answer is lost."""
        return cls("cut_after", reset=True, done=True)

    @classmethod
    def html_after(cls, status: int = 504) -> Fault:
        """Done, but a gateway in between answers with an HTML error."""
        made = cls.html(status)
        return cls(f"html_after {status}", made.status, made.body, made.content_type, done=True)

    @classmethod
    def half(cls) -> Fault:
        """A download that breaks off in the middle."""
        return cls("half", broken_off=True)

    @classmethod
    def without_end(cls) -> Fault:
        """A download that never ends."""
        return cls("without_end", endless=True)

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        return cls("slow", delay=seconds)

    @classmethod
    def held(cls, until: asyncio.Event) -> Fault:
        """Nothing is done before that."""
        return cls("held", until=until)

    async def pause(self) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.until is not None:
            await self.until.wait()


@dataclass(slots=True)
class Order:
    fault: Fault
    #: Lower case, or None for every method.
    method: str | None
    chat_id: int | None
    #: How many more times; None until cleared.
    times: int | None


@dataclass(slots=True)
class Faults:
    orders: list[Order] = field(default_factory=list)
    on_change: Callable[[], None] = lambda: None

    def add(
        self, fault: Fault, *, method: str | None = None, chat_id: int | None = None, times: int | None = 1
    ) -> Order:
        """The next `times` requests of that method (of any method but getUpdates where None) meet the
        fault."""
        order = Order(fault, method.lower() if method else None, chat_id, times)
        self.orders.append(order)
        return order

    def clear(self) -> None:
        self.orders.clear()

    def remove(self, order: Order) -> None:
        if order in self.orders:
            self.orders.remove(order)

    def next_for(self, method: str, chat_id: int | None) -> Fault | None:
        for order in self.orders:
            if order.method is None and method.lower() == "getupdates":
                continue
            if order.method not in (None, method.lower()):
                continue
            if order.chat_id is not None and order.chat_id != chat_id:
                continue
            if order.times is not None:
                order.times -= 1
                if order.times <= 0:
                    self.orders.remove(order)
            return order.fault
        return None
