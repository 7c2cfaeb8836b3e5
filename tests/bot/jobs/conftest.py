import pytest

from storage.database.database import Database
from tests.support.factories.people import Participants, participants


@pytest.fixture
async def people(database: Database) -> Participants:
    return await database.run(participants)
