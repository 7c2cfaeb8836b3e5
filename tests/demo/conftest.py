"""The emulators, and PTB's own client against it."""

import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page
from telegram import Bot
from telegram.request import HTTPXRequest

from demo.botapi.state import Message
from demo.emulators import EmulatedMessenger, Emulators
from demo.page import shortcuts
from demo.page.server import PageServer
from demo.page.shortcuts import Shortcuts
from demo.person import Person
from demo.users import DemoUsers
from tests.demo.toy import ToyBot
from tests.support.browser import CHROMIUM, PATIENCE, chromium
from tests.support.ports import free_port

#: Short notices stay for minutes: a test that is held up still sees them.
LASTING_NOTICES = """{ const plain = window.setTimeout;
    window.setTimeout = (job, wait, ...more) => plain(job, wait === 3000 || wait === 4500 ? 200_000 : wait, ...more); }"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """«ورود به‌عنوان …» waits for each answer as long as a loaded machine may need."""
    monkeypatch.setattr(shortcuts, "_PATIENCE", 90)


@pytest.fixture
async def bot(emulators: Emulators) -> AsyncIterator[Bot]:
    """PTB's Bot, as the library would talk to the real Telegram."""

    def request() -> HTTPXRequest:
        return HTTPXRequest(httpx_kwargs={"trust_env": False})

    server = emulators.telegram.server.url
    async with Bot(
        emulators.telegram.token,
        base_url=f"{server}/bot",
        base_file_url=f"{server}/file/bot",
        request=request(),
        get_updates_request=request(),
    ) as bot:
        yield bot


@pytest.fixture
async def sara(emulators: Emulators) -> Person:
    """She has started the bot of Telegram."""
    person = emulators.telegram.person("سارا", phone="09121234567")
    await person.start()
    return person


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
        yield client


@dataclass
class _Unchanging:
    """A demo without a past and without a bot's process."""

    users: DemoUsers

    async def reset(self) -> None:
        raise ValueError("nothing to begin anew")

    async def skip(self, days: int) -> None:
        raise ValueError("no clock")


@pytest.fixture
async def server(emulators: Emulators) -> AsyncIterator[PageServer]:
    """The page with somebody on both messengers, and an expert."""
    users = DemoUsers(emulators)
    sara = users.add(emulators.telegram, "سارا", "کریمی‌نژاد", mobile="09901110001", shown=True)
    users.add(emulators.bale, "سارا", "کریمی‌نژاد", mobile="09901110001", identity=sara.identity, shown=True)
    expert = users.add(emulators.telegram, "مریم", "موسوی", mobile="09901110002", title="کارشناس شیراز")
    expert.identity.user_code, expert.identity.password = "10000002", "Kq7mXw3TnRpd"
    # Some tests stop it and start it again.
    page = PageServer(users, port=free_port(), more_routes=Shortcuts(_Unchanging(users)).add_routes)
    await page.start()
    yield page
    await page.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, to which evil.example is this machine."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    async with chromium("--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture
async def toys(emulators: Emulators) -> AsyncIterator[None]:
    """Somebody who answers, on both messengers."""
    async with ToyBot(emulators.telegram), ToyBot(emulators.bale):
        yield


@pytest.fixture
async def page(browser: Browser, server: PageServer, toys: None) -> Page:
    return await open_page(browser, server)


async def open_page(browser: Browser, server: PageServer, **options: Any) -> Page:
    """The demo's page as a first visit finds it; an error of a script fails the test."""
    options = {"viewport": {"width": 1400, "height": 860}} | options
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    await context.add_init_script(LASTING_NOTICES)
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    await page.goto(server.url)
    await page.locator(".phone").first.wait_for()
    return page


def phone(page: Page, messenger: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"در {messenger}$"))


def arrive(person: Person, *texts: str, **parts: Any) -> list[Message]:
    """Messages of the bot that come at once, faster than a messenger would take them."""
    made = []
    for text in texts:
        message = person.state.write_message(person.bot, person.conversation, text=text, **parts)
        person.conversation.started = True
        person.state.tell("message", person.bot, person.conversation, message)
        made.append(message)
    return made


class Raw:
    """Bare requests to one bot's methods."""

    def __init__(self, http: httpx.AsyncClient, face: EmulatedMessenger) -> None:
        self.http = http
        self.root = f"{face.server.url}/bot{face.token}"

    async def __call__(self, method: str, **params: object) -> tuple[int, dict[str, object]]:
        answer = await self.http.post(f"{self.root}/{method}", data=params)
        return answer.status_code, answer.json()

    async def result(self, method: str, **params: object) -> object:
        status, body = await self(method, **params)
        assert status == 200, body
        return body["result"]

    async def refusal(self, method: str, **params: object) -> str:
        """The status and words of an answer that must be an error."""
        status, body = await self(method, **params)
        assert body["ok"] is False, body
        assert body["error_code"] == status
        return f"{status} {body['description']}"


@pytest.fixture
def telegram(http: httpx.AsyncClient, emulators: Emulators) -> Raw:
    return Raw(http, emulators.telegram)


@pytest.fixture
def bale(http: httpx.AsyncClient, emulators: Emulators) -> Raw:
    return Raw(http, emulators.bale)


def picture(width: int = 1600, height: int = 900, colour: str = "steelblue") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()
