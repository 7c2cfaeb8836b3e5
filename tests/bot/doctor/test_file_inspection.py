"""`doctor` says what keeps a process that decodes files from anything else, and what this kernel does not hold."""

import pytest

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
