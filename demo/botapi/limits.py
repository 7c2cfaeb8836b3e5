"""How often a bot may write, as Telegram's FAQ has it: about one message a second in a chat (short bursts
pass), twenty a minute in a group, about thirty a second in all. Bale documents no figures and refuses in
words of its own.

Not part of `MessengerState`: limits are not saved over a restart.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import cycle

from demo.botapi.faults import Fault

#: Messages a second to one person, and how many at once are borne after a pause. A person at a phone causes
#: one or two answers in some seconds and never comes near. The stories of the tests are played at the speed
#: of a machine: the longest sends 25 messages and 26 edits in six seconds.
PRIVATE_RATE, PRIVATE_BURST = 1.0, 50.0
#: Messages in any sixty seconds.
GROUP_MINUTE = 20
#: Messages a second in all, and how many at once: a crowd of two hundred that comes in the same instant.
TOTAL_RATE, TOTAL_BURST = 30.0, 200.0
#: What an edit costs beside a new message in a private chat; in a group it costs the same.
EDIT = 0.5
#: A chat that went too far is refused until so much of its budget is back, and is told to wait that long.
PENALTY = 3.0

_SENDS = frozenset({"sendMessage", "sendPhoto", "sendDocument", "sendMediaGroup", "copyMessage"})
_EDITS = frozenset({"editMessageText", "editMessageCaption", "editMessageReplyMarkup"})


@dataclass(slots=True)
class Budget:
    """A bucket of `burst` tokens that fills at `rate` a second. Times are seconds of the monotonic clock."""

    rate: float
    burst: float
    full_at: float = 0.0

    def wait(self, cost: float, now: float) -> float:
        """Seconds until `cost` is there."""
        used = max(0.0, self.full_at - now) * self.rate
        return max(0.0, used + min(cost, self.burst) - self.burst) / self.rate

    def spend(self, cost: float, now: float) -> None:
        self.full_at = max(self.full_at, now) + cost / self.rate


@dataclass(slots=True)
class _Chat:
    budget: Budget
    #: Refused until then.
    until: float = 0.0


@dataclass(slots=True)
class Limits:
    """The limits of one bot. `hurry`: people act so many times as fast as people do, in tests that press by
    thousands."""

    #: Forms of the refusal, in turn: retry_after, bare, text.
    forms: tuple[str, ...] = ("retry_after",)
    hurry: float = 1.0
    _total: Budget = field(init=False)
    _private: dict[int, _Chat] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=dict)
    _forms: cycle[str] = field(init=False)
    #: Requests that were refused, by chat.
    refused: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._total = Budget(TOTAL_RATE, TOTAL_BURST)
        self._forms = cycle(self.forms)

    def refuse(self, method: str, chat_id: int, *, private: bool, messages: int = 1) -> Fault | None:
        """What a request is answered that comes too soon; None: it may be carried out, and counts."""
        if method not in _SENDS and method not in _EDITS:
            return None
        now = time.monotonic() * self.hurry
        wait = (
            self._private_wait(chat_id, method, messages, now) if private else self._group_wait(chat_id, now)
        )
        if not wait:
            wait = self._total.wait(messages, now)
        if wait:
            self.refused[chat_id] = self.refused.get(chat_id, 0) + 1
            return self._answer(math.ceil(wait / self.hurry))
        self._total.spend(messages, now)
        if private:
            self._private[chat_id].budget.spend(_cost(method, messages), now)
        else:
            self._groups[chat_id].extend([now] * messages)
        return None

    def _private_wait(self, chat_id: int, method: str, messages: int, now: float) -> float:
        chat = self._private.setdefault(chat_id, _Chat(Budget(PRIVATE_RATE, PRIVATE_BURST)))
        if chat.until > now:
            return chat.until - now
        if wait := chat.budget.wait(_cost(method, messages), now):
            chat.until = now + max(wait, PENALTY / PRIVATE_RATE)
            return chat.until - now
        return 0.0

    def _group_wait(self, chat_id: int, now: float) -> float:
        lately = self._groups.setdefault(chat_id, deque())
        while lately and lately[0] <= now - 60:
            lately.popleft()
        return lately[0] + 60 - now if len(lately) >= GROUP_MINUTE else 0.0

    def _answer(self, seconds: int) -> Fault:
        form = next(self._forms)
        if form == "bare":
            return Fault.flood_bare()
        return Fault.flood_text() if form == "text" else Fault.flood(max(1, seconds))


def _cost(method: str, messages: int) -> float:
    return EDIT if method in _EDITS else float(messages)
