"""Files that their owner took out of an unfinished answer: removed at once, unless anything else refers to them.

Their rows say so in the unit that takes them out; their bytes go after its commit (`DocumentLibrary.drop_unused`), and by the
sweep of orphans where a crash came between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists
from sqlmodel import Session, col, select

from bot.services.qualification import documents_in_use
from storage.database.unit_of_work import defer
from storage.tables import FileHandle, LetterFile, RequestFile, StoredFile

#: Keys of the documents that a unit removed, for `storage.database.unit_of_work.deferred`.
REMOVED = "removed documents"


def remove_unused(
    db: Session,
    *,
    account_id: int | None,
    values: Iterable[Any],
    now: datetime,
    apart_from: int | None = None,
) -> None:
    """Mark as removed what answers with these `values` held: own documents that no submission, letter, approved file or
    draft names. `apart_from` is the draft (its id) that they are taken out of, where it still names them."""
    ids = set(documents_in_use.numbers(values))
    if not ids or account_id is None:
        return
    query = select(StoredFile).where(
        col(StoredFile.id).in_(ids),
        StoredFile.account_id == account_id,
        col(StoredFile.removed_at).is_(None),
        ~exists().where(col(RequestFile.file_id) == col(StoredFile.id)),
        ~exists().where(col(LetterFile.file_id) == col(StoredFile.id)),
    )
    files = db.exec(query).all()
    if not files:
        return
    used = documents_in_use.in_use(db, {account_id}, now, apart_from=apart_from)
    gone = [file for file in files if file.id not in used]
    for file in gone:
        file.removed_at = now
        db.add(file)
        defer(db, REMOVED, tuple(file.store_keys))
    handles = delete(FileHandle).where(col(FileHandle.file_id).in_([file.id for file in gone]))
    db.exec(handles.execution_options(synchronize_session=False))
