"""No room where the log goes: people are served all the same, and the lines go on when there is room."""

import asyncio
import contextlib
import os
import resource
import signal
import sys

import pytest

from demo.person import Person
from tests.support.bot_process import PROJECT, BotProcess
from tests.trouble.watching import limit_files


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)
    os.set_blocking(pipe, True)


@pytest.mark.parametrize("where", ["full", "closed pipe", "stalled"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_bot_serves_without_room_for_its_log(where: str, bot: BotProcess, sara: Person) -> None:
    reader, writer = os.pipe()
    target = os.open("/dev/full", os.O_WRONLY) if where == "full" else writer
    if where == "closed pipe":
        os.close(reader)
    if where == "stalled":
        fill(writer)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "bot.py", "run", cwd=PROJECT, env=bot.env, stdout=target, stderr=target
    )
    try:
        await sara.start().sees("خوش آمدید", within=180)  # the start of the process is within
        if where == "stalled":
            told = b""
            while b"update done" not in told:
                told = told[-64:] + await asyncio.to_thread(os.read, reader, 65536)
                if not told.strip(b"x"):
                    await sara.command("help")
    finally:
        process.send_signal(signal.SIGTERM)
        status = await process.wait()
    assert status == 0
    for one in {reader, writer, target} - ({reader} if where == "closed pipe" else set()):
        os.close(one)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_lines_go_on_when_there_is_room_again(bot: BotProcess, sara: Person) -> None:
    """The file of the log may not grow for a while (the database is elsewhere)."""
    await bot.start()
    await sara.start().sees("خوش آمدید")
    limit_files(bot, bot.log.stat().st_size)
    size = bot.log.stat().st_size  # a line may have come between the look and the limit
    await sara.command("help").sees("راهنما")
    await sara.command("menu").sees("خوش آمدید")
    assert bot.log.stat().st_size == size
    limit_files(bot, resource.RLIM_INFINITY)
    await sara.command("help").sees("راهنما")
    assert await bot.stop() == 0
    text = bot.log.read_text()
    assert text.count('"update done"') >= 4, text[size:]
