"""One line of the report of `bot.py doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Because(StrEnum):
    """Why a finding is not good."""

    #: It cannot be right.
    WRONG = "wrong"
    #: Nobody answered: it may be right.
    SILENT = "silent"
    #: It is right, and something else wants to be looked at.
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    good: bool
    words: str
    #: Of one that is not good.
    because: Because = Because.WRONG

    def __str__(self) -> str:
        return f"{'✓' if self.good else '✗'} {self.name}: {self.words}"


def first_line(error: BaseException) -> str:
    """What went wrong, short; its kind where it says nothing."""
    said = str(error).strip().splitlines()
    return said[0][:200] if said else type(error).__name__
