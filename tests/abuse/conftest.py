"""The bot in this process for one session, as a running service, and as a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from storage.enums import Messenger
from tests.abuse.running_service import RunningService, running_service
from tests.journeys.qualification import JourneySetup
from tests.support.bot_process import BotProcess, bot_process
from tests.support.chat_fixtures import app, seeded_template
from tests.support.fleet import BEHIND_A_PROXY

__all__ = ["app", "seeded_template", "setup"]


@pytest.fixture
async def service(
    request: pytest.FixtureRequest, emulators: Emulators, tmp_path: Path
) -> AsyncIterator[RunningService]:
    """On SQLite and Telegram, or on the database and the messenger that are given as an indirect parameter."""
    backend, messenger = getattr(request, "param", ("sqlite", Messenger.TELEGRAM))
    url = request.getfixturevalue(f"{backend}_url")
    async with running_service(emulators, url, tmp_path, messenger) as service:
        yield service
    assert emulators.violations == []


@pytest.fixture
def intake() -> str:
    """How the bot of `bot` gets its updates."""
    return "polling"


@pytest.fixture
async def bot(intake: str, database_url: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot as a process of its own."""
    # Numbers below are those of made updates: the messenger's own never fall together with them.
    async with bot_process(tmp_path, database_url, {"UPDATES": intake}, first_update_id=1000) as bot:
        yield bot


@pytest.fixture
async def setup(sqlite_url: str, tmp_path: Path) -> AsyncIterator[JourneySetup]:
    async with bot_process(tmp_path, sqlite_url, dict(BEHIND_A_PROXY)) as bot:
        yield JourneySetup(bot, *bot.emulators.messengers)
