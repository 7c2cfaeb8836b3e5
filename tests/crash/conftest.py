from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.bot_process import BotProcess, bot_process


@pytest.fixture
async def bot(database_url: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot as a process of its own, not started."""
    async with bot_process(tmp_path, database_url, start=False) as bot:
        yield bot
