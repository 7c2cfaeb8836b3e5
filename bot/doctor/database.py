"""The database: whether it answers, whether its schema is ours, and what in it waits for an operator."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, func
from sqlmodel import Session, col, select

from bot.application.backup_record import last_backup, seconds_without_backup
from bot.config.settings import Settings
from bot.core.context import SYSTEM
from bot.doctor import audit, documents, growth, service_data
from bot.doctor.finding import Finding, first_line
from bot.services.directorate import alert_list
from bot.services.qualification import fees
from bot.startup.checks import documents_without_database
from bot.startup.errors import explain
from bot.texts.formats import TEHRAN
from storage.database.database import Database, asynchronous, check_database, open_database
from storage.database.unusable import why_unusable
from storage.database.url import ignored_parameters
from storage.enums import AttemptState, InboxState, PushState, RequestKind
from storage.migrations.migrate import NewerSchema, current_is_head
from storage.migrations.seed import seed
from storage.tables import DailySequence, InboxUpdate, PaymentAttempt, Push
from storage.tables.column_types import utcnow

#: Seconds after which an update should have been answered, whatever it was.
PROMPT = 120
#: One night may be missed, not two.
BACKUP_HOURS = 50
#: Alerts that are counted.
COUNTED = 999
_OPEN = (AttemptState.CREATED, AttemptState.VERIFYING, AttemptState.UNCERTAIN)


async def check_settings_database(settings: Settings) -> AsyncIterator[Finding]:
    url = asynchronous(settings.database_url)
    kind = url.get_backend_name()
    if kind == "sqlite" and _is_new(url.database):
        words = await documents_without_database(settings)
        yield _place_for_new(url) if words is None else Finding("database", False, words)
        return
    try:
        await check_database(settings.database_url)
        at_head = await current_is_head(settings.database_url)
    except NewerSchema as error:
        yield Finding("migrations", False, str(error))
        return
    except Exception as error:
        yield Finding("database", False, _why(error))
        return
    words = kind + "".join(f"; the parameter {name} has no meaning here" for name in ignored_parameters(url))
    yield Finding("database", True, words)
    words = "up to date" if at_head else "the schema is older than this code; run `bot.py migrate`"
    yield Finding("migrations", at_head, words)
    if not at_head:
        return
    try:
        database = await open_database(settings.database_url)
    except Exception as error:
        yield Finding("database", False, _why(error))
        return
    try:
        yield await _writing(database)
        yield await service_data.integrity(database)
        for finding in await database.read(lambda db: list(_inside(db, settings, utcnow()))):
            yield finding
        for finding in await database.read(lambda db: list(service_data.check_service(db, settings))):
            yield finding
        yield await database.read(lambda db: growth.check_clean_up(db, settings), large=True)
        pace = await database.read(lambda db: growth.growth_of(db, utcnow()), large=True)
        for finding in growth.check_growth(settings, pace, utcnow()):
            yield finding
        async for finding in audit.check_audit_record(database, settings):
            yield finding
        async for finding in documents.check_stored_documents(database, settings):
            yield finding
    finally:
        await database.close()


def _why(error: Exception) -> str:
    words = explain(error) or f"does not open ({type(error).__name__}: {first_line(error)})"
    return words.removeprefix("DATABASE_URL: ")


def _is_new(file: str | None) -> bool:
    return file is not None and not Path(file).exists()


def _place_for_new(url: URL) -> Finding:
    """`run` makes the file, and its folder: a folder is made there for a moment. Not where another bot's database is: then the
    path is wrong."""
    file = Path(url.database or "")
    folders = dict.fromkeys([file.absolute().parent, Path("data").absolute()])
    if others := [path for folder in folders for path in _databases(folder)]:
        words = f"{file} is not there, and `bot.py run` would make it anew; but {others[0]} is there. Is the path in DATABASE_URL right?"
        return Finding("database", False, words)
    there = next(parent for parent in file.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".probe-", dir=there):
            pass
    except OSError as error:
        return Finding("database", False, why_unusable(error, url) or str(error))
    return Finding("database", True, "not there yet; `bot.py run` makes it")


def _databases(folder: Path) -> Iterator[Path]:
    """SQLite's files there, by their first bytes."""
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        for path in files:
            with path.open("rb") as file:
                if file.read(16) == b"SQLite format 3\0":
                    yield path
    except OSError:
        return


