from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.core.context import PublicInfo
from bot.web.app import build_app
from storage.database.database import Database, open_database
from storage.enums import Messenger
from tests.support.asgi import serving
from tests.support.payments import LINK, TOKEN, PaymentScenario, payment_scenario


@dataclass
class Site:
    """Our web server over HTTP, with a request that waits for its fee and the bank."""

    paying: PaymentScenario
    http: httpx.AsyncClient
    url: str

    async def pay_page(self) -> httpx.Response:
        return await self.http.get(f"/pay/{TOKEN}")

    async def click(self) -> httpx.Response:
        """Press the button of the pay page."""
        return await self.http.post(f"/pay/{TOKEN}")

    async def go_to_bank(self) -> str:
        """Press the button; the gateway's name of the payment that the browser is sent to."""
        sent = await self.click()
        assert sent.status_code == 303
        ref = self.paying.bank.last.ref
        assert sent.headers["location"].endswith(ref)
        return ref

    async def nowhere(self) -> str:
        """The page of an address that leads nowhere."""
        return (await self.http.get("/pay/" + "z" * 22)).text


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = await open_database(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    async with payment_scenario(sqlite_database) as paid, serving(answer) as url:
        # The application needs its own address, which is known only now.
        paid.resources.public_info = replace(paid.resources.public_info, public_url=url)
        app = build_app(paid.resources)
        async with httpx.AsyncClient(base_url=url, timeout=90) as http:
            yield Site(paid, http, url)


@dataclass
class Webhooks:
    """Stands for the intake: takes what comes in under two addresses."""

    paths: dict[str, Messenger] = field(
        default_factory=lambda: {"long-random-t": Messenger.TELEGRAM, "long-random-b": Messenger.BALE}
    )
    calls: list[tuple[Messenger, bytes, str | None]] = field(default_factory=list)
    status: int = 200

    async def accept_webhook(self, messenger: Messenger, body: bytes, secret: str | None = None) -> int:
        self.calls.append((messenger, body, secret))
        return self.status


@pytest.fixture
def webhooks() -> Webhooks:
    return Webhooks()


def without_database() -> Any:
    """Resources for addresses that need no database."""
    public_info = PublicInfo("", "https://pay.example.ir", {Messenger.TELEGRAM: LINK})
    return SimpleNamespace(public_info=public_info, gateway=None, database=None)
