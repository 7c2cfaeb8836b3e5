import pytest

from storage.database.database import Database
from tests.support.factories import cooperation
from tests.support.factories import people as people_factory
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import Participants


@pytest.fixture
async def people(database: Database) -> Participants:
    """The participants of a qualification, with the reference data."""
    return await database.run(people_factory.participants)


@pytest.fixture
async def parties(database: Database) -> Parties:
    """The participants of a cooperation, with the reference data."""
    return await database.run(cooperation.parties)
