"""How an answer appears: edited or anew, in pieces, as papers, to nobody."""

from pathlib import Path

from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, select

from bot.core.screens import Attachment, GeneratedFile
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.messengers.transport.keyboards import parts, units
from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import InboxState
from storage.tables import Account, FileHandle, StoredFile
from storage.tables.column_types import utcnow
from tests.support import files
from tests.support.inspection import given
from tests.support.messenger_app import House, open_house


async def test_a_press_edits_its_message(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        before = await sara.sees("خانه")
        await sara.tap("اول")
        after = await sara.sees("یادداشت شد")
        assert after.id == before.id
        await sara.tap("بازگشت")
        assert (await sara.sees("خانه")).id == before.id
        await sara.button_rests()
        assert (await house.chat(sara)).messenger == face.kind
    assert house.town.violations == []


async def test_rows_are_laid_right_to_left(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    screen = await sara.sees("خانه")
    assert [one.text for one in screen.buttons[0]] == ["دوم", "اول"]


async def test_an_edit_that_fails_becomes_a_new_message(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        before = await sara.sees("خانه")
        face.faults.add(Fault.api(400, "Bad Request: message can't be edited"), method="editMessageText")
        await sara.tap("اول")
        assert (await sara.sees("یادداشت شد")).id != before.id


async def test_an_edit_that_changes_nothing_is_an_answer(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    shown = await sara.sees("خانه")
    await sara.press(shown.id, "1|home|||") if False else None
    await sara.press_raw("1|home|||")
    await house.until(lambda: _all(house, InboxState.ANSWERED))
    assert len([one for one in sara.history() if "خانه" in one.text]) == 1


async def _all(house: House, state: InboxState) -> bool:
    return set(await house.states()) == {state}


async def test_a_long_text_comes_in_pieces(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.tap("دراز")
    last = await sara.sees("سطر 899")
    assert last.button("ته")
    assert all(units(one.text) <= 4096 for one in sara.history())
    assert any("سطر 0" in one.text for one in sara.history())


def test_pieces_lose_nothing() -> None:
    text = "\n".join(f"سطر {number} 😀" for number in range(2000))
    pieces = parts(text)
    assert "\n".join(pieces) == text
    assert all(units(piece) <= 4096 for piece in pieces)
    assert len(parts("😀" * 5000)) == 3


async def test_whoever_blocks_is_dead_until_they_write(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        await sara.sees("خانه")
        face.faults.add(
            Fault.api(403, "Forbidden: bot was blocked by the user"),
            method="sendMessage",
            chat_id=sara.user.id,
        )
        await sara.send("/start")
        await house.until(lambda who=sara: _dead(house, who))
        await sara.send("/start")
        await sara.sees("خانه")
        assert not (await house.chat(sara)).dead


async def _dead(house: House, person: Person) -> bool:
    return (await house.chat(person)).dead


async def test_telegram_says_at_once_who_blocked(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    await sara.block()
    await house.until(lambda: _dead(house, sara))


async def test_a_screen_that_could_not_be_sent_comes_later(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    order = house.town.telegram.faults.add(Fault.html(502), method="sendMessage", times=None)
    await sara.start()
    await house.until(lambda: _waits(house, sara))
    house.town.telegram.faults.remove(order)
    assert (await house.states())[-1] is InboxState.ANSWERED
    chat = await house.chat(sara)

    def now(db: object) -> None:
        found = db.get(type(chat), chat.id)  # type: ignore[attr-defined]
        found.show_at = house.service.resources.clock()

    await house.database.run(now)
    house.service.ticker.wake()
    await sara.sees("خانه")


async def _waits(house: House, person: Person) -> bool:
    try:
        return (await house.chat(person)).show_at is not None
    except NoResultFound:
        return False


# -- papers --------------------------------------------------------------------------------------


async def _store(database: Database, papers: DocumentLibrary, *contents: bytes) -> tuple[Attachment, ...]:
    account_id = await database.run(lambda db: _account(db))
    shown = []
    for number, content in enumerate(contents):
        file = await papers.store_upload(account_id, given(content), f"مدرک_{number}.x")

        def add(db: object, file: object = file) -> int:
            db.add(file)  # type: ignore[attr-defined]
            db.flush()  # type: ignore[attr-defined]
            return int(file.id)  # type: ignore[attr-defined]

        shown.append(Attachment(await database.run(add), f"مدرک {number}"))
    return tuple(shown)


def _account(db: object) -> int:
    account = Account(user_code="10000001", password_hash="", first_name="س", last_name="ک")
    db.add(account)  # type: ignore[attr-defined]
    db.flush()  # type: ignore[attr-defined]
    assert account.id is not None
    return account.id


async def test_papers_on_both_messengers(town: Emulators, database: Database, tmp_path: Path) -> None:
    papers = DocumentLibrary(FolderStore(tmp_path / "files"), DocumentCipher("0" * 64), InspectionPool())
    pdf = files.pdf()
    shown = await _store(database, papers, files.jpeg(), files.png(), pdf)
    async with open_house(town, database, papers=papers) as house:
        house.doings.papers = shown
        for face in town.messengers:
            sara = face.person("سارا")
            await sara.send("/papers")
            await sara.sees("مدارک")
            received = [file for one in sara.history() for file in one.files]
            assert [file.kind for file in received] == ["photo", "photo", "document"]
            assert received[2].name == "مدرک_2.pdf"
            assert received[2].content == pdf
            await house.until(lambda face=face: _handles(house, 3 * (1 + town.messengers.index(face))))
            # The second time no bytes travel; a forgotten handle is mended with the bytes.
            face.faults.add(
                Fault.api(400, "Bad Request: wrong file identifier specified"), method="sendDocument"
            )
            await sara.send("/papers")
            await sara.sees("مدارک")
            assert len([file for one in sara.history() for file in one.files]) == 6
    await papers.close()
    assert town.violations == []


async def test_removed_and_lost_papers_are_named_and_the_others_shown(
    town: Emulators, database: Database, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "files")
    papers = DocumentLibrary(store, DocumentCipher("0" * 64), InspectionPool())
    shown = await _store(database, papers, files.jpeg(), files.png(), files.pdf(), files.jpeg())

    def retire(db: Session) -> str:
        db.get_one(StoredFile, shown[1].file_id).removed_at = utcnow()
        return db.get_one(StoredFile, shown[2].file_id).shown_key

    await store.delete(await database.run(retire))
    async with open_house(town, database, papers=papers) as house:
        house.doings.papers = shown
        for face in town.messengers:
            sara = face.person("سارا")
            await sara.send("/papers")
            await sara.sees("مدارک")
            assert [file.kind for one in sara.history() for file in one.files] == ["photo", "photo"]
            said = "\n".join(one.text for one in sara.history())
            assert "مدرک 1\nاین مدرک پس از پایان مهلت نگهداری حذف شده است." in said
            assert "مدرک 2\nاین مدرک اکنون در دسترس نیست." in said
    await papers.close()
    assert town.violations == []


async def test_what_was_made_for_an_answer_is_sent_and_kept_nowhere(
    town: Emulators, database: Database, tmp_path: Path
) -> None:
    papers = DocumentLibrary(FolderStore(tmp_path / "files"), DocumentCipher("0" * 64), InspectionPool())
    stored = await _store(database, papers, files.pdf())
    sheets = (
        GeneratedFile("report.png", files.png(), "نمودار", picture=True),
        GeneratedFile("report.xlsx", b"PK-x", "جدول"),
    )
    async with open_house(town, database, papers=papers) as house:
        house.doings.papers = (sheets[0], *stored, sheets[1])
        for face in town.messengers:
            sara = face.person("سارا")
            await sara.send("/papers")
            await sara.sees("مدارک")
            received = [file for one in sara.history() for file in one.files]
            assert [file.kind for file in received] == ["photo", "document", "document"]
            assert (received[2].name, received[2].content) == ("report.xlsx", b"PK-x")
            await house.until(lambda face=face: _handles(house, 1 + town.messengers.index(face)))
    await papers.close()
    assert town.violations == []


async def _handles(house: House, number: int) -> bool:
    return len(await house.database.read(lambda db: db.exec(select(FileHandle)).all())) == number
