"""What an account may upload in a day: counted once, whoever counts beside it."""

import asyncio
from datetime import timedelta

from sqlmodel import Session, select

from bot.services.shared import upload_quota
from bot.services.shared.upload_quota import DailyLimit
from storage.database.database import Database
from storage.tables import UploadDay
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW

LIMIT = DailyLimit(files=10, size=1000)


def count(db: Session, account_id: int | None, size: int = 1, *, days: int = 0, files: int = 1) -> bool:
    given = {"files": files, "limit": LIMIT, "now": NOW + timedelta(days=days)}
    return upload_quota.count_upload(db, account_id=account_id or 0, size=size, **given)


async def test_uploads_at_one_instant(database: Database, people: Participants) -> None:
    """No more are let through than allowed; another account and another day count for themselves."""
    sara = people.sara.account_id
    let_through = await asyncio.gather(*(database.run(lambda db: count(db, sara)) for _ in range(30)))
    assert sum(let_through) == LIMIT.files
    assert await database.run(lambda db: count(db, people.ali.account_id) and count(db, sara, days=1))


def test_a_smaller_file_may_still_fit(db: Session, people: Participants) -> None:
    sara = people.sara.account_id
    assert [count(db, sara, size) for size in (600, 500, 400)] == [True, False, True]
    assert not count(db, sara, 1, files=0), "what was found to be larger than it was said to be"
    [day] = db.exec(select(UploadDay)).all()
    assert (day.files, day.size) == (2, 1000)


def test_the_counts_of_days_gone_by_are_deleted(db: Session, people: Participants) -> None:
    for days in (0, 6, 20):
        count(db, people.sara.account_id, days=days)
    later = NOW + timedelta(days=20)
    assert [upload_quota.remove_old_counts(db, now=later) for _ in range(2)] == [2, 0]
