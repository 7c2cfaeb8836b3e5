"""What the database holds after a play, and the wait until the bot owes nobody anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session, SQLModel, col, select

from demo.emulators import Emulators
from storage.database.database import open_database
from storage.enums import InboxState, PushState
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Contract,
    CooperationRequest,
    DeficiencyRound,
    Draft,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
    StoredFile,
    Termination,
)

T = TypeVar("T", bound=SQLModel)


@dataclass(slots=True)
class Rows:
    """Everything that the play left, read in one unit."""

    accounts: Sequence[Account]
    inbox: Sequence[InboxUpdate]
    chats: dict[int, Chat]
    drafts: Sequence[Draft]
    requests: Sequence[QualificationRequest]
    rounds: Sequence[DeficiencyRound]
    files: dict[int, StoredFile]
    submitted: Sequence[RequestFile]
    audit: Sequence[AuditEvent]
    pushes: Sequence[Push]
    attempts: Sequence[PaymentAttempt]
    cooperations: Sequence[CooperationRequest]
    contracts: Sequence[Contract]
    terminations: Sequence[Termination]


def _read(db: Session) -> Rows:
    def every(table: type[T]) -> list[T]:
        return list(db.exec(select(table).order_by(col(table.id))).all())  # type: ignore[attr-defined]

    return Rows(
        accounts=every(Account),
        inbox=every(InboxUpdate),
        chats={one.id or 0: one for one in every(Chat)},
        drafts=every(Draft),
        requests=every(QualificationRequest),
        rounds=every(DeficiencyRound),
        files={one.id or 0: one for one in every(StoredFile)},
        submitted=every(RequestFile),
        audit=every(AuditEvent),
        pushes=every(Push),
        attempts=every(PaymentAttempt),
        cooperations=every(CooperationRequest),
        contracts=every(Contract),
        terminations=every(Termination),
    )


async def read_rows(database_url: str) -> Rows:
    database = await open_database(database_url)
    try:
        return await database.read(_read)
    finally:
        await database.close()


async def everything_arrives(town: Emulators, database_url: str, *, within: float = 60.0) -> None:
    """Wait until the bot owes nobody anything: no update, no screen, no push."""

    def owed(db: Session) -> list[str]:
        open_updates = select(InboxUpdate.id, InboxUpdate.state).where(
            col(InboxUpdate.state).in_([InboxState.RECEIVED, InboxState.DONE])
        )
        open_pushes = select(Push.key, Push.state).where(
            col(Push.state).in_([PushState.QUEUED, PushState.SENDING])
        )
        open_screens = select(Chat.id, Chat.show_at).where(col(Chat.show_at).is_not(None))
        return [
            str(tuple(row)) for what in (open_updates, open_pushes, open_screens) for row in db.execute(what)
        ]

    def taken() -> bool:
        return all(face.server.pending() == 0 for face in town.messengers)

    database = await open_database(database_url)
    until = time.monotonic() + within
    try:
        while (left := await database.read(owed)) or not taken():
            assert time.monotonic() < until, f"still owed: {left}"
            await asyncio.sleep(0.1)
    finally:
        await database.close()
