"""`import`: officers and distributors of the old system."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error

if TYPE_CHECKING:
    from bot.legacy_import.importer import Totals
    from storage.database.database import Database


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX; the columns are in docs/import.md")],
    report: Annotated[
        Path | None, typer.Option(help="where refused rows are written; beside the file unless given")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything, store nothing")] = False,
) -> None:
    """Take in officers and distributors of the old system. May be run again and again."""
    from bot.core.context import SYSTEM
    from bot.legacy_import.importer import LegacyImport
    from bot.legacy_import.readers.table import UnusableFile
    from bot.legacy_import.summary import summary
    from bot.security.passwords import Passwords
    from bot.texts import t

    settings = load_settings()
    report_path = report or file.with_name(f"{file.name}.report.csv")

    async def work(database: Database) -> Totals:
        with typer.progressbar(length=0, label=t("import.progress"), file=sys.stderr) as bar:

            def progress(done: int, size: int) -> None:
                bar.length = max(size, done)
                bar.update(done - bar.pos)

            importer = LegacyImport(
                database,
                Passwords(
                    weak=settings.cheap_password_hashes, legacy_import=True, at_once=os.cpu_count() or 1
                ),
                SYSTEM,
                dry_run=dry_run,
                progress=progress,
            )
            return await importer.run(file, report_path)

    try:
        totals = asyncio.run(with_database(settings, work))
    except UnusableFile as unusable:
        end_with_setting_error(str(unusable))
    say(summary(totals, report_path, dry_run=dry_run))
