"""Documents as they are sent: in which albums, under which names and captions, by the messenger's id or anew."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select
from telegram.error import BadRequest, NetworkError

from bot.core.context import PublicInfo
from bot.core.counters import Counters
from bot.core.screens import Attachment, GeneratedFile
from bot.documents.blob_store import StoreDown
from bot.messengers.delivery.files import AttachmentSender
from bot.messengers.transport.channel import MAX_CAPTION, Channel
from bot.texts import t
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import FileHandle, StoredFile
from tests.support.factories.people import account
from tests.support.factories.reference_data import NOW

TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE
BOT = 3
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


def sent_as(content: Any) -> str:
    """The messenger's id, or the name and the bytes."""
    return (
        content if isinstance(content, str) else f"{content.filename}={content.input_file_content.decode()}"
    )


class World:
    """A sender with a bot that writes down what it is told, and a store of documents."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls: list[tuple[Any, ...]] = []
        self.costs: list[float] = []
        self.errors: list[Exception] = []
        self.gone: set[str] = set()
        self.down: set[str] = set()
        self.units: list[Any] = []
        library: Any = SimpleNamespace(has=self.has, open_copy=self.open_copy)
        self.resources: Any = SimpleNamespace(
            database=SimpleNamespace(read=database.read, run_in_background=self.note),
            documents=library,
            counters=Counters(),
            public_info=PublicInfo("021-1234", "https://x"),
        )
        bot = SimpleNamespace(
            send_photo=self.send("photo"),
            send_document=self.send("document"),
            send_media_group=self.send_album,
        )
        self.bot = bot
        self.channel: Any = SimpleNamespace(
            messenger=TELEGRAM,
            bot_id=BOT,
            bot=bot,
            api_url="https://x",
            request=SimpleNamespace(post=self.post),
        )

    def note(self, unit: Any) -> None:
        self.units.append(unit)

    async def has(self, key: str) -> bool:
        if key in self.down:
            raise StoreDown("away")
        return key not in self.gone

    async def open_copy(self, key: str) -> bytes:
        if f"open {key}" in self.down:
            raise StoreDown("away")
        return key.encode()

    def _may_fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def send(self, kind: str) -> Any:
        async def sent(chat_id: int, content: Any, *, caption: str | None) -> Any:
            self.calls.append((kind, chat_id, sent_as(content), caption))
            self._may_fail()
            return self.message(kind, len(self.calls))

        return sent

    async def send_album(self, chat_id: int, album: list[Any]) -> Any:
        parts = [
            (str(one.type), one.media if isinstance(one.media, str) else sent_as(one.media), one.caption)
            for one in album
        ]
        self.calls.append(("album", chat_id, *parts))
        self._may_fail()
        return [self.message(kind, number) for number, (kind, _, _) in enumerate(parts)]

    async def post(self, url: str, fields: Any) -> Any:
        self.calls.append(("text", fields.json_parameters["text"]))
        return {"message_id": 1}

    @staticmethod
    def message(kind: str, number: int) -> Any:
        sizes = [
            SimpleNamespace(file_id=f"small{number}", width=9, height=8),
            SimpleNamespace(file_id=f"large{number}", width=9, height=9),
            SimpleNamespace(file_id=f"middle{number}", width=80, height=1),
        ]
        document = SimpleNamespace(file_id=f"document{number}")
        is_photo = kind == "photo"
        return SimpleNamespace(photo=sizes if is_photo else (), document=None if is_photo else document)

    async def call(self, make: Any, *, cost: float = 1.0) -> Any:
        self.costs.append(cost)
        return await make()

    async def show(self, *attachments: Any) -> list[tuple[Any, ...]]:
        before = len(self.calls)
        channel: Channel = self.channel
        await AttachmentSender(self.resources).send(channel, 7, attachments, calls=self.call)  # type: ignore[arg-type]
        while self.units:
            await self.database.run(self.units.pop(0))
        return self.calls[before:]

    async def store(self, media_type: str = JPEG, **values: Any) -> Attachment:
        """A document whose keys are its number."""

        def unit(db: Session) -> int:
            number = len(db.exec(select(StoredFile)).all()) + 1
            owner = account(db, chat=False).id
            keys = {"original_key": f"o{number}", "shown_key": f"s{number}"}
            given = {
                "sha256": "x",
                "size": 1,
                "created_at": NOW,
                "media_type": media_type,
                "account_id": owner,
            }
            db.add(row := StoredFile(**given | keys | values))
            db.flush()
            return row.id or 0

        number = await self.database.run(unit)
        return Attachment(number, f"مدرک {number}")

    async def handles(self) -> dict[tuple[Any, ...], str]:
        rows = await self.database.read(lambda db: list(db.exec(select(FileHandle))))
        return {(one.file_id, one.messenger, one.bot_id, one.variant): one.handle for one in rows}


@pytest.fixture
def w(database: Database) -> World:
    return World(database)


async def test_photos_and_documents_in_their_order(w: World) -> None:
    shown = [await w.store(kind) for kind in (JPEG, PNG, PDF, PDF, JPEG)]
    assert await w.show(*shown) == [
        ("album", 7, ("photo", "مدرک 1.jpg=s1", "مدرک 1"), ("photo", "مدرک 2.jpg=s2", "مدرک 2")),
        ("album", 7, ("document", "مدرک 3.pdf=s3", "مدرک 3"), ("document", "مدرک 4.pdf=s4", "مدرک 4")),
        ("photo", 7, "مدرک 5.jpg=s5", "مدرک 5"),
    ]
    assert w.costs == [2, 2, 1.0], "an album counts as its messages"
    assert (await w.show(*shown))[2:] == [("photo", 7, "large3", "مدرک 5")]
    assert await w.show() == []


async def test_an_album_takes_ten(w: World) -> None:
    shown = [await w.store() for _ in range(12)]
    assert [len(call) - 2 for call in await w.show(*shown)] == [10, 2]
    assert [len(call) - 2 for call in await w.show(*shown[:10])] == [10]
    assert (await w.show(*shown[:11]))[1][0] == "photo"


async def test_what_was_sent_once_is_sent_by_its_id(w: World) -> None:
    photo, pdf = await w.store(), await w.store(PDF)
    await w.show(photo, pdf)
    key = (TELEGRAM, BOT, "shown")
    assert await w.handles() == {(1, *key): "large1", (2, *key): "document2"}
    w.gone |= {"s1", "s2"}
    again = [("photo", 7, "large1", "مدرک 1"), ("document", 7, "document2", "مدرک 2")]
    assert await w.show(photo, pdf) == again, "whether its bytes are there or not"
    w.gone.clear()
    for other in ({"bot_id": 4}, {"messenger": BALE}):
        for name, value in ({"bot_id": BOT, "messenger": TELEGRAM} | other).items():
            setattr(w.channel, name, value)
        assert (await w.show(photo))[0][2] == "مدرک 1.jpg=s1", "of another bot or messenger"
    assert len(await w.handles()) == 4


async def test_an_id_that_the_messenger_forgot_is_replaced(w: World) -> None:
    one, two, other = [await w.store() for _ in range(3)]
    await w.show(one)
    await w.show(other)
    w.errors = [BadRequest("wrong file identifier specified")]
    calls = await w.show(one, two)
    assert [[part[1] for part in call[2:]] for call in calls] == [
        ["large1", "مدرک 2.jpg=s2"],
        ["مدرک 1.jpg=s1", "مدرک 2.jpg=s2"],
    ]
    assert {number: handle for (number, *_), handle in (await w.handles()).items()} == {
        1: "large0",
        2: "large1",
        3: "large2",
    }


@pytest.mark.parametrize("error", [BadRequest("too long"), NetworkError("reset")])
async def test_another_failure_is_not_tried_again(w: World, error: Exception) -> None:
    photo = await w.store()
    await w.show(photo)
    w.errors = [error]
    with pytest.raises(type(error)):
        await w.show(photo)
    assert len(w.calls) == 2


async def test_a_file_that_is_refused_though_it_was_sent_anew(w: World) -> None:
    w.errors = [BadRequest("wrong file identifier specified")]
    with pytest.raises(BadRequest):
        await w.show(await w.store())
    assert (len(w.calls), await w.handles()) == (1, {})


async def test_the_copies_of_a_document(w: World) -> None:
    pdf = await w.store(PDF, preview_key="p1", original_name="نظام وظیفه.PDF")
    plain = await w.store(PDF)
    heic = await w.store("image/heic", shown_media_type=JPEG, original_name="عکس/من.heic")
    copies = [
        replace(pdf, variant="preview"),
        pdf,
        replace(heic, variant="original"),
        replace(plain, variant="preview"),
        heic,
        replace(heic, variant="preview"),
    ]
    calls = await w.show(*copies)
    assert calls == [
        ("photo", 7, "نظام وظیفه.jpg=p1", "مدرک 1"),
        (
            "album",
            7,
            ("document", "نظام وظیفه.pdf=s1", "مدرک 1"),
            ("document", "عکس-من.heic=o3", "مدرک 3"),
            ("document", "مدرک 2.pdf=s2", "مدرک 2"),
        ),
        ("album", 7, ("photo", "عکس-من.jpg=s3", "مدرک 3"), ("photo", "عکس-من.jpg=s3", "مدرک 3")),
    ]
    assert {(number, variant) for number, _, _, variant in await w.handles()} == {
        *((1, "preview"), (1, "shown"), (2, "preview")),
        *((3, "original"), (3, "shown"), (3, "preview")),
    }


@pytest.mark.parametrize(
    ("name", "caption", "sent"),
    [
        ("ن" * 60 + ".jpg", "x", "ن" * 40 + ".jpg"),
        (None, "عنوان\nشرح", "عنوان.jpg"),
        (None, "", "file.jpg"),
        (".jpg", "x", "file.jpg"),
        ("a.b.c", "x", "a.b.jpg"),
    ],
)
async def test_the_name_of_a_file(w: World, name: str | None, caption: str, sent: str) -> None:
    shown = await w.store(original_name=name)
    (call,) = await w.show(replace(shown, caption=caption))
    assert (call[2], call[3]) == (f"{sent}=s1", caption or None)


async def test_endings_of_originals(w: World) -> None:
    for kind, ending in (("image/tiff", "tif"), ("image/webp", "webp"), (PDF, "pdf")):
        shown = await w.store(kind, original_name="a.x")
        ((_, _, sent, _),) = await w.show(replace(shown, variant="original"))
        assert sent.partition("=")[0] == f"a.{ending}"


async def test_long_captions_are_shortened(w: World) -> None:
    shown = await w.store(original_name="a")
    long = replace(shown, caption="ب" * (MAX_CAPTION + 1))
    made = GeneratedFile("r.pdf", b"%", "پ" * (MAX_CAPTION + 1))
    assert [len(call[3]) for call in await w.show(long, made)] == [MAX_CAPTION] * 2


async def test_what_was_made_goes_one_by_one(w: World) -> None:
    shown = await w.store()
    picture = GeneratedFile("a.png", b"1", "نمودار", picture=True)
    sheet = GeneratedFile("b.xlsx", b"2", "")
    assert await w.show(picture, sheet, shown, sheet) == [
        ("photo", 7, "a.png=1", "نمودار"),
        ("document", 7, "b.xlsx=2", None),
        ("photo", 7, "مدرک 1.jpg=s1", "مدرک 1"),
        ("document", 7, "b.xlsx=2", None),
    ]
    assert len(await w.handles()) == 1


async def test_what_cannot_be_shown_is_named_in_its_place(w: World) -> None:
    one, removed, lost, two, away, unknown = (
        await w.store(),
        await w.store(removed_at=NOW),
        await w.store(),
        await w.store(),
        await w.store(),
        Attachment(99, "ناشناس"),
    )
    w.gone, w.down = {"s3"}, {"s5"}
    calls = await w.show(one, removed, lost, two, unknown, away)

    def said(key: str, number: int) -> tuple[str, str]:
        return "text", t(f"file.{key}", title=f"مدرک {number}", support="021-1234")

    assert calls == [
        ("photo", 7, "مدرک 1.jpg=s1", "مدرک 1"),
        said("removed", 2),
        said("missing", 3),
        ("photo", 7, "مدرک 4.jpg=s4", "مدرک 4"),
        said("store_down", 5),
    ]
    assert w.resources.counters.store_failed == 1
    w.down = {"open s1"}
    # Its copy at the messenger is there, though the store is away.
    assert (await w.show(one))[0][0] == "photo"
    fresh, other = await w.store(), await w.store(PDF)
    w.down = {f"open s{fresh.file_id}"}
    assert await w.show(fresh, other) == [
        said("store_down", fresh.file_id),
        ("document", 7, f"مدرک {other.file_id}.pdf=s{other.file_id}", f"مدرک {other.file_id}"),
    ]
    assert w.resources.counters.store_failed == 2


async def test_a_messenger_that_names_no_file_is_believed(w: World) -> None:
    w.message = lambda kind, number: SimpleNamespace(photo=(), document=None)  # type: ignore[method-assign, assignment]
    await w.show(await w.store())
    assert await w.handles() == {}
