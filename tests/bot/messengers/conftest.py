from collections.abc import AsyncIterator

import pytest

from demo.emulators import Emulators
from storage.database.database import Database
from tests.support.messenger_app import House, open_house


@pytest.fixture
async def town() -> AsyncIterator[Emulators]:
    async with await Emulators.start() as town:
        yield town


@pytest.fixture
async def house(town: Emulators, database: Database) -> AsyncIterator[House]:
    """The service, live on both emulated messengers."""
    async with open_house(town, database) as house:
        yield house
