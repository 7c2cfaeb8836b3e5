"""Limits on connections: how many there may be, and how long each may take for what it does.

uvicorn waits for ever for a request's head and body, and for an answer to be read, and its
`limit_concurrency` refuses the newest, which under an attack is everybody else. Hypercorn has a time-out for
reading, which each byte renews, and none for an answer that is not read; Granian's accept loop is Rust that
we cannot ask to close the oldest. Both would be new dependencies. So uvicorn's own protocol is kept, and this
module follows each connection from outside: a few lines over `H11Protocol`, whose states tell what a
connection is waiting for.

When the limit is reached, the connection that has kept us waiting longest is closed, never one whose request
is being worked on: people who send a whole request at once are served during an attack.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Protocol

from bot.core.counters import WebCounters
from bot.web.http_server.addresses import Network, is_trusted, parse_address, subscriber_network

log = logging.getLogger(__name__)


class Phase(Enum):
    """What a connection is doing."""

    #: Its request's head is not complete.
    HEAD = auto()
    #: Its request's body is not complete, and the application works or waits for it.
    BODY = auto()
    #: Its request is being worked on.
    WORK = auto()
    #: It was answered before its body was complete; the rest is thrown away.
    REST = auto()
    #: Its answer was not read yet.
    SEND = auto()
    #: It was answered, and may bring another request.
    IDLE = auto()


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts of connections, and seconds for each phase. The seconds hold from its beginning: a byte does not
    renew them."""

    most: int = 400
    per_address: int = 64
    head: float = 10.0
    body: float = 30.0
    #: Longer than every call to a gateway or wait for the database.
    work: float = 120.0
    rest: float = 3.0
    send: float = 20.0
    idle: float = 10.0

    def seconds(self, phase: Phase) -> float:
        value: float = getattr(self, phase.name.lower())
        return value

    def within(self, descriptors: int) -> Limits:
        """The same with no more connections than a quarter of the descriptors: the rest is for messengers,
        gateways, the database and files."""
        allowed = max(8, descriptors // 4)
        if allowed >= self.most:
            return self
        return replace(self, most=allowed, per_address=min(self.per_address, allowed // 2))


class Connection(Protocol):
    phase: Phase
    #: `loop.time()` at which the phase began.
    since: float
    address: str | None

    def abort(self) -> None:
        """Close at once, without waiting for anything to be sent."""
        ...

    def unsent(self) -> int:
        """Bytes of the answer that the other side has not taken yet."""
        ...


#: Which connections are closed first at the limit. IDLE come before HEAD only where those are younger than
#: `YOUNG`.
_EXPENDABLE = (Phase.HEAD, Phase.REST, Phase.SEND)
#: Seconds. A head that is on its way is not yet a slow one.
YOUNG = 0.5
#: Seconds between two lines of the log about the same.
REPEAT = 60.0


class Connections:
    """All connections of one server."""

    def __init__(
        self, limits: Limits, counters: WebCounters | None = None, trusted: Sequence[Network] = ()
    ) -> None:
        self.limits = limits
        self.counters = counters or WebCounters()
        self._trusted = trusted
        self._phases: dict[Phase, OrderedDict[Connection, None]] = {phase: OrderedDict() for phase in Phase}
        self._addresses: dict[str, OrderedDict[Connection, None]] = {}
        self._said = -REPEAT

    def __len__(self) -> int:
        return sum(map(len, self._phases.values()))

    def admit(self, connection: Connection, peer: str, now: float) -> bool:
        """Take a new connection in, closing another one at the limit; False where none can be closed."""
        address = parse_address(peer)
        key = (
            subscriber_network(address)
            if address is not None and not is_trusted(address, self._trusted)
            else None
        )
        mine = self._addresses.get(key) if key is not None else None
        victim: Connection | None = None
        if mine is not None and len(mine) >= self.limits.per_address:
            victim = next((connection for connection in mine if connection.phase is not Phase.WORK), None)
        elif len(self) >= self.limits.most:
            victim = self._longest_waiting(now)
        else:
            self._add(connection, key, now)
            return True
        self._say(key)
        if victim is None:
            self.counters.refused += 1
            return False
        self.counters.closed["crowded"] += 1
        self.close(victim)
        self._add(connection, key, now)
        return True

    def _add(self, connection: Connection, key: str | None, now: float) -> None:
        connection.address, connection.phase, connection.since = key, Phase.HEAD, now
        self._phases[Phase.HEAD][connection] = None
        if key is not None:
            self._addresses.setdefault(key, OrderedDict())[connection] = None
        self.counters.open += 1

    def enter(self, connection: Connection, phase: Phase, now: float) -> None:
        """A connection begins something else (or the same anew)."""
        if self._phases[connection.phase].pop(connection, self) is self:
            return  # it was closed
        connection.phase, connection.since = phase, now
        self._phases[phase][connection] = None

    def discard(self, connection: Connection) -> None:
        """It is closed, or about to be."""
        if self._phases[connection.phase].pop(connection, self) is self:
            return
        self.counters.open -= 1
        if (key := connection.address) is not None and (mine := self._addresses.get(key)) is not None:
            mine.pop(connection, None)
            if not mine:
                del self._addresses[key]

    def close(self, connection: Connection) -> None:
        self.discard(connection)
        connection.abort()

    def close_overdue(self, now: float) -> None:
        """Close whatever has taken too long."""
        for connection in list(self._phases[Phase.SEND]):
            if not connection.unsent():
                self.enter(connection, Phase.IDLE, now)
        for phase, waiting in self._phases.items():
            latest = now - self.limits.seconds(phase)
            while waiting and (connection := next(iter(waiting))).since < latest:
                if phase is not Phase.IDLE:
                    self.counters.closed["slow"] += 1
                self.close(connection)

    def make_room(self, now: float) -> None:
        """Close one that only waits, where descriptors have run out."""
        if (victim := self._longest_waiting(now)) is not None:
            self.counters.closed["crowded"] += 1
            self.close(victim)

    def _longest_waiting(self, now: float) -> Connection | None:
        firsts = [connection for phase in _EXPENDABLE for connection in self._first(phase)]
        oldest = min(firsts, key=lambda connection: connection.since, default=None)
        if oldest is not None and oldest.since <= now - YOUNG:
            return oldest
        others = (*self._first(Phase.IDLE), *firsts, *self._first(Phase.BODY))
        return others[0] if others else None

    def _first(self, phase: Phase) -> list[Connection]:
        waiting = self._phases[phase]
        return [next(iter(waiting))] if waiting else []

    def _say(self, key: str | None) -> None:
        if time.monotonic() - self._said < REPEAT:
            return
        self._said = time.monotonic()
        log.warning(
            "the limit of connections is reached (%s): the longest waiting are closed",
            f"{self.limits.per_address} of one address" if key else f"{self.limits.most} in all",
        )
