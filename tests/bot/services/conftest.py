import pytest

from storage.database.database import Database
from tests.support.factories import cooperation
from tests.support.factories.cooperation import Parties


@pytest.fixture
async def parties(database: Database) -> Parties:
    """The participants of a cooperation, with the reference data."""
    return await database.run(cooperation.parties)
