"""What this process counted since its start, for /metrics; nothing else depends on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.states import Messenger


@dataclass(slots=True)
class Tally:
    """Updates by messenger, and papers."""

    received: Counter[Messenger] = field(default_factory=Counter)
    done: Counter[Messenger] = field(default_factory=Counter)
    failed: Counter[Messenger] = field(default_factory=Counter)
    set_aside: Counter[Messenger] = field(default_factory=Counter)
    #: Papers that the store did not take or give.
    store_failed: int = 0


@dataclass(frozen=True, slots=True)
class MessengerState:
    """How a messenger does, as this process sees it."""

    ready: bool
    #: Seconds since getUpdates last gave a good answer; None: never, or updates come by webhook.
    polled_ago: float | None
    #: Calls that went wrong: "timeout", "network", or the HTTP status.
    errors: Mapping[str, int]
