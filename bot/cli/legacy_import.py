"""`import`: officers and distributors of the old system."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error

if TYPE_CHECKING:
    from bot.legacy_import.importer import Totals
    from storage.database.database import Database


class ProgressLines:
    """Where no terminal shows the bar: a line for every tenth, with the time that is left."""

    def __init__(self) -> None:
        self._began, self._tenths = time.monotonic(), 0

    def tell(self, done: int, size: int) -> None:
        from bot.texts import t

        if _is_terminal(sys.stderr) or not done or done * 10 // max(size, done) <= self._tenths:
            return
        self._tenths = done * 10 // max(size, done)
        left = (time.monotonic() - self._began) * (size - done) / done
        words = t("import.left", percent=self._tenths * 10, minutes=math.ceil(left / 60))
        print(words, file=sys.stderr, flush=True)  # noqa: T201


def _is_terminal(stream: TextIO | None) -> bool:
    """Not where the program was started without it, or with a closed one."""
    return stream is not None and not stream.closed and stream.isatty()


def _ask(heading: str, column: str) -> bool:
    from bot.legacy_import.columns import label
    from bot.texts import t

    return typer.confirm(t("import.ask_column", heading=heading, column=label(column)), err=True)


def import_file(
    file: Annotated[
        Path,
        typer.Argument(help="CSV, XLSX, XLS, XLSB, ODS or an HTML table; the columns are in docs/import.md"),
    ],
    report: Annotated[
        Path | None, typer.Option(help="where refused rows are written; beside the file unless given")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="HEADING=COLUMN: which column a heading of the file is; HEADING= leaves it out"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="check everything, show the first rows, store nothing")
    ] = False,
) -> None:
    """Take in officers and distributors of the old system. May be run again and again."""
    from bot.core.context import SYSTEM
    from bot.legacy_import.columns import read_options
    from bot.legacy_import.importer import LegacyImport, refuse_to_guess
    from bot.legacy_import.readers.table import UnusableFile
    from bot.legacy_import.summary import summary
    from bot.security.passwords import Passwords
    from bot.texts import t

    settings = load_settings()
    report_path = report or file.with_name(f"{file.name}.report.csv")

    async def work(database: Database) -> Totals:
        with typer.progressbar(length=0, label=t("import.progress"), file=sys.stderr, show_eta=True) as bar:
            lines = ProgressLines()

            def progress(done: int, size: int) -> None:
                bar.length = max(size, done)
                bar.update(done - bar.pos)
                lines.tell(done, size)

            importer = LegacyImport(
                database,
                Passwords(
                    weak=settings.cheap_password_hashes, legacy_import=True, at_once=os.cpu_count() or 1
                ),
                SYSTEM,
                dry_run=dry_run,
                progress=progress,
                ask=_ask if _is_terminal(sys.stdin) else refuse_to_guess,
                decided=decided,
            )
            return await importer.run(file, report_path)

    try:
        decided = read_options(column or [])
        totals = asyncio.run(with_database(settings, work))
    except UnusableFile as unusable:
        end_with_setting_error(str(unusable))
    say(summary(totals, report_path, dry_run=dry_run))
