"""The longest unit and the total of every periodic job on a large database:
`python -m tests.benchmarks.jobs DATABASE_URL [job …]`, on a copy of what `bot.py load-test N` made.

A unit is one call of the database: on SQLite the loop's thread does nothing else meanwhile. Milliseconds of CPU of that
thread, so that other programs on the machine count little; `took` is by the clock, with the pauses for others."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

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
        self.units: list[tuple[float, str]] = []

    def _timed(self, unit: Unit[T]) -> Unit[T]:
        def timed(db: Session) -> T:
            start = time.thread_time()
            try:
                result = unit(db)
                db.flush()
                return result
            finally:
                self.units.append((1000 * (time.thread_time() - start), _name_of(unit)))

        return timed

    async def run(self, unit: Unit[T], *, lane: str | None = None) -> T:
        return await self.inner.run(self._timed(unit), lane=lane)

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
    """Ten in the morning in Tehran of a working day, soon after the newest rows."""
    from bot.services.review.working_days import is_working_day
    from bot.texts.formats import TEHRAN

    newest = db.exec(select(AuditEvent.at).order_by(col(AuditEvent.id).desc()).limit(1)).one()
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
            first = {what: spent for spent, what in reversed(database.units)}
            later = [one for one in database.units if first[one[1]] != one[0]]
            worst, what = max(later or database.units, default=(0.0, ""))
            held = sum(spent for spent, _ in database.units)
            print(
                f"{name:18} longest {worst:8.1f}  held {held:9.1f}  took {whole:9.1f}  units {len(database.units):6}  {what}",
                flush=True,
            )
    await database.close()


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], sys.argv[2:]))
