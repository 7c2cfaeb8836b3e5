"""Standard output and standard error that never fail: a full disk, a closed pipe or a stalled reader stop no
work.

No work depends on a line that is printed. What cannot be written is kept, up to a bound, and written before
the next line once the destination takes data again; what is beyond the bound is counted.
"""

from __future__ import annotations

import atexit
import io
import os
import select
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: Bytes kept for one stream while they cannot be written: some thousand lines.
MAX_BUFFERED = 1024 * 1024
#: Bytes that a pipe takes without waiting once it says that it takes some.
STEP = 4096
#: Seconds that the end of the process waits for a slow reader.
LAST = 1.0


class SteadyRaw(io.RawIOBase):
    """Bytes to a descriptor. `write` takes everything at once, raises nothing and does not wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._size = 0
        # Threads write too; none of them waits for more than a system call of another.
        self._lock = threading.RLock()
        #: Lines that were not kept, since `take_lost`.
        self.lost = 0
        #: The last try to write ended with an error of the system.
        self.failed = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        try:
            return os.isatty(self._descriptor)
        except OSError:
            return False

    def write(self, data: ReadableBuffer, /) -> int:
        block = bytes(data)
        with self._lock:
            if self._size + len(block) > MAX_BUFFERED:
                self._drain()
            if self._size + len(block) > MAX_BUFFERED:
                self.lost += max(block.count(b"\n"), 1)
            else:
                self._waiting.append(block)
                self._size += len(block)
                self._drain()
        return len(block)

    def take_lost(self) -> int:
        """Number of lost lines, once a line about them can be written; 0 before."""
        if self._waiting:
            return 0
        lost, self.lost = self.lost, 0
        return lost

    def finish(self) -> None:
        """Before the process ends: a reader that is only slow is waited for a moment."""
        deadline = time.monotonic() + LAST
        while self._waiting and time.monotonic() < deadline:
            with self._lock:
                if not self._drain():
                    return
            if self._waiting:
                time.sleep(0.02)

    def _drain(self) -> bool:
        """Write what is waiting as far as it goes; False where the destination is full."""
        try:
            while self._waiting:
                if not _takes(self._descriptor):
                    return True
                step = self._waiting[0][:STEP]
                written = os.write(self._descriptor, step)
                self._size -= written
                rest = self._waiting[0][written:]
                if rest:
                    self._waiting[0] = rest
                else:
                    self._waiting.popleft()
        except OSError:
            # ENOSPC, EDQUOT, EFBIG, EIO, EPIPE, EBADF: all the same to the caller.
            self.failed = True
            return False
        self.failed = False
        return True


def _takes(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def install() -> None:
    """Put steady streams in the place of both. A descriptor that came closed leads to nowhere, so that no
    file or connection of ours ever gets its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout, sys.stderr = _steady(1), _steady(2)


def _steady(descriptor: int) -> TextIO:
    raw = SteadyRaw(descriptor)
    former = sys.stdout if descriptor == 1 else sys.stderr
    encoding = getattr(former, "encoding", None) or "utf-8"
    # Letters that the terminal's encoding lacks are escaped.
    stream: TextIO = io.TextIOWrapper(
        raw,  # type: ignore[type-var]
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
    atexit.register(_finish, stream, raw)
    return stream


def _finish(stream: TextIO, raw: SteadyRaw) -> None:
    stream.flush()
    raw.finish()


def say(line: str) -> None:
    """Print what a command found or made; to standard error where standard output cannot take it."""
    print(line, flush=True)  # noqa: T201
    raw = getattr(sys.stdout, "buffer", None)
    if isinstance(raw, SteadyRaw) and raw.failed:
        print(line, file=sys.stderr, flush=True)  # noqa: T201
