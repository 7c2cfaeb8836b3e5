"""Where the answers of `bot.py setup` come from: a person at a terminal, or a file."""

from __future__ import annotations

import getpass
import signal
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.config.output import say
from bot.doctor.finding import Because, Finding

#: Typed by a person who wants a standing answer gone.
CLEAR = "-"


class Asker(Protocol):
    @property
    def interactive(self) -> bool: ...

    def ask(
        self, name: str, words: str, stands: str | None, *, needed: bool, secret: bool = False
    ) -> str | None:
        """The answer; None: what stands remains. `stands` is fit to be shown. `needed`: it has a meaning here."""
        ...

    def goes_on(self, finding: Finding, *, changed: bool) -> bool:
        """After a refusal: whether to keep the answer and go on, rather than ask again."""
        ...


class AnswersFile:
    """Asks nobody. What the file does not name remains as it is."""

    interactive = False

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers

    def ask(
        self, name: str, words: str, stands: str | None, *, needed: bool, secret: bool = False
    ) -> str | None:
        return self.answers.get(name)

    def goes_on(self, finding: Finding, *, changed: bool) -> bool:
        return True


class Terminal:
    """Enter keeps what stands, «-» clears it; secrets are not shown while they are typed."""

    interactive = True

    def ask(
        self, name: str, words: str, stands: str | None, *, needed: bool, secret: bool = False
    ) -> str | None:
        if not needed:
            return None
        say(f"\n{name}: {words}")
        keeps = f"Enter keeps «{stands}», {CLEAR} clears it" if stands else "Enter leaves it empty"
        typed = _read(getpass.getpass if secret else input, f"  ({keeps}) > ").strip()
        if typed == CLEAR:
            return ""
        return typed or None

    def goes_on(self, finding: Finding, *, changed: bool) -> bool:
        if not changed:
            return True
        if finding.because is Because.SILENT:
            typed = _read(input, "  nobody answered: Enter asks again, k keeps it untried > ")
            return typed.strip().lower() == "k"
        return False


def _read(reader: Callable[[str], str], prompt: str) -> str:
    """Ctrl-C ends the wait at once: asyncio's own handler would only note it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return reader(prompt)
    finally:
        signal.signal(signal.SIGINT, handler)
