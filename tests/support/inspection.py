"""A file through a checker, as an upload goes."""

from collections.abc import Awaitable, Callable

from bot.documents.file_types import InspectedFile
from bot.documents.inspection_pool import InspectionPool


async def check(checker: InspectionPool, data: bytes, account_id: int = 1) -> InspectedFile:
    async with checker.reserve_worker(account_id) as worker:
        return await worker.inspect(data)


def given(data: bytes) -> Callable[[], Awaitable[bytes]]:
    """What fetches these bytes."""

    async def fetch() -> bytes:
        return data

    return fetch
