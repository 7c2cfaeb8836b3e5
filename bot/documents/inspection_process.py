"""One process that checks files, and what is said to it through its pipes. The calls wait, each in a thread: whatever a file
weighs, the loop neither writes nor reads a byte of it."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

T = TypeVar("T")

#: Before each frame: how many bytes it has.
LENGTH = struct.Struct(">I")
#: Threads that wait for workers: one for each file that is checked, and for each worker that is started.
THREADS = 8
_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-m", "bot.documents.inspection_worker")
_threads = ThreadPoolExecutor(THREADS, "inspection")


class WorkerProcess:
    """Started by the call, in a thread of its own kind (`start`)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)},
            start_new_session=True,  # Ctrl+C is for the bot; workers end with its pipe
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout

    @classmethod
    async def start(cls) -> WorkerProcess:
        """Raises OSError."""
        starting = in_thread(cls)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_end)
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    async def isolation(self) -> dict[str, bool]:
        """Its first words, when it is ready: what it can no longer do. Raises EOFError."""
        return await in_thread(lambda: json.loads(self._frame()))

    def ask(self, data: bytes) -> asyncio.Future[tuple[dict[str, Any], bytes, bytes]]:
        """The verdict on a file, its copy to show, its preview; the future raises OSError and EOFError."""
        return in_thread(lambda: self._ask(data))

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        """Until it has ended; its status."""
        return await in_thread(self._process.wait)

    def _ask(self, data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
        self.stdin.write(LENGTH.pack(len(data)))
        self.stdin.write(data)
        self.stdin.flush()
        return json.loads(self._frame()), self._frame(), self._frame()

    def _frame(self) -> bytes:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        data = self._answers.read(length)
        if len(data) < length:
            raise EOFError
        return data


def in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(_threads, call)


def _end(starting: asyncio.Future[WorkerProcess]) -> None:
    """Of a worker that nobody waits for any more."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().kill()
