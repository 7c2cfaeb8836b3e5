"""Looking at everything, without a process for files each time: it takes half a second of CPU to start."""

from collections.abc import Awaitable, Callable

import pytest

from bot.doctor import machine
from bot.doctor.finding import Finding

#: What the first one found, in this worker.
FOUND: list[Finding] = []
check_file_inspection = machine.check_file_inspection


async def found_once() -> Finding:
    if not FOUND:
        FOUND.append(await check_file_inspection())
    return FOUND[0]


@pytest.fixture
def inspection_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[Finding]]:
    """The file inspection is tried once for all tests that ask for this. Returns the real trial."""
    monkeypatch.setattr(machine, "check_file_inspection", found_once)
    return check_file_inspection
