"""`bot.py load-test`: a large database for whoever tries out hardware."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, func
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, SQLModel, col, select

from bot.core.context import Actor, PublicInfo
from bot.documents.blob_store import FolderStore, is_key
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.jobs import schedule
from bot.operations.load_test import NotEmptyError, fill
from bot.services.qualification import review
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from storage.database.database import Database, asynchronous, open_database
from storage.enums import RequestState, Role
from storage.migrations.seed import seed
from storage.tables import (
    Account,
    AuditEvent,
    Contract,
    Grant,
    LetterRecipient,
    QualificationRequest,
    SearchKey,
    StoredFile,
)
from tests.support.commands import run_beside
from tests.support.factories.reference_data import NOW
from tests.support.kept_screens import compare

#: Nine on a working day in Tehran; the next one is too.
MORNING = datetime.fromisoformat("2026-11-24T05:30:00+00:00")


async def filled(url: str, officers: int, now: datetime = NOW) -> None:
    database = await open_database(url)
    await database.run(seed)
    await database.close()
    engine = create_async_engine(asynchronous(url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: fill(sync, officers=officers, now=now))
    finally:
        await engine.dispose()


async def test_every_table_that_grows_has_its_rows(database_url: str) -> None:
    await filled(database_url, 300)
    database = await open_database(database_url)

    def look(db: Session) -> None:
        states = dict(
            db.exec(
                select(QualificationRequest.state, func.count()).group_by(col(QualificationRequest.state))
            ).all()
        )
        assert set(states) == set(RequestState)
        assert sum(states.values()) == 300
        for model in (StoredFile, AuditEvent, LetterRecipient):
            assert db.exec(select(func.count()).select_from(model)).one() == 600
        assert db.exec(select(func.count()).select_from(Contract)).one() > 5
        assert db.exec(select(func.count()).select_from(SearchKey)).one() > 1000
        roles = set(db.exec(select(Grant.role).distinct()))
        assert roles == set(Role) - {Role.SYSTEM}
        # Rows that are written afterwards have new ids.
        db.add(account := Account(user_code="1", password_hash="x", first_name="ا", last_name="ب"))
        db.flush()
        assert (account.id or 0) > 300

    await database.run(look)
    await database.close()
    with pytest.raises(NotEmptyError):
        await filled(database_url, 300)


async def test_an_expert_opens_files_there_and_retention_finds_documents_that_the_store_could_have(
    sqlite_url: str,
) -> None:
    """Whoever tries hardware out walks through it as people do, while every job runs."""
    await filled(sqlite_url, 300)
    database = await open_database(sqlite_url)

    def look(db: Session) -> None:
        expert = db.exec(select(Grant).where(Grant.role == Role.EXPERT)).first()
        assert expert is not None
        actor = Actor(expert.account_id, Role.EXPERT, expert.university_code)
        theirs = select(QualificationRequest).where(
            QualificationRequest.university_code == expert.university_code,
            QualificationRequest.state != RequestState.DRAFT,
        )
        requests = db.exec(theirs).all()
        assert {request.state for request in requests} == set(RequestState) - {RequestState.DRAFT}
        for request in requests:
            assert review.open_file(db, actor=actor, request_id=request.id or 0).request.id == request.id
        keys = [key for one in db.exec(select(StoredFile)) for key in (one.original_key, one.shown_key)]
        assert all(is_key(key) for key in keys if key is not None)
        assert len(set(keys)) == len(keys)

    await database.read(look)
    await database.close()


async def test_the_command_refuses_a_database_of_people_and_is_not_in_the_help(
    sqlite_url: str, tmp_path: Path
) -> None:
    assert "load-test" not in (await run_beside(tmp_path, "--help")).out
    said = await run_beside(tmp_path, "load-test", "100", DATABASE_URL=sqlite_url)
    assert "100 officers" in said.out
    again = await run_beside(tmp_path, "load-test", "100", DATABASE_URL=sqlite_url)
    assert again.status == 2
    assert "there are accounts in this database" in again.err + again.out


@pytest.mark.campaign
async def test_the_service_on_such_a_database_is_at_rest(database_url: str, tmp_path: Path) -> None:
    """Whoever tries hardware out sees people's work, not jobs that catch up with years: on the morning on which the
    database was made there is nothing for them to do, and on the next working day a day's work."""
    await filled(database_url, 2000, MORNING)
    database = await open_database(database_url)
    assert await changed_by_jobs(database, MORNING, tmp_path) == {}
    assert await changed_by_jobs(database, MORNING + timedelta(minutes=10), tmp_path) == {}
    later = await changed_by_jobs(database, MORNING + timedelta(days=1), tmp_path)
    assert {"push", "role_grant", "stored_file", "inbox_update", "qualification_request"} <= set(later)
    # Of 4,000 documents (those of drafts each week) and 1,000 updates.
    assert later["stored_file"] < 150
    assert later["inbox_update"] < 200
    await database.close()


async def changed_by_jobs(database: Database, now: datetime, folder: Path) -> dict[str, int]:
    """Tables that are others after every job ran once, and how many of their rows were changed."""
    store = FolderStore(folder / "files")
    library = DocumentLibrary(store, DocumentCipher("secret"), InspectionPool())
    resources: Any = SimpleNamespace(
        database=database, clock=lambda: now, documents=library, public_info=PublicInfo("", "")
    )
    before = await database.read(contents)
    for name, _, sweep in schedule.sweeps(resources, drafts=Engine(ALL).delete_expired_drafts):
        if name != "payments":
            await sweep()
    after = await database.read(contents)
    return {table: len(rows - after[table]) for table, rows in before.items() if rows != after[table]}


def contents(db: Session) -> dict[str, set[str]]:
    return {
        table.name: {repr(row) for row in db.execute(select(table))}
        for table in SQLModel.metadata.sorted_tables
    }


def test_the_same_number_gives_the_same_rows(sqlite_template: Path, tmp_path: Path) -> None:
    """Kept by table and column: how many rows, how many values differ, and a hash of them."""
    file = tmp_path / "bot.db"
    file.write_bytes(sqlite_template.read_bytes())
    engine = create_engine(f"sqlite:///{file}")
    with Session(engine) as db:
        seed(db)
        seeded = {table.name: rows_of(db, table.name) for table in SQLModel.metadata.sorted_tables}
        told: list[str] = []
        fill(db.connection(), officers=300, now=NOW, tell=told.append)
        lines = [f"told: {', '.join(told)}"]
        for table in SQLModel.metadata.sorted_tables:
            rows = rows_of(db, table.name)
            if rows == seeded[table.name]:
                continue
            lines.append(f"{table.name}: {len(rows)} rows")
            for number, column in enumerate(table.columns):
                values = sorted(str(row[number]) for row in rows)
                digest = hashlib.sha256("\n".join(values).encode()).hexdigest()[:8]
                lines.append(f"    {column.name}: {len(set(values))} values, {digest}")
    engine.dispose()
    compare(Path(__file__).parent / "load_test.txt", lines)


def rows_of(db: Session, table: str) -> list[Any]:
    columns = ", ".join(column.name for column in SQLModel.metadata.tables[table].columns)
    return db.connection().exec_driver_sql(f"SELECT {columns} FROM {table}").all()  # type: ignore[return-value]
