from collections.abc import AsyncIterator, Iterator

import pytest

from bot.documents.inspection_pool import InspectionPool
from tests.support.s3 import Bucket, s3_serving


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with s3_serving() as url:
        yield url


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    return Bucket(s3_server)


@pytest.fixture
async def checker() -> AsyncIterator[InspectionPool]:
    """As many workers as the bot has; each starts with the first file that it is given."""
    opened = InspectionPool()
    yield opened
    await opened.close()
