"""Rows of unfinished dialogues: found, begun, written by compare-and-set, moved and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.services.qualification import unused_files
from storage.database.unit_of_work import table_of
from storage.prepared import LoadedRow, NewRow, Prepared, connection_of
from storage.tables import Chat, Draft

_DRAFT = table_of(Draft)
_WRITE = Prepared(
    update(_DRAFT)
    .where(_DRAFT.c.id == bindparam("draft"), _DRAFT.c.version == bindparam("seen"))
    .values(
        answers=bindparam("given"),
        dialogue_version=bindparam("form"),
        version=_DRAFT.c.version + 1,
        updated_at=bindparam("now"),
    )
)


_ROW, _NEW = LoadedRow(Draft), NewRow(Draft)
#: By whose they are: the account's, or the chat's of a guest.
_OWNERS = {"account": _DRAFT.c.account_id, "guest": _DRAFT.c.guest_chat_id}
_ALL_OF = {
    kind: Prepared(
        select_columns(*_ROW.columns)
        # Said again, as hardly any draft is a guest's: ANALYZE may have found none, and SQLite would then walk through all of them.
        .where(owner == bindparam("owner"), owner.is_not(None))
        .order_by(_DRAFT.c.updated_at.desc(), _DRAFT.c.id.desc())
    )
    for kind, owner in _OWNERS.items()
}
_OF_DIALOGUE = {
    kind: select_columns(*_ROW.columns).where(
        owner == bindparam("owner"), _DRAFT.c.dialogue == bindparam("name")
    )
    for kind, owner in _OWNERS.items()
}
_FIND_OF_GUEST = Prepared(_OF_DIALOGUE["guest"])
_FIND_OF_ACCOUNT = Prepared(_OF_DIALOGUE["account"].where(_DRAFT.c.subject_id == bindparam("subject")))


def owned(turn: Turn, draft: Draft) -> bool:
    """Whether a draft is this person's: the account's, or this chat's while nobody is logged in."""
    if turn.account is not None:
        return draft.account_id == turn.account.id
    return draft.account_id is None and draft.guest_chat_id == turn.chat.id


def find_draft(turn: Turn, name: str, subject_id: int) -> Draft | None:
    """This person's draft of a dialogue. A guest has one a dialogue, whatever its subject."""
    if turn.account is None:
        statement, values = _FIND_OF_GUEST, {"owner": turn.chat.id, "name": name}
    else:
        statement, values = (
            _FIND_OF_ACCOUNT,
            {"owner": turn.account.id, "name": name, "subject": subject_id},
        )
    row = statement.first(connection_of(turn.db), values)
    return None if row is None else _ROW.found(turn.db, row)


def all_of(turn: Turn) -> list[Draft]:
    """This person's drafts, newest first."""
    if turn.account is None:
        kind, owner = "guest", turn.chat.id
    else:
        kind, owner = "account", turn.account.id
    rows = _ALL_OF[kind].all(connection_of(turn.db), {"owner": owner})
    return [_ROW.found(turn.db, row) for row in rows]


def begin_draft(turn: Turn, name: str, version: int, subject_id: int, answers: dict[str, Any]) -> Draft:
    """A new draft of version `version` of a dialogue."""
    guest = turn.account is None
    draft = _NEW.make(
        account_id=None if turn.account is None else turn.account.id,
        guest_chat_id=turn.chat.id if guest else None,
        dialogue=name,
        dialogue_version=version,
        subject_id=subject_id,
        answers=answers,
        created_at=turn.now,
        updated_at=turn.now,
    )
    if _NEW.insert(turn.db, draft):
        return draft
    # This person's other chat began it in the same instant.
    stored = find_draft(turn, name, subject_id)
    if stored is None:
        raise Stale
    return stored


def write_draft(turn: Turn, draft: Draft, version: int, answers: dict[str, Any]) -> None:
    """Write `answers`, given to version `version` of the dialogue, where the draft is as it was read. Raises Stale where
    another chat was faster."""
    values = {
        "draft": draft.id,
        "seen": draft.version,
        "given": answers,
        "form": version,
        "now": turn.now,
    }
    if _WRITE.change(connection_of(turn.db), values) != 1:
        turn.db.expire(draft)
        raise Stale()
    set_committed_value(draft, "answers", answers)
    set_committed_value(draft, "dialogue_version", version)
    set_committed_value(draft, "version", draft.version + 1)
    set_committed_value(draft, "updated_at", turn.now)


def drop_draft(db: Session, draft: Draft, *, now: datetime | None = None) -> None:
    """Delete a draft; chats that show it close it (one that is loaded must have closed it before). With
    `now`, its documents that nothing else holds are deleted as well; without, they stay for their month."""
    account_id, values = draft.account_id, list(draft.answers.values())
    db.flush()
    db.exec(
        update(Chat)
        .where(col(Chat.draft_id) == draft.id)
        .values(dialogue=None, draft_id=None, dialogue_state={})
        .execution_options(synchronize_session=False)
    )
    db.exec(delete(Draft).where(col(Draft.id) == draft.id).execution_options(synchronize_session=False))
    db.expire(draft)  # read again, should this be rolled back
    if now is not None:
        unused_files.remove_unused(db, account_id=account_id, values=values, now=now)


def guests_of(turn: Turn) -> list[Draft]:
    """What was begun in this chat before a login."""
    of_chat = Draft.guest_chat_id == turn.chat.id, col(Draft.guest_chat_id).is_not(None)
    return list(turn.db.exec(select(Draft).where(*of_chat)).all())


def move_to_account(turn: Turn, draft: Draft) -> bool:
    """Give a guest's draft to the account that is logged in here now; False where the account has one of its own."""
    taken = select(Draft.id).where(
        Draft.account_id == turn.chat.account_id,
        Draft.dialogue == draft.dialogue,
        Draft.subject_id == draft.subject_id,
    )
    if turn.db.exec(taken).first() is not None:
        return False
    draft.account_id, draft.guest_chat_id = turn.chat.account_id, None
    return True


def drop_expired(db: Session, before: Mapping[str, datetime], *, limit: int) -> int:
    """Delete drafts that were not touched since their dialogue's time in `before`, at most `limit`; how many."""
    dropped, named = 0, dict[datetime, list[str]]()
    for name, instant in before.items():
        named.setdefault(instant, []).append(name)
    for instant, names in named.items():
        old = select(Draft).where(col(Draft.dialogue).in_(names), col(Draft.updated_at) < instant)
        for draft in db.exec(old.limit(limit - dropped)).all():
            drop_draft(db, draft)
            dropped += 1
        if dropped >= limit:
            break
    return dropped
