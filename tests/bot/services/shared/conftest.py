import pytest

from storage.database.database import Database
from tests.bot.services.shared.audit_lines import link, write


@pytest.fixture
async def linked(database: Database) -> Database:
    """Ten lines, linked in three batches."""
    for count in (4, 5, 1):
        await write(database, count)
        await link(database)
    return database
