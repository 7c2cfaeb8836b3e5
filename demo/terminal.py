"""What the terminal says: how long the start takes, one line of progress, what to do then; and the browser."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from pathlib import Path

#: Seconds of a first start on two idle cores, with a past and without; and of every later one.
FIRST, FIRST_EMPTY, LATER = 30, 20, 5
_WIDTH = 24


def announce(*, first: bool, past: bool) -> None:
    """How long it will take."""
    if not first:
        print(f"Starting the demo: about {LATER} s.", flush=True)
    elif past:
        print(
            f"First start: about {FIRST} s. A directorate with 300 officers and eighteen months of work is made.",
            flush=True,
        )
    else:
        print(f"First start, without a past: about {FIRST_EMPTY} s.", flush=True)


class ProgressLine:
    """One line that is written over; where no terminal shows it, a line for every quarter."""

    def __init__(self) -> None:
        self._begun, self._quarters = time.monotonic(), 0
        self._over = sys.stdout.isatty()

    def __call__(self, done: float) -> None:
        if self._over:
            full = round(done * _WIDTH)
            seconds = time.monotonic() - self._begun
            print(
                f"\r  [{'#' * full}{'.' * (_WIDTH - full)}] {done:4.0%}  {seconds:3.0f} s", end="", flush=True
            )
            if done >= 1:
                print(flush=True)
        elif int(done * 4) > self._quarters:
            self._quarters = int(done * 4)
            print(f"  {done:.0%}", flush=True)


def introduce(url: str, *, opened: bool, log: Path) -> None:
    """What to do, in three lines."""
    where = "is open in your browser" if opened else "open it in a browser"
    print(f"\n  The demo is ready: {url}  ({where})")
    print(
        "  1. On سارا's phone tap «/start» and register: the button ✨ answers for you. «راهنما» has a tour in English."
    )
    print(
        "  2. Or tap «ورود به‌عنوان …» on another phone: an expert with a queue, the directorate, a company, an officer."
    )
    print("  3. Stop with Ctrl-C; the next start goes on from here, DEMO_FRESH=1 begins anew.", end="")
    print(f"  Bot's log: {log}\n", flush=True)


def open_browser(url: str) -> bool:
    """Open the page where somebody sits before this machine: a terminal, a screen, no SSH. DEMO_BROWSER=0 forbids it."""
    known = os.environ
    if known.get("DEMO_BROWSER", "") == "0" or not sys.stdout.isatty() or "SSH_CONNECTION" in known:
        return False
    if sys.platform.startswith("linux") and not (known.get("DISPLAY") or known.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
