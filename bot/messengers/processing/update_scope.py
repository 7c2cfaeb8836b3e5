"""What accompanies one update through PTB: `process_update` says nothing about how it went.

See docs/performance.md 7.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bot.messengers.processing.inbox_store import InboxRow


@dataclass(slots=True)
class UpdateScope:
    row: InboxRow
    #: It was tried before (after a restart, or when the database was away): a second failure is not told again.
    again: bool = False
    #: A try of its unit broke off: it may have been committed all the same.
    doubtful: bool = False
    #: The person was asked to wait for the database.
    told_to_wait: bool = False
    #: Serve took it, whatever came of it.
    served: bool = False
    #: It was sent to another bot, whose messages are not ours to edit or delete.
    foreign: bool = False
    error: BaseException | None = field(default=None, repr=False)
    began: float = field(default_factory=time.monotonic)

    @property
    def log_fields(self) -> dict[str, Any]:
        """What the log's line of this update holds."""
        took = round((time.monotonic() - self.began) * 1000)
        return {"messenger": self.row.messenger.value, "update_id": self.row.update_id, "took_ms": took}


#: The present update, in the task of its chat queue.
CURRENT_UPDATE: ContextVar[UpdateScope] = ContextVar("passage")


async def note_error(update: object, context: Any) -> None:
    """PTB's error handler: the chat queue must know."""
    CURRENT_UPDATE.get().error = context.error
