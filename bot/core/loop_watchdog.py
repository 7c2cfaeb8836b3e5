"""Measures how long the event loop is held, and names what holds it: meanwhile nobody is served."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bot.core.counters import LoopCounters

log = logging.getLogger(__name__)

#: Seconds between two beats of the loop.
BEAT = 0.05
#: Seconds from which on a hold is counted, and told in the log.
LONG = 0.1
#: Seconds between two lines of the log; holds between them are in the next line's count.
QUIET = 10.0
#: Packages of this program that say whose work it is; those of the database only carry it out.
_OWN = ("bot", "handlers", "conversations")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class LoopWatchdog:
    """A thread looks at the loop's thread while the loop is late: afterwards nothing would tell what it did."""

    counters: LoopCounters
    #: The job whose unit runs now, if one does.
    running_job: Callable[[], str] = lambda: ""
    _beat: float = 0.0
    _seen: str = ""
    _loop_thread: int = 0
    _told: float = float("-inf")
    _untold: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        """Watch the running loop until cancelled."""
        self._loop_thread = threading.get_ident()
        self._beat = time.monotonic()
        thread = threading.Thread(target=self._look, name="loop watchdog", daemon=True)
        thread.start()
        try:
            while True:
                self._beat, self._seen = time.monotonic(), ""
                await asyncio.sleep(BEAT)
                self._note(time.monotonic() - self._beat - BEAT)
        finally:
            self._stop.set()

    def _note(self, held: float) -> None:
        self.counters.note(held, time.monotonic())
        if held < LONG:
            return
        self.counters.long_holds += 1
        now = time.monotonic()
        if now - self._told < QUIET:
            self._untold += 1
            return
        log.warning(
            "the loop was held for %.0f ms by %s (%d more since the last line)",
            1000 * held,
            self._seen or "many short steps",
            self._untold,
        )
        self._told, self._untold = now, 0

    def _look(self) -> None:
        """In the thread."""
        while not self._stop.wait(BEAT / 2):
            if not self._seen and time.monotonic() - self._beat > BEAT + LONG / 2:
                frame = sys._current_frames().get(self._loop_thread)
                self._seen = describe(frame, self.running_job())


def describe(frame: FrameType | None, job: str = "") -> str:
    """The functions of this program that the frame is in: the innermost first, and the job that runs them."""
    names: list[str] = []
    while frame is not None and len(names) < 4:
        path = frame.f_code.co_filename
        if path.startswith(str(_ROOT)):
            parts = Path(path).relative_to(_ROOT).with_suffix("").parts
            if parts[0] in _OWN:
                names.append(f"{'.'.join(parts)}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    words = " < ".join(names)
    return f"{job}: {words}" if job and words else job or words
