"""The house on both databases."""

import pytest

from storage.database.database import Database
from tests.handlers.furnished import db, furnished
from tests.handlers.house import House

__all__ = ["db", "furnished", "house"]


@pytest.fixture
async def house(database: Database) -> House:
    return await House.open(database)
