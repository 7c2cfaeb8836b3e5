"""An upgrade without downtime: one process of three after the other is stopped and started while people act."""

import asyncio
import contextlib

import httpx
import pytest

from demo.person import Person
from tests.support.fleet import Deployment
from tests.support.identities import next_mobile
from tests.support.journey_steps import Someone, login, register

pytestmark = pytest.mark.campaign

PEOPLE = 4
#: Seconds between two rounds of one person.
PAUSE = 5.0


async def test_nobody_notices(fleet: Deployment) -> None:
    over = asyncio.Event()
    async with asyncio.TaskGroup() as acting:
        people = [acting.create_task(live(fleet, number, over)) for number in range(PEOPLE)]
        browser = acting.create_task(browse(fleet, over))
        for member in fleet.members:
            assert await member.stop() == 0
            await member.start()
        over.set()
    assert min(one.result() for one in people) >= 1
    assert browser.result() >= 10
    assert fleet.balancer.troubles == []
    assert all(member.starts == 2 for member in fleet.members)
    assert "an update failed" not in fleet.logs


async def live(fleet: Deployment, number: int, over: asyncio.Event) -> int:
    """Somebody registers, then leaves and comes back again and again; how often. Each answer comes, and only once."""
    face = fleet.emulators.messengers[number % 2]
    person: Person = face.person("سارا", phone=next_mobile())
    someone: Someone = await register(fleet.members[0], person)
    rounds = 0
    while not over.is_set() or not rounds:
        await person.command("menu").tap("🚪 خروج").sees("از حساب خود خارج شدید")
        await login(person, someone.credentials)
        rounds += 1
        # A messenger takes about one message a second of one chat: nobody logs in faster than that for long.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE):
                await over.wait()
    assert not [one for one in person.history() if "خطایی رخ داد" in one.text]
    return rounds


async def browse(fleet: Deployment, over: asyncio.Event) -> int:
    """A payer's browser on the pay pages (this link leads nowhere, and says so each time)."""
    pages = 0
    async with httpx.AsyncClient(trust_env=False, timeout=90) as browser:
        while not over.is_set():
            page = await browser.get(f"{fleet.balancer.url}/pay/{'x' * 32}")
            assert page.status_code == 404
            pages += 1
            await asyncio.sleep(0.05)
    return pages
