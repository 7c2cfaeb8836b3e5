"""How an answer appears: edited or anew, in pieces, with documents, not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, select

from bot.core.screens import GeneratedFile
from bot.documents.blob_store import FolderStore, StoreDown
from bot.documents.library import DocumentLibrary
from bot.messengers.transport.channel import split_text, utf16_units
from demo.botapi.faults import Fault
from demo.botapi.state import File
from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import InboxState
from storage.tables import Chat, StoredFile
from storage.tables.column_types import utcnow
from tests.support import files
from tests.support.messenger_app import (
    MessengerApp,
    note,
    running_app,
    started,
    starts,
    store_attachments,
    until_file_ids,
)


async def test_a_press_edits_its_message(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        before = sara.screen()
        assert [one.text for one in before.buttons[0]] == ["دوم", "اول"], "rows are laid right to left"
        assert (await note(sara, "first")).id == before.id
        await sara.tap("بازگشت")
        assert (await sara.sees("خانه")).id == before.id
        await sara.button_rests()
        assert (await app.chat(sara)).messenger == face.kind
        await sara.press_raw("1|home|||")  # an edit that changes nothing is an answer too
        await app.until_answered()
        assert len([one for one in sara.history() if "خانه" in one.text]) == 1
    assert app.emulators.violations == []


async def test_an_edit_that_fails_becomes_a_new_message(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        before = sara.screen()
        face.faults.add(Fault.api(400, "Bad Request: message can't be edited"), method="editMessageText")
        assert (await note(sara, "first")).id != before.id


async def test_a_long_text_comes_in_pieces(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    last = await sara.tap("دراز").sees("سطر 899")
    assert last.button("ته")
    assert all(utf16_units(one.text) <= 4096 for one in sara.history())
    assert any("سطر 0" in one.text for one in sara.history())


def test_pieces_lose_nothing() -> None:
    text = "\n".join(f"سطر {number} 😀" for number in range(2000))
    pieces = split_text(text)
    assert "\n".join(pieces) == text
    assert all(utf16_units(piece) <= 4096 for piece in pieces)
    assert len(split_text("😀" * 5000)) == 3


async def test_whoever_blocks_is_dead_until_they_write(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        sara = await started(face)
        blocked = Fault.api(403, "Forbidden: bot was blocked by the user")
        face.faults.add(blocked, method="sendMessage", chat_id=sara.user.id)
        await sara.type("/start")
        await app.until_dead(sara)
        await starts(sara)
        assert not (await app.chat(sara)).dead


async def test_telegram_says_at_once_who_blocked(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    await sara.block()
    await app.until_dead(sara)


async def test_a_screen_that_could_not_be_sent_comes_later(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    order = app.emulators.telegram.faults.add(Fault.html(502), method="sendMessage", times=None)
    await sara.start()

    async def waits() -> bool:
        try:
            return (await app.chat(sara)).show_at is not None
        except NoResultFound:
            return False

    await app.until(waits)
    app.emulators.telegram.faults.remove(order)
    assert (await app.states())[-1] is InboxState.ANSWERED

    def now(db: Session) -> None:
        db.exec(select(Chat)).one().show_at = app.service.resources.clock()

    await app.database.run(now)
    app.service.ticker.wake()
    await sara.sees("خانه")


# -- documents -----------------------------------------------------------------------------------


async def documents(person: Person) -> list[File]:
    """Ask for the documents: all that ever came."""
    await person.type("/papers").sees("مدارک")
    return [file for one in person.history() for file in one.files]


def captions(person: Person) -> list[str]:
    return [one.text for one in person.history() if one.files]


async def test_documents_on_both_messengers(
    emulators: Emulators, database: Database, library: DocumentLibrary
) -> None:
    pdf = files.pdf()
    shown = await store_attachments(database, library, files.jpeg(), files.png(), pdf)
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = shown
        for number, face in enumerate(emulators.messengers, 1):
            sara = face.person("سارا")
            received = await documents(sara)
            assert [file.kind for file in received] == ["photo", "photo", "document"]
            assert captions(sara) == ["مدرک 0", "مدرک 1", "مدرک 2"], "an album's each, and that of one alone"
            assert (received[2].name, received[2].content) == ("مدرک_2.pdf", pdf)
            await until_file_ids(app, 3 * number)
            # The second time no bytes travel; where the messenger has forgotten a file, they do.
            forgotten = Fault.api(400, "Bad Request: wrong file identifier specified")
            face.faults.add(forgotten, method="sendDocument")
            assert len(await documents(sara)) == 6
    assert emulators.violations == []


async def test_each_copy_of_a_document_on_both_messengers(
    emulators: Emulators, database: Database, library: DocumentLibrary
) -> None:
    """The picture of a PDF's first page, the PDF, and the original of a photo, each under its own id there."""
    photo, pdf = files.photo_from_a_phone(), files.pdf()
    of_photo, of_pdf = await store_attachments(database, library, photo, pdf)
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = (
            replace(of_pdf, variant="preview"),
            of_pdf,
            replace(of_photo, variant="original"),
        )
        for number, face in enumerate(emulators.messengers, 1):
            sara = face.person("سارا")
            for _ in range(2):
                preview, whole, original = (await documents(sara))[-3:]
                assert (preview.kind, whole.kind, original.kind) == ("photo", "document", "document")
                assert (whole.content, original.content) == (pdf, photo)
                assert original.name == "مدرک_0.jpg"
                await until_file_ids(app, 3 * number)
    assert emulators.violations == []


