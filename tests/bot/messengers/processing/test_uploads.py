"""What an offered file costs before it is taken, and what is refused before anything is fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import select

from bot.core.counters import Counters
from bot.core.incoming import Incoming, OfferedFile
from bot.core.refusals import FileRejected, Refusal, Throttled, Unavailable
from bot.documents.blob_store import StoreDown
from bot.documents.file_types import LARGEST
from bot.messengers.processing.uploads import Uploads
from bot.services.shared.upload_quota import DailyLimit
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import StoredFile, UploadDay
from tests.support.factories.people import participants
from tests.support.factories.reference_data import NOW

CONTENT = b"x" * 700
LIMIT = DailyLimit(files=3, size=2000)


class Documents:
    """A library that keeps nothing, and notes what was fetched."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.sides: list[Any] = []
        self.dropped: list[set[str]] = []

    async def store_upload(
        self, account_id: int, fetch: Callable[[], Awaitable[bytes]], name: str | None, *, side: Any
    ) -> StoredFile:
        self.sides.append(side)
        content = await fetch()
        if self.trouble is not None:
            raise self.trouble
        return StoredFile(
            account_id=account_id, sha256="0", media_type="image/jpeg", size=len(content), original_name=name,
            original_key="o", shown_key="s",
        )  # fmt: skip

    async def drop_unused(self, database: Database, keys: set[str]) -> None:
        self.dropped.append(keys)


class Arranged:
    def __init__(self, database: Database, account_id: int, **options: Any) -> None:
        self.database, self.account_id = database, account_id
        self.documents = Documents(options.get("trouble"))
        self.asked: list[int] = []
        self.fetched: list[tuple[str, int]] = []

        async def download(handle: str, *, limit: int) -> bytes:
            self.fetched.append((handle, limit))
            return CONTENT

        def takes(size: int) -> bool:
            self.asked.append(size)
            return bool(options.get("disk", True))

        self.counters = Counters()
        resources: Any = SimpleNamespace(
            database=database,
            documents=self.documents,
            counters=self.counters,
            disk_space=SimpleNamespace(takes=takes),
            downloads={Messenger.BALE: SimpleNamespace(download=download)},
            daily_uploads=LIMIT,
            clock=lambda: NOW,
        )
        self.uploads = Uploads(resources)

    async def offer(self, size: int | None) -> Any:
        offered = OfferedFile("handle", "card.jpg", size, is_photo=True)
        return await self.uploads.store_offered(Incoming(Messenger.BALE, 1, 1, file=offered), self.account_id)

    async def counted(self) -> list[tuple[int, int]]:
        query = select(UploadDay.files, UploadDay.size).where(UploadDay.account_id == self.account_id)
        return await self.database.read(lambda db: [(files, size) for files, size in db.exec(query)])


@pytest.fixture
async def account_id(database: Database) -> int:
    people = await database.run(participants)
    return people.sara.account_id or 0


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
    database: Database, account_id: int, said: int | None, counted: int
) -> None:
    arranged = Arranged(database, account_id)

    taken = await arranged.offer(said)

    assert taken.file.size == len(CONTENT)
    assert await arranged.counted() == [(1, counted)]
    assert arranged.fetched == [("handle", LARGEST)]
    assert arranged.documents.sides == [Messenger.BALE]
    assert arranged.asked == [2 * (said or LARGEST)]


async def test_the_day_ends_with_its_limit(database: Database, account_id: int) -> None:
    arranged = Arranged(database, account_id)
    for _ in range(2):
        await arranged.offer(700)

    with pytest.raises(Throttled) as refused:  # bytes
        await arranged.offer(700)

    assert refused.value.key == "error.uploads_of_day"
    assert len(arranged.fetched) == 2
    with pytest.raises(Throttled):  # it says less than it is
        await arranged.offer(1)
    with pytest.raises(Throttled):  # files
        await arranged.offer(1)
    assert arranged.counters.uploads_refused == {"uploads_of_day": 3}


@pytest.mark.parametrize(
    ("size", "options", "kind", "key", "fetched"),
    [
        pytest.param(LARGEST + 1, {}, FileRejected, "error.too_large", 0, id="too large"),
        pytest.param(700, {"disk": False}, Unavailable, "error.disk_reserve", 0, id="disk nearly full"),
        pytest.param(700, {"trouble": StoreDown("no")}, Unavailable, "error.store_down", 1, id="store down"),
        pytest.param(
            700,
            {"trouble": FileRejected("error.damaged_pdf")},
            FileRejected,
            "error.damaged_pdf",
            1,
            id="damaged",
        ),
    ],
)
async def test_what_is_refused(
    database: Database,
    account_id: int,
    size: int,
    options: dict[str, Any],
    kind: type[Refusal],
    key: str,
    fetched: int,
) -> None:
    arranged = Arranged(database, account_id, **options)

    with pytest.raises(kind) as refused:
        await arranged.offer(size)

    assert refused.value.key == key
    assert len(arranged.fetched) == fetched
    assert arranged.counters.uploads_refused == {key.removeprefix("error."): 1}
    assert arranged.counters.store_failed == (key == "error.store_down")
    assert await arranged.counted() == ([(1, 700)] if fetched else [])


async def test_without_a_file_or_an_account_nothing_is_taken(database: Database, account_id: int) -> None:
    arranged = Arranged(database, account_id)
    assert await arranged.uploads.store_offered(Incoming(Messenger.BALE, 1, 1), account_id) is None
    offered = OfferedFile("handle", None, 5, is_photo=False)
    assert await arranged.uploads.store_offered(Incoming(Messenger.BALE, 1, 1, file=offered), None) is None
    assert arranged.fetched == []


async def test_what_the_unit_did_not_keep_is_dropped(database: Database, account_id: int) -> None:
    arranged = Arranged(database, account_id)
    taken = await arranged.offer(700)
    await arranged.uploads.drop_unused([], [])
    assert arranged.documents.dropped == []
    await arranged.uploads.drop_unused([taken], ["r"])
    assert arranged.documents.dropped == [{"o", "s", "r"}]
