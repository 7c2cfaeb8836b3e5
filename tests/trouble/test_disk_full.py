"""No room on the disk for a paper: no half of it is kept, and it is taken once there is room."""

import resource

import pytest

from demo.person import Person
from tests.support import files
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import SUMMARY, fill, form, register, walk
from tests.trouble.watching import everything_done, figure, limit_files

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
#: Bytes: more than the database and its log have, less than the picture of the test.
NEARLY_FULL = 5 * 1024 * 1024


async def test_no_half_of_a_paper_is_kept(bot: BotProcess, sara: Person) -> None:
    picture = files.saved(files.noise(1900, 1500), "PNG")
    assert len(picture) > NEARLY_FULL
    await bot.start()
    await register(bot, sara)
    await fill(sara, until="کارت ملی")
    limit_files(bot, NEARLY_FULL)
    await sara.send_file("کارت ملی.png", picture).sees(
        "بایگانی مدارک در این لحظه پاسخ نمی‌دهد", "دوباره بفرستید"
    )
    stored = bot.folder / "files"
    assert [one for one in stored.rglob("*") if one.is_file()] == []
    limit_files(bot, resource.RLIM_INFINITY)
    await sara.send_file("کارت ملی.png", picture).sees("دریافت شد")
    await sara.send_photo(files.jpeg()).sees("شناسنامه")
    await walk(sara, form(), SUMMARY)
    assert await figure(bot, "officer_documents_failed_total") == 1
    assert not list(stored.rglob("*.part"))
    await everything_done(bot)
