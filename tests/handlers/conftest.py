"""The house on both databases."""

import pytest

from storage.database import Database
from tests.handlers.house import House


@pytest.fixture
async def house(database: Database) -> House:
    return await House.open(database)
