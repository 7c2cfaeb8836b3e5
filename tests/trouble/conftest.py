from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.texts.formats import TEHRAN
from demo.person import Person
from tests.support.bot_process import BotProcess, bot_process
from tests.support.ports import free_port
from tests.trouble.watching import nothing_crashed


@pytest.fixture
async def bot(database_url: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """Not started, its metrics open to an operator. At the end nothing has crashed."""
    env = {"METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
    async with bot_process(tmp_path, database_url, env, start=False) as bot:
        yield bot
        nothing_crashed(bot)


@pytest.fixture
def sara(bot: BotProcess) -> Person:
    """On Telegram."""
    return bot.emulators.telegram.person("سارا", phone="09900000001")


@pytest.fixture
def mina(bot: BotProcess) -> Person:
    """On Bale."""
    return bot.emulators.bale.person("مینا", phone="09900000002")


@pytest.fixture
def clocked(bot: BotProcess) -> BotProcess:
    """Its clock can be set."""
    offset = bot.folder / "offset"
    offset.write_text("0")
    bot.program = ("-m", "tests.trouble.clocked")
    bot.extra_env["CLOCK_OFFSET"] = str(offset)
    return bot


@pytest.fixture
def at_noon(clocked: BotProcess) -> BotProcess:
    """It is about noon in Tehran there: no day ends in the middle of the test."""
    now = datetime.now(TEHRAN)
    offset = (now.replace(hour=12) - now).total_seconds()
    (clocked.folder / "offset").write_text(str(offset))
    return clocked
