"""Tracking codes: yyyymmdd (Jalali, Tehran) and a daily number of four digits (Q32)."""

from datetime import datetime
from functools import cache

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session

from bot.core.refusals import Unavailable
from bot.texts.formats import jalali_compact
from storage.tables import DailySequence

LAST = 9999


@cache
def _count(dialect: str) -> UpdateBase:
    table = DailySequence.metadata.tables["daily_sequence"]
    grown = {"last": table.c.last + 1}
    if dialect == "postgresql":
        insert = postgresql.insert(table)
        return insert.on_conflict_do_update(index_elements=["day"], set_=grown).returning(table.c.last)
    return (
        sqlite.insert(table).on_conflict_do_update(index_elements=["day"], set_=grown).returning(table.c.last)
    )


def next_code(db: Session, now: datetime) -> str:
    """The next code of this day; safe under any number of processes (the row is locked until the commit).

    Raises Unavailable after 9999 codes on one day.
    """
    day = jalali_compact(now)
    number = db.exec(_count(db.get_bind().dialect.name), params={"day": day, "last": 1}).one()[0]
    if number > LAST:
        raise Unavailable("error.no_code_left")
    return f"{day}{number:04}"
