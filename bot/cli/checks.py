"""`doctor`, `check-audit`: is everything in order. Both end with status 1 where it is not."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.config.settings import BadSettingError

if TYPE_CHECKING:
    from bot.operations.audit_check import Checked


def doctor() -> None:
    """Say in one line each what is in order, and how to repair what is not."""
    from bot.doctor import examine

    try:
        settings = load_settings()
    except BadSettingError as error:
        say(f"✗ settings: {error}")
        raise SystemExit(1) from None

    async def look() -> bool:
        healthy = True
        async for finding in examine(settings):
            healthy &= finding.good
            say(str(finding))
        return healthy

    healthy = asyncio.run(look())
    raise SystemExit(0 if healthy else 1)


def check_audit() -> None:
    """Read the whole hash chain over the audit lines, and say where it is broken. Status 1 where it is."""
    from bot.doctor.audit import summary
    from bot.operations.audit_check import check_chain
    from bot.services.shared.audit_chain import ChainKeys
    from bot.startup.checks import OLD_SCHEMA
    from storage.database.database import open_database
    from storage.migrations.migrate import current_is_head
    from storage.migrations.schema import missing_guards

    settings = load_settings()

    async def work() -> tuple[Checked, list[str]]:
        if not await current_is_head(settings.database_url):
            raise BadSettingError(OLD_SCHEMA)
        database = await open_database(settings.database_url)
        try:
            gone = await database.read(lambda db: missing_guards(db.connection()))
            with typer.progressbar(length=0, label="links", file=sys.stderr) as bar:

                def progress(done: int, total: int) -> None:
                    bar.length = total
                    bar.update(done - bar.pos)

                return await check_chain(database, ChainKeys(settings.held_keys()), progress=progress), gone
        finally:
            await database.close()

    outcome, gone = asyncio.run(work())
    for name in gone:
        say(f"trigger {name}: gone or changed")
    for fault in outcome.faults:
        say(fault)
    if outcome.faults or gone:
        raise SystemExit(1)
    say(f"{summary(outcome)}; the last is {outcome.end[0]}, {outcome.end[1]}")
