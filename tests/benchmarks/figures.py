"""The figures of `make bench`: what was measured, against what, which goal they have, and whether it is missed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Goal:
    """`sign` is ≤ or ≥."""

    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"

    def is_held(self, figure: float) -> bool:
        return figure <= self.bound if self.sign == "≤" else figure >= self.bound

    def is_missed(self, figure: float, noise: float) -> bool:
        """By more than the noise."""
        best = figure - noise if self.sign == "≤" else figure + noise
        return not self.is_held(best)


def at_most(bound: float) -> Goal:
    return Goal("≤", bound)


def at_least(bound: float) -> Goal:
    return Goal("≥", bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. The goal is for `ratio` where there is a baseline, for `value` elsewhere, and `noise` is of the same."""

    name: str
    value: float | None
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    goal: Goal | None = None
    noise: float = 0.0
    #: What was measured, at which size; or why it was not.
    note: str = ""

    @property
    def compared(self) -> float | None:
        return self.value if self.ratio is None else self.ratio

    @property
    def holds(self) -> bool | None:
        """None: no goal, or not measured."""
        if self.goal is None or self.compared is None:
            return None
        return self.goal.is_held(self.compared)

    @property
    def missed(self) -> bool:
        if self.goal is None or self.compared is None:
            return False
        return self.goal.is_missed(self.compared, self.noise)


def spread(rounds: Sequence[float]) -> float:
    """Half of the way from the lowest round to the highest."""
    return (max(rounds) - min(rounds)) / 2


def paired(
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """Of runs in turns: the median of the rounds' ratios, and their spread."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Figure(
        name,
        statistics.median(ours),
        unit,
        statistics.median(theirs),
        statistics.median(ratios),
        goal,
        spread(ratios),
        note,
    )


def repeated(
    name: str, rounds: Sequence[float], unit: str, goal: Goal | None = None, note: str = ""
) -> Figure:
    return Figure(name, statistics.median(rounds), unit, goal=goal, noise=spread(rounds), note=note)


#: What the note of a row begins with that could not be measured to its end.
BROKEN = "broke down: "


def broken(name: str, error: Exception) -> Figure:
    return Figure(name, None, "", note=f"{BROKEN}{error!r}")


def not_measured(name: str, unit: str, goal: Goal | None, why: str) -> Figure:
    return Figure(name, None, unit, goal=goal, note=f"not measured: {why}")


@dataclass(slots=True)
class Results:
    """All rows of a run, told as they come."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, *figures: Figure) -> None:
        for figure in figures:
            if any(figure.name == other.name for other in self.figures):
                raise ValueError(f"two figures are named {figure.name}")
            self.figures.append(figure)
            print(line(figure), flush=True)

    @property
    def missed(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.missed]

    @property
    def broken(self) -> list[Figure]:
        """Rows that broke down: no reason of this machine's, but a fault of the bench or of what it measures."""
        return [figure for figure in self.figures if figure.note.startswith(BROKEN)]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def as_json(self) -> dict[str, dict[str, object]]:
        return {
            figure.name: {
                "value": _rounded(figure.value),
                "unit": figure.unit,
                "baseline": _rounded(figure.baseline),
                "ratio": _rounded(figure.ratio),
                "goal": str(figure.goal) if figure.goal is not None else None,
                "holds": figure.holds,
                "noise": _rounded(figure.noise),
                "note": figure.note,
            }
            for figure in self.figures
        }

    def ending(self) -> str:
        """The last words of the table."""
        if self.broken:
            return "Broke down: " + ", ".join(figure.name for figure in self.broken)
        if not self.missed:
            return "No goal is missed by more than the noise."
        return "Missed by more than the noise: " + ", ".join(figure.name for figure in self.missed)


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


HEADING = f"{'figure':44} {'value':>10} {'unit':9} {'baseline':>10} {'ratio':>7} {'noise':>7} {'goal':>7}"


def line(figure: Figure) -> str:
    """A row of the table."""

    def shown(number: float | None, width: int) -> str:
        return f"{'–' if number is None else format(number, '.4g'):>{width}}"

    verdict = {None: "", True: "holds", False: "MISSED" if figure.missed else "within the noise"}[
        figure.holds
    ]
    goal = str(figure.goal) if figure.goal is not None else "–"
    columns = [
        f"{figure.name:44}",
        shown(figure.value, 10),
        f"{figure.unit:9}",
        shown(figure.baseline, 10),
        shown(figure.ratio, 7),
        shown(figure.noise if figure.value is not None else None, 7),
        f"{goal:>7}",
        verdict,
    ]
    return " ".join(columns).rstrip() + (f"\n    {figure.note}" if figure.note else "")
