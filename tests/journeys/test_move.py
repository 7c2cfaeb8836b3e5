"""A bot that outgrew its machine: people are in the middle of things, the operator moves it to PostgreSQL and S3 by one command
(whose process is killed once), and everybody goes on where they were."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.journeys.qualification import JourneySetup, to_payment
from tests.support import journey_steps as steps
from tests.support.bot_process import BotProcess, bot_process, run_command
from tests.support.commands import PROJECT
from tests.support.s3 import Bucket

pytestmark = pytest.mark.campaign


#: bot.py that is ended as by kill -9 once it has told that a part is copied: from outside one may come too late.
KILLED = """
import os, signal, sys
from bot.cli import move
from bot.cli.main import main

tell = move._Steps.tell

def told(steps, what, done, total):
    tell(steps, what, done, total)
    if what == "copied":
        os.kill(os.getpid(), signal.SIGKILL)

move._Steps.tell = told
sys.argv[0] = "bot.py"
main()
"""


async def kill_in_the_middle(bot: BotProcess, *arguments: str) -> None:
    """`bot.py …`, ended when a part is copied."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, *arguments, cwd=PROJECT, env=bot.env, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == -signal.SIGKILL


async def test_people_go_on_where_they_were(
    sqlite_url: str, empty_postgres_url: str, tmp_path: Path, bucket: Bucket
) -> None:
    async with bot_process(tmp_path, sqlite_url) as bot:
        setup = JourneySetup.on(bot, "telegram")
        await setup.tariff()
        narges = await setup.expert()
        payer, link = await to_payment(setup, expert=narges)
        # In the middle of a form, with its last question open; and at the summary, with the button to send it.
        writer = (await setup.registered("مریم")).person
        await steps.fill(writer, until="آدرس محل زندگی خود را کامل")
        ready = (await setup.registered("بهار")).person
        await steps.fill(ready)
        # A decision that waits to be told: the messenger is away.
        waiting = (await setup.registered("لیلا", there=True)).person
        await steps.fill(waiting)
        await steps.submit(waiting)
        with setup.there.server.outage():
            await steps.approve(narges.person, "لیلا")
            assert await bot.stop() == 0

            target = (
                "move",
                "--database-url",
                empty_postgres_url,
                "--files-url",
                f"s3://{bucket.name}/papers",
            )
            bot.extra_env = {
                name: value for name, value in bucket.env("papers").items() if name != "FILES_URL"
            }
            await kill_in_the_middle(bot, *target)
            status, out, err = await run_command(*target, env=bot.env)
            assert status == 0, err
            assert "the copy that was begun before was gone on with" in out
            bot.database_url = empty_postgres_url
            bot.extra_env = bucket.env("papers")
            await bot.start()

        told = await waiting.sees("پرداخت کنید")
        assert told.url("پرداخت")
        await steps.walk(
            writer,
            [("آدرس محل زندگی خود را کامل", steps.send("شیراز، خیابان زند، پلاک ۱۲")), *steps.form()],
            steps.SUMMARY,
        )
        await steps.submit(writer)
        await steps.submit(ready)
        await steps.click_to_bank(link)
        bank = bot.emulators.bank
        await steps.come_back(bank.pay(bank.last.ref))
        await payer.sees("🎉 پرداخت انجام شد")
        expert = narges.person
        await steps.open_file(expert, "بهار")
        await expert.tap("📌 برداشتن پرونده").sees("🔍 در حال بررسی")
        shown = await expert.tap("📎 مدارک").tap("کارت ملی").sees_file()
        assert shown.file.content
        audit = await bot.command("check-audit")
        assert "links are whole" in audit
