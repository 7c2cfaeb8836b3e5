"""No room on the disk: nothing is acknowledged that is not stored, and once there is room it goes on by itself.

A small disk of its own needs rights that not every machine gives. So the bot's files are forbidden to grow, from outside and
while it runs, by a limit that anybody may set for a process of theirs: the same system calls fail, in the same places.
"""

from __future__ import annotations

import resource

import pytest

from tests.support import files
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import SUMMARY, fill, form, register, walk
from tests.trouble.watching import everything_done, figure, health, lines, until

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
#: Bytes: less than the database already has, more than the log.
FULL = 64 * 1024
#: More than the database and its log have, less than the picture of the test.
NEARLY_FULL = 5 * 1024 * 1024


def limit(bot: BotProcess, size: int) -> None:
    """Files of the bot may be so large from now on, in bytes."""
    assert bot.process is not None
    hard = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (size, hard))


async def test_nothing_is_lost_while_the_database_has_no_room(bot: BotProcess) -> None:
    sara = bot.emulators.telegram.person("سارا", phone="09900000001")
    mina = bot.emulators.bale.person("مینا", phone="09900000002")
    await bot.start()
    await register(bot, sara)
    await sara.command("menu")
    await sara.sees("سارا")
    limit(bot, FULL)
    await sara.tap("❓ راهنما")
    await mina.start()
    await until(lambda: lines(bot, "the database is unavailable"), what="a line of the log")
    assert await health(bot) == 503
    assert await figure(bot, "officer_database_up") == 0
    assert bot.emulators.telegram.server.pending() == 1, "acknowledged without being stored"
    assert not sara.new()
    limit(bot, resource.RLIM_INFINITY)
    await sara.sees("راهنما", within=60)
    await mina.sees("خوش آمدید", within=60)
    await everything_done(bot)
    assert [len(one.new()) for one in (sara, mina)] == [1, 1]
    assert await health(bot) == 200
    assert len(lines(bot, "the database is unavailable")) == 1


async def test_no_half_of_a_paper_is_kept(bot: BotProcess) -> None:
    sara = bot.emulators.telegram.person("سارا", phone="09900000001")
    picture = files.saved(files.noise(1900, 1500), "PNG")
    assert len(picture) > NEARLY_FULL
    await bot.start()
    await register(bot, sara)
    await sara.command("menu")
    await fill(sara, until="کارت ملی")
    limit(bot, NEARLY_FULL)
    await sara.send_file("کارت ملی.png", picture)
    told = await sara.sees("بایگانی مدارک در این لحظه پاسخ نمی‌دهد")
    assert "دوباره بفرستید" in told.text
    stored = bot.folder / "files"
    assert [one for one in stored.rglob("*") if one.is_file()] == []
    limit(bot, resource.RLIM_INFINITY)
    await sara.send_file("کارت ملی.png", picture)
    await sara.sees("دریافت شد")
    await sara.tap("مدرک بعدی")
    await walk(sara, form(), SUMMARY)
    assert await figure(bot, "officer_documents_failed_total") == 1
    assert not list(stored.rglob("*.part"))
    await everything_done(bot)
