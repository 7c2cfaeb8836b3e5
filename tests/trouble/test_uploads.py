"""One officer who sends and removes files all day: the disk stays as it was, and the day has an end."""

import re
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from bot.texts import t
from demo.person import Person
from storage.tables import DocumentType, Draft, StoredFile
from tests.support import files
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import SUMMARY, fill, form, register, submit, walk
from tests.trouble.watching import everything_done, figure, until

QUESTION, TAKEN = "کارت ملی", "دریافت شد"


async def at_the_card(bot: BotProcess, person: Person) -> None:
    await register(bot, person)
    await fill(person, until=QUESTION)


def kept(bot: BotProcess) -> list[Path]:
    return [one for one in (bot.folder / "files").rglob("*") if one.is_file()]


def opened(bot: BotProcess) -> dict[str, object]:
    """Files that the bot fetched from Telegram."""
    face = bot.emulators.telegram
    return dict(face.server.state.bots[face.token].paths)


async def living(bot: BotProcess) -> int:
    query = select(StoredFile).where(col(StoredFile.removed_at).is_(None))
    return len(await bot.read(lambda db: db.exec(query).all()))


async def test_what_is_removed_again_is_gone_at_once(bot: BotProcess, sara: Person) -> None:
    await bot.start()
    await at_the_card(bot, sara)
    for _ in range(3):
        await sara.send_photo(files.jpeg()).sees(TAKEN)
        await sara.tap("حذف").sees(QUESTION)
    await until(lambda: not kept(bot), what="the bytes of removed papers gone")
    # The same bytes twice, and one file too many: nothing of what was not taken stays.
    picture = files.jpeg()
    await sara.send_photo(picture).sees(TAKEN)
    await sara.send_photo(picture).sees(t("doc.twice_same"))
    for _ in range(4):
        await sara.send_photo(files.jpeg()).sees()
    taken = await living(bot)
    await until(lambda: len(kept(bot)) == 2 * taken, what="only the bytes of papers that were taken")
    # A draft that is deleted takes its papers with it.
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("حذف").tap("بله")
    await until(lambda: not kept(bot), what="the bytes of a deleted draft gone")
    assert await living(bot) == 0
    await sara.command("menu")
    # And what is submitted stays.
    await fill(sara)
    await submit(sara)
    taken = await living(bot)
    assert taken > 3
    assert len(kept(bot)) > taken
    await everything_done(bot)


@pytest.mark.usefixtures("at_noon")
async def test_a_day_has_an_end_for_files_taken_or_not_also_after_a_restart(
    bot: BotProcess, sara: Person, mina: Person
) -> None:
    bot.extra_env["UPLOADS_PER_DAY"] = "4"
    await bot.start()
    await at_the_card(bot, sara)
    await sara.send_photo(files.jpeg()).sees(TAKEN)
    await sara.tap("حذف").sees(QUESTION)
    await sara.send_file("مدرک.pdf", files.locked_pdf()).sees(t("error.locked_pdf"))
    await sara.send_photo(files.jpeg()).sees(TAKEN)
    # Or the answer would be shown again after the start, and be taken for the next one.
    await everything_done(bot)
    await bot.kill()
    await bot.start()
    await sara.send_photo(files.jpeg()).sees(TAKEN)
    fetched = len(opened(bot))
    told = await sara.send_photo(files.jpeg()).sees(re.compile("سقف روزانه"), "021-00000000")
    assert TAKEN in told.text, "what she has is still there"
    assert len(opened(bot)) == fetched, "fetched, and then refused"
    assert await figure(bot, "officer_uploads_refused_total", reason="uploads_of_day") == 1
    # Nobody else's day is over, and she goes on with what she has.
    await at_the_card(bot, mina)
    await mina.send_photo(files.jpeg()).sees(TAKEN)
    await sara.tap("بازگشت").sees("کارت ملی")
    await everything_done(bot)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_below_the_reserve_of_the_disk_no_upload_is_taken(bot: BotProcess, sara: Person) -> None:
    bot.extra_env["MIN_FREE_DISK"] = "900TB"
    await bot.start()
    await at_the_card(bot, sara)
    await sara.send_photo(files.jpeg()).sees(re.compile("فضای بایگانی"), "دوباره بفرستید", QUESTION)
    assert kept(bot) == []
    assert await figure(bot, "officer_uploads_refused_total", reason="disk_reserve") == 1
    assert await figure(bot, "officer_disk_free_bytes", holds="documents") > 0
    await bot.stop()
    del bot.extra_env["MIN_FREE_DISK"]
    await bot.start()
    await sara.send_photo(files.jpeg()).sees(TAKEN)
    await sara.tap("هر دو رو")
    await walk(sara, form(), SUMMARY)


async def test_an_album_of_ten_is_taken_in_order(bot: BotProcess) -> None:
    """All at once, by one honest officer: each is checked after the other, and none is refused for its number."""
    sara = bot.emulators.bale.person("سارا", phone="09900000001")
    await bot.start()
    await at_the_card(bot, sara)
    async with bot.database() as database:
        await database.run(lambda db: db.execute(update(DocumentType).values(max_files=10)))
    names = [f"کارت ملی {number}.jpg" for number in range(10)]
    album = sara.send_album([(name, files.jpeg()) for name in names])
    await album.sees(f"۱۰ فایل {TAKEN}", "شناسنامه")
    draft = await bot.read(lambda db: db.exec(select(Draft)).one())
    found = await bot.read(lambda db: {one.id: one for one in db.exec(select(StoredFile))})
    ids = draft.answers["doc.national_card"]
    assert [found[one].original_name for one in ids] == names
    await everything_done(bot)
