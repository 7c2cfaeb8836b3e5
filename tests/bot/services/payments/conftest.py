from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database
from tests.support.payments import Paying, paying


@pytest.fixture(params=["zarinpal", "zibal"])
async def scenario(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Paying]:
    """Both gateways on both databases."""
    async with paying(database, request.param) as found:
        yield found
