"""Search and lists with a million officers: `python -m tests.benchmarks.search_at_scale sqlite|postgres [officers]`.

Generates a database, then prints the median and the slowest of some searches and lists, in milliseconds."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services.qualification import review
from bot.services.review.worklists import ListName
from bot.services.search import index, keys, lookup
from storage.database.database import asynchronous, open_database
from storage.enums import Role
from storage.migrations.migrate import upgrade
from storage.migrations.seed import seed
from storage.tables import Grant, University

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIRST = [
    "محمد",
    "علی",
    "رضا",
    "زهرا",
    "فاطمه",
    "مریم",
    "سارا",
    "نگار",
    "حسین",
    "حسن",
    "امیر",
    "مهدی",
    "زینب",
    "لیلا",
    "پرویز",
    "کامران",
    "ناهید",
    "سیدمحمد",
    "شیرین",
    "آرش",
]
LAST = ["حسینی", "محمدی", "احمدی", "کریمی", "رضایی", "موسوی", "جعفری", "طباطبایی\u200cنژاد", "کاظمی", "صادقی"]
SYLLABLES = [
    "با",
    "دا",
    "را",
    "سا",
    "شا",
    "کا",
    "گا",
    "لا",
    "ما",
    "نا",
    "پور",
    "زاد",
    "وند",
    "یان",
    "مند",
    "فر",
    "کیا",
    "تا",
    "وا",
    "هو",
]
#: Names, of which common family names are a third.
NAMES = 50_000
_PADDED = "substr('000000000' || CAST({id} AS text), length(CAST({id} AS text)))"
#: The moment of an officer: one a minute, going back from NOW.
_STATE = """CASE WHEN a.id % 100 < 80 THEN 'COMPLETED' WHEN a.id % 100 < 92 THEN 'REJECTED'
    WHEN a.id % 100 < 95 THEN 'AWAITING_PAYMENT' WHEN a.id % 100 < 97 THEN 'SUBMITTED'
    WHEN a.id % 100 < 99 THEN 'IN_REVIEW' ELSE 'DEFICIENT' END"""
_MOMENT = {
    "sqlite": "datetime('2026-11-22 09:00:00', '-' || (a.id % 1500000) || ' minutes') || '.000000'",
    "postgresql": "timestamp '2026-11-22 09:00:00' - (a.id % 1500000) * interval '1 minute'",
}


def statements(dialect: str, officers: int) -> list[str]:
    """Accounts, a request of each, and what they are found by, made in the database."""
    code = _PADDED.format(id="a.id")
    at, json = _MOMENT[dialect], "'{}'" if dialect == "sqlite" else "'{}'::jsonb"
    return [
        f"""WITH RECURSIVE g(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM g WHERE id < {officers})
        INSERT INTO account (id, user_code, password_hash, credentials_pending, state, national_code, first_name, last_name,
            mobile, mobile_verified, migrated, version, created_at)
        SELECT a.id, CAST(20000000 + a.id AS text), 'x', false, 'ACTIVE', {code}, n.first, n.last,
            '+989' || substr({code}, 2), true, true, 0, {at}
        FROM g a JOIN bench_name n ON n.idx = (CAST(a.id AS bigint) * 7919) % {NAMES}""",
        f"""INSERT INTO qualification_request (id, account_id, kind, state, version, tracking_code, university_code,
            reviewer_id, snapshot, before, round, reject_reason, reject_text, submitted_at, received_at, decided_at,
            reminders, state_since, created_at)
        SELECT a.id, a.id, 'NEW', {_STATE}, 0, '14' || {code}, u.code,
            CASE WHEN a.id % 100 IN (95, 96) THEN NULL ELSE 1 END, {json}, {json}, 0, 'OTHER', 'دلیل رد پرونده',
            {at}, {at}, CASE WHEN a.id % 100 < 95 THEN {at} END, 0, {at}, {at}
        FROM account a JOIN bench_university u ON u.idx = (a.id / 100) % (SELECT count(*) FROM bench_university)""",
        """INSERT INTO search_key (scope, key, kind, subject_id)
        SELECT '*', k.key, 'account', a.id FROM account a
            JOIN bench_key k ON k.idx = (CAST(a.id AS bigint) * 7919) % 50000
        UNION ALL SELECT r.university_code, k.key, 'account', a.id FROM account a
            JOIN qualification_request r ON r.account_id = a.id
            JOIN bench_key k ON k.idx = (CAST(a.id AS bigint) * 7919) % 50000 AND k.at_universities
        UNION ALL SELECT '*', '#' || substr(national_code, 7), 'account', id FROM account""",
    ]


async def fill(database: Any, url: str, officers: int) -> list[str]:
    dialect = url.partition(":")[0]
    await database.run(seed)
    chance = random.Random(1)

    def unit(db: Session) -> list[str]:
        codes = list(db.exec(select(University.code).order_by(col(University.code))))
        run = db.connection().exec_driver_sql
        run("CREATE TABLE bench_name (idx integer PRIMARY KEY, first text, last text)")
        run("CREATE TABLE bench_key (idx integer, key text, at_universities boolean)")
        run("CREATE TABLE bench_university (idx integer PRIMARY KEY, code text)")
        run("CREATE INDEX ix_bench_key ON bench_key (idx)")
        names = []
        for at in range(NAMES):
            last = chance.choice(LAST) if chance.random() < 0.3 else "".join(chance.choices(SYLLABLES, k=3))
            names.append((at, chance.choice(FIRST), last))
        found_by = [
            (at, key, not key.startswith(keys.PAIR))
            for at, first, last in names
            for key in index.keys_everywhere(f"{first} {last}")
        ]
        mark = "?, ?, ?" if dialect == "sqlite" else "$1, $2, $3"
        run(f"INSERT INTO bench_name VALUES ({mark})", names)
        run(f"INSERT INTO bench_key VALUES ({mark})", found_by)
        run(
            f"INSERT INTO bench_university VALUES ({mark[: 4 if dialect == 'sqlite' else 6]})",
            list(enumerate(codes)),
        )
        for statement in statements(dialect, officers):
            run(statement)
        db.add(Grant(account_id=1, role=Role.EXPERT, university_code=codes[0]))
        db.add(Grant(account_id=1, role=Role.STAFF))
        db.flush()
        return codes

    # An engine of its own: the service's has time limits.
    engine = create_async_engine(asynchronous(url))
    async with engine.begin() as connection:
        made: list[str] = await connection.run_sync(lambda sync: unit(Session(sync)))
    # As autovacuum leaves them.
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.exec_driver_sql("ANALYZE" if dialect == "sqlite" else "VACUUM (ANALYZE)")
    await engine.dispose()
    return made


def cases(officers: int, university: str) -> dict[str, Callable[[Session], Any]]:
    staff, expert = Actor(1, Role.STAFF), Actor(1, Role.EXPERT, university)
    before = NOW - timedelta(days=10)
    texts = {
        "name that 50,000 bear": "محمد", "first and last": "نگار طباطبایی", "last first": "طباطبایی نژاد نگار",
        "two beginnings": "نگا طبا", "two that no one has": "محمد کریمی‌زاده", "nobody": "ژژژژ",
        "national code": f"{officers // 2:010}", "last four digits": "4321", "mobile": f"09{officers // 3:09}",
        "tracking code in a sentence": f"کد من 14{officers // 5:010} است", "user code": f"{20_000_000 + officers // 7}",
    }  # fmt: skip
    found: dict[str, Callable[[Session], Any]] = {}
    for label, text in texts.items():
        for who in (staff, expert):
            found[f"{who.role}: {label}"] = lambda db, who=who, text=text: lookup.search(
                db, actor=who, text=text
            )
    lists = {"actor": expert, "now": NOW, "overdue_before": before}
    for name in ListName:
        if name is not ListName.UNDER_WAY:
            found[f"list {name}"] = lambda db, name=name: review.LISTS.listed(db, name, limit=10, **lists)
    found["all counts"] = lambda db: review.LISTS.counts(
        db, *(name for name in ListName if name is not ListName.UNDER_WAY), **lists
    )
    at = {"actor": staff, "now": NOW, "overdue_before": before, "university_code": university}
    found["all counts of a university, staff"] = lambda db: review.LISTS.counts(db, *ListName, **at)
    return found


def server_process(db: Session) -> int | None:
    """The server's process that serves this session; None for SQLite."""
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        return None
    number: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    return number


