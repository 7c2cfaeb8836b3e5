"""Attacks through a messenger: floods, chats that meet its limits, and files. Each returns what was done, in words."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from demo.botapi.faults import Fault
from demo.emulators import EmulatedMessenger
from demo.person import Person
from tests.journeys.qualification import JourneySetup
from tests.support import files
from tests.support.journey_steps import Someone, fill, login, register

QUESTION, TAKEN = "📎 «", "دریافت شد"


async def group_flood(setup: JourneySetup, seconds: float) -> str:
    """A stranger adds the bot to a group and writes ten times a second."""
    stranger, group = setup.here.person("غریبه"), setup.here.group("گروه")
    written = 0
    async for _ in _ticks(seconds, 0.1):
        await stranger.type(f"پیام {written}", chat=group)
        written += 1
    return f"{written} messages in a group"


async def own_flood(setup: JourneySetup, seconds: float) -> str:
    """A user writes ten times a second in the own chat, on both messengers."""
    flooders = [face.person("سیل") for face in (setup.here, setup.there)]
    written = 0
    async for _ in _ticks(seconds, 0.1):
        for flooder in flooders:
            await flooder.type(f"/start {written}" if written % 2 else "سلام")
        written += 1
    for flooder in flooders:
        await _is_served(flooder)
    return f"{2 * written} messages in two chats"


async def photos_one_by_one(setup: JourneySetup, seconds: float) -> str:
    """Twelve photos, each as a message of its own, as phones do."""
    sender = setup.here.person("عکاس")
    await sender.start()
    for picture in [files.jpeg() for _ in range(12)]:
        await sender.send_photo(picture)
    await asyncio.sleep(seconds)
    await _is_served(sender)
    return "12 photos"


async def _is_served(person: Person) -> None:
    await person.start()
    await person.sees("خوش آمدید", within=60)


async def refused_push(setup: JourneySetup, seconds: float) -> str:
    """A push meets 429 for forty seconds."""
    sara = setup.officer()
    someone = await register(setup.bot, sara)
    _refuse(setup.here, sara.user.id, 40, "sendMessage")
    elsewhere = setup.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    await asyncio.sleep(seconds)
    return "a push that met 429"


async def giant_rest(setup: JourneySetup, seconds: float) -> str:
    """One chat is refused for 10,072 seconds, whatever is sent there; it goes on writing."""
    stranger = setup.here.person("دربند")
    _refuse(setup.here, stranger.user.id, 10_072, None)
    async for _ in _ticks(seconds, 0.5):
        await stranger.start()
    return "retry_after 10072"


def _refuse(face: EmulatedMessenger, chat_id: int, seconds: int, method: str | None) -> None:
    face.faults.add(Fault.flood(seconds), method=method, chat_id=chat_id)


async def _ticks(seconds: float, gap: float) -> AsyncIterator[None]:
    """One turn every `gap` seconds, for so long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        yield
        await asyncio.sleep(gap)


CHAT_ATTACKS = (group_flood, own_flood, photos_one_by_one, refused_push, giant_rest)


async def officer_at_a_document(setup: JourneySetup) -> Someone:
    """An officer whose form asks for the first document."""
    officer = await register(setup.bot, setup.officer())
    await officer.person.command("menu")
    await fill(officer.person, until=QUESTION)
    return officer


async def more_phones(setup: JourneySetup, officer: Someone, count: int) -> list[Person]:
    """The same account at the same question, in more chats."""
    people = []
    for number in range(count):
        face = (setup.there, setup.here)[number % 2]
        person = face.person("گوشی دیگر", phone=officer.person.user.phone)
        await login(person, officer.credentials)
        await person.tap("ادامه پیش‌نویس")
        await person.sees(QUESTION)
        people.append(person)
    return people


async def send_small_file(person: Person) -> float:
    """Seconds until it is taken; then it is removed again."""
    begun = time.monotonic()
    await person.send_photo(files.jpeg())
    await person.sees(TAKEN, within=300)
    waited = time.monotonic() - begun
    await person.tap("حذف")
    await person.sees(QUESTION, within=60)
    return waited


async def slow_files(attackers: Sequence[Person], stranger: Person, count: int) -> tuple[str, float]:
    """So many slow files from the attackers in turn; then a stranger sends small ones. Says how long (seconds) the longest
    of these took."""
    for number in range(count):
        content = await asyncio.to_thread(files.slow_pdf, 55_000 + number)
        await attackers[number % len(attackers)].send_file("سند.pdf", content)
    waits = [await send_small_file(stranger) for _ in range(5)]
    return f"{count} slow files; a stranger's small one took at most {max(waits):.2f} s", max(waits)


def large_pdf(number: int, size: int = 9_700_000) -> bytes:
    """One page and `size` bytes that cannot be packed. Written by hand: it takes no time of the loop."""
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        b"<</Length %d>>stream\n" % size + random.Random(number).randbytes(size) + b"\nendstream",
    )
    out, table = b"%PDF-1.4\n", b"xref\n0 5\n0000000000 65535 f \n"
    for place, body in enumerate(bodies, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n" % place + body + b"\nendobj\n"
    return out + table + b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


async def send_and_remove(person: Person, rounds: int, folder: Path) -> tuple[str, int]:
    """A large file is sent and removed, `rounds` times or until it is refused; the bytes that are kept."""
    before, done = size_of(folder), 0
    for number in range(rounds):
        await person.send_file("document.pdf", large_pdf(number))
        if TAKEN not in (await person.sees(within=60)).text:
            break
        done += 1
        await person.tap("حذف")
        await person.sees(QUESTION, within=60)
    kept = size_of(folder) - before
    return f"{done} of {rounds} large files taken and removed, {kept / 1e6:.1f} MB kept", kept


def size_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
