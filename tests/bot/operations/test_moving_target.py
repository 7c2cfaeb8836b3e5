"""The PostgreSQL database that `bot.py move` writes into: begun, gone on with, thrown away, finished and refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bot.operations.errors import UpkeepError
from bot.operations.moving import rows
from bot.operations.moving.target import Target, open_target
from storage.database.database import asynchronous
from storage.migrations.migrate import UNFINISHED_MOVE, revision_of_code

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
TABLES = {table.name: table for table in rows.plain_tables()}
#: Of a row that a unit test needs no parents for.
DAYS = [{"id": number, "key": f"k{number}", "at": datetime(2026, 1, number)} for number in range(1, 4)]


async def ask(target: Target, question: str) -> Any:
    return await target.run(lambda connection: connection.execute(text(question)).scalar())


async def prepare(target: Target, url: str, *, owner: str = "me", mark: str = "m1") -> bool | str:
    try:
        return await target.prepare(url, owner=owner, mark=mark)
    except UpkeepError as error:
        return str(error)


async def test_a_copy_from_its_beginning_to_its_end(postgres_url: str) -> None:
    url = asynchronous(postgres_url)
    throttle = TABLES["throttle"]
    async with open_target(url) as target:
        assert await ask(target, "SHOW synchronous_commit") == "off"
        assert await ask(target, "SHOW statement_timeout") == "0"
        assert await prepare(target, postgres_url) is True
        assert (target.resumed, target.copied) == (False, {})
        assert await ask(target, "SELECT version_num FROM alembic_version") == UNFINISHED_MOVE
        await target.write(throttle, DAYS[:2], [2])
        assert target.copied == {"throttle": (2, [2])}
        await target.write(throttle, DAYS[2:], [3])
    # Killed: the next run goes on where it was.
    async with open_target(url) as target:
        assert await prepare(target, postgres_url) is True
        assert (target.resumed, target.copied) == (True, {"throttle": (3, [3])})
    async with open_target(url) as target:
        assert await prepare(target, postgres_url, owner="another") == (
            "--database-url: holds the unfinished copy of another bot; name an empty database, or empty this one"
        )
        assert await ask(target, "SELECT count(*) FROM throttle") == 3
    # Of other data: it is thrown away.
    async with open_target(url) as target:
        await target.run(
            lambda connection: connection.execute(
                text(
                    "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data) "
                    "VALUES (1, now(), 'x', 'q', 1, 'system', '{}')"
                )
            )
        )
        assert await prepare(target, postgres_url, mark="m2") is False
        assert (target.resumed, target.copied) == (False, {})
        for table in ("throttle", "audit_event"):
            assert await ask(target, f"SELECT count(*) FROM {table}") == 0
        await target.write(throttle, DAYS[:1], [1])
        # The guards of the audit record hold again.
        guards = "SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('audit_event'::regclass, 'audit_link'::regclass) AND tgenabled = 'D'"
        assert await ask(target, guards) == 0
    async with open_target(url) as target:
        assert await prepare(target, postgres_url, mark="m2") is True
        assert target.copied == {"throttle": (1, [1])}
        before = await ask(target, "SELECT nextval('push_id_seq')")
        await target.finish({"account": 7, "push": 0}, now=NOW, rows=1, mark="m2")
        assert await ask(target, "SELECT nextval('account_id_seq')") == 8
        assert await ask(target, "SELECT nextval('push_id_seq')") == before + 1
        assert await ask(target, "SELECT version_num FROM alembic_version") == next(iter(revision_of_code()))
        assert await ask(target, "SELECT to_regclass('unfinished_move')") is None
        noted = "SELECT concat_ws(' ', event, subject, subject_id, actor_role, data->>'rows', data->>'mark') FROM audit_event"
        assert await ask(target, noted) == "database_moved database 0 system 1 m2"
        assert await ask(target, "SELECT reltuples FROM pg_class WHERE relname = 'throttle'") == 1
    async with open_target(url) as target:
        assert await prepare(target, postgres_url, mark="m2") == (
            "--database-url: holds the finished copy of this very database; set DATABASE_URL to it and start the bot"
        )
        assert await prepare(target, postgres_url, mark="m3") == NOT_EMPTY
        assert await ask(target, "SELECT count(*) FROM throttle") == 1


NOT_EMPTY = "--database-url: the database is not empty; nothing is ever overwritten"


@pytest.mark.parametrize("change", ["CREATE TABLE theirs (id int)", "CREATE VIEW theirs AS SELECT 1 AS one"])
async def test_what_is_somebody_elses_is_left_alone(change: str, empty_postgres_url: str) -> None:
    async with open_target(asynchronous(empty_postgres_url)) as target:
        await target.run(lambda connection: connection.execute(text(change)))
        assert await prepare(target, empty_postgres_url) == NOT_EMPTY
        assert await ask(target, "SELECT to_regclass('alembic_version')") is None


async def test_one_row_is_something(postgres_url: str) -> None:
    async with open_target(asynchronous(postgres_url)) as target:
        row = "INSERT INTO throttle (key, at) VALUES ('x', now())"
        await target.run(lambda connection: connection.execute(text(row)))
        assert await prepare(target, postgres_url) == NOT_EMPTY
        assert await ask(target, "SELECT to_regclass('unfinished_move')") is None


async def test_a_row_that_cannot_be_kept(postgres_url: str) -> None:
    days = TABLES["upload_day"]
    good = {"account_id": 1, "day": date(2026, 1, 1), "files": 1, "size": 1}
    async with open_target(asynchronous(postgres_url)) as target:
        await prepare(target, postgres_url)
        with pytest.raises(UpkeepError) as caught:
            await target.write(TABLES["throttle"], [DAYS[0], DAYS[1] | {"key": "a\0b"}], [2])
        assert str(caught.value) == (
            "throttle 2: PostgreSQL cannot keep what stands in key (too long, or signs that are no text); correct it in the "
            "SQLite database, then repeat"
        )
        # What is wrong in another way is no fault of the values.
        with pytest.raises(Exception, match="foreign key"):
            await target.write(days, [good], [1, date(2026, 1, 1)])
        assert target.copied == {}
        assert await ask(target, "SELECT count(*) FROM unfinished_move") == 2
        # The lent database is as it was.
        await target.finish({}, now=NOW, rows=0, mark="m1")
