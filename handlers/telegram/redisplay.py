"""Shows chats their current screen when `chat.show_at` has come: quiet albums, restarts, screens that
failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.messengers.delivery import chat_rests
from bot.messengers.transport.channel import Channel
from handlers.telegram.dispatcher import UpdateDispatcher
from storage.database.outage import log_unless_outage
from storage.enums import Messenger
from storage.tables import Chat

log = logging.getLogger(__name__)

#: Seconds between looks without a request (another process may have set a time).
IDLE = 5.0
#: Seconds until another try may begin, should this process be killed in between.
LEASE = 60
BATCH = 100

_SET = (
    update(Chat)
    .where(col(Chat.id) == bindparam("chat_row"), col(Chat.show_at) == bindparam("old"))
    .values(show_at=bindparam("new"))
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True, slots=True)
class _Due:
    row_id: int
    messenger: Messenger
    chat_id: int
    show_at: datetime


class Ticker:
    def __init__(
        self, resources: Resources, dispatcher: UpdateDispatcher, channels: Mapping[Messenger, Channel]
    ) -> None:
        self.resources = resources
        self._dispatcher = dispatcher
        self._channels = channels
        self._wake = asyncio.Event()

    def wake(self, seconds: float = 0.0) -> None:
        """Look after so many seconds."""
        asyncio.get_running_loop().call_later(seconds + 0.01, self._wake.set)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self._wake.clear()
            try:
                while await self.tick() == BATCH:
                    pass
            except Exception as error:
                log_unless_outage(log, "the ticker stumbled", error=error)
            try:
                async with asyncio.timeout(IDLE):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def tick(self) -> int:
        """Put what is due into its chat queues; say how many."""
        now = self.resources.clock()
        ready = [messenger for messenger, channel in self._channels.items() if channel.ready]
        due = await self.resources.database.read(lambda db: _due(db, now, ready))
        if not due:
            return 0
        lease = now + timedelta(seconds=LEASE)
        won = await self.resources.database.run(lambda db: _claim(db, due, lease))
        for redisplay in won:
            done = partial(self._done, redisplay.row_id, lease)
            self._dispatcher.put_screen(
                redisplay.messenger, redisplay.chat_id, redisplay.row_id, due=lease, done=done
            )
        return len(due)

    def _done(self, row_id: int, lease: datetime) -> None:
        """Shown, unless delivery has set another time."""
        values = {"chat_row": row_id, "old": lease, "new": None}
        self.resources.database.run_in_background(lambda db: db.execute(_SET, values))


def _due(db: Session, now: datetime, ready: list[Messenger]) -> list[_Due]:
    statement = (
        select(Chat.id, Chat.messenger, Chat.chat_id, Chat.show_at)
        .where(
            col(Chat.show_at) <= now,
            col(Chat.messenger).in_(ready),
            col(Chat.dead).is_(False),
            chat_rests.rest_is_over(now),
        )
        .order_by(col(Chat.show_at))
        .limit(BATCH)
    )
    return [_Due(*row) for row in db.execute(statement)]


def _claim(db: Session, due: list[_Due], lease: datetime) -> list[_Due]:
    """Those that no other process took or put off in the meantime."""
    return [
        redisplay
        for redisplay in due
        if db.execute(_SET, {"chat_row": redisplay.row_id, "old": redisplay.show_at, "new": lease}).rowcount  # type: ignore[attr-defined]
    ]
