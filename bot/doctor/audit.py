"""The audit record: whether its triggers exist and its hash chain is intact."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.config.settings import BadSettingError, Settings
from bot.doctor.finding import Finding
from bot.operations import audit_check
from bot.services.shared.audit_chain import ChainKeys
from storage.database.database import Database
from storage.migrations.schema import missing_guards

#: Links that the doctor looks at, some seconds' worth; `bot.py check-audit` looks at all.
NEWEST = 100_000


async def check_audit_record(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    gone = await database.read(lambda db: missing_guards(db.connection()))
    words = (
        "stand"
        if not gone
        else f"{', '.join(gone)}: gone or changed, so lines can be changed; see docs/operations.md"
    )
    yield Finding("audit triggers", not gone, words)
    try:
        keys = ChainKeys(settings.held_keys())
    except BadSettingError:
        yield Finding("audit chain", True, "not looked at: there is no key")  # another line says why
        return
    checked = await audit_check.check_chain(database, keys, newest=NEWEST)
    if checked.faults:
        more = f" (and {len(checked.faults) - 1} more)" if len(checked.faults) > 1 else ""
        words = f"{checked.faults[0]}{more}; run `bot.py check-audit`, and compare with a backup"
        yield Finding("audit chain", False, words)
        return
    yield Finding("audit chain", True, summary(checked))


def summary(checked: audit_check.Checked) -> str:
    newest = (
        f"the newest {checked.links:,} of {checked.total:,} links"
        if checked.links < checked.total
        else f"{checked.links:,} links"
    )
    waiting = f", {checked.waiting:,} lines wait for the running bot" if checked.waiting else ""
    return f"{newest} are whole{waiting}"
