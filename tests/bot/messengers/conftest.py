from collections.abc import AsyncIterator

import pytest

from demo.emulators import Emulators
from storage.database.database import Database
from tests.support.messenger_app import MessengerApp, running_app


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """The way of updates and pushes is walked on SQLite in `make test` and on PostgreSQL in `make test-long`; the statements
    behind it are tested on both in tests/bot/services and tests/storage."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "postgres" in callspec.params.values():
        item.add_marker(pytest.mark.campaign)


@pytest.fixture
async def app(emulators: Emulators, database: Database) -> AsyncIterator[MessengerApp]:
    """The service, live on both emulated messengers."""
    async with running_app(emulators, database) as app:
        yield app
