from collections.abc import AsyncIterator

import pytest

from demo.emulators import Emulators
from storage.database.database import Database
from tests.support.campaign_marks import on_postgres_in_campaign
from tests.support.messenger_app import MessengerApp, running_app

pytest_itemcollected = pytest.hookimpl(tryfirst=True)(on_postgres_in_campaign)


@pytest.fixture
async def app(emulators: Emulators, database: Database) -> AsyncIterator[MessengerApp]:
    """The service, live on both emulated messengers."""
    async with running_app(emulators, database) as app:
        yield app
