"""One line of the report of `bot.py doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    good: bool
    words: str

    def __str__(self) -> str:
        return f"{'✓' if self.good else '✗'} {self.name}: {self.words}"


def first_line(error: BaseException) -> str:
    """What went wrong, short; its kind where it says nothing."""
    said = str(error).strip().splitlines()
    return said[0][:200] if said else type(error).__name__
