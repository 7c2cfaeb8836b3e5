"""`doctor` says what keeps a process that decodes files from anything else, and what this kernel does not hold."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.refusals import FileRejected
from bot.doctor.machine import check_file_inspection
from bot.documents import inspection_pool


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"limits": True, "files": True, "calls": True}, "works; no network, no files, no new processes"),
        ({"limits": True, "files": False, "calls": True}, "works; this kernel does not hold: its own files only (Landlock)"),
    ],
)  # fmt: skip
async def test_doctor_says_which_restrictions_hold(
    monkeypatch: pytest.MonkeyPatch, held: dict[str, bool], words: str
) -> None:
    start = inspection_pool._start

    async def started() -> tuple[inspection_pool.WorkerProcess, dict[str, bool]]:
        worker, _ = await start()
        return worker, held

    monkeypatch.setattr(inspection_pool, "_start", started)
    finding = await check_file_inspection()
    assert (finding.good, finding.words) == (True, words)


async def test_doctor_says_that_a_process_checks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def started() -> tuple[Any, dict[str, bool]]:
        return SimpleNamespace(returncode=1), {}

    async def refuses(*given: Any) -> None:
        raise FileRejected("error.slow_file")

    monkeypatch.setattr(inspection_pool, "_start", started)
    monkeypatch.setattr(inspection_pool.InspectionPool, "_inspect", refuses)
    finding = await check_file_inspection()
    assert not finding.good
    assert finding.words.startswith("no process can check a file (")
    assert finding.words.endswith("); is there memory?")
