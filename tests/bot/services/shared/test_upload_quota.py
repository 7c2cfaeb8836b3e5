"""What an account may upload in a day: counted once, whoever counts beside it."""

from __future__ import annotations

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


async def count(
    database: Database, account_id: int | None, size: int = 1, *, days: int = 0, files: int = 1
) -> bool:
    assert account_id is not None

    def unit(db: Session) -> bool:
        now = NOW + timedelta(days=days)
        return upload_quota.count_upload(
            db, account_id=account_id, size=size, files=files, limit=LIMIT, now=now
        )

    return await database.run(unit)


async def test_at_one_instant_no_more_are_let_through_than_allowed(
    database: Database, people: Participants
) -> None:
    sara = people.sara.account_id

    let_through = await asyncio.gather(*(count(database, sara) for _ in range(30)))

    assert sum(let_through) == LIMIT.files
    # Another account, and another day.
    assert await count(database, people.ali.account_id)
    assert await count(database, sara, days=1)


async def test_bytes_are_counted_and_a_smaller_file_may_still_fit(
    database: Database, people: Participants
) -> None:
    sara = people.sara.account_id
    assert await count(database, sara, 600)
    assert not await count(database, sara, 500)
    assert await count(database, sara, 400)
    # What was found to be larger than it was said to be.
    assert not await count(database, sara, 1, files=0)

    rows = await database.read(lambda db: list(db.exec(select(UploadDay))))
    assert [(one.files, one.size) for one in rows] == [(2, 1000)]


async def test_the_counts_of_days_gone_by_are_deleted(database: Database, people: Participants) -> None:
    for days in (0, 6, 20):
        await count(database, people.sara.account_id, days=days)

    later = NOW + timedelta(days=20)
    assert await database.run(lambda db: upload_quota.remove_old_counts(db, now=later)) == 2
    assert await database.run(lambda db: upload_quota.remove_old_counts(db, now=later)) == 0
