"""The longest unit and the total of every periodic job on a large database:
`python -m tests.benchmarks.jobs DATABASE_URL [job …]`, on a copy of what `bot.py load-test N` made. It is the morning of
the next working day after that, so a day's work is due; `DAYS=30` lets a month's be due.

A unit is one call of the database: on SQLite the loop's thread does nothing else meanwhile. Milliseconds of CPU of that
thread, so that other programs on the machine count little; `took` is by the clock, with the pauses for others. On
PostgreSQL a unit is a transaction, which holds its locks by the clock: the longest of these, and the most statements."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from bot.cli import serve
from bot.cli.composition import make_bot, make_channels, open_resources
from bot.config.settings import Settings
from storage.database.database import Database, open_database
from storage.database.unit_of_work import T, Unit
from storage.tables import AuditEvent

#: Seconds of one job.
LONGEST = 40


class TimedDatabase(Database):
    """Passes everything on, and notes how long each unit took inside."""

    def __init__(self, database: Database) -> None:
        self.inner, self.url, self.outage = database, database.url, database.outage
        #: Milliseconds of CPU, the unit's name, milliseconds by the clock from its begin to its end, statements.
        self.units: list[tuple[float, str, float, int]] = []
        self.statements = 0
        event.listen(Engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.statements += 1

    def _timed(self, unit: Unit[T]) -> Unit[T]:
        def timed(db: Session) -> T:
            start, at, before = time.thread_time(), time.perf_counter(), self.statements
            try:
                result = unit(db)
                db.flush()
                return result
            finally:
                spent, clock = time.thread_time() - start, time.perf_counter() - at
                self.units.append((1000 * spent, _name_of(unit), 1000 * clock, self.statements - before))

        return timed

    async def run(
        self, unit: Unit[T], *, lane: str | None = None, before_commit: Callable[[T], None] | None = None
    ) -> T:
        return await self.inner.run(self._timed(unit), lane=lane, before_commit=before_commit)

    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        return await self.inner.read(unit if large else self._timed(unit), large=large)

    def run_in_background(self, unit: Unit[Any]) -> None:
        self.inner.run_in_background(self._timed(unit))

    async def announce_process(self) -> bool:
        return await self.inner.announce_process()

    async def close(self) -> None:
        await self.inner.close()


def _name_of(unit: Any) -> str:
    return str(getattr(getattr(unit, "func", unit), "__qualname__", repr(unit)))


def working_morning(db: Session) -> datetime:
    """Ten in the morning in Tehran of a working day, a day or more after the newest rows."""
    from bot.services.review.working_days import is_working_day
    from bot.texts.formats import TEHRAN

    newest = db.exec(select(AuditEvent.at).order_by(col(AuditEvent.id).desc()).limit(1)).one()
    newest += timedelta(days=int(os.environ.get("DAYS", 1)) - 1, hours=1)
    day = newest.astimezone(TEHRAN).replace(hour=10, minute=0)
    while day < newest or not is_working_day(day.date()):
        day += timedelta(days=1)
    return day.astimezone(newest.tzinfo)


async def measure(url: str, only: list[str]) -> None:
    settings = Settings(
        _env_file=None,
        telegram_token="7:AAA",
        database_url=url,
        secret_key="0" * 64,
        documents_folder=Path(tempfile.gettempdir()) / "benchmark-documents",
        payment_gateway="zarinpal",
    )
    database = TimedDatabase(await open_database(url))
    now = await database.inner.read(working_morning)
    async with open_resources(settings, database, "http://127.0.0.1") as resources:
        resources.clock = lambda: now
        bot = make_bot(settings, resources, make_channels(settings), alone=True)
        jobs: dict[str, Callable[[], Any]] = {timer.name: timer.work for timer in bot.timers}
        jobs |= {
            "(start) adopt": lambda: asyncio.gather(
                *map(bot.service.dispatcher.adopt, bot.service.channels.values())
            ),
            "(start) unanswered": lambda: bot.service.dispatcher.show_unanswered(alone=True),
            "take-over": bot.service.dispatcher.take_over,
            "command menus": bot.service.profile.publish_chats,
            "redisplay": bot.service.ticker.tick,
        }
        for channel in bot.service.channels.values():
            channel.ready = True
        serve._settle_memory()
        for name, work in jobs.items():
            if name == "payments" or (only and name not in only):
                continue
            database.units.clear()
            start = time.perf_counter()
            try:
                async with asyncio.timeout(LONGEST):
                    await work()
            except TimeoutError:
                print(f"{name}: more to do after {LONGEST} s")
            except Exception as error:
                print(f"{name}: {error!r}")
            whole = 1000 * (time.perf_counter() - start)
            # The first unit of a kind compiles its statements, once a process.
            first = {unit[1]: unit[0] for unit in reversed(database.units)}
            later = [one for one in database.units if first[one[1]] != one[0]] or database.units
            worst, what, *_ = max(later, default=(0.0, ""))
            by_clock = sorted(unit[2] for unit in later) or [0.0]
            print(
                f"{name:18} longest {worst:8.1f}  held {sum(unit[0] for unit in database.units):9.1f}  took {whole:9.1f}"
                f"  units {len(database.units):6}  by the clock {by_clock[-1]:8.1f} median {by_clock[len(by_clock) // 2]:6.1f}"
                f"  statements {max((unit[3] for unit in later), default=0):3}  {what}",
                flush=True,
            )
    await database.close()


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], sys.argv[2:]))
