"""How much an account may send in a day (Tehran), taken or not: counted before a file is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import delete, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, col, select

from bot.texts.formats import TEHRAN
from storage.database.unit_of_work import table_of
from storage.tables import UploadDay

#: Counts of days that are not needed any more.
COUNTS_LIFETIME = timedelta(days=7)
#: Counts that one unit deletes.
BATCH = 200


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """Files and bytes of one account on one day."""

    files: int = 300
    size: int = 1_000_000_000


@cache
def _statement(dialect: str, limit: DailyLimit) -> UpdateBase:
    table = table_of(UploadDay)
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    new = insert.excluded
    files, size = table.c.files + new.files, table.c.size + new.size
    statement: UpdateBase = insert.on_conflict_do_update(
        index_elements=[table.c.account_id, table.c.day],
        set_={"files": files, "size": size},
        where=(files <= limit.files) & (size <= limit.size),
    ).returning(table.c.files)
    return statement


def count_upload(
    db: Session, *, account_id: int, size: int, limit: DailyLimit, now: datetime, files: int
) -> bool:
    """Count an upload of `size` bytes; False where it is more than the day allows, and then nothing is counted. Right for
    any number of uploads at one instant: it is one statement."""
    values = {
        "account_id": account_id,
        "day": now.astimezone(TEHRAN).date(),
        "files": files,
        "size": size,
    }
    return db.execute(_statement(db.get_bind().dialect.name, limit), values).first() is not None


def remove_old_counts(db: Session, *, now: datetime) -> int:
    """Delete a batch of counts of days gone by; how many. A job repeats it."""
    before = (now - COUNTS_LIFETIME).astimezone(TEHRAN).date()
    key = (col(UploadDay.account_id), col(UploadDay.day))
    old = select(*key).where(col(UploadDay.day) < before).limit(BATCH)
    return db.exec(
        delete(UploadDay).where(tuple_(*key).in_(old)).execution_options(synchronize_session=False)
    ).rowcount
