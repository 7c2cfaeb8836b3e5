"""The PostgreSQL database that a copy is written into.

Until the copy is whole, `alembic_version` says so (the bot does not start on it), and the table `unfinished_move` holds what was
copied so far, committed together with the rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Session

from bot.core.context import SYSTEM
from bot.operations.errors import UpkeepError
from bot.operations.moving import rows
from bot.services.shared import audit
from storage.database.postgres_options import make_engine
from storage.database.unusable import explained_errors
from storage.migrations.migrate import UNFINISHED_MOVE, revision_of_code, revisions_of, upgrade
from storage.tables import AuditEvent

T = TypeVar("T")

EVENTS = AuditEvent.metadata.tables[AuditEvent.__tablename__]

#: `name` is that of a table, or one of the two words below.
PROGRESS = Table(
    "unfinished_move",
    MetaData(),
    Column("name", String(64), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("value", JSONB),
)
#: Of the audit line in the copy.
_EVENT, _SUBJECT = "database_moved", "database"
_OWNER, _MARK = "of", "mark"
#: No limit on time: the last statements read whole tables.
_OPTIONS = {"server_settings": {"synchronous_commit": "off", "statement_timeout": "0"}}


@dataclass(slots=True)
class Target:
    engine: AsyncEngine
    #: By table: the rows copied, and the key of the last.
    copied: dict[str, tuple[int, rows.Key | None]] = field(default_factory=dict)
    #: There was an unfinished copy of the same data.
    resumed: bool = False

    async def run(self, work: Callable[[Connection], T]) -> T:
        """In one transaction."""
        async with self.engine.begin() as connection:
            return await connection.run_sync(work)

    async def prepare(self, address: str, *, owner: str, mark: str) -> bool:
        """Make the tables, or find the unfinished copy of `owner` and go on with it; False where one of other data was thrown
        away. Raises UpkeepError where the database is not empty."""
        present = await self.run(_present)
        if PROGRESS.name in present:
            notes = await self.run(_notes)
            if (notes.get(_OWNER) or (0, None))[1] != owner:
                raise UpkeepError(
                    "--database-url: holds the unfinished copy of another bot; name an empty database, or empty this one"
                )
            self.resumed = notes[_MARK][1] == mark
            if self.resumed:
                self._take(notes)
                return True
            await self.run(lambda connection: _empty(connection, mark))
            return False
        if await self.run(lambda connection: _is_finished(connection, present, mark)):
            raise UpkeepError(
                "--database-url: holds the finished copy of this very database; set DATABASE_URL to it and start the bot"
            )
        if await self.run(lambda connection: _holds_something(connection, present)):
            raise UpkeepError("--database-url: the database is not empty; nothing is ever overwritten")
        await upgrade(address)
        await self.run(lambda connection: _begin(connection, owner, mark))
        return True

    def _take(self, notes: dict[str, tuple[int, Any]]) -> None:
        for table in rows.plain_tables():
            if table.name in notes:
                number, key = notes[table.name]
                self.copied[table.name] = number, rows.key_from_json(table, key)

    async def write(self, table: Table, batch: Sequence[dict[str, Any]], last: rows.Key) -> None:
        """The next rows, together with how far it is now. Raises UpkeepError where PostgreSQL cannot keep one."""
        number = self.copied.get(table.name, (0, None))[0] + len(batch)

        def work(connection: Connection) -> None:
            rows.write(connection, table, batch)
            _note(connection, table.name, number, rows.key_to_json(last))

        try:
            await self.run(work)
        except DBAPIError as error:
            for row in batch:
                if column := rows.unkeepable(table, row):
                    key = ", ".join(str(row[one.name]) for one in table.primary_key.columns)
                    raise UpkeepError(
                        f"{table.name} {key}: PostgreSQL cannot keep what stands in {column} (too long, or signs that are "
                        "no text); correct it in the SQLite database, then repeat"
                    ) from error
            raise
        self.copied[table.name] = number, last

    async def finish(self, numbers: dict[str, int], *, now: datetime, **facts: Any) -> None:
        """Numbers go on behind the last ones, the copy is noted in the audit record and may be served."""

        def work(connection: Connection) -> None:
            connection.execute(text("SET LOCAL synchronous_commit = on"))
            for table, number in numbers.items():
                if number:
                    asked = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)")
                    connection.execute(asked, {"table": table, "number": number})
            with Session(connection) as session:
                audit.record(
                    session,
                    now=now,
                    actor=SYSTEM,
                    event=_EVENT,
                    subject=_SUBJECT,
                    subject_id=0,
                    **facts,
                )
                session.flush()
            PROGRESS.drop(connection)
            _set_revision(connection, next(iter(revision_of_code())))

        await self.run(work)
        async with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("ANALYZE"))


@asynccontextmanager
async def open_target(url: URL) -> AsyncIterator[Target]:
    """Raises DatabaseUnusable."""
    engine = make_engine(url, connect_args=_with_options(url))
    try:
        with explained_errors(url):
            yield Target(engine)
    finally:
        await engine.dispose()


def _with_options(url: URL) -> dict[str, Any]:
    from storage.database.postgres_options import connect_options

    given = connect_options(url).get("server_settings") or {}
    return {"server_settings": given | _OPTIONS["server_settings"]}


def _present(connection: Connection) -> set[str]:
    there = inspect(connection)
    return {*there.get_table_names(), *there.get_view_names()}


def _holds_something(connection: Connection, present: set[str]) -> bool:
    """A database that was only migrated holds nothing yet."""
    if not present:
        return False
    ours = {table.name for table in rows.plain_tables()}
    if present - {"alembic_version"} != ours or revisions_of(connection) != revision_of_code():
        return True
    return any(connection.execute(select(table).limit(1)).first() for table in rows.plain_tables())


def _is_finished(connection: Connection, present: set[str], mark: str) -> bool:
    if AuditEvent.__tablename__ not in present:
        return False
    asked = select(EVENTS.c.data).where(EVENTS.c.subject == _SUBJECT, EVENTS.c.event == _EVENT)
    return any(data.get("mark") == mark for data in connection.scalars(asked))


def _notes(connection: Connection) -> dict[str, tuple[int, Any]]:
    return {name: (number, value) for name, number, value in connection.execute(select(PROGRESS))}


def _note(connection: Connection, name: str, number: int, value: Any) -> None:
    row = insert(PROGRESS).values(name=name, rows=number, value=value)
    connection.execute(
        row.on_conflict_do_update(index_elements=["name"], set_={"rows": number, "value": row.excluded.value})
    )


def _begin(connection: Connection, owner: str, mark: str) -> None:
    PROGRESS.create(connection)
    _note(connection, _OWNER, 0, owner)
    _note(connection, _MARK, 0, mark)
    _set_revision(connection, UNFINISHED_MOVE)


def _set_revision(connection: Connection, revision: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def _empty(connection: Connection, mark: str) -> None:
    """Only what this command wrote: the audit record's own guards hold for everybody else."""
    guarded = ("audit_event", "audit_link")
    for name in guarded:
        connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    for table in reversed(rows.plain_tables()):
        connection.execute(delete(table))
    for name in guarded:
        connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
    connection.execute(delete(PROGRESS).where(PROGRESS.c.name != _OWNER))
    _note(connection, _MARK, 0, mark)
