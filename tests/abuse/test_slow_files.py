"""Slow but legal PDFs of several accounts at once, and a stranger's small paper: over the messenger, at the real bot.

SLOW_FILES=30 for the whole of it, with the stranger's wait beside a calm one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest
from sqlmodel import col, func, select

from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import open_database
from storage.enums import InboxState
from storage.tables import InboxUpdate
from tests.support import files
from tests.support.bot_process import Stage
from tests.support.identities import next_mobile
from tests.support.scenes import fill, register
from tests.trouble.watching import shown

FILES = int(os.environ.get("SLOW_FILES", "6"))
FULL = FILES >= 30
#: Seconds that a stranger may wait for a small paper; measured at full size alone.
LONGEST = 3.0
QUESTION, TAKEN = "کارت ملی", "دریافت شد"


async def at_the_card(stage: Stage, name: str) -> Person:
    person = stage.town.telegram.person(name, phone=next_mobile())
    await register(stage, person)
    await person.command("menu")
    await fill(person, until=QUESTION)
    return person


async def sends_a_paper(person: Person) -> float:
    """Seconds until it is taken; then it is taken away again."""
    begun = time.monotonic()
    await person.send_photo(files.jpeg())
    await person.sees(TAKEN, within=120)
    waited = time.monotonic() - begun
    await person.tap("حذف")
    await person.sees(QUESTION)
    return waited


async def waiting(stage: Stage, people: list[Person]) -> int:
    """Updates of these people that are not done."""
    database = await open_database(stage.database_url)
    mine = select(func.count()).where(
        col(InboxUpdate.lane).in_([one.user.id for one in people]),
        InboxUpdate.state == InboxState.RECEIVED,
    )
    try:
        return await database.read(lambda db: db.exec(mine).one())
    finally:
        await database.close()


def memory(stage: Stage) -> int:
    """Of the bot alone, in bytes."""
    assert stage.process is not None
    return int(psutil.Process(stage.process.pid).memory_info().rss)


@pytest.mark.parametrize("accounts", [1, 5])
async def test_a_strangers_paper_among_slow_ones(accounts: int, sqlite_url: str, tmp_path: Path) -> None:
    stage = Stage(await Emulators.start(), tmp_path, sqlite_url)
    await stage.start()
    try:
        with shown(stage):
            stranger = await at_the_card(stage, "غریبه")
            attackers = [await at_the_card(stage, f"سیل {number}") for number in range(accounts)]
            calm = [await sends_a_paper(stranger) for _ in range(3)]
            before = memory(stage)
            slow = files.slow_pdf(55_000)
            for number in range(FILES):
                await attackers[number % accounts].send_file("سند.pdf", slow)
            waits = [await sends_a_paper(stranger) for _ in range(5)]
            left = await waiting(stage, attackers)
            assert left, "the attack was over before the stranger's papers were taken"
            print(
                f"{FILES} slow files of {accounts}: a stranger waited {max(waits):.1f} s at most "
                f"({', '.join(f'{one:.1f}' for one in waits)}; calm {max(calm):.1f} s), {left} were left, "
                f"{(memory(stage) - before) >> 20} MB more"
            )
            if FULL:
                assert max(waits) <= LONGEST
            assert "Traceback" not in stage.log.read_text()
    finally:
        await stage.close()
