from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.support.bot_process import Stage, free_port


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """With its figures open to an operator."""
    stage = Stage(await Emulators.start(), tmp_path, database_url)
    stage.extra_env["METRICS_LISTEN"] = f"127.0.0.1:{free_port()}"
    yield stage
    await stage.close()


@pytest.fixture
def clocked(stage: Stage) -> Stage:
    """Its clock can be set."""
    offset = stage.folder / "offset"
    offset.write_text("0")
    stage.program = ("-m", "tests.trouble.clocked")
    stage.extra_env["CLOCK_OFFSET"] = str(offset)
    return stage


@pytest.fixture
async def town() -> AsyncIterator[Emulators]:
    async with await Emulators.start() as town:
        yield town
