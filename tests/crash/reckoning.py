"""After a play: what people sent and saw, against what the database and the file store hold."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlmodel import Session, SQLModel, col, select

from bot.documents.checker import Checker
from bot.documents.papers import Papers
from bot.documents.seal import Sealer
from bot.documents.store import FolderStore
from demo.botapi.world import Happening
from demo.people import Face, Town
from demo.person import Person
from demo.seen import plain
from storage.database import open_database
from storage.states import AttemptState, Channel, InboxState, Messenger, PushState, RequestState
from storage.tables import (
    AuditEvent,
    Chat,
    DeficiencyRound,
    Draft,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
    StoredFile,
)
from tests.crash.killer import Killer
from tests.journeys.stage import SECRET_KEY, Stage

#: Deeds that looking again may repeat: they change nothing but the record of who looked.
LOOKS = frozenset({"document_viewed", "documents_viewed", "password_renewed"})
#: What a browser that lost its page does again: another click on the pay page, another question to the bank.
CLICKS = frozenset({"payment_opened", "payment_not_opened", "payment_asked", "payment_still_open"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What a play leaves behind when nothing disturbs it."""

    state: RequestState
    #: Audit events that are deeds, and how many of each.
    deeds: dict[str, int]
    #: Pushes by kind.
    pushes: dict[str, int]
    #: Files sent that are no document of the request: of the wrong kind at that moment.
    stray_files: int = 0
    paid: int = 0


@dataclass(slots=True)
class Arrivals:
    """Every message of the bot as it arrived, by the wall clock."""

    seen: list[tuple[float, str, int, str]] = field(default_factory=list)

    def watch(self, town: Town) -> None:
        for face in town.faces:
            kind = face.kind

            def note(happening: Happening, kind: str = kind) -> None:
                message = happening.message
                if happening.kind == "message" and message is not None and message.from_bot:
                    chat_id = happening.conversation.chat.id
                    self.seen.append((time.time(), kind, chat_id, plain(message.words)))

            face.server.world.listeners.append(note)

    def of(self, messenger: Messenger, chat_id: int, text: str) -> list[float]:
        key = (messenger.value, chat_id, plain(text))
        return [at for at, *rest in self.seen if tuple(rest) == key]


@dataclass(slots=True)
class Figures:
    kills: int = 0
    updates: int = 0
    pushes: int = 0
    #: Pushes that arrived twice, a kill having fallen between.
    doubled: int = 0
    repeats: int = 0
    orphans: int = 0
    shown_again: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.updates} updates, {self.pushes} pushes of which {self.doubled} arrived twice, "
            f"{self.shown_again} answers shown again, {self.repeats} times somebody looked again, {self.orphans} orphans"
        )


@dataclass(slots=True)
class Rows:
    """Everything that the play left, read in one unit."""

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


def _read(db: Session) -> Rows:
    def every(table: type[SQLModel]) -> list[SQLModel]:
        return list(db.exec(select(table)).all())

    return Rows(
        inbox=every(InboxUpdate),  # type: ignore[arg-type]
        chats={one.id or 0: one for one in db.exec(select(Chat))},
        drafts=every(Draft),  # type: ignore[arg-type]
        requests=every(QualificationRequest),  # type: ignore[arg-type]
        rounds=every(DeficiencyRound),  # type: ignore[arg-type]
        files={one.id or 0: one for one in db.exec(select(StoredFile))},
        submitted=every(RequestFile),  # type: ignore[arg-type]
        audit=list(db.exec(select(AuditEvent).order_by(col(AuditEvent.id)))),
        pushes=every(Push),  # type: ignore[arg-type]
        attempts=every(PaymentAttempt),  # type: ignore[arg-type]
    )


#: Seconds until all that is owed must have left.
ALL_OWED = 60.0


async def everything_arrives(stage: Stage) -> None:
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
        return all(face.server.pending() == 0 for face in stage.town.faces)

    database = await open_database(stage.database_url)
    until = time.monotonic() + ALL_OWED
    try:
        while (left := await database.read(owed)) or not taken():
            assert time.monotonic() < until, f"still owed: {left}"
            await asyncio.sleep(0.1)
    finally:
        await database.close()