def processor_ms(server: int | None) -> float:
    """What this program and the server's process have worked, in milliseconds: other work on the machine does not count."""
    beside = 0.0
    if server is not None:
        beside = int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) / 1e6
    return 1000 * time.process_time() + beside


async def measure(url: str, officers: int) -> None:
    await upgrade(url)
    database = await open_database(url)
    began = time.monotonic()
    codes = await fill(database, url, officers)
    print(f"{officers:,} officers generated in {time.monotonic() - began:.0f} s")
    for label, work in cases(officers, codes[0]).items():
        spent, busy = [], []
        for _ in range(15):

            def timed(db: Session, work: Callable[[Session], Any] = work, busy: list[float] = busy) -> float:
                server = server_process(db)
                start, used = time.perf_counter(), processor_ms(server)
                work(db)
                busy.append(processor_ms(server) - used)
                return 1000 * (time.perf_counter() - start)

            spent.append(await database.read(timed))
        print(
            f"{min(spent):7.1f} ms at best, median {statistics.median(spent):6.1f}, "
            f"of it at work {statistics.median(busy):6.1f}   {label}",
            flush=True,
        )
    await database.close()


def main() -> None:
    kind, officers = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(f"sqlite:///{Path(folder) / 'bot.db'}", officers))
        return
    from tests.support.postgres import PostgresServer

    server = PostgresServer()
    try:
        asyncio.run(measure(server.url(server.new()), officers))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
