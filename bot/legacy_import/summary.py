"""What is printed at the end of an import."""

from __future__ import annotations

from pathlib import Path

from bot.legacy_import.importer import Totals
from bot.texts import t


def summary(totals: Totals, report: Path, *, dry_run: bool) -> str:
    """The counts with ASCII digits, one a line: other programs read them too."""
    lines = [
        t("import.summary").format(
            read=totals.read,
            created=totals.created,
            updated=totals.updated,
            unchanged=totals.unchanged + totals.untouched,
            refused=totals.refused,
        )
    ]
    if totals.untouched:
        lines.append(t("import.untouched").format(untouched=totals.untouched))
    if totals.distributors:
        lines.append(t("import.distributors").format(distributors=totals.distributors))
    if totals.unknown_columns:
        lines.append(t("import.unknown_columns", columns="، ".join(totals.unknown_columns)))
    lines.append(t("import.report").format(path=report))
    if dry_run:
        lines.append(t("import.dry"))
    return "\n".join(lines)
