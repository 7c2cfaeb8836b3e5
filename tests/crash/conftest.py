from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.support.bot_process import Stage


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(await Emulators.start(), tmp_path, database_url)
    yield stage
    await stage.close()
