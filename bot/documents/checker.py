"""Checks files in processes of their own: a file that hangs, crashes or eats memory harms nobody but its sender.

A thread would not do: it cannot be ended, and parsing a PDF in Python holds the interpreter while others wait. A process
for every file would cost a third of a second of imports. So a few workers stay, take one file after the other through
a pipe, and are killed when one takes too long. They get no secrets, no network clients and a bounded memory.
"""

import asyncio
import contextlib
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

from bot.documents.kinds import Checked, damaged, preliminary
from bot.errors import FileRejected

#: Seconds for one file.
TIME_LIMIT = 20.0
WORKERS = 2

_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-m", "bot.documents.worker")

LENGTH = struct.Struct(">I")


class Checker:
    """Belongs to the loop it is used on. Close it at the end."""

    def __init__(self, *, workers: int = WORKERS, time_limit: float = TIME_LIMIT) -> None:
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[asyncio.subprocess.Process] = []
        self._time_limit = time_limit

    async def check(self, data: bytes) -> Checked:
        """Raises FileRejected with the sentence for the officer."""
        media_type = preliminary(data)
        async with self._slots:
            worker = self._living() or await _start()
            try:
                async with asyncio.timeout(self._time_limit):
                    answer, shown = await _ask(worker, data)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                # Hung, crashed, or out of memory over this file.
                await _stop(worker)
                raise damaged(media_type) from None
            except BaseException:
                await _stop(worker)
                raise
            self._idle.append(worker)
        if "rejected" in answer:
            raise FileRejected(answer["rejected"])
        return Checked(shown=shown or data, **answer)

    def _living(self) -> asyncio.subprocess.Process | None:
        """A worker that waits; one that was ended meanwhile (by a system short of memory) is no reason to refuse a file."""
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
        return None

    async def close(self) -> None:
        while self._idle:
            await _stop(self._idle.pop())


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)},
        start_new_session=True,  # Ctrl+C is for the bot; workers end with its pipe
    )


async def _ask(worker: asyncio.subprocess.Process, data: bytes) -> tuple[dict[str, Any], bytes]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(LENGTH.pack(len(data)))
    worker.stdin.write(data)
    await worker.stdin.drain()
    answer = await _frame(worker.stdout)
    return json.loads(answer), await _frame(worker.stdout)


async def _frame(stream: asyncio.StreamReader) -> bytes:
    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return await stream.readexactly(length)


async def _stop(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    await asyncio.shield(worker.wait())
