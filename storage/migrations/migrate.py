"""Brings a database to the present schema, and writes new migrations.

python -m storage.migrations.migrate revision "what changes"   write the next migration from the tables
python -m storage.migrations.migrate first                     write 0001 anew (only until the first release)

Alembic is imported only where there is something to migrate: a running bot does without its 8 MB.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from storage.database.database import asynchronous
from storage.database.postgres_options import make_engine
from storage.database.sqlite import stock_engine
from storage.database.unusable import DatabaseUnusable, explained_errors
from storage.migrations.schema import AUDIT_GUARD, create_all, fingerprint

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent
#: Any number, the same in every process: one migrates, the others wait.
MIGRATING = 7_155_224
#: In the place of a revision while `bot.py move` writes a copy.
UNFINISHED_MOVE = "unfinished move"
#: In a migration's file.
_REVISION = re.compile(r"^(revision|down_revision)\b[^=]*= ['\"](\w+)['\"]", re.MULTILINE)


class BrokenReferences(DatabaseUnusable):
    """After a migration of SQLite some rows point to rows that are gone; nothing was changed."""


async def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database to the newest schema (or to the revision `to`) in one transaction; a SQLite file is
    made where there is none. Raises DatabaseUnusable."""
    with explained_errors(asynchronous(url)):
        async with _connection(url) as connection:
            revisions = await connection.run_sync(revisions_of)
            must_be_known(revisions)
            if to == "head" and revisions == revision_of_code():
                return
            await connection.run_sync(_upgrade, to)


async def current_is_head(url: str) -> bool:
    """Whether the database has the newest schema. Changes nothing. Raises DatabaseUnusable, also where this
    code does not know its schema."""
    parsed = asynchronous(url)
    if parsed.get_backend_name() == "sqlite" and not os.path.exists(parsed.database or ""):  # noqa: ASYNC240  once
        return False
    with explained_errors(parsed):
        async with _connection(url, read_only=True) as connection:
            revisions = await connection.run_sync(revisions_of)
    must_be_known(revisions)
    return revisions == revision_of_code()


async def is_empty(url: str) -> bool:
    """Whether the database has no schema of ours, old or new. Changes nothing. Raises DatabaseUnusable."""
    parsed = asynchronous(url)
    if parsed.get_backend_name() == "sqlite" and not os.path.exists(parsed.database or ""):  # noqa: ASYNC240  once
        return True
    with explained_errors(parsed):
        async with _connection(url, read_only=True) as connection:
            return not await connection.run_sync(revisions_of)


async def schema_differences(url: str | None = None) -> list[str]:
    """What distinguishes the migrated schema from the tables in the code; empty where all is well.

    Looks at the database `url` or, without one, at an empty SQLite file after all migrations."""
    if url is not None:
        async with _connection(url) as connection:
            return await connection.run_sync(_differences)
    with tempfile.TemporaryDirectory() as folder:
        migrated, made = f"sqlite:///{folder}/migrated.db", f"sqlite:///{folder}/made.db"
        await upgrade(migrated)
        async with _connection(made) as connection:
            await connection.run_sync(create_all)
            wanted = await connection.run_sync(fingerprint)
        async with _connection(migrated) as connection:
            present = await connection.run_sync(fingerprint)
            differences = await connection.run_sync(_differences)
    return (
        differences
        + [f"only in the code: {line}" for line in sorted(wanted - present)]
        + [f"only in the migrations: {line}" for line in sorted(present - wanted)]
    )


class NewerSchema(DatabaseUnusable):
    """Of a release after this one, or of another program."""


class UnfinishedMove(DatabaseUnusable):
    """A copy that is not whole."""


def must_be_known(revisions: set[str]) -> None:
    """Raises UnfinishedMove, and NewerSchema where there is one that this code has no migration for."""
    named = _named()
    if UNFINISHED_MOVE in revisions:
        raise UnfinishedMove(
            "is a copy that `bot.py move` has not finished; run that again to the end, with the settings of the bot that is moved"
        )
    if unknown := revisions - named["revision"]:
        one, ours = min(unknown), max(named["revision"])
        newer = f"the schema is newer than this code ({one}; this code knows {ours})"
        raise NewerSchema(
            f"{newer if one > ours else f'the schema {one} is not one that this code knows'}; run the release that made it, or "
            "restore the backup from before the upgrade"
        )


def revision_of_code() -> set[str]:
    """The revisions that none follows: one, where the files are in order."""
    named = _named()
    return named["revision"] - named["down_revision"]


def _named() -> dict[str, set[str]]:
    """Revisions as the migrations' files name themselves, and those before them."""
    named: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (FOLDER / "versions").glob("*.py"):
        for name, revision in _REVISION.findall(path.read_text("utf-8")):
            named[name].add(revision)
    return named


def revisions_of(connection: Connection) -> set[str]:
    """What a database says of its schema."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
    command.upgrade(_config(connection), to)
    if connection.dialect.name == "sqlite" and (
        broken := connection.execute(text("PRAGMA foreign_key_check")).all()
    ):
        raise BrokenReferences(
            f"{len(broken)} rows point to rows that are gone, the first in {broken[0][0]}; nothing was changed, restore a backup"
        )


def _differences(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


@asynccontextmanager
async def _connection(url: str, *, read_only: bool = False) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed at the end."""
    parsed = asynchronous(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and not read_only:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Tables are rebuilt on SQLite, which references to them would forbid; _upgrade checks them all at the
        # end.
        engine = stock_engine(parsed, foreign_keys=False, read_only=read_only)
    else:
        engine = make_engine(parsed)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _write(message: str, revision: str) -> Path:
    """Write a migration by comparing a migrated SQLite file with the tables."""

    from alembic import command

    def write(connection: Connection) -> Any:
        return command.revision(_config(connection), message, rev_id=revision, autogenerate=True)

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/migrated.db"
        await upgrade(url)
        async with _connection(url) as connection:
            script = await connection.run_sync(write)
    return Path(script.path)


def _write_next(message: str, revision: str) -> Path:
    path = asyncio.run(_write(message, revision))
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines if "###" not in line) + "\n", encoding="utf-8")
    return path


def _write_first() -> None:
    """Tables by comparison, and the guard of audit_event, which no comparison sees."""
    for old in (FOLDER / "versions").glob("0001_*.py"):
        old.unlink()
    path = _write_next("The first schema", "0001")
    script = path.read_text(encoding="utf-8")
    script = script.replace(
        "\n\n\ndef upgrade", f"\n\nAUDIT_GUARD = {pformat(AUDIT_GUARD, width=140)}\n\n\ndef upgrade", 1
    )
    script = script.replace(
        "\n\n\ndef downgrade",
        "\n    for statement in AUDIT_GUARD[op.get_bind().dialect.name]:\n        op.execute(statement)\n\n\ndef downgrade",
        1,
    )
    path.write_text(script, encoding="utf-8")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["revision", message]:
            number = len(list(_scripts().walk_revisions())) + 1
            _write_next(message, f"{number:04}")
        case ["first"]:
            _write_first()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
