"""`bot.py doctor` against things that are really broken: it names each, and says how to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.config.settings import Settings
from bot.doctor import Finding, examine
from bot.doctor.disk import check_disks
from bot.messengers.intake.receiver import webhook_path
from bot.services.shared.notify import alert_staff
from demo.emulators import Emulators
from storage.database.database import Database, open_database
from storage.enums import InboxState, Messenger, PushChannel, PushState
from storage.migrations.seed import seed
from storage.tables import InboxUpdate, Push
from storage.tables.column_types import utcnow
from tests.support.bot_process import SECRET_KEY, free_port
from tests.support.payments import paying
from tests.support.s3 import Bucket


@pytest.fixture
async def town() -> AsyncIterator[Emulators]:
    async with await Emulators.start() as town:
        yield town


@pytest.fixture
def set_up(town: Emulators, tmp_path: Path, sqlite_url: str) -> dict[str, Any]:
    """Settings with which nothing is wrong but what a new service lacks."""
    env = {name.lower(): value for name, value in town.env().items()}
    return env | {
        "database_url": sqlite_url,
        "files_url": str(tmp_path / "files"),
        "secret_key": SECRET_KEY,
        "public_url": "https://pay.example.ir",
        "listen": f"127.0.0.1:{free_port()}",
    }


async def doctor(settings: dict[str, Any]) -> dict[str, Finding]:
    return {one.name: one async for one in examine(Settings.load(_env_file=None, **settings))}


async def wrong(settings: dict[str, Any]) -> dict[str, str]:
    return {name: one.words for name, one in (await doctor(settings)).items() if not one.good}


async def test_what_is_in_order(set_up: dict[str, Any]) -> None:
    found = await doctor(set_up)
    bad = [str(one) for one in found.values() if not one.good and not one.name.startswith(("tariff", "disk"))]
    assert not bad
    assert {"settings", "database", "migrations", "documents", "clock", "telegram", "bale"} <= set(found)
    assert {"payment gateway (zarinpal)", "SMS (kavenegar)", "PUBLIC_URL", "updates", "pushes"} <= set(found)
    assert found["SMS (kavenegar)"].words.endswith("1,000,000 rial of credit")
    assert "set-tariff --kind new" in found["tariff (new)"].words
    assert all("\n" not in str(one) for one in found.values())


async def test_tokens(set_up: dict[str, Any]) -> None:
    told = await wrong(set_up | {"telegram_token": "110201543:" + "x" * 35})
    assert "TELEGRAM_TOKEN from BotFather" in told["telegram"]
    assert "bale" not in told


async def test_a_messenger_that_is_not_there(set_up: dict[str, Any]) -> None:
    told = await wrong(set_up | {"bale_api_url": f"http://127.0.0.1:{free_port()}"})
    assert "BALE_PROXY" in told["bale"]


async def test_a_webhook_that_somebody_else_set(set_up: dict[str, Any], town: Emulators) -> None:
    await set_webhook(town, "https://other.example.ir/hook")
    told = await wrong(set_up)
    assert "leads to other.example.ir" in told["telegram"]
    told = await wrong(set_up | {"updates": "webhook"})
    assert "leads to other.example.ir and not to this bot" in told["telegram"]
    assert "no webhook is set" in told["bale"]
    await set_webhook(town, set_up["public_url"] + webhook_path(SECRET_KEY, Messenger.TELEGRAM))
    assert "telegram" not in await wrong(set_up | {"updates": "webhook"})


async def set_webhook(town: Emulators, url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        address = f"{town.telegram.server.url}/bot{town.telegram.token}/setWebhook"
        assert (await client.post(address, json={"url": url})).json()["ok"]


async def test_updates_that_nobody_fetches(set_up: dict[str, Any], town: Emulators) -> None:
    sara = town.telegram.person("سارا")
    for _ in range(101):
        await sara.send("سلام")
    assert "101 updates wait there; is the bot running?" in (await wrong(set_up))["telegram"]


@asynccontextmanager
async def serving(handler: Any) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_a_clock_that_is_off(set_up: dict[str, Any]) -> None:
    async def late(request: web.Request) -> web.Response:
        when = format_datetime(utcnow() - timedelta(minutes=7), usegmt=True)
        return web.json_response({"ok": True}, headers={"Date": when})

    async with serving(late) as url:
        told = await wrong(set_up | {"telegram_api_url": url})
    assert "off by 4" in told["clock"]
    assert "NTP" in told["clock"]
    assert "no messenger; check TELEGRAM_API_URL" in told["telegram"]


async def test_a_merchant_that_the_gateway_does_not_know(set_up: dict[str, Any]) -> None:
    told = await wrong(set_up | {"zarinpal_merchant_id": "mistyped"})
    assert "code -9" in told["payment gateway (zarinpal)"]
    assert "ZARINPAL_MERCHANT_ID" in told["payment gateway (zarinpal)"]


async def test_a_gateway_that_is_down(set_up: dict[str, Any], town: Emulators) -> None:
    town.bank.faults.down = True
    assert "does not answer" in (await wrong(set_up))["payment gateway (zarinpal)"]


async def test_zibal_tells_of_its_merchants_too(set_up: dict[str, Any]) -> None:
    async def unknown(request: web.Request) -> web.Response:
        return web.json_response({"result": 102, "message": "merchant یافت نشد."})

    zibal = set_up | {"payment_gateway": "zibal"}
    assert "payment gateway (zibal)" not in await wrong(zibal)
    async with serving(unknown) as url:  # the town's bank has no list of Zibal's merchants
        told = await wrong(zibal | {"zibal_url": url})
    assert "code 102" in told["payment gateway (zibal)"]


async def test_the_sms_account(set_up: dict[str, Any], town: Emulators) -> None:
    told = await wrong(set_up | {"kavenegar_api_key": "another-key-altogether"})
    assert "refuses the key (status 403)" in told["SMS (kavenegar)"]
    town.sms.credit = 20_000
    assert "only 20,000 rial" in (await wrong(set_up))["SMS (kavenegar)"]
    told = await wrong(set_up | {"kavenegar_url": f"http://127.0.0.1:{free_port()}"})
    assert "KAVENEGAR_URL" in told["SMS (kavenegar)"]


async def test_the_public_address(set_up: dict[str, Any]) -> None:
    async def ours(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "database": True})

    async def not_ours(request: web.Request) -> web.Response:
        return web.Response(text="It works!")

    assert "not https" in (await wrong(set_up | {"public_url": "http://pay.example.ir"}))["PUBLIC_URL"]
    async with serving(ours) as bot, serving(not_ours) as other:
        listen = {"listen": bot.removeprefix("http://")}
        told = await wrong(set_up | listen | {"public_url": other})
        assert "does not lead to the bot" in told["PUBLIC_URL"]
        assert "PUBLIC_URL" not in await wrong(set_up | listen | {"public_url": bot})


async def test_a_database_that_is_not_there_keeps_its_password(set_up: dict[str, Any]) -> None:
    url = f"postgresql://bot:geheim-123@127.0.0.1:{free_port()}/bot"
    told = await wrong(set_up | {"database_url": url})
    assert "DATABASE_URL and whether the server runs" in told["database"]
    assert "geheim" not in str(told)


async def test_another_database_of_that_server(set_up: dict[str, Any], postgres_url: str) -> None:
    told = await wrong(set_up | {"database_url": postgres_url.replace("/test_", "/no_such_")})
    assert "does not exist" in told["database"]


async def test_an_old_schema(set_up: dict[str, Any], empty_postgres_url: str) -> None:
    told = await wrong(set_up | {"database_url": empty_postgres_url})
    assert "run `bot.py migrate`" in told["migrations"]


async def test_a_folder_of_papers_that_cannot_be_written(set_up: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = await wrong(set_up | {"files_url": str(tmp_path / "file" / "papers")})
    assert "cannot be written" in told["documents"]


async def test_a_bucket(set_up: dict[str, Any], bucket: Bucket) -> None:
    good = set_up | {name.lower(): value for name, value in bucket.env("papers").items()}
    assert "documents" not in await wrong(good)
    assert bucket.names() == []
    assert "S3_" in (await wrong(good | {"files_url": "s3://no-such-bucket/papers"}))["documents"]


async def test_a_disk_that_is_nearly_full(set_up: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (found,) = check_disks(Settings.load(_env_file=None, **set_up), min_free=2**62)
    assert not found.good
    assert "free some space" in found.words


async def test_a_disk_with_less_than_the_reserve_takes_no_uploads(
    set_up: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    (found,) = check_disks(Settings.load(_env_file=None, **set_up, min_free_disk="900TB"), min_free=0)
    assert not found.good
    assert "no upload is taken below MIN_FREE_DISK" in found.words


async def test_what_waits_for_somebody(set_up: dict[str, Any], database_url: str) -> None:
    now = utcnow()
    database = await open_database(database_url)

    def unit(db: Any) -> None:
        db.add(
            InboxUpdate(
                messenger=Messenger.BALE,
                update_id=1,
                raw="{}",
                state=InboxState.RECEIVED,
                received_at=now - timedelta(minutes=9),
            )
        )
        db.add(
            Push(
                key="x",
                kind="N5",
                channel=PushChannel.SMS,
                text="x",
                state=PushState.GIVEN_UP,
                note="status 418",
                next_at=now,
                created_at=now,
            )
        )
        alert_staff(db, key="x", text="x", now=now)

    await database.run(seed)
    await database.run(unit)
    await database.close()
    told = await wrong(set_up | {"database_url": database_url})
    assert "the oldest for 9 minutes; is the bot running" in told["updates"]
    assert "status 418" in told["pushes"]
    assert told["alerts"].startswith("1 wait")


async def test_payments_of_a_gateway_that_is_no_longer_asked(
    set_up: dict[str, Any], database: Database, database_url: str
) -> None:
    async with paying(database, "zibal") as begun:
        await begun.click()
    told = await wrong(set_up | {"database_url": database_url})
    assert "1 of zibal are not settled and PAYMENT_GATEWAY is zarinpal" in told["payments"]
    assert "payments" not in await doctor(set_up | {"database_url": database_url, "payment_gateway": "zibal"})
