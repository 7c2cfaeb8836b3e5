"""The application without a messenger, the emulated town, and a stage with the real bot on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.bot.messengers.conftest import town
from tests.journeys.plays import Scene
from tests.support.bot_process import Stage
from tests.support.chat_fixtures import app, seeded_template

__all__ = ["app", "scene", "seeded_template", "town"]


@pytest.fixture
async def scene(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    stage = Stage(await Emulators.start(), tmp_path, sqlite_url, {"TRUSTED_PROXIES": "127.0.0.1"})
    await stage.start()
    try:
        yield Scene(stage, *stage.town.messengers)
        assert stage.town.violations == []
        assert "Traceback" not in stage.log.read_text()
    except BaseException:
        print(stage.town.transcript)
        raise
    finally:
        await stage.close()
