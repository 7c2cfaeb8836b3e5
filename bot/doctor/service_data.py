"""What the service needs in its database: staff, experts, keys to search by; and whether the file itself is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from bot.config.settings import Settings
from bot.doctor.finding import Finding
from bot.services.review.routing import QUEUES, has_active_expert
from bot.services.search.index import count_lacking
from bot.services.shared.reference_data import university_name
from storage.database.database import Database
from storage.enums import AccountState, PushChannel, PushState, Role
from storage.tables import Account, Grant, Push

#: Bytes of an SQLite file up to which all of it is looked at: some seconds.
LOOKED_AT = 2 * 1024**3
#: Accounts and companies without keys that are looked at more closely.
SUSPECTS = 200


async def integrity(database: Database) -> Finding:
    """PostgreSQL looks after its own pages."""
    name = "integrity"
    if database.url.get_backend_name() != "sqlite":
        return _tools()
    size = Path(database.url.database or "").stat().st_size  # noqa: ASYNC240  the doctor serves nobody
    if size > LOOKED_AT:
        return Finding(name, True, f"not looked at: {size // 1024**2:,} MB")
    said = await database.read(
        lambda db: db.connection().execute(text("PRAGMA quick_check(1)")).scalar(), large=True
    )
    if said == "ok":
        return Finding(name, True, "the file is whole")
    return Finding(
        name, False, f"the file is damaged ({' '.join(str(said).split())}); stop the bot and restore a backup"
    )


def _tools() -> Finding:
    """Backups of PostgreSQL need its client programs."""
    lacking = [name for name in ("pg_dump", "pg_restore") if shutil.which(name) is None]
    if lacking:
        words = f"{' and '.join(lacking)} not found, so no backup can be made here; install PostgreSQL's client programs"
        return Finding("backup programs", False, words)
    return Finding("backup programs", True, "pg_dump and pg_restore are there")


def check_service(db: Session, settings: Settings) -> Iterator[Finding]:
    yield _staff(db)
    yield _experts(db)
    yield _search(db)
    if (finding := _console(db, settings)) is not None:
        yield finding


def count_staff(db: Session) -> int:
    """Accounts that can log in as staff."""
    working = (
        select(func.count())
        .select_from(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            Grant.role == Role.STAFF, col(Grant.active).is_(True), col(Account.state) == AccountState.ACTIVE
        )
    )
    return db.exec(working).one()


def _staff(db: Session) -> Finding:
    count = count_staff(db)
    words = "nobody can log in as staff; run `bot.py create-user --role staff --name …`"
    return Finding("staff", count > 0, f"{count} accounts" if count else words)


def _experts(db: Session) -> Finding:
    codes = {
        code
        for queue in QUEUES
        for code in db.exec(select(queue.row.university_code).where(queue.unclaimed).distinct())
        if code
    }
    without = [code for code in sorted(codes) if not has_active_expert(db, code)]
    if not without:
        return Finding("experts", True, "every file that waits has somebody to read it")
    names = ", ".join(f"{code} ({university_name(db, code)})" for code in without[:3])
    more = f" and {len(without) - 3} more" if len(without) > 3 else ""
    words = f"files wait at universities without an expert: {names}{more}; staff invite one, or run `bot.py create-user --role expert --university {without[0]}`"
    return Finding("experts", False, words)


def _search(db: Session) -> Finding:
    """People and companies that nobody would find by their names, and files that their university would not."""
    lacking = count_lacking(db, most=SUSPECTS)
    if not lacking:
        return Finding("search", True, "everybody is found by name")
    count = f"{lacking} or more" if lacking >= SUSPECTS else str(lacking)
    words = f"{count} people, companies or files are not found by name; run `bot.py rebuild-search-index`"
    return Finding("search", False, words)


def _console(db: Session, settings: Settings) -> Finding | None:
    """A service for everybody whose SMS reach nobody."""
    if settings.sms_gateway != "console" or not settings.public_url.startswith("https://"):
        return None
    if urlsplit(settings.public_url).hostname in ("localhost", "127.0.0.1", "::1"):
        return None
    sent = db.exec(
        select(func.count()).where(Push.channel == PushChannel.SMS, Push.state == PushState.SENT)
    ).one()
    if not sent:
        return None
    words = f"{sent} SMS were only written to the log and reached nobody; set SMS_GATEWAY=kavenegar and KAVENEGAR_API_KEY"
    return Finding("SMS sent", False, words)
