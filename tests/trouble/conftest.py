from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.support.bot_process import Stage, bot_process, free_port
from tests.trouble.watching import nothing_crashed


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """Not started, its metrics open to an operator. At the end nothing has crashed."""
    env = {"METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
    async with bot_process(tmp_path, database_url, env, start=False) as stage:
        yield stage
        nothing_crashed(stage)


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
