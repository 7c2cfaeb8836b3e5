from collections.abc import AsyncIterator

import pytest

from bot.gateways.http import make_client
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal
from demo.bank import Bank, build_bank_app
from tests.support.asgi import serving

MERCHANT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
async def bank_url(bank: Bank) -> AsyncIterator[str]:
    async with serving(build_bank_app(bank)) as url:
        yield url


@pytest.fixture
async def zarinpal(bank_url: str) -> AsyncIterator[Zarinpal]:
    gateway = Zarinpal(make_client(), url=bank_url, merchant_id=MERCHANT, wait=0.001)
    yield gateway
    await gateway.aclose()


@pytest.fixture
async def zibal(bank_url: str) -> AsyncIterator[Zibal]:
    gateway = Zibal(make_client(), url=bank_url, merchant_id="zibal", wait=0.001)
    yield gateway
    await gateway.aclose()


@pytest.fixture(params=["zarinpal", "zibal"])
def gateway(request: pytest.FixtureRequest) -> Zarinpal | Zibal:
    """Both gateways in turn."""
    found: Zarinpal | Zibal = request.getfixturevalue(request.param)
    return found
