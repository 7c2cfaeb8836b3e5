"""A stopped SQLite bot into an empty PostgreSQL database: every table in batches, then all of it compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table

from bot.documents.encryption import DocumentCipher
from bot.operations.audit_check import check_chain
from bot.operations.errors import UpkeepError
from bot.operations.moving import audit_links, rows
from bot.operations.moving.source import Source, open_source
from bot.operations.moving.target import Target, open_target
from bot.services.shared.audit_chain import LINKS, ChainKeys
from storage.database.database import asynchronous, check_database, open_database
from storage.database.unusable import why_unusable
from storage.tables.column_types import utcnow

#: What is done, how much of it, and of how much.
Progress = Callable[[str, int, int], None]
#: Of a link: worked out anew for the new database.
_OF_LINKS = frozenset({"hash", "key_id", "mac"})


@dataclass(slots=True)
class Moved:
    tables: int = 0
    rows: int = 0
    #: An earlier run had copied some of them.
    resumed: bool = False
    #: The source was changed after an earlier run, whose copy was thrown away.
    restarted: bool = False
    #: Of the audit chain: what was wrong already.
    audit_faults: list[str] | None = None


async def move_database(
    *,
    source_url: str,
    target_url: str,
    secrets: list[str],
    before_end: Callable[[], Awaitable[None]],
    progress: Progress = lambda what, done, total: None,
) -> Moved:
    """Copy and compare; `before_end` is awaited when all rows are there, before the copy may be served. The source is only read.

    `secrets`: SECRET_KEY and the former ones. Stopped anywhere, the next call goes on. Raises UpkeepError, DatabaseUnusable and
    what `before_end` raises."""
    url = _checked(source_url, target_url)
    async with open_source(url) as source:
        try:
            await check_database(target_url)
            async with open_target(asynchronous(target_url)) as target:
                owner = f"{DocumentCipher(secrets[0]).key_id} {Path(url.database or '').resolve()}"
                copy = _Copy(source, target, ChainKeys(secrets), progress)
                return await copy.run(target_url, owner, before_end)
        except UpkeepError:
            raise
        except Exception as error:
            if (words := why_unusable(error, asynchronous(target_url))) is None:
                raise
            raise UpkeepError(f"--database-url: {words}; what was copied so far is kept") from error


def _checked(source_url: str, target_url: str) -> Any:
    source = asynchronous(source_url)
    try:
        target = asynchronous(target_url)
    except ValueError as error:
        raise UpkeepError(f"--database-url: {error}") from None
    if source.get_backend_name() != "sqlite":
        raise UpkeepError(
            "DATABASE_URL: is PostgreSQL already; from one server to another its own programs move a database, with the bot stopped: "
            "pg_dump --format=custom, then pg_restore --no-owner (docs/runbook.md)"
        )
    if target.get_backend_name() != "postgresql":
        raise UpkeepError(
            "--database-url: is for PostgreSQL; an SQLite database is moved with its file, or with `backup` and `restore`"
        )
    return source


@dataclass(slots=True)
class _Copy:
    source: Source
    target: Target
    keys: ChainKeys
    progress: Progress

    async def run(self, target_url: str, owner: str, before_end: Callable[[], Awaitable[None]]) -> Moved:
        moved = Moved(restarted=not await self.target.prepare(target_url, owner=owner, mark=self.source.mark))
        moved.resumed = self.target.resumed
        totals = {table.name: await self._count(table) for table in rows.plain_tables()}
        await self._copy_all(sum(totals.values()))
        await self._compare_all(sum(totals.values()))
        moved.tables, moved.rows = len(totals), sum(totals.values())
        moved.audit_faults = await self._check_audit(target_url)
        await before_end()
        numbers = {
            table.name: await self.source.last_number(table)
            for table in rows.plain_tables()
            if "id" in table.columns
        }
        end = await self.source.read(audit_links.end_of)
        await self.target.finish(
            numbers,
            now=utcnow(),
            rows=moved.rows,
            mark=self.source.mark,
            chain_position=end[0],
            chain_hash=end[1],
        )
        return moved

    async def _count(self, table: Table) -> int:
        return await self.source.read(partial(rows.count, table=table))

    async def _copy_all(self, total: int) -> None:
        done = sum(number for number, _ in self.target.copied.values())
        for table in rows.plain_tables():
            after = self.target.copied.get(table.name, (0, None))[1]
            while page := await self.source.read(partial(rows.read_page, table=table, after=after)):
                batch = await self._batch(table, page, after)
                after = rows.key_of(table, page[-1])
                await self.target.write(table, batch, after)
                done += len(page)
                self.progress("copied", done, total)

    async def _batch(self, table: Table, page: Any, after: rows.Key | None) -> list[dict[str, Any]]:
        if table.name != LINKS.name:
            return [dict(row._mapping) for row in page]
        before = partial(audit_links.hash_at, position=after[0] if after else 0)
        lines = partial(audit_links.lines_of, links=page)
        return audit_links.rewritten(
            page,
            self.keys,
            old_lines=await self.source.read(lines),
            new_lines=await self.target.run(lines),
            old_hash=await self.source.read(before),
            new_hash=await self.target.run(before),
        )

    async def _compare_all(self, total: int) -> None:
        done = 0
        for table in rows.plain_tables():
            mine, theirs = rows.TableSum(), rows.TableSum()
            for read, found in ((self.source.read, mine), (self.target.run, theirs)):
                after: rows.Key | None = None
                while page := await read(partial(rows.read_page, table=table, after=after)):
                    after = rows.key_of(table, page[-1])
                    for row in page:
                        found.add(_compared(table, row))
                    if found is mine:
                        done += len(page)
                        self.progress("compared", done, total)
            if mine != theirs:
                raise UpkeepError(
                    f"--database-url: the copy of {table.name} differs ({mine} in the source, {theirs} in the copy); "
                    "something else wrote there. Empty that database, then repeat"
                )

    async def _check_audit(self, target_url: str) -> list[str]:
        database = await open_database(target_url)
        try:
            return (
                await check_chain(database, self.keys, progress=partial(self.progress, "audit chain"))
            ).faults
        finally:
            await database.close()


def _compared(table: Table, row: Row[Any]) -> list[Any]:
    if table.name != LINKS.name:
        return list(row)
    return [value for name, value in row._mapping.items() if name not in _OF_LINKS]
