"""`bot.py doctor` against things that are really broken: it names each, and says how to repair it."""

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session, select
from starlette.responses import JSONResponse, PlainTextResponse

from bot.config.settings import Settings
from bot.doctor import Finding, examine
from bot.doctor import database as doctor_database
from bot.doctor.disk import check_disks
from bot.messengers.intake.receiver import webhook_path
from bot.services.shared.notify import alert_staff
from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import InboxState, Messenger, PushChannel, PushState
from storage.migrations.seed import seed
from storage.tables import InboxUpdate, Push, StaffAlert
from storage.tables.column_types import utcnow
from tests.support.asgi import serving
from tests.support.bot_process import SECRET_KEY
from tests.support.commands import NOWHERE
from tests.support.payments import payment_scenario
from tests.support.ports import free_port
from tests.support.s3 import Bucket

Given = dict[str, Any]
pytestmark = pytest.mark.usefixtures("inspection_once")

#: What a new service lacks, and what this machine may lack.
LACKING = ("tariff", "disk", "staff")
GATEWAY, SMS = "payment gateway (zarinpal)", "SMS (kavenegar)"


@pytest.fixture
def good(emulators: Emulators, tmp_path: Path, sqlite_url: str) -> Given:
    """Settings with which nothing is wrong but what a new service lacks."""
    env = {name.lower(): value for name, value in emulators.env().items()}
    return env | {
        "database_url": sqlite_url,
        "files_url": str(tmp_path / "files"),
        "secret_key": SECRET_KEY,
        "public_url": "https://pay.example.ir",
        "support_contact": "021-00000000",
        "listen": f"127.0.0.1:{free_port()}",
    }


def load(settings: Given) -> Settings:
    return Settings.load(_env_file=None, **settings)


async def doctor(settings: Given) -> dict[str, Finding]:
    return {one.name: one async for one in examine(load(settings))}


async def wrong(settings: Given) -> dict[str, str]:
    return {name: one.words for name, one in (await doctor(settings)).items() if not one.good}


async def test_what_is_in_order(good: Given) -> None:
    found = await doctor(good)
    bad = [str(one) for one in found.values() if not one.good and not one.name.startswith(LACKING)]
    assert not bad
    assert {"settings", "database", "migrations", "documents", "clock", "telegram", "bale"} <= set(found)
    assert {GATEWAY, SMS, "PUBLIC_URL", "updates", "pushes"} <= set(found)
    assert found[SMS].words.endswith("1,000,000 rial of credit")
    assert "set-tariff --kind new" in found["tariff (new)"].words
    assert found["audit triggers"].words == "stand"
    assert all("\n" not in str(one) for one in found.values())


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ({"telegram_token": "110201543:" + "x" * 35}, "telegram", "TELEGRAM_TOKEN from BotFather"),
        ({"bale_api_url": NOWHERE}, "bale", "BALE_PROXY"),
        ({"zarinpal_merchant_id": "mistyped"}, GATEWAY, "(code -9); check ZARINPAL_MERCHANT_ID"),
        ({"kavenegar_api_key": "another-key-altogether"}, SMS, "refuses the key (status 403)"),
        ({"kavenegar_url": NOWHERE}, SMS, "KAVENEGAR_URL"),
        ({"public_url": "http://pay.example.ir"}, "PUBLIC_URL", "not https"),
    ],
    ids=["token", "messenger not there", "merchant", "key of the SMS", "SMS not there", "address not https"],
)
async def test_a_wrong_setting_is_named(settings: Given, name: str, words: str, good: Given) -> None:
    told = await wrong(good | settings)
    assert [one for one in told if not one.startswith(LACKING)] == [name]
    assert words in told[name]


async def test_a_webhook_that_somebody_else_set(good: Given, emulators: Emulators) -> None:
    await set_webhook(emulators, "https://other.example.ir/hook")
    assert "leads to other.example.ir" in (await wrong(good))["telegram"]
    told = await wrong(good | {"updates": "webhook"})
    assert "leads to other.example.ir and not to this bot" in told["telegram"]
    assert "no webhook is set" in told["bale"]
    await set_webhook(emulators, good["public_url"] + webhook_path(SECRET_KEY, Messenger.TELEGRAM))
    assert "telegram" not in await wrong(good | {"updates": "webhook"})


