"""What the bot has not finished yet, as queries, and waiting until nothing is left."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from demo.emulators import Emulators
from storage.database.database import open_database
from storage.enums import InboxState, LetterState, PushState
from storage.tables import Chat, InboxUpdate, Letter, Push

T = TypeVar("T")

#: Updates that have had no effect yet; updates that had none or were not answered.
UNPROCESSED = select(InboxUpdate.id, InboxUpdate.state).where(InboxUpdate.state == InboxState.RECEIVED)
UNANSWERED = select(InboxUpdate.id, InboxUpdate.state).where(
    col(InboxUpdate.state).in_((InboxState.RECEIVED, InboxState.DONE))
)
UNSENT = select(Push.key, Push.state).where(col(Push.state).in_((PushState.QUEUED, PushState.SENDING)))
#: Letters that are on their way: a job makes their pushes and takes stopped ones back. Those for a later day are not waited for.
UNFINISHED_LETTERS = select(Letter.id, Letter.state).where(
    or_(
        and_(Letter.state == LetterState.SENDING, col(Letter.starts_at).is_(None)),
        col(Letter.taking_back).is_not(None),
    )
)
#: Chats whose screen has to be shown again.
UNSHOWN = select(Chat.id, Chat.show_at).where(col(Chat.show_at).is_not(None))


def rows_of(db: Session, *queries: Any) -> list[str]:
    return [str(tuple(row)) for query in queries for row in db.execute(query)]


class Readable(Protocol):
    async def read(self, unit: Callable[[Session], T]) -> T: ...


async def until(condition: Callable[[], Any], *, within: float = 90.0, what: str = "") -> None:
    """Wait for something that nobody reports (a coroutine function, or a plain one): a line of the log, a row."""
    try:
        async with asyncio.timeout(within):
            while True:
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"in vain: {what or condition}") from None


async def until_none(database: Readable, *queries: Any, within: float = 120.0, pause: float = 0.02) -> None:
    """Wait until the queries find nothing. AssertionError where the rows grow no fewer for `within` seconds."""
    fewest, until = None, time.monotonic() + within
    while left := await database.read(lambda db: rows_of(db, *queries)):
        if fewest is None or len(left) < fewest:
            fewest, until = len(left), time.monotonic() + within
        assert time.monotonic() < until, f"{len(left)} are left: {left[:20]}"
        await asyncio.sleep(pause)


async def everything_arrives(emulators: Emulators, database_url: str, *, within: float = 120.0) -> None:
    """Wait until the bot has taken every update and owes no answer, no screen, no push and no letter."""
    database = await open_database(database_url)
    try:
        async with asyncio.timeout(10 * within):
            while True:
                await until_none(
                    database, UNANSWERED, UNFINISHED_LETTERS, UNSENT, UNSHOWN, within=within, pause=0.1
                )
                if not any(face.server.pending() for face in emulators.messengers):
                    return
                await asyncio.sleep(0.1)
    finally:
        await database.close()
