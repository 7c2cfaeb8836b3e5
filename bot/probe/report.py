"""What a probe found: each thing that was tried, what was expected and what came. Fit to be shown to anybody: shapes, no values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.config.output import say
from bot.config.redaction import Masking
from storage.tables.column_types import utcnow

#: Values that are part of a protocol and tell nothing of a person.
_TOLD = frozenset({"type", "kind", "mime_type", "status", "result", "code", "error_code", "length", "offset"})
_DIGITS = re.compile(r"[0-9۰-۹]{4,}")


class Outcome(StrEnum):
    AS_EXPECTED = "✓"
    DIFFERS = "✗"
    #: Nobody did what it needs, or it was not asked for.
    NOT_SEEN = "–"


@dataclass(frozen=True, slots=True)
class Finding:
    outcome: Outcome
    what: str
    expected: str
    came: str
    #: The line of the table of facts that says so.
    fact: str = ""

    def __str__(self) -> str:
        words = f"{self.outcome} {self.what}: {self.came}"
        return words if self.outcome is Outcome.AS_EXPECTED else f"{words} (expected: {self.expected})"


@dataclass(slots=True)
class Report:
    """Findings in their order, told as they come."""

    subject: str
    #: Values that must not stand in it: token, key, chat, number.
    private: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    #: What came, by what it was: shapes.
    shapes: dict[str, Any] = field(default_factory=dict)

    def add(self, what: str, expected: str, came: object, *, ok: bool, fact: str = "") -> None:
        outcome = Outcome.AS_EXPECTED if ok else Outcome.DIFFERS
        self._add(Finding(outcome, what, expected, self.clean(str(came)), fact))

    def not_seen(self, what: str, expected: str, why: str) -> None:
        self._add(Finding(Outcome.NOT_SEEN, what, expected, why))

    def keep(self, name: str, value: Any) -> None:
        """The shape of a JSON value."""
        self.shapes[name] = shape(value)

    def clean(self, text: str) -> str:
        """Without what is private, numbers of people, or any long number."""
        known = [value for value in self.private if value]
        for value in sorted(known, key=len, reverse=True):
            text = text.replace(value, "‹…›")
        return _DIGITS.sub("‹number›", Masking(known).text(" ".join(text.split())))

    @property
    def status(self) -> int:
        """Of the command: 0 where everything was seen and as expected."""
        return int(any(one.outcome is not Outcome.AS_EXPECTED for one in self.findings))

    def markdown(self) -> str:
        lines = [f"# Probe of {self.subject}, {utcnow():%Y-%m-%d %H:%M} UTC", "", self.summary(), ""]
        lines += ["| | what | expected | came | fact |", "|---|---|---|---|---|"]
        for one in self.findings:
            cells = (one.outcome.value, one.what, one.expected, one.came, one.fact and f"`{one.fact}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        if facts := [one for one in self.findings if one.fact and one.outcome is Outcome.DIFFERS]:
            lines += ["", "To correct in `bot/probe/facts.toml`:", ""]
            lines += [f"- `{one.fact}`: {one.came}" for one in facts]
        lines += ["", "## Shapes", "", "Kinds of values in the place of the values.", "", "```"]
        lines += [f"{name}: {value}" for name, value in self.shapes.items()]
        return "\n".join([*lines, "```", ""])

    def summary(self) -> str:
        count = {outcome: sum(one.outcome is outcome for one in self.findings) for outcome in Outcome}
        return (
            f"{count[Outcome.AS_EXPECTED]} as expected, {count[Outcome.DIFFERS]} differ, "
            f"{count[Outcome.NOT_SEEN]} not seen"
        )

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)
        say(str(finding))


def shape(value: Any, name: str = "") -> Any:
    """Kinds in the place of values, but for names of kinds and codes."""
    if isinstance(value, dict):
        return {key: shape(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item, name) for item in value[:4]]
    if value is None or isinstance(value, bool) or (name in _TOLD and isinstance(value, str | int)):
        return value
    return type(value).__name__