async def reckon(stage: Stage, killer: Killer, arrivals: Arrivals, expected: Expected) -> Figures:
    """Compare. Call it once the bot has stopped. Raises AssertionError with what is lost or doubled."""
    database = await open_database(stage.database_url)
    try:
        rows = await database.read(_read)
    finally:
        await database.close()
    figures = Figures(kills=len(killer.killed_at) // 2)
    for face in stage.town.faces:
        figures.updates += _inbox(rows, face)
        figures.repeats += sum(getattr(person, "repeats", 0) for person in face.people)
    figures.shown_again = sum(one.note == "shown again" for one in rows.inbox)
    _conversations(rows)
    request = _request(rows, expected)
    _deeds(rows, expected)
    _pushes(rows, expected, killer, arrivals, figures)
    _payments(rows, stage.town, expected)
    people = [person for face in stage.town.faces for person in face.people]
    await _documents(rows, request, people, stage.folder / "files", expected, figures)
    return figures


def _inbox(rows: Rows, face: Face) -> int:
    """Every update that the messenger gave out is in the inbox once, and has had its effect and its answer."""
    queue = face.server.world.queues[face.token]
    assert not queue.waiting, f"{face.kind} still waits with {len(queue.waiting)} updates"
    given = list(range(face.server.world.first_update_id, queue.next_id))
    mine = [one for one in rows.inbox if one.messenger.value == face.kind]
    assert sorted(one.update_id for one in mine) == given, f"{face.kind}: lost or doubled updates"
    odd = [(one.update_id, one.state, one.note) for one in mine if one.state is not InboxState.ANSWERED]
    assert not odd, f"{face.kind}: not done or not answered: {odd}"
    return len(given)


def _conversations(rows: Rows) -> None:
    assert not rows.drafts, f"drafts left: {[(one.dialogue, one.answers) for one in rows.drafts]}"
    assert not [chat.dialogue for chat in rows.chats.values() if chat.dialogue is not None]
    assert not [chat.id for chat in rows.chats.values() if chat.show_at is not None], "a screen is still owed"
    assert not [chat.id for chat in rows.chats.values() if chat.dead]


def _request(rows: Rows, expected: Expected) -> QualificationRequest:
    assert len(rows.requests) == 1, rows.requests
    assert rows.requests[0].state is expected.state
    return rows.requests[0]


def _deeds(rows: Rows, expected: Expected) -> None:
    """One audit event a deed."""
    deeds = Counter(one.event for one in rows.audit if one.event not in LOOKS | CLICKS)
    assert dict(deeds) == expected.deeds, f"deeds: {dict(deeds)}"


def _pushes(rows: Rows, expected: Expected, killer: Killer, arrivals: Arrivals, figures: Figures) -> None:
    keys = Counter(one.key for one in rows.pushes)
    assert max(keys.values(), default=1) == 1, keys
    kinds = dict(Counter(one.kind for one in rows.pushes))
    assert kinds == expected.pushes, f"pushes: {kinds}"
    for push in rows.pushes:
        assert push.channel is Channel.CHAT, (push.key, push.text)
        assert push.state is PushState.SENT, (push.key, push.state, push.note)
        chat = rows.chats[push.chat_row_id or 0]
        came = arrivals.of(chat.messenger, chat.chat_id, push.text)
        assert came, f"never arrived: {push.key}"
        for first, second in pairwise(came):
            assert killer.disturbed(first - 0.5, second), f"arrived twice without a kill between: {push.key}"
        figures.pushes += 1
        figures.doubled += len(came) - 1


def _payments(rows: Rows, town: Town, expected: Expected) -> None:
    states = Counter(one.state for one in rows.attempts)
    assert states[AttemptState.PAID] == expected.paid, states
    assert states[AttemptState.REFUND_DUE] == 0, states
    assert states[AttemptState.VERIFYING] == 0, states
    known = {one.ref for one in rows.attempts}
    taken = {ref for ref, one in town.bank.payments.items() if one.verified_at is not None}
    assert len(taken) == expected.paid
    assert taken <= known, "the bank took money for an attempt that we do not know"


async def _documents(
    rows: Rows,
    request: QualificationRequest,
    people: Sequence[Person],
    folder: Path,
    expected: Expected,
    figures: Figures,
) -> None:
    """What was uploaded is what the request holds, whole; on the disk there is nothing less."""
    sent = Counter(
        hashlib.sha256(message.files[0].content).hexdigest()
        for person in people
        for message in person.conversation.messages.values()
        if not message.from_bot and message.files
    )
    in_request = [id_ for snapshot in _snapshots(rows, request) for id_ in _file_ids(snapshot)]
    held = Counter(rows.files[id_].sha256 for id_ in set(in_request))
    assert max(held.values()) == 1, f"a file is twice in the request: {held}"
    assert not set(held) - set(sent), "the request holds what nobody sent"
    assert len(set(sent) - set(held)) == expected.stray_files, "an uploaded file is not in the request"
    assert {one.file_id for one in rows.submitted} == set(in_request), "what experts may open differs"
    store = FolderStore(folder)
    papers = Papers(store, Sealer(SECRET_KEY), Checker())
    try:
        for file in rows.files.values():
            original = await papers.original(file)
            assert hashlib.sha256(original).hexdigest() == file.sha256
            assert await papers.open(file)
    finally:
        await papers.close()
    keys = {key for file in rows.files.values() for key in (file.original_key, file.shown_key)}
    on_disk = {path.name for path in folder.glob("??/*")}
    assert keys <= on_disk
    figures.orphans = len(on_disk - keys)


def _snapshots(rows: Rows, request: QualificationRequest) -> list[dict[str, object]]:
    return [request.snapshot, *(one.snapshot for one in rows.rounds)]


def _file_ids(snapshot: dict[str, object]) -> list[int]:
    return [
        id_
        for key, ids in snapshot.items()
        if key.startswith("doc.") and isinstance(ids, list)
        for id_ in ids
    ]
