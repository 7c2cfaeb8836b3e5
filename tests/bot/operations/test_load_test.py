"""`bot.py load-test`: a large database for whoever tries out hardware."""

from pathlib import Path

import pytest
from sqlalchemy import func
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.documents.blob_store import is_key
from bot.operations.load_test import NotEmptyError, fill
from bot.services.qualification import review
from storage.database.database import asynchronous, open_database
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


async def filled(url: str, officers: int) -> None:
    database = await open_database(url)
    await database.run(seed)
    await database.close()
    engine = create_async_engine(asynchronous(url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: fill(sync, officers=officers, now=NOW))
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
