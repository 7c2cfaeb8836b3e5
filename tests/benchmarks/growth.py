"""What a database keeps, by table: `python -m tests.benchmarks.growth DATABASE_URL`, on what `bot.py load-test N` made.

For each table its bytes with its indexes, its rows, and what is added by an officer in a year, by the shares that the load test
gives everybody; at the end, what 100,000 officers have after ten years. Documents lie in their store and are not counted."""

import asyncio
import sys
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)
from storage.database.database import asynchronous

#: Years of which the load test makes what is kept for ever.
YEARS = 1_500_000 / (60 * 24 * 365.25)
OFFICERS, TEN = 100_000, 10
#: Kept for a time, however long the service lives: their size goes with how much is done, not with the years.
BOUNDED = frozenset(
    {
        "inbox_update",
        "throttle",
        "upload_day",
        "search_query",
        "draft",
        "file_handle",
        "left_group",
        "daily_sequence",
    }
)
#: A row for each person or centre: they grow with people, not with years.
OF_PEOPLE = frozenset(
    {
        "account",
        "role_grant",
        "chat",
        "chat_commands",
        "known_chat",
        "officer",
        "search_key",
        "distributor",
        "branch",
    }
)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    bytes: int
    rows: int

    @property
    def kind(self) -> str:
        if self.name in BOUNDED:
            return "for a time"
        return "a person" if self.name in OF_PEOPLE else "for ever"


_SQLITE = """SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
    WHERE s.aggregate = true GROUP BY m.tbl_name"""
_POSTGRES = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"


def sizes(connection: Connection) -> list[Table]:
    """The largest first."""
    statement = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
    found = dict(connection.execute(text(statement)).all())
    tables = [
        Table(
            name,
            int(found.get(name, 0)),
            connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one(),
        )
        for name in SQLModel.metadata.tables
    ]
    return sorted((table for table in tables if table.rows), key=lambda table: -table.bytes)


def report(tables: list[Table], officers: int) -> list[str]:
    """Lines of a Markdown table, and the sum."""
    lines = [
        "| table | rows an officer | bytes a row, with indexes | bytes an officer | a year | kept |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    once = yearly = 0.0
    for table in tables:
        each = table.bytes / officers
        a_year = each / YEARS if table.kind == "for ever" else 0.0
        once, yearly = once + (each if table.kind != "for ever" else 0), yearly + a_year
        told = f"{a_year:,.0f}" if a_year else "–"
        lines.append(
            f"| `{table.name}` | {table.rows / officers:.2f} | {table.bytes / table.rows:,.0f} | {each:,.0f} | {told} | {table.kind} |"
        )
    after = OFFICERS * (once + TEN * yearly) / 1024**3
    lines.append("")
    lines.append(
        f"An officer: {once:,.0f} bytes once, {yearly:,.0f} bytes a year; {OFFICERS:,} officers after {TEN} years: {after:.1f} GB."
    )
    return lines


async def main(url: str) -> None:
    engine = create_async_engine(asynchronous(url))
    async with engine.connect() as connection:
        tables = await connection.run_sync(sizes)
    await engine.dispose()
    officers = next(table.rows for table in tables if table.name == "officer")
    print("\n".join(report(tables, officers)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
