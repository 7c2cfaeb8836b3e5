"""What an operator reads after an import: the counts, and that a trial wrote nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.legacy_import.importer import Totals
from bot.legacy_import.summary import summary
from bot.texts import t

REPORT = Path("r.csv")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_trial_says_that_nothing_was_written(dry_run: bool) -> None:
    text = summary(Totals(read=1), REPORT, dry_run=dry_run)
    assert (t("import.dry") in text) == dry_run


def test_the_counts() -> None:
    text = summary(Totals(9, 1, 2, 3, 0, 4), REPORT, dry_run=False)
    assert t("import.summary").format(read=9, created=1, updated=2, unchanged=3, refused=4) in text
    assert len(text.split("\n")) == 2 + t("import.summary").count("\n")
    untouched = summary(Totals(9, 1, 2, 3, 5, 4), REPORT, dry_run=False)
    assert t("import.summary").format(read=9, created=1, updated=2, unchanged=8, refused=4) in untouched
    assert t("import.untouched").format(untouched=5) in untouched


def test_what_there_was_besides() -> None:
    text = summary(Totals(distributors=7, unknown_columns=("a", "b")), REPORT, dry_run=False)
    assert t("import.distributors").format(distributors=7) in text
    assert t("import.unknown_columns", columns="a، b") in text
