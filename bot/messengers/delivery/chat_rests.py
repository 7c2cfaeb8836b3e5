"""Long rests of a chat: kept in its row, so that they outlive this process and are known to the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, update
from sqlmodel import Session, col

from bot.messengers.transport.rate_limits import LONGEST_REST
from storage.enums import Messenger
from storage.tables import Chat

log = logging.getLogger(__name__)

#: Seconds from which on a rest is kept in the database; shorter ones are over before a process has started.
MIN_STORED_REST = 15.0

_REST = (
    update(Chat)
    .where(col(Chat.id) == bindparam("chat_row"))
    .values(rest_since=bindparam("since"), rest_until=bindparam("until"))
    .execution_options(synchronize_session=False)
)


def save_rest(
    messenger: Messenger, chat_row: int | None, pause: float, *, now: datetime
) -> Callable[[Session], None] | None:
    """Log that a chat is to rest for so many seconds; the unit that keeps a long rest."""
    pause = min(pause, LONGEST_REST)
    log_fields = {"messenger": messenger.value, "chat": chat_row, "seconds": round(pause)}
    log.log(logging.WARNING if pause > MIN_STORED_REST else logging.INFO, "a chat rests", extra=log_fields)
    if pause <= MIN_STORED_REST or chat_row is None:
        return None
    values = {"chat_row": chat_row, "since": now, "until": now + timedelta(seconds=pause)}

    def unit(db: Session) -> None:
        db.execute(_REST, values)

    return unit


def rest_is_over(now: datetime | BindParameter[Any]) -> Any:
    """The condition that a chat may be written to."""
    return or_(col(Chat.rest_until).is_(None), col(Chat.rest_until) <= now)
