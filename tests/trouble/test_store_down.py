"""The store of papers is down: officers and experts are told what to do, and nothing but papers waits for it."""

import re
from collections.abc import AsyncIterator

import pytest

from demo.person import Person
from tests.journeys.qualification import FARS, JourneySetup, open_mine
from tests.support import files
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import SUMMARY, fill, form, open_file, register, submit, walk
from tests.support.proxy import Proxy
from tests.support.s3 import Bucket
from tests.trouble.watching import everything_done, figure, lines

DOWN = "بایگانی مدارک در این لحظه پاسخ نمی‌دهد"


@pytest.fixture
async def gate(bucket: Bucket) -> AsyncIterator[Proxy]:
    async with Proxy(bucket.endpoint).serving() as gate:
        yield gate


@pytest.fixture
def bot_with_store(bot: BotProcess, bucket: Bucket, gate: Proxy) -> BotProcess:
    bot.extra_env |= bucket.env(bot.folder.name) | {"S3_ENDPOINT": gate.url}
    return bot


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_is_asked_for_again_and_nothing_else_waits(
    bot_with_store: BotProcess, gate: Proxy, sara: Person, mina: Person
) -> None:
    bot = bot_with_store
    await bot.start()
    await register(bot, sara)
    await fill(sara, until="کارت ملی")
    gate.status = 503
    told = await sara.send_photo(files.jpeg()).sees(DOWN, "دوباره بفرستید")
    assert "کارت ملی" in told.text, "the question is still asked"
    gate.status = None
    await sara.send_photo(files.jpeg()).sees("دریافت شد")

    gate.silent = True
    await sara.send_photo(files.jpeg())
    # She waits for the store alone; a stranger does not.
    await register(bot, mina, first="مینا")
    await sara.sees(DOWN)
    gate.silent = False
    assert await figure(bot, "officer_documents_failed_total") == 2
    assert await figure(bot, "officer_updates_failed_total", messenger="telegram") == 0
    assert len(lines(bot, "the store of documents does not answer")) == 2
    await walk(sara, form(), SUMMARY)
    await submit(sara)
    await everything_done(bot)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_expert_is_told_in_the_place_of_the_paper(bot_with_store: BotProcess, gate: Proxy) -> None:
    bot = bot_with_store
    setup = JourneySetup(bot, *bot.emulators.messengers)
    sara = setup.officer()
    await bot.start()
    await register(bot, sara)
    await fill(sara)
    expert = (await setup.expert(FARS)).person
    await submit(sara)
    await open_file(expert, "سارا")
    await expert.tap("📌 برداشتن پرونده").sees(re.compile(r"پرونده \d{12} —"))
    await expert.tap("📎 مدارک")
    gate.status = 503
    await expert.tap("مدرک تحصیلی").sees(DOWN, "دوباره آن را باز کنید")
    gate.status = None
    await open_mine(expert, "سارا")
    seen = await expert.tap("📎 مدارک").tap("مدرک تحصیلی").sees_file()
    assert seen.file.content.startswith(b"%P")
    await everything_done(bot)
