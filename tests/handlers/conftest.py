"""The application on both databases."""

import pytest

from storage.database.database import Database
from tests.support.handler_app import House
from tests.support.qualified_officers import db, furnished

__all__ = ["db", "furnished", "house"]


@pytest.fixture
async def house(database: Database) -> House:
    return await House.open(database)
