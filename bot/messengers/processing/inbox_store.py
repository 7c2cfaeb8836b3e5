"""The inbox rows of updates and the rows of chats: how units read and mark them. Statements are built once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, update
from sqlalchemy import select as select_columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.context import Actor, PublicInfo, Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed
from bot.messengers.processing.duplicate_updates import WIPED, identity_of, is_same, is_same_press
from storage.database.unit_of_work import table_of
from storage.enums import InboxState, Messenger
from storage.prepared import LoadedRow, NewRow, Prepared, connection_of, is_direct
from storage.tables import Account, Chat, Draft, Grant, InboxUpdate


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An update, most often one that waits for its turn."""

    id: int
    messenger: Messenger
    update_id: int
    lane: int | None
    raw: str
    #: The bot that it was sent to; 0: of a time when that was not noted.
    bot_id: int = 0
    #: False: quarantined as it came.
    waits: bool = True
    #: `raw` as it was read, where it just came and is small: not to be changed.
    update: dict[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> tuple[int, int]:
        """What it is known by in memory: see `mark_finished`."""
        return self.id, self.update_id


#: Whether the role that the chat acts in is in force. With the chat, so that no step needs a statement more.
_HOLDS = (
    exists()
    .where(
        col(Grant.account_id) == col(Chat.account_id),
        col(Grant.role) == col(Chat.role),
        col(Grant.active).is_(True),
    )
    .correlate(Chat)
)
_TURN = (
    select(Chat, Account, Draft, _HOLDS)
    .outerjoin(Account, col(Account.id) == col(Chat.account_id))
    .outerjoin(Draft, col(Draft.id) == col(Chat.draft_id))
    .where(col(Chat.messenger) == bindparam("messenger"), col(Chat.chat_id) == bindparam("chat_id"))
)
#: The same by columns, for the first look of a unit.
_CHAT, _ACCOUNT, _OPEN_DRAFT = LoadedRow(Chat), LoadedRow(Account), LoadedRow(Draft)
_NEW_CHAT = NewRow(Chat)
_TURN_COLUMNS = Prepared(
    select_columns(*_CHAT.columns, *_ACCOUNT.columns, *_OPEN_DRAFT.columns, _HOLDS)
    .select_from(Chat)
    .outerjoin(Account, col(Account.id) == col(Chat.account_id))
    .outerjoin(Draft, col(Draft.id) == col(Chat.draft_id))
    .where(col(Chat.messenger) == bindparam("messenger"), col(Chat.chat_id) == bindparam("chat_id"))
)
_LOCK = (
    select(Account.id)
    .where(
        col(Account.id)
        == select(Chat.account_id)
        .where(col(Chat.messenger) == bindparam("messenger"), col(Chat.chat_id) == bindparam("chat_id"))
        .scalar_subquery()
    )
    # Not the whole row: who tells this person something refers to it, and must not wait.
    .with_for_update(key_share=True)
)
_INBOX = table_of(InboxUpdate)
_MARK = Prepared(
    update(_INBOX)
    .where(
        _INBOX.c.id == bindparam("row_id"),
        # The row may have been stored in a transaction that failed, and its id given to another.
        _INBOX.c.update_id == bindparam("number"),
        _INBOX.c.messenger == bindparam("of"),
        _INBOX.c.state == bindparam("old"),
    )
    .values(state=bindparam("new"), done_at=bindparam("at"), note=bindparam("why"))
)
_WIPE = update(_INBOX).where(_INBOX.c.id == bindparam("row_id")).values(raw=WIPED, identity=bindparam("what"))
_ANSWERED = Prepared(
    update(_INBOX)
    .where(_INBOX.c.id == bindparam("row_id"), _INBOX.c.state == InboxState.DONE)
    .values(state=InboxState.ANSWERED)
)
#: Before the id of a message in `note`.
_DELETE = "delete message "
#: The part of the table that has an index: SQLite must read it in the statement (docs/performance.md 9).
_UNFINISHED = col(InboxUpdate.state).in_((InboxState.RECEIVED, InboxState.DONE))
_OWED = and_(
    _UNFINISHED, col(InboxUpdate.state) == InboxState.DONE, col(InboxUpdate.note).like(f"{_DELETE}%")
)
_OWE = (
    update(InboxUpdate)
    .where(col(InboxUpdate.id) == bindparam("row_id"))
    .values(note=bindparam("why"))
    .execution_options(synchronize_session=False)
)
_COLUMNS = (
    InboxUpdate.id,
    InboxUpdate.messenger,
    InboxUpdate.update_id,
    InboxUpdate.lane,
    InboxUpdate.raw,
    InboxUpdate.bot_id,
)
_OLDER = (
    select(*_COLUMNS)  # type: ignore[call-overload]
    .where(
        col(InboxUpdate.state) == InboxState.RECEIVED,
        col(InboxUpdate.messenger) == bindparam("messenger"),
        col(InboxUpdate.lane) == bindparam("lane"),
        col(InboxUpdate.id) < bindparam("row_id"),
    )
    .order_by(col(InboxUpdate.id))
)

_NEXT = (
    select(*_COLUMNS)  # type: ignore[call-overload]
    .where(
        col(InboxUpdate.state) == InboxState.RECEIVED,
        col(InboxUpdate.messenger) == bindparam("messenger"),
        col(InboxUpdate.lane) == bindparam("lane"),
        col(InboxUpdate.id) > bindparam("row_id"),
    )
    .order_by(col(InboxUpdate.id))
    .limit(bindparam("most"))
)

#: The update of a chat before a given one. Looked for among so many rows of all chats, as no index orders those of one.
_LOOKED_BACK = 2000
_PREVIOUS = (
    select(InboxUpdate.raw, InboxUpdate.state, InboxUpdate.received_at, InboxUpdate.note)
    .where(
        col(InboxUpdate.id) < bindparam("row_id"),
        col(InboxUpdate.id) >= bindparam("oldest"),
        col(InboxUpdate.messenger) == bindparam("messenger"),
        col(InboxUpdate.lane) == bindparam("lane"),
    )
    .order_by(col(InboxUpdate.id).desc())
    .limit(1)
)
#: Between the taps of one that was doubled, by a finger or by a bad line.
DOUBLED_WITHIN = timedelta(seconds=60)
#: `note` of a press that was refused: the next one on the same button is told the same.
_REFUSED = "refused"


def load_turn(
    db: Session, incoming: Incoming, now: datetime, public_info: PublicInfo, *, reading: bool = False
) -> Turn:
    """Chat, account and draft in one select. An unknown chat gets a row that is not added yet.

    On PostgreSQL the account's row is locked first, unless only `reading`: its other chats wait (SQLite has one
    writer anyway)."""
    key = {"messenger": incoming.messenger, "chat_id": incoming.chat_id}
    if not reading and db.get_bind().dialect.name == "postgresql":
        db.execute(_LOCK, key)
    row = _turn_row(db, key)
    if row is None:
        chat = _NEW_CHAT.make(messenger=incoming.messenger, chat_id=incoming.chat_id)
        return Turn(db, now, public_info, chat, incoming)
    chat, account, draft, holds = row
    known = chat.account_id is not None and chat.role is not None
    standing = (chat.account_id, chat.role, bool(holds)) if known else None
    return Turn(db, now, public_info, chat, incoming, account, draft, standing=standing)


def read_actor(db: Session, *, incoming: Incoming, now: datetime, public_info: PublicInfo) -> Actor:
    """Who asks, for what is prepared outside a turn. Raises NotAllowed for a guest."""
    turn = load_turn(db, incoming, now, public_info, reading=True)
    if turn.account is None:
        raise NotAllowed
    return turn.actor


def _turn_row(db: Session, key: dict[str, Any]) -> Sequence[Any] | None:
    if db.identity_map or not is_direct(connection_of(db)):
        # What is loaded already is kept, or read anew after a rollback.
        return db.execute(_TURN, key).first()
    row = _TURN_COLUMNS.first(connection_of(db), key)
    if row is None:
        return None
    chat, rest = row[: len(_CHAT)], row[len(_CHAT) :]
    account, draft = rest[: len(_ACCOUNT)], rest[len(_ACCOUNT) : -1]
    return _CHAT.into(db, chat), _ACCOUNT.into(db, account), _OPEN_DRAFT.into(db, draft), rest[-1]


def store_new_chat(db: Session, chat: Chat) -> None:
    """Store the row that `load_turn` made of an unknown chat. Raises IntegrityError where another process was faster."""
    if not _NEW_CHAT.insert(db, chat):
        db.add(chat)
        db.flush()


def load_again(turn: Turn) -> None:
    """After a rollback: the turn's rows as they are now."""
    fresh = load_turn(turn.db, turn.incoming, turn.now, turn.public_info, reading=True)
    turn.chat, turn.account, turn.draft, turn.loaded_grants = fresh.chat, fresh.account, fresh.draft, None
    turn.standing = fresh.standing
    turn.memo.clear()


def mark_finished(
    db: Session, row: InboxRow, now: datetime, new: InboxState = InboxState.DONE, note: str | None = None
) -> bool:
    """RECEIVED → `new`; False where that happened before."""
    values = {
        "row_id": row.id,
        "number": row.update_id,
        "of": row.messenger,
        "old": InboxState.RECEIVED,
        "new": new,
        "at": now,
        "why": note,
    }
    return bool(_MARK.change(connection_of(db), values))


def is_stored(db: Session, row: InboxRow) -> bool:
    """Whether the row is there, and of this update still."""
    number = select(InboxUpdate.update_id).where(
        InboxUpdate.id == row.id, InboxUpdate.messenger == row.messenger
    )
    return bool(db.exec(number).first() == row.update_id)


def wipe_body(db: Session, row: InboxRow) -> None:
    """Forget the body: it held a password. What tells it from other updates stays."""
    connection_of(db).execute(_WIPE, {"row_id": row.id, "what": identity_of(row.raw)})


def mark_answered(db: Session, *row_ids: int) -> None:
    _ANSWERED.change_each(connection_of(db), [{"row_id": row_id} for row_id in row_ids])


_KEY = (_INBOX.c.messenger, _INBOX.c.bot_id, _INBOX.c.update_id, _INBOX.c.again)
_INSERT: dict[str, Any] = {
    "sqlite": sqlite.insert(_INBOX).on_conflict_do_nothing(index_elements=_KEY),
    "postgresql": postgresql.insert(_INBOX).on_conflict_do_nothing(index_elements=_KEY),
}
_INSERT = {name: insert.returning(_INBOX.c.id, _INBOX.c.update_id) for name, insert in _INSERT.items()}
#: One update, with what `insert` is given of it.
_STORED = ("messenger", "bot_id", "update_id", "lane", "raw", "state", "note", "received_at", "done_at")
_INSERT_ONE = Prepared(
    sqlite.insert(_INBOX)
    .values({name: bindparam(name) for name in _STORED} | {"again": 0})
    .on_conflict_do_nothing(index_elements=_KEY)
    .returning(_INBOX.c.id)
)
_KNOWN = select(_INBOX.c.again, _INBOX.c.raw, _INBOX.c.identity).where(
    _INBOX.c.messenger == bindparam("messenger"),
    _INBOX.c.bot_id == bindparam("bot_id"),
    _INBOX.c.update_id == bindparam("update_id"),
)


def insert(db: Session, values: Sequence[dict[str, Any]]) -> list[InboxRow]:
    """Store a batch of one bot; the rows that are new, in order. Updates that are known are left out."""
    new = _inserted(connection_of(db), values)
    rows = []
    for value in values:
        # A batch may hold one update twice.
        row_id = new.pop(value["update_id"], None)
        if row_id is None:
            row_id = _insert_another(db, value)
        if row_id is not None:
            waits = value["state"] is InboxState.RECEIVED
            bot_id = value.get("bot_id", 0)
            rows.append(
                InboxRow(
                    row_id, value["messenger"], value["update_id"], value["lane"], value["raw"], bot_id, waits
                )
            )
    return rows


def _inserted(connection: Connection, values: Sequence[dict[str, Any]]) -> dict[int, int]:
    """The ids of those whose numbers are new, by number."""
    if not is_direct(connection):
        found = connection.execute(_INSERT[connection.dialect.name], values)
        return {number: row_id for row_id, number in found}
    new = ((value["update_id"], _INSERT_ONE.first(connection, {"bot_id": 0} | value)) for value in values)
    return {number: row[0] for number, row in new if row is not None}


def _insert_another(db: Session, value: dict[str, Any]) -> int | None:
    """Under a number that is known: None where it is the same update again."""
    connection = connection_of(db)
    key = {"messenger": value["messenger"], "bot_id": value.get("bot_id", 0), "update_id": value["update_id"]}
    known = connection.execute(_KNOWN, key).all()
    if any(is_same(raw, identity, value["raw"]) for _, raw, identity in known):
        return None
    again = max((again for again, _, _ in known), default=-1) + 1
    stored = connection.execute(_INSERT[connection.dialect.name], [value | {"again": again}]).first()
    return None if stored is None else int(stored.id)


def assign_bot_id(db: Session, messenger: Messenger, bot_id: int) -> None:
    """What came before the bot's id was noted belongs to the bot that starts on it first."""
    theirs = aliased(InboxUpdate)
    taken = exists().where(
        col(theirs.messenger) == messenger,
        col(theirs.bot_id) == bot_id,
        col(theirs.update_id) == col(InboxUpdate.update_id),
        col(theirs.again) == col(InboxUpdate.again),
    )
    updates = update(InboxUpdate).where(
        col(InboxUpdate.messenger) == messenger, col(InboxUpdate.bot_id) == 0, ~taken
    )
    db.execute(updates.values(bot_id=bot_id).execution_options(synchronize_session=False))


def unfinished_updates(db: Session, before: datetime | None = None) -> list[InboxRow]:
    """All updates received and not done, in order; with `before`, only those that came before it."""
    statement = (
        select(*_COLUMNS)  # type: ignore[call-overload]
        .where(_UNFINISHED, col(InboxUpdate.state) == InboxState.RECEIVED)
        .order_by(col(InboxUpdate.id))
    )
    if before is not None:
        statement = statement.where(col(InboxUpdate.received_at) < before)
    return [InboxRow(*row) for row in db.execute(statement)]


def older_unfinished(db: Session, row: InboxRow) -> list[InboxRow]:
    """What this chat sent before `row` and is not done yet (another process may be at it)."""
    if row.lane is None:
        return []
    key = {"messenger": row.messenger, "lane": row.lane, "row_id": row.id}
    return [InboxRow(*row) for row in db.execute(_OLDER, key)]


def next_unfinished(db: Session, row: InboxRow, most: int) -> list[InboxRow]:
    """What this chat sent after `row` and is not done yet, oldest first."""
    key = {"messenger": row.messenger, "lane": row.lane, "row_id": row.id, "most": most}
    return [InboxRow(*row) for row in db.execute(_NEXT, key)]


def repeats_press(db: Session, row: InboxRow, now: datetime) -> bool:
    """Whether this update presses the button that the update before it in this chat pressed as well, just now, and what
    it asks for was done then."""
    if row.lane is None:
        return False
    key = {"row_id": row.id, "oldest": row.id - _LOOKED_BACK, "messenger": row.messenger, "lane": row.lane}
    earlier = db.execute(_PREVIOUS, key).first()
    if earlier is None or earlier.state not in (InboxState.DONE, InboxState.ANSWERED):
        return False
    if earlier.note == _REFUSED:
        return False
    return now - earlier.received_at <= DOUBLED_WITHIN and is_same_press(earlier.raw, row.raw)


def note_refusal(db: Session, row: InboxRow) -> None:
    """What this press asked for was not done."""
    db.execute(_OWE, {"row_id": row.id, "why": _REFUSED})


def schedule_deletion(db: Session, row_id: int, message_id: int) -> None:
    """The message of this update held a password: it must be gone from the chat before the update counts as answered."""
    db.execute(_OWE, {"row_id": row_id, "why": f"{_DELETE}{message_id}"})


def pending_deletions(db: Session, before: datetime) -> list[InboxRow]:
    """Updates done before an instant whose message is not known to be deleted."""
    statement = (
        select(*_COLUMNS)  # type: ignore[call-overload]
        .where(_OWED, col(InboxUpdate.done_at) <= before)
        .order_by(col(InboxUpdate.id))
    )
    return [InboxRow(*row) for row in db.execute(statement)]


def message_to_delete(db: Session, row_id: int) -> int | None:
    note = db.execute(select(InboxUpdate.note).where(InboxUpdate.id == row_id, _OWED)).scalar()
    return None if note is None else int(note.removeprefix(_DELETE))


def show_unanswered(db: Session, now: datetime, before: datetime) -> int:
    """Chats whose answer may not have left are to be shown their screen; say how many rows there were."""
    # Those that owe a deletion go back into their chat queues.
    lost = and_(
        _UNFINISHED,
        col(InboxUpdate.state) == InboxState.DONE,
        col(InboxUpdate.done_at) <= before,
        or_(col(InboxUpdate.note).is_(None), col(InboxUpdate.note).not_like(f"{_DELETE}%")),
    )
    if not db.execute(select(func.count()).select_from(InboxUpdate).where(lost)).scalar_one():
        return 0
    theirs = and_(
        lost, col(InboxUpdate.messenger) == col(Chat.messenger), col(InboxUpdate.lane) == col(Chat.chat_id)
    )
    db.execute(
        update(Chat)
        .where(col(Chat.dead).is_(False), exists().where(theirs))
        .values(show_at=now)
        .execution_options(synchronize_session=False)
    )
    rows = update(InboxUpdate).where(lost).values(state=InboxState.ANSWERED, note="shown again")
    return int(db.execute(rows.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def mark_quiet(db: Session, row_id: int, chat: Chat, now: datetime, seconds: float) -> None:
    """Nothing is said now; the current screen is shown once it has been quiet for `seconds`."""
    mark_answered(db, row_id)
    chat.show_at = now + timedelta(seconds=seconds)
