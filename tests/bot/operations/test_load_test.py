"""`bot.py load-test`: a large database for whoever tries out hardware."""

from pathlib import Path

import pytest
from sqlalchemy import func
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, col, select

from bot.operations.load_test import NotEmptyError, fill
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


async def test_the_command_refuses_a_database_of_people_and_is_not_in_the_help(
    sqlite_url: str, tmp_path: Path
) -> None:
    assert "load-test" not in (await run_beside(tmp_path, "--help")).out
    said = await run_beside(tmp_path, "load-test", "100", DATABASE_URL=sqlite_url)
    assert "100 officers" in said.out
    again = await run_beside(tmp_path, "load-test", "100", DATABASE_URL=sqlite_url)
    assert again.status == 2
    assert "there are accounts in this database" in again.err + again.out
