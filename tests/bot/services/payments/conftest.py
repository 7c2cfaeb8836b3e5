from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database
from tests.support.payments import PaymentScenario, payment_scenario


@pytest.fixture(params=["zarinpal", "zibal"])
async def scenario(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[PaymentScenario]:
    """Both gateways on both databases."""
    async with payment_scenario(database, request.param) as found:
        yield found
