"""The table of facts (`facts.toml`), beside what is seen of the real messenger."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from bot.probe.report import Report

TABLE = Path(__file__).with_name("facts.toml")


class Facts:
    """What is expected of one messenger. What is there only sometimes is settled at the end, after all samples."""

    def __init__(self, messenger: str, report: Report) -> None:
        self._values: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))[messenger]
        self._messenger = messenger
        self._report = report
        self._samples: defaultdict[str, list[bool]] = defaultdict(list)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def saw(self, name: str, came: Any, what: str) -> None:
        """One look at a fact that has one value."""
        expected = self._values[name]
        self._report.add(what, str(expected), came, ok=came == expected, fact=f"{self._messenger}.{name}")

    def sample(self, name: str, there: bool) -> None:
        """Whether a field was there this time; of a fact that is «always», «sometimes» or «never»."""
        self._samples[name].append(there)

    def settle(self, name: str, what: str) -> None:
        """The word for all samples. What is expected sometimes may as well be there always, or never."""
        samples, expected = self._samples[name], self._values[name]
        if not samples:
            self._report.not_seen(what, expected, "nothing came that could have it")
            return
        came = "always" if all(samples) else "sometimes" if any(samples) else "never"
        words = f"{came} ({sum(samples)} of {len(samples)})"
        ok = expected in ("sometimes", came)
        self._report.add(what, expected, words, ok=ok, fact=f"{self._messenger}.{name}")
