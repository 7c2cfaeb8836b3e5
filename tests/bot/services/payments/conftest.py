"""Both gateways on both databases; `make test` leaves to the campaigns what crosses them, as neither knows the other."""

from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database
from tests.support.payments import PaymentScenario, payment_scenario

CROSSED = {("zarinpal", "postgres"), ("zibal", "sqlite")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        params = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        if (params.get("scenario"), params.get("database_url")) in CROSSED:
            item.add_marker("campaign")


@pytest.fixture(params=["zarinpal", "zibal"])
async def scenario(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[PaymentScenario]:
    async with payment_scenario(database, request.param) as found:
        yield found


@pytest.fixture
async def zarinpal(database: Database) -> AsyncIterator[PaymentScenario]:
    """For what does not depend on the gateway."""
    async with payment_scenario(database) as found:
        yield found
