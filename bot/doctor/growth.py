"""How the database and the documents grow: when their disk is full at that pace, and when the database is to be cleaned up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from bot.config.settings import Settings
from bot.doctor.finding import Because, Finding
from bot.documents.disk_space import DiskSpace
from storage.database.database import asynchronous
from storage.tables import AuditEvent, StoredFile

#: Days whose growth is taken for the present pace; fewer where the service is younger, but not than WEEK.
DAYS, WEEK = 30, 7
#: Lines of audit below which a pace says nothing.
MIN_LINES = 200
#: Days until the disk is full from which on somebody must do something.
SOON = 90
#: Unused bytes of SQLite's file, and their part of it, from which on VACUUM is worth it.
UNUSED, UNUSED_PART = 100 * 1024**2, 0.25
#: Dead rows of a table of PostgreSQL, and their part of the living ones: autovacuum comes at a fifth.
DEAD, DEAD_PART = 10_000, 0.4
#: Transactions since rows were frozen. At two milliards the server stops.
UNFROZEN = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes, and bytes a day."""

    database: int
    database_daily: float
    documents_daily: float


def check_clean_up(db: Session, settings: Settings) -> Finding:
    """Whether VACUUM is due (SQLite), or autovacuum falls behind (PostgreSQL)."""
    url = asynchronous(settings.database_url)
    if url.get_backend_name() == "sqlite":
        size, unused = _size_of_file(db)
        if unused > UNUSED and unused > UNUSED_PART * size:
            words = (
                f"{_bytes(unused)} of the file's {_bytes(size)} are unused. VACUUM gives them back: stop the bot, "
                f"run `sqlite3 {url.database} VACUUM` (it needs {_bytes(size - unused)} free beside the file), start it again"
            )
            return Finding("clean-up", False, words, Because.ATTENTION)
        return Finding("clean-up", True, f"{_bytes(unused)} of the file's {_bytes(size)} are unused")
    return _autovacuum(db)


def _size_of_file(db: Session) -> tuple[int, int]:
    """Bytes of SQLite's file, and those of its free pages."""
    pages, free, page = (
        int(db.execute(text(f"PRAGMA {name}")).scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return pages * page, free * page


_TABLES = text(
    "SELECT relname, n_live_tup, n_dead_tup, greatest(last_vacuum, last_autovacuum) FROM pg_stat_user_tables "
    "WHERE n_dead_tup > :dead ORDER BY n_dead_tup DESC"
)
_AGE = text("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")


def _autovacuum(db: Session) -> Finding:
    if (age := int(db.execute(_AGE).scalar_one())) > UNFROZEN:
        words = f"no row was frozen for {age:,} transactions, and at 2,000,000,000 the server stops; run `VACUUM (FREEZE)` as the owner of the database, and see why autovacuum does not"
        return Finding("clean-up", False, words, Because.ATTENTION)
    for table, living, dead, last in db.execute(_TABLES, {"dead": DEAD}):
        if dead > DEAD_PART * living:
            when = f"last vacuumed on {last:%Y-%m-%d}" if last is not None else "never vacuumed"
            words = (
                f"{table} has {dead:,} dead rows beside {living:,} ({when}). Look at autovacuum: is it on, and is no session "
                f"idle in a transaction? `VACUUM (ANALYZE) {table}` does it now"
            )
            return Finding("clean-up", False, words, Because.ATTENTION)
    return Finding("clean-up", True, "autovacuum keeps up")


def growth_of(db: Session, now: datetime) -> Growth | None:
    """By what was recorded in the last weeks; None for a service that is too young to tell.

    A line of the audit stands for all that is written with it: so its share of the lines is that of the bytes."""
    last, first_at = db.execute(select(func.max(AuditEvent.id), func.min(AuditEvent.at))).one()
    if first_at is None or last < MIN_LINES or now - first_at < timedelta(days=WEEK):
        return None
    since = max(first_at, now - timedelta(days=DAYS))
    first = db.exec(
        select(AuditEvent.id)
        .where(col(AuditEvent.at) >= since)
        .order_by(col(AuditEvent.at), col(AuditEvent.id))
        .limit(1)
    ).first()
    days = max((now - since) / timedelta(days=1), 1.0)
    lines = last - first + 1 if first is not None else 0
    size = _size(db)
    # The document and the picture that is shown of it, which is hardly ever larger.
    both = func.sum(col(StoredFile.size) * 2)
    documents = db.execute(select(both).where(col(StoredFile.created_at) >= since)).scalar_one()
    return Growth(size, size * lines / last / days, int(documents or 0) / days)


def _size(db: Session) -> int:
    if db.get_bind().dialect.name == "sqlite":
        return _size_of_file(db)[0]
    return int(db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def check_growth(settings: Settings, growth: Growth | None, now: datetime) -> Iterator[Finding]:
    """When the disks of the database and of the documents are full."""
    if growth is None:
        yield Finding("growth", True, "too little was recorded to tell")
        return
    disk_space = DiskSpace.of(settings)
    daily = {"database": growth.database_daily, "documents": growth.documents_daily}
    told = f"the database has {_bytes(growth.database)} and grows by {_bytes(growth.database_daily)} a day, documents by {_bytes(growth.documents_daily)}"
    until_full: list[tuple[float, str]] = []
    free = disk_space.free()
    for names in _by_disk(disk_space, free).values():
        pace = sum(daily[name] for name in names)
        if pace < 1:
            continue
        days = max(0, min(free[name] for name in names) - disk_space.reserve) / pace
        until_full.append((days, " and ".join(sorted(names))))
    if not until_full:
        yield Finding("growth", True, told)
        return
    days, whose = min(until_full)
    full = f"{told}; the disk of the {whose} is full in {_span(days, now)}"
    if days < SOON:
        words = f"{full}: move it to a larger one (docs/operations.md, Growth)"
        yield Finding("growth", False, words, Because.ATTENTION)
    else:
        yield Finding("growth", True, full)


def _by_disk(disk_space: DiskSpace, free: Mapping[str, int]) -> dict[int, list[str]]:
    disks: dict[int, list[str]] = {}
    for name in free:
        folder = disk_space.folders[name].absolute()
        there = next(one for one in (folder, *folder.parents) if one.exists())
        disks.setdefault(there.stat().st_dev, []).append(name)
    return disks


def _span(days: float, now: datetime) -> str:
    if days > 20 * 365:
        return "more than 20 years"
    if days > 2 * 365:
        return f"about {days / 365:.0f} years"
    return f"{days:.0f} days, on {now + timedelta(days=days):%Y-%m-%d}"


def _bytes(number: float) -> str:
    for unit, size in (("GB", 1024**3), ("MB", 1024**2), ("kB", 1024)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number:.0f} bytes"