async def set_webhook(emulators: Emulators, url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
        address = f"{emulators.telegram.server.url}/bot{emulators.telegram.token}/setWebhook"
        assert (await client.post(address, json={"url": url})).json()["ok"]


async def test_a_clock_that_is_off(good: Given) -> None:
    when = format_datetime(utcnow() - timedelta(minutes=7), usegmt=True)
    async with serving(JSONResponse({"ok": True}, headers={"Date": when})) as url:
        told = await wrong(good | {"telegram_api_url": url})
    assert "off by 4" in told["clock"]
    assert "NTP" in told["clock"]
    assert "no messenger; check TELEGRAM_API_URL" in told["telegram"]


async def test_servers_in_trouble(good: Given, emulators: Emulators) -> None:
    emulators.bank.faults.down = True
    emulators.sms.credit = 20_000
    sara = emulators.telegram.person("سارا")
    for _ in range(101):
        await sara.type("سلام")
    told = await wrong(good)
    assert "does not answer" in told[GATEWAY]
    assert "only 20,000 rial" in told[SMS]
    assert "101 updates wait there; is the bot running?" in told["telegram"]


async def test_zibal_tells_of_its_merchants_too(good: Given) -> None:
    zibal = good | {"payment_gateway": "zibal"}
    assert "payment gateway (zibal)" not in await wrong(zibal)
    # The emulated bank has no list of Zibal's merchants.
    async with serving(JSONResponse({"result": 102, "message": "merchant یافت نشد."})) as url:
        told = await wrong(zibal | {"zibal_url": url})
    assert "code 102" in told["payment gateway (zibal)"]


async def test_the_public_address(good: Given) -> None:
    ours, other = JSONResponse({"ok": True, "database": True}), PlainTextResponse("It works!")
    async with serving(ours) as bot, serving(other) as elsewhere:
        listen = good | {"listen": bot.removeprefix("http://")}
        told = await wrong(listen | {"public_url": elsewhere})
        assert "does not lead to the bot" in told["PUBLIC_URL"]
        found = await doctor(listen | {"public_url": bot})
        assert (found["PUBLIC_URL"].good, found["PUBLIC_URL"].words) == (
            True,
            "leads to this machine only: nobody else can pay",
        )
        found = await doctor(listen | {"public_url": ""})
        assert found["PUBLIC_URL"].words == "leads to this machine only: nobody else can pay"


async def test_another_database_of_that_server(good: Given, postgres_url: str) -> None:
    told = await wrong(good | {"database_url": postgres_url.replace("/test_", "/no_such_")})
    assert "does not exist" in told["database"]


async def test_a_database_that_goes_away_while_it_is_looked_at(
    good: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(url: str) -> None:
        raise RuntimeError("no answer")

    monkeypatch.setattr(doctor_database, "open_database", gone)
    found = [str(one) async for one in doctor_database.check_settings_database(load(good))]
    assert found == [
        "✓ database: sqlite",
        "✓ migrations: up to date",
        "✗ database: does not open (RuntimeError: no answer)",
    ]


async def test_an_old_schema(good: Given, empty_postgres_url: str) -> None:
    told = await wrong(good | {"database_url": empty_postgres_url})
    assert "run `bot.py migrate`" in told["migrations"]


async def test_a_folder_of_documents_that_cannot_be_written(good: Given, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = await wrong(good | {"files_url": str(tmp_path / "file" / "papers")})
    assert "cannot be written" in told["documents"]


async def test_a_bucket(good: Given, bucket: Bucket) -> None:
    in_bucket = good | {name.lower(): value for name, value in bucket.env("papers").items()}
    assert "documents" not in await wrong(in_bucket)
    assert bucket.names() == []
    assert "S3_" in (await wrong(in_bucket | {"files_url": "s3://no-such-bucket/papers"}))["documents"]


async def test_a_disk_without_room(good: Given, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for settings, room, words in (
        ({}, 2**62, "free some space"),
        ({"min_free_disk": "900TB"}, 0, "no upload is taken below MIN_FREE_DISK"),
    ):
        (found,) = check_disks(load(good | settings), min_free=room)
        assert not found.good
        assert words in found.words


async def test_what_waits_for_somebody(good: Given, database: Database, database_url: str) -> None:
    now = utcnow()

    def unit(db: Session) -> None:
        seed(db)
        waits = {"state": InboxState.RECEIVED, "received_at": now - timedelta(minutes=9)}
        db.add(InboxUpdate(messenger=Messenger.BALE, update_id=1, raw="{}", **waits))
        answered = waits | {"state": InboxState.DONE, "received_at": now - timedelta(days=1)}
        db.add(InboxUpdate(messenger=Messenger.BALE, update_id=2, raw="{}", **answered))
        given_up = {"channel": PushChannel.SMS, "state": PushState.GIVEN_UP, "note": "status 418"}
        db.add(Push(key="x", kind="N5", text="x", next_at=now, created_at=now, **given_up))
        sent = {"channel": PushChannel.SMS, "state": PushState.SENT, "note": "status 200"}
        db.add(Push(key="y", kind="N5", text="x", next_at=now, created_at=now, **sent))
        for key in ("x", "closed"):
            alert_staff(db, key=key, text="x", now=now)
        db.flush()
        db.exec(select(StaffAlert).where(StaffAlert.key == "closed")).one().resolved_at = now

    await database.run(unit)
    told = await wrong(good | {"database_url": database_url})
    assert told["updates"].startswith("1 wait, the oldest for 9 minutes; is the bot running")
    assert told["pushes"].startswith("1 were given up")
    assert "status 418" in told["pushes"]
    assert told["alerts"].startswith("1 wait")


async def test_payments_of_a_gateway_that_is_no_longer_asked(
    good: Given, database: Database, database_url: str
) -> None:
    async with payment_scenario(database, "zibal") as begun:
        await begun.click()
    settings = good | {"database_url": database_url}
    assert "1 of zibal are not settled and PAYMENT_GATEWAY is zarinpal" in (await wrong(settings))["payments"]
    assert "payments" not in await doctor(settings | {"payment_gateway": "zibal"})