async def test_removed_and_lost_documents_are_named_and_the_others_shown(
    emulators: Emulators, database: Database, library: DocumentLibrary, tmp_path: Path
) -> None:
    contents = (files.jpeg(), files.png(), files.pdf(), files.jpeg())
    shown = await store_attachments(database, library, *contents)

    def remove(db: Session) -> str:
        db.get_one(StoredFile, shown[1].file_id).removed_at = utcnow()
        return db.get_one(StoredFile, shown[2].file_id).shown_key

    await FolderStore(tmp_path / "files").delete(await database.run(remove))
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = shown
        for face in emulators.messengers:
            sara = face.person("سارا")
            assert [file.kind for file in await documents(sara)] == ["photo", "photo"]
            said = "\n".join(one.text for one in sara.history())
            assert "مدرک 1\nاین مدرک پس از پایان مهلت نگهداری حذف شده است." in said
            assert "مدرک 2\nاین مدرک اکنون در دسترس نیست." in said
    assert emulators.violations == []


async def test_documents_whose_store_goes_away_are_each_named_and_the_screen_comes(
    emulators: Emulators, database: Database, library: DocumentLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await store_attachments(database, library, files.jpeg(), files.png())

    async def away(store: FolderStore, key: str) -> bytes:
        raise StoreDown("no answer")

    monkeypatch.setattr(FolderStore, "get", away)
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = shown
        for number, face in enumerate(emulators.messengers, 1):
            sara = face.person("سارا")
            assert await documents(sara) == []
            await sara.sees("مدرک 1")
            said = "\n".join(one.text for one in sara.history())
            assert "مدرک 0" in said
            assert "مدرک 1" in said
            assert app.service.resources.counters.store_failed == 2 * number


async def test_what_was_made_for_an_answer_is_sent_and_kept_nowhere(
    emulators: Emulators, database: Database, library: DocumentLibrary
) -> None:
    stored = await store_attachments(database, library, files.pdf())
    picture = GeneratedFile("report.png", files.png(), "نمودار", picture=True)
    sheet = GeneratedFile("report.xlsx", b"PK-x", "جدول")
    async with running_app(emulators, database, papers=library) as app:
        app.route_state.papers = (picture, *stored, sheet)
        for number, face in enumerate(emulators.messengers, 1):
            sara = face.person("سارا")
            received = await documents(sara)
            assert [file.kind for file in received] == ["photo", "document", "document"]
            assert captions(sara) == ["نمودار", "مدرک 0", "جدول"]
            assert (received[2].name, received[2].content) == ("report.xlsx", b"PK-x")
            await until_file_ids(app, number)
    assert emulators.violations == []
