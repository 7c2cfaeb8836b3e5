from collections.abc import AsyncIterator

import pytest

from bot.documents.inspection_pool import InspectionPool


@pytest.fixture
async def checker() -> AsyncIterator[InspectionPool]:
    """As many workers as the bot has; each starts with the first file that it is given."""
    opened = InspectionPool()
    yield opened
    await opened.close()
