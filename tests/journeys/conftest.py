"""The bot as one process, or three behind a balancer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.bot_process import BotProcess, bot_process
from tests.support.fleet import Deployment, deployment


@pytest.fixture
def env() -> dict[str, str]:
    """Settings besides the usual."""
    return {}


@pytest.fixture
async def bot(database_url: str, tmp_path: Path, env: dict[str, str]) -> AsyncIterator[BotProcess]:
    async with bot_process(tmp_path, database_url, env) as bot:
        yield bot


@pytest.fixture
async def fleet(postgres_url: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    """Three processes on PostgreSQL and S3."""
    async with deployment(3, tmp_path, postgres_url) as fleet:
        await fleet.start()
        yield fleet
    assert fleet.emulators.violations == []
    assert "Traceback" not in fleet.logs
