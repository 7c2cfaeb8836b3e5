"""Attacks through a messenger and a browser: floods, chats that meet their limits, files. Each says what was done."""

import asyncio
import random
import socket
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence

import httpx
from pypdf.generic import DecodedStreamObject

from demo.botapi.faults import Fault
from demo.emulators import EmulatedMessenger
from demo.person import Person
from tests.journeys.qualification import JourneySetup, to_payment
from tests.support import files
from tests.support.journey_steps import Someone, fill, follow, login, register

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
    await person.sees("خوش آمدید")


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
        await person.tap("ادامه درخواست")
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
    await person.sees(QUESTION)
    return waited


async def slow_files(attackers: Sequence[Person], stranger: Person, count: int) -> tuple[str, float]:
    """So many slow files from the attackers in turn; then a stranger sends small ones. Says how long (seconds) the longest
    of these took."""
    for number in range(count):
        content = await asyncio.to_thread(files.slow_pdf, 55_000 + number)
        await attackers[number % len(attackers)].send_file("سند.pdf", content)
    waits = [await send_small_file(stranger) for _ in range(5)]
    return f"{count} slow files; a stranger's small one took at most {max(waits):.2f} s", max(waits)


def large_pdf(size: int = 9_700_000) -> bytes:
    """One page, and bytes that cannot be packed."""
    writer, ballast = files.pages(), DecodedStreamObject()
    ballast.set_data(random.randbytes(size))
    writer._add_object(ballast)
    return files.written(writer)


async def large_files(setup: JourneySetup, seconds: float) -> str:
    """A large file is sent and removed again and again, until it is refused."""
    sender, until, removed = (await officer_at_a_document(setup)).person, time.monotonic() + seconds, 0
    while time.monotonic() < until:
        await sender.send_file("document.pdf", await asyncio.to_thread(large_pdf))
        if TAKEN not in (await sender.sees()).text:
            break
        removed += 1
        await sender.tap("حذف")
        await sender.sees(QUESTION)
    assert removed
    return f"{removed} large files taken and removed"


async def pay_page(setup: JourneySetup, seconds: float) -> str:
    """The button of one pay page is pressed, then a return from the bank is played again, ten times at once."""
    await setup.tariff()
    _, url = await to_payment(setup)
    bank, statuses = setup.bot.emulators.bank, Counter[int]()
    before = len(bank.payments)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:

        async def all_at_once(method: str, url: str) -> None:
            async for _ in _ticks(seconds / 2, 0.0):
                pages = await asyncio.gather(*(browser.request(method, url) for _ in range(10)))
                statuses.update(page.status_code for page in pages)

        await all_at_once("POST", url)
        payment, opened = bank.last, len(bank.payments) - before
        await all_at_once("GET", bank.cancel(payment.ref))
    assert 0 < opened <= 12
    assert payment.asked <= 5
    return f"{opened} payments opened, the bank was asked {payment.asked} times, answers {dict(statuses)}"


async def wrong_passwords(setup: JourneySetup, seconds: float) -> str:
    """Six chats guess; the phone that was logged in before gets in all the same."""
    sara = setup.officer()
    someone = await register(setup.bot, sara)
    await sara.command("menu")
    await follow(sara, ("🚪 خروج", "از حساب خود خارج شدید"))
    for number in range(6):
        guesser = (setup.here, setup.there)[number % 2].person("حدس")
        for _ in range(5):
            await guesser.start()
            await follow(guesser, ("🔑 ورود", "کد کاربری خود را"))
            await guesser.type(someone.credentials.user_code)
            if "رمز عبور خود را" not in (await guesser.sees()).text:
                break
            await guesser.type("guess-1234567")
            await guesser.sees()
    await login(sara, someone.credentials)
    return "30 wrong passwords from six chats"


#: Of every kind that a slow client has.
BEGINNINGS = (
    b"",
    b"GET /health HT",
    b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /pay/aB3-xxxxxxxxxxxxxxxxxx HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nabc",
    b"POST /hook/telegram/none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
)


def unfinished_requests(port: int, seconds: float, *, many_addresses: bool, most: int = 1100) -> str:
    """Some hundred connections a second, the newest `most` of which stay open and never finish. Blocks."""
    held, opened, refused, until = deque[socket.socket](), 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        number = opened % most
        held.append(socket.socket())
        held[-1].settimeout(1.0)
        held[-1].bind((f"127.0.{1 + number // 250}.{1 + number % 250}" if many_addresses else "127.0.0.2", 0))
        opened += 1
        try:
            held[-1].connect(("127.0.0.1", port))
            held[-1].sendall(BEGINNINGS[number % len(BEGINNINGS)])
        except OSError:
            refused += 1
        if len(held) > most:
            held.popleft().close()
        time.sleep(0.002)
    for one in held:
        one.close()
    return f"{opened} connections opened, {refused} refused"
