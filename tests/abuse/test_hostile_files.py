"""Every hostile file as an officer sends it to the real bot: refused with a sentence that says what to do next, or taken,
and then an expert is shown nothing but pixels."""

from collections import Counter

import pytest
from sqlmodel import col, select

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary, shown_media_type
from bot.texts import t
from demo.botapi.faults import Fault, Faults
from demo.person import Person
from storage.tables import StoredFile
from tests.support import files, hostile_files
from tests.support.bot_process import SECRET_KEY, BotProcess
from tests.support.identities import next_mobile
from tests.support.journey_steps import follow, form, register, walk

QUESTION, TAKEN = "📎 «", "دریافت شد"


@pytest.mark.parametrize(
    ("messenger", "database_url"), [("telegram", "sqlite"), ("bale", "postgres")], indirect=["database_url"]
)
async def test_an_officer_sends_hostile_files(messenger: str, bot: BotProcess) -> None:
    face = bot.emulators.telegram if messenger == "telegram" else bot.emulators.bale
    sara = (await register(bot, face.person("سارا", phone=next_mobile()))).person
    await sara.command("menu")
    await follow(sara, ("🎓 احراز صلاحیت", None), ("ثبت درخواست", None))
    await walk(sara, [one for one in form() if "📎" not in one[0] and "کارت ملی" not in one[0]], QUESTION)
    before, counters = bot.memory(), Counter[str]()
    for sample in hostile_files.SAMPLES:
        await sara.send_file(sample.name, sample.content)
        await outcome(bot, sara, sample.refusal, sample.kind)
        counters[sample.refusal or "taken"] += 1
    await bad_lines(bot, sara, face.faults)
    print(f"{messenger}: {dict(counters)}, RSS {before >> 20} → {bot.memory() >> 20} MB")
    # Next to nothing of a file stays in the bot's own memory, nor of its workers'.
    assert bot.memory() - before < 400 * 1024 * 1024


async def outcome(bot: BotProcess, sara: Person, refusal: str | None, kind: str) -> None:
    """The sentence, and below it the question once more; or the thanks, and then the file is taken away again."""
    told = await sara.sees()
    if refusal is None:
        if told.button("همین را بفرست") is not None:  # it is taken, and called hard to read
            told = await sara.tap("همین را بفرست").sees(TAKEN)
        assert TAKEN in told.text, f"{kind}: {told}"
        await shown_is_clean(bot)
        if told.button("حذف") is None:  # the next document is asked already
            await sara.tap("بازگشت")
        await sara.tap("حذف")
        told = await sara.sees(QUESTION)
    else:
        assert t(refusal) in told.text, f"{kind}: {told}"
    assert QUESTION in told.text, f"{kind}: {told}"


async def bad_lines(bot: BotProcess, sara: Person, faults: Faults) -> None:
    """The messenger says another size than it gives, breaks off, or never ends."""
    large, good = files.pdf() + bytes(15_000_000), files.jpeg()
    await sara.send_file("letter.pdf", large, claims=1000)
    await outcome(bot, sara, "error.too_large", "larger than it says")
    await sara.send_file("scan.jpg", good, claims=15_000_000)
    await outcome(bot, sara, "error.too_large", "smaller than it says")
    for fault, refusal in (
        (Fault.half(), "error.download_failed"),
        (Fault.without_end(), "error.too_large"),
        (Fault.html(), "error.download_failed"),
    ):
        faults.add(fault, method="file")
        await sara.send_file("scan.jpg", good)
        await outcome(bot, sara, refusal, fault.name)
        await sara.send_file("scan.jpg", good)
        await outcome(bot, sara, None, f"after {fault.name}")


async def shown_is_clean(bot: BotProcess) -> None:
    """What is shown of the one file in the store is a picture of pixels, or a document that was taken as it is. (What is
    removed again leaves the store.)"""
    living = select(StoredFile).where(col(StoredFile.removed_at).is_(None))
    file = await bot.read(lambda db: db.exec(living).one())
    store, cipher = FolderStore(bot.folder / "files"), DocumentCipher(SECRET_KEY)
    library = DocumentLibrary(store, cipher, InspectionPool())
    try:
        shown = await library.open(file)
    finally:
        await library.close()
    if shown_media_type(file) != "application/pdf":
        hostile_files.only_pixels(shown)
    assert "/" not in (file.original_name or "")
