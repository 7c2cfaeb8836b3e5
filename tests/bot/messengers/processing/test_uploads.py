"""What an offered file costs before it is taken, and what is refused before anything is fetched."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from sqlmodel import select

from bot.core.counters import Counters
from bot.core.incoming import Incoming, OfferedFile
from bot.core.refusals import FileRejected, Refusal, Throttled, Unavailable
from bot.documents.blob_store import StoreDown
from bot.documents.file_types import LARGEST
from bot.messengers.processing.uploads import Uploads
from bot.services.shared.upload_quota import DailyLimit
from storage.database import unit_of_work
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import StoredFile, UploadDay
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW

CONTENT = b"x" * 700
LIMIT = DailyLimit(files=3, size=2000)


class Arrangement:
    """An account that offers files, and what they cost: a library that keeps nothing, a messenger, a disk."""

    #: What storing a file ends in.
    trouble: Exception | None = None

    def __init__(self, database: Database, account_id: int) -> None:
        self.database, self.account_id = database, account_id
        self.download, self.drop_unused = AsyncMock(return_value=CONTENT), AsyncMock()
        self.has_room = Mock(return_value=True)
        self.counters = Counters()
        resources: Any = SimpleNamespace(
            database=database,
            documents=self,
            counters=self.counters,
            disk_space=SimpleNamespace(takes=self.has_room),
            downloads={Messenger.BALE: self},
            daily_uploads=LIMIT,
            clock=lambda: NOW,
        )
        self.uploads = Uploads(resources)

    async def store_upload(
        self, account_id: int, fetch: Callable[[], Awaitable[bytes]], name: str | None, *, side: Any
    ) -> StoredFile:
        assert side is Messenger.BALE
        size = len(await fetch())
        if self.trouble is not None:
            raise self.trouble
        keys = {"original_key": "o", "shown_key": "s", "sha256": "0"}
        return StoredFile(
            account_id=account_id, media_type="image/jpeg", size=size, original_name=name, **keys
        )

    async def offer(self, size: int | None, tell: Callable[[], Awaitable[None]] | None = None) -> Any:
        offered = OfferedFile("handle", "card.jpg", size, is_photo=True)
        incoming = Incoming(Messenger.BALE, 1, 1, file=offered)
        return await self.uploads.store_offered(incoming, self.account_id, tell)

    async def counted(self) -> list[tuple[int, int]]:
        query = select(UploadDay.files, UploadDay.size).where(UploadDay.account_id == self.account_id)
        return await self.database.read(lambda db: [(files, size) for files, size in db.exec(query)])


@pytest.fixture
def arranged(database: Database, people: Participants) -> Arrangement:
    return Arrangement(database, people.sara.account_id or 0)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        pytest.param(700, 700, id="as said"),
        pytest.param(100, 700, id="larger than said"),
        pytest.param(1500, 1500, id="smaller than said"),
        pytest.param(None, 700, id="not said"),
        pytest.param(0, 700, id="said to be empty"),
    ],
)
async def test_a_file_is_counted_once_with_its_bytes(
    arranged: Arrangement, said: int | None, counted: int
) -> None:
    taken = await arranged.offer(said)

    assert taken.file.size == len(CONTENT)
    assert await arranged.counted() == [(1, counted)]
    arranged.download.assert_awaited_once_with("handle", limit=LARGEST)
    arranged.has_room.assert_called_once_with(said or 0)


async def test_who_waits_until_a_file_can_be_counted_is_told_once(
    arranged: Arrangement, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_of_work, "PAUSES", (0.01,))
    monkeypatch.setattr(unit_of_work, "ANNOUNCE_AFTER", 0.0)
    away = Mock(wraps=database)
    away.run = AsyncMock(side_effect=[OSError("no route")] * 3 + [True])
    arranged.uploads.resources.database, told = away, AsyncMock()

    taken = await arranged.offer(700, told)

    assert taken.file.size == len(CONTENT)
    told.assert_awaited_once_with()


async def test_the_day_ends_with_its_limit(arranged: Arrangement) -> None:
    for _ in range(2):
        await arranged.offer(700)

    with pytest.raises(Throttled) as refused:  # bytes
        await arranged.offer(700)

    assert refused.value.key == "error.uploads_of_day"
    assert arranged.download.await_count == 2
    with pytest.raises(Throttled):  # it says less than it is
        await arranged.offer(1)
    with pytest.raises(Throttled):  # files
        await arranged.offer(1)
    assert arranged.counters.uploads_refused == {"uploads_of_day": 3}


DAMAGED = FileRejected("error.damaged_pdf")


@pytest.mark.parametrize(
    ("size", "room", "trouble", "refusal", "fetched"),
    [
        pytest.param(LARGEST + 1, True, None, FileRejected("error.too_large"), 0, id="too large"),
        pytest.param(700, False, None, Unavailable("error.disk_reserve"), 0, id="disk nearly full"),
        pytest.param(700, True, StoreDown("no"), Unavailable("error.store_down"), 1, id="store down"),
        pytest.param(700, True, DAMAGED, DAMAGED, 1, id="damaged"),
    ],
)
async def test_what_is_refused(
    arranged: Arrangement, size: int, room: bool, trouble: Exception | None, refusal: Refusal, fetched: int
) -> None:
    arranged.has_room.return_value, arranged.trouble = room, trouble

    with pytest.raises(type(refusal)) as refused:
        await arranged.offer(size)

    assert refused.value.key == refusal.key
    assert arranged.download.await_count == fetched
    assert arranged.counters.uploads_refused == {refusal.key.removeprefix("error."): 1}
    assert arranged.counters.store_failed == (refusal.key == "error.store_down")
    assert await arranged.counted() == ([(1, 700)] if fetched else [])


async def test_without_a_file_or_an_account_nothing_is_taken(arranged: Arrangement) -> None:
    store = arranged.uploads.store_offered
    assert await store(Incoming(Messenger.BALE, 1, 1), arranged.account_id) is None
    offered = OfferedFile("handle", None, 5, is_photo=False)
    assert await store(Incoming(Messenger.BALE, 1, 1, file=offered), None) is None
    arranged.download.assert_not_awaited()


async def test_what_the_unit_did_not_keep_is_dropped(arranged: Arrangement) -> None:
    taken = await arranged.offer(700)
    await arranged.uploads.drop_unused([], [])
    arranged.drop_unused.assert_not_awaited()
    await arranged.uploads.drop_unused([taken], ["r"])
    arranged.drop_unused.assert_awaited_once_with(arranged.database, {"o", "s", "r"})
