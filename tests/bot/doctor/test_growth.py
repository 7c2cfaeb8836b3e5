"""`bot.py doctor` says when the disk is full at the present pace, and when the database is to be cleaned up."""

import re
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session

from bot.config.settings import Settings
from bot.doctor import growth
from bot.doctor.finding import Finding
from storage.database.database import asynchronous, open_database
from storage.enums import Role
from storage.tables import Account, AuditEvent, StoredFile

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")
GB = 1024**3


def settings_of(url: str, folder: Path) -> Settings:
    return Settings(_env_file=None, database_url=url, files_url=str(folder / "files"), secret_key="0" * 64)


def recorded(db: Session, days: int, *, a_day: int = 10, uploaded: int = 0) -> None:
    """So many lines of audit each day; every day a document of `uploaded` bytes."""
    account = Account(user_code="1", password_hash="x", first_name="سارا", last_name="کریمی")
    db.add(account)
    db.flush()
    for day in range(days, 0, -1):
        at = NOW - timedelta(days=day) + timedelta(hours=1)
        for _ in range(a_day):
            db.add(AuditEvent(at=at, event="claimed", subject="q", subject_id=1, actor_role=Role.EXPERT))
        db.flush()
        if uploaded:
            keys = {"original_key": f"{2 * day:032}", "shown_key": f"{2 * day + 1:032}"}
            what = {"account_id": account.id, "sha256": f"{day:064}", "media_type": "image/jpeg", "pages": 1}
            db.add(StoredFile(size=uploaded, created_at=at, **keys, **what))
    db.flush()


async def growth_told(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, free: int, **what: Any
) -> Finding:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(100 * GB, 0, free))
    database = await open_database(url)
    await database.run(lambda db: recorded(db, **what))
    pace = await database.read(lambda db: growth.growth_of(db, NOW), large=True)
    await database.close()
    (finding,) = growth.check_growth(settings_of(url, folder), pace, NOW)
    return finding


async def test_the_day_is_named_on_which_documents_fill_the_disk(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 MB a day, with the picture that is shown of each, and 20 GB free: twenty days."""
    told = await growth_told(
        database_url, tmp_path, monkeypatch, free=20 * GB, days=60, uploaded=500 * 1024**2
    )
    assert not told.good
    assert "documents by 1,000.0 MB" in told.words
    assert "is full in 20 days, on 2026-12-16" in told.words
    assert "move it to a larger one" in told.words


async def test_a_disk_for_years_is_in_order(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await growth_told(
        database_url, tmp_path, monkeypatch, free=3600 * GB, days=60, uploaded=500 * 1024**2
    )
    assert told.good
    assert "is full in about 10 years" in told.words


async def test_the_database_grows_by_its_share_of_the_lines(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of sixty days with as many lines each, the last thirty brought half of the bytes."""
    monkeypatch.setattr(growth, "_size", lambda db: 600 * 1024**2)
    told = await growth_told(database_url, tmp_path, monkeypatch, free=2 * GB, days=60)
    assert "the database has 600.0 MB and grows by 10.0 MB a day, documents by 0 bytes" in told.words
    # 1.5 GB are above MIN_FREE_DISK: five months. The disk of a PostgreSQL server is not ours to look at.
    assert ("the disk of the database" in told.words) is database_url.startswith("sqlite")
    assert ("full in 156 days" in told.words) is database_url.startswith("sqlite")


async def test_a_young_service_has_no_pace(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await growth_told(
        database_url, tmp_path, monkeypatch, free=20 * GB, days=5, a_day=100, uploaded=GB
    )
    assert (told.good, told.words) == (True, "too little was recorded to tell")


async def clean_up_told(url: str, folder: Path) -> Finding:
    database = await open_database(url)
    try:
        return await database.read(lambda db: growth.check_clean_up(db, settings_of(url, folder)), large=True)
    finally:
        await database.close()


async def test_vacuum_is_due_where_much_of_the_file_is_unused(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "UNUSED", 1024**2)
    assert (await clean_up_told(sqlite_url, tmp_path)).good
    engine = create_async_engine(asynchronous(sqlite_url))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE heap (what text)"))
        await connection.execute(text("INSERT INTO heap VALUES (hex(zeroblob(3000000)))"))
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE heap"))
    told = await clean_up_told(sqlite_url, tmp_path)
    assert not told.good
    assert "MB are unused. VACUUM gives them back: stop the bot, run `sqlite3 " in told.words
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.exec_driver_sql("VACUUM")
    await engine.dispose()
    assert (await clean_up_told(sqlite_url, tmp_path)).good


async def test_a_table_full_of_dead_rows_asks_for_a_look_at_autovacuum(
    postgres_url: str, tmp_path: Path
) -> None:
    engine = create_async_engine(asynchronous(postgres_url))
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        # A lent database may have dead rows of an earlier test.
        await alone.exec_driver_sql("SELECT pg_stat_reset()")
        assert (await clean_up_told(postgres_url, tmp_path)).words == "autovacuum keeps up"
        for statement in (
            "INSERT INTO throttle (key, at) SELECT 'x' || n, now() FROM generate_series(1, 20000) n",
            "DELETE FROM throttle WHERE key LIKE 'x%'",
            "SELECT pg_stat_force_next_flush()",
            "SELECT 1",
        ):
            await alone.exec_driver_sql(statement)
    await engine.dispose()
    told = await clean_up_told(postgres_url, tmp_path)
    assert not told.good
    assert re.search(r"throttle has 20,0\d\d dead rows beside", told.words), told.words
    assert "(never vacuumed). Look at autovacuum" in told.words