class _Undone(Exception):
    """Ends the trial: nothing of it is kept."""


async def _writing(database: Database) -> Finding:
    """Write what `run` writes first, and a row besides; then take both back."""

    def unit(db: Session) -> None:
        seed(db)
        db.add(DailySequence(day="doctor"))
        db.flush()
        raise _Undone

    try:
        await database.run(unit, lane="seed")
    except _Undone:
        return Finding("writing", True, "the database takes what is written")
    except Exception as error:
        return Finding("writing", False, _why(error))
    raise AssertionError("unreachable")


def _inside(db: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    for kind in (RequestKind.NEW, RequestKind.AMENDMENT):
        yield _tariff(db, kind)
    yield _updates(db, now)
    yield _backup(db, settings, now)
    yield _given_up(db)
    count = alert_list.count_open(db, actor=SYSTEM, most=COUNTED)
    told = f"more than {COUNTED}" if count > COUNTED else str(count)
    yield Finding("alerts", not count, f"{told} wait for staff, on their desk" if count else "none is open")
    if (left := _other_gateway(db, settings.payment_gateway)) is not None:
        yield left


def _tariff(db: Session, kind: RequestKind) -> Finding:
    row = fees.in_force(db, kind=kind, day=datetime.now(TEHRAN).date())
    name = f"tariff ({kind.value.lower()})"
    if row is None:
        words = f"none is in force, so nothing can be approved; run `bot.py set-tariff --kind {kind.value.lower()} --rial N`"
        return Finding(name, False, words)
    return Finding(name, True, f"{row.amount_rial:,} rial")


def _updates(db: Session, now: datetime) -> Finding:
    waiting = col(InboxUpdate.state) == InboxState.RECEIVED
    count, oldest = db.exec(select(func.count(), func.min(InboxUpdate.received_at)).where(waiting)).one()
    if oldest is not None and (now - oldest).total_seconds() > PROMPT:
        age = (now - oldest).total_seconds() / 60
        words = f"{count} wait, the oldest for {age:.0f} minutes; is the bot running, and is its messenger connected? see the log"
        return Finding("updates", False, words)
    return Finding("updates", True, "none waits" if not count else f"{count} in hand")


def _backup(db: Session, settings: Settings, now: datetime) -> Finding:
    made, hours = last_backup(db), seconds_without_backup(db, now=now) / 3600
    if hours < BACKUP_HOURS:
        words = f"the newest is {hours:.0f} hours old" if made is not None else "none was made yet"
        return Finding("backup", True, words)
    words = f"the newest is {hours / 24:.1f} days old" if made is not None else "none was ever made"
    mend = "run `bot.py backup`, and look at technical-officer-bot-backup.timer (docs/operations.md)"
    if not settings.recipients():
        mend = "set BACKUP_RECIPIENT (`bot.py backup-key` makes a pair of keys), then run `bot.py backup`"
    return Finding("backup", False, f"{words}; {mend}")


def _given_up(db: Session) -> Finding:
    gone = col(Push.state) == PushState.GIVEN_UP
    count = db.exec(select(func.count()).select_from(Push).where(gone)).one()
    if not count:
        return Finding("pushes", True, "none was given up")
    last = db.exec(select(Push.note).where(gone).order_by(col(Push.id).desc()).limit(1)).first()
    words = f"{count} were given up; staff set them going again from their desk (the last: {last or '–'})"
    return Finding("pushes", False, words)


def _other_gateway(db: Session, ours: str) -> Finding | None:
    """Payments begun at a gateway that is no longer asked."""
    rows = db.exec(
        select(PaymentAttempt.gateway, func.count())
        .where(PaymentAttempt.gateway != ours, col(PaymentAttempt.state).in_(_OPEN))
        .group_by(PaymentAttempt.gateway)
    ).all()
    if not rows:
        return None
    others = ", ".join(f"{count} of {gateway}" for gateway, count in rows)
    words = f"{others} are not settled and PAYMENT_GATEWAY is {ours}; set it back until they are"
    return Finding("payments", False, words)
