"""What this process counted since its start, for /metrics; nothing else depends on it."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from storage.enums import Messenger

#: A second poller is met every few seconds.
CONFLICT_SECONDS = 120.0


class Rests(Protocol):
    @property
    def rest_of_all(self) -> float:
        """Seconds that nothing is to be sent."""
        ...


@dataclass(slots=True)
class WebCounters:
    """Connections and requests of the public web server."""

    #: Connections at this moment.
    open: int = 0
    #: Connections that we closed: "slow" took too long, "crowded" was closed in favour of another.
    closed: Counter[str] = field(default_factory=Counter)
    #: Connections refused because the limit was reached.
    refused: int = 0
    #: Requests told to come back later: too many from one "address", from "all", or for "health".
    paced: Counter[str] = field(default_factory=Counter)


#: Seconds: the longest hold is that of the last period or two.
HOLD_PERIOD = 60.0


@dataclass(slots=True)
class LoopCounters:
    """How long the event loop was held by one piece of work. Seconds."""

    #: Longer than 0.1 s.
    long_holds: int = 0
    _began: float = 0.0
    _now: float = 0.0
    _before: float = 0.0

    @property
    def longest_hold(self) -> float:
        return max(self._now, self._before)

    def note(self, held: float, at: float) -> None:
        """`at` is of the monotonic clock."""
        if at - self._began >= HOLD_PERIOD:
            self._before, self._now, self._began = self._now, 0.0, at
        self._now = max(self._now, held)


@dataclass(slots=True)
class Counters:
    """Updates by messenger, documents, and the web server."""

    received: Counter[Messenger] = field(default_factory=Counter)
    done: Counter[Messenger] = field(default_factory=Counter)
    failed: Counter[Messenger] = field(default_factory=Counter)
    quarantined: Counter[Messenger] = field(default_factory=Counter)
    #: Came again and were not taken a second time.
    repeated: Counter[Messenger] = field(default_factory=Counter)
    #: Answers to getUpdates with nothing new among what they held.
    stale_polls: Counter[Messenger] = field(default_factory=Counter)
    #: Answers 409 to getUpdates: another process polls with the same token, or a webhook is set.
    poll_conflicts: Counter[Messenger] = field(default_factory=Counter)
    #: Monotonic times of the last two of them.
    last_conflicts: dict[Messenger, tuple[float, float]] = field(default_factory=dict)
    #: Documents that the store did not take or give.
    store_failed: int = 0
    web: WebCounters = field(default_factory=WebCounters)
    loop: LoopCounters = field(default_factory=LoopCounters)
    #: Uploads that were refused before the unit, by text key: "too_large", "uploads_of_day", "disk_reserve" …
    uploads_refused: Counter[str] = field(default_factory=Counter)
    #: Where to ask whether a whole messenger rests.
    rests: dict[Messenger, Rests] = field(default_factory=dict)

    def note_poll_conflict(self, messenger: Messenger) -> None:
        self.poll_conflicts[messenger] += 1
        _, last = self.last_conflicts.get(messenger, (-math.inf, -math.inf))
        self.last_conflicts[messenger] = last, time.monotonic()

    @property
    def polled_by_others(self) -> list[Messenger]:
        """Messengers whose updates another process takes now. A restart meets the process before it once."""
        since = time.monotonic() - CONFLICT_SECONDS
        return [messenger for messenger, (first, _) in self.last_conflicts.items() if first > since]


@dataclass(frozen=True, slots=True)
class MessengerState:
    """How a messenger does, as this process sees it."""

    ready: bool
    #: Seconds since getUpdates last gave a good answer, or since the start; None where updates come by webhook.
    polled_ago: float | None
    #: Calls that went wrong: "timeout", "network", or the HTTP status.
    errors: Mapping[str, int]
    #: Seconds during which it wants nothing sent at all, and how many chats rest by themselves.
    rests_for: float = 0.0
    chats_resting: int = 0
    #: The messenger's id of the bot.
    bot_id: int = 0
