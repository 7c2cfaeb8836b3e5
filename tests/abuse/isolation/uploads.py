"""Attacks with files: papers that take long to look through, and large ones that are sent and removed again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from demo.person import Person
from tests.abuse.isolation.slow_papers import large_pdf, slow_pdf
from tests.journeys.plays import Scene
from tests.support import files
from tests.support.scenes import Someone, fill, login, register

QUESTION, TAKEN = "📎 «", "دریافت شد"


async def at_a_document(scene: Scene) -> Someone:
    """An officer whose form asks for the first document."""
    person = scene.officer()
    someone = await register(scene.stage, person)
    await person.command("menu")
    await fill(person, until=QUESTION)
    return someone


async def more_phones(scene: Scene, someone: Someone, count: int) -> list[Person]:
    """The same account at the same question, in more chats."""
    people = []
    for number in range(count):
        face = (scene.there, scene.here)[number % 2]
        person = face.person("گوشی دیگر", phone=someone.person.user.phone)
        await login(person, someone.credentials)
        await person.tap("ادامه پیش‌نویس")
        await person.sees(QUESTION)
        people.append(person)
    return people


async def slow_papers(attackers: Sequence[Person], stranger: Person, each: int) -> tuple[str, float]:
    """`each` slow papers from every attacker at once; then somebody else sends a small one, three times. Says
    how long (seconds) the longest of these took."""
    slow = [await asyncio.to_thread(slow_pdf, number) for number in range(each)]
    for person in attackers:
        for content in slow:
            await person.send_file("paper.pdf", content)
    waits = []
    for _ in range(3):
        await asyncio.sleep(1.0)
        begun = time.monotonic()
        await stranger.send_photo(files.jpeg())
        await stranger.sees(TAKEN, within=300)
        waits.append(time.monotonic() - begun)
        await stranger.tap("حذف")
        await stranger.sees(QUESTION, within=60)
    said = f"{each * len(attackers)} slow papers; a stranger's small one took at most {max(waits):.2f} s"
    return said, max(waits)


async def sent_and_removed(person: Person, rounds: int, folder: Path) -> tuple[str, int]:
    """A large paper is sent and removed, `rounds` times or until it is refused; the bytes that are kept."""
    before, done = size_of(folder), 0
    for number in range(rounds):
        await person.send_file("paper.pdf", large_pdf(number))
        told = await person.sees(within=60)
        if TAKEN not in told.text:
            break
        done += 1
        await person.tap("حذف")
        await person.sees(QUESTION, within=60)
    kept = size_of(folder) - before
    return f"{done} of {rounds} large papers taken and removed, {kept / 1e6:.1f} MB kept", kept


def size_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
