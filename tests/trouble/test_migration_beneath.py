"""The schema is changed under a running process (PostgreSQL): nobody is shown an error number."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from asyncpg.exceptions import OutdatedSchemaCacheError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from demo.emulators import Emulators
from storage.database.database import Database, open_database
from storage.database.postgres import is_stale
from storage.tables import DailySequence
from tests.support.bot_process import bot_process
from tests.support.journey_steps import register
from tests.support.messenger_app import note, running_app, starts
from tests.support.postgres import apart, make_schema
from tests.trouble.watching import nothing_crashed

#: What every step reads and writes: each changes the type of a result that a prepared statement gives.
CHANGES = (
    "ALTER TABLE chat ALTER COLUMN view TYPE text",
    "ALTER TABLE chat ALTER COLUMN dialogue TYPE text",
    "ALTER TABLE inbox_update ALTER COLUMN note TYPE text",
    "ALTER TABLE account ALTER COLUMN last_name TYPE text",
    "ALTER TABLE account ALTER COLUMN user_code TYPE varchar(40)",
    "ALTER TABLE draft ALTER COLUMN dialogue TYPE text",
    "ALTER TABLE inbox_update ALTER COLUMN raw TYPE text",
    "ALTER TABLE chat ADD COLUMN of_the_next_release bigint",
)


@pytest.fixture
def own_url(empty_postgres_url: str) -> str:
    """A database whose schema may be changed."""
    apart(make_schema(empty_postgres_url))
    return empty_postgres_url


@pytest.fixture
async def own(own_url: str) -> AsyncIterator[Database]:
    database = await open_database(own_url)
    yield database
    await database.close()


async def change(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_a_person_in_the_middle_notices_nothing(
    own: Database, own_url: str, emulators: Emulators, caplog: pytest.LogCaptureFixture
) -> None:
    people = [face.person("سارا") for face in emulators.messengers]
    async with running_app(emulators, own) as app:
        for person in people:
            await starts(person)
        for statement in CHANGES:
            for person in people:
                await note(person, "first")
            await change(own_url, statement)
            for person in people:
                await person.tap("بازگشت").sees("خانه")
        assert await app.notes() == ["first"] * (len(CHANGES) * len(people))
        for person in people:
            assert not [one for one in person.history() if "خطایی رخ داد" in one.text]
    assert not [one for one in caplog.records if one.exc_info]


async def test_reads_and_writes_go_on_at_once_on_every_connection(own: Database, own_url: str) -> None:
    def read(db: Session) -> int:
        return len(db.exec(select(DailySequence)).all())

    def write(number: int) -> object:
        def unit(db: Session) -> None:
            db.add(DailySequence(day=str(number), last=number))
            db.flush()
            db.exec(select(DailySequence).limit(3)).all()

        return unit

    async def many(first: int) -> None:
        # As many connections as there are: each has prepared the statements.
        await asyncio.gather(
            *(own.read(read) for _ in range(30)),
            *(own.run(write(first + number)) for number in range(30)),  # type: ignore[arg-type]
        )

    await many(0)
    await change(own_url, "ALTER TABLE daily_sequence ALTER COLUMN day TYPE text")
    await many(100)
    await change(own_url, "ALTER TABLE daily_sequence ALTER COLUMN last TYPE bigint")
    await many(200)
    assert await own.read(read) == 90
    assert not own.outage.lasts


async def test_a_read_that_the_server_asks_to_repeat_is_repeated(own: Database) -> None:
    """A deadlock with a migration may choose the one who only reads; a table may be replaced while it is opened."""
    said = (
        ("40001", "again"),
        ("40P01", "deadlock detected"),
        ("XX000", "could not open relation with OID 7"),
    )
    tries = 0

    def unit(db: Session) -> str:
        nonlocal tries
        tries += 1
        if tries <= len(said):
            code, words = said[tries - 1]
            db.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{code}'; END $$"))
        return "read"

    assert await own.read(unit) == "read"


async def test_what_is_not_supported_is_not_tried_for_ever(own: Database) -> None:
    """The same code as that of an old plan."""
    tries = 0

    def unit(db: Session) -> None:
        nonlocal tries
        tries += 1
        db.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '0A000'; END $$"))

    with pytest.raises(DBAPIError):
        await own.run(unit)
    assert tries == 1
    assert is_stale(OutdatedSchemaCacheError("types"))


async def test_with_the_real_process(own_url: str, tmp_path: Path) -> None:
    async with bot_process(tmp_path, own_url) as bot:
        sara = bot.emulators.telegram.person("سارا", phone="09900000001")
        await register(bot, sara)
        for statement in CHANGES:
            await sara.command("menu").tap("❓ راهنما").sees("راهنما")
            await change(own_url, statement)
        await sara.command("menu").sees("سارا")
        nothing_crashed(bot)
        assert "an update failed" not in bot.logs
