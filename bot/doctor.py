"""`bot.py doctor`: one line for each thing that must be in order, and how to mend what is not."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from telegram.error import InvalidToken, TelegramError

from bot.documents.store import new_key
from bot.messengers.factory import make_channel
from bot.services import tariffs
from bot.settings import BadSettingError, MessengerSettings, Settings
from bot.texts.formats import TEHRAN
from storage.database import Database, asynchronous, open_database
from storage.migrate import current_is_head
from storage.states import Messenger, RequestKind

#: Seconds that our clock may be off: payments and throttles go by it.
SKEW = 60
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    good: bool
    words: str

    def __str__(self) -> str:
        return f"{'✓' if self.good else '✗'} {self.name}: {self.words}"


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, without changing anything but a file that is deleted again."""
    yield _settings(settings)
    async for finding in _database(settings):
        yield finding
    yield await _bucket(settings) if settings.files_url.startswith("s3://") else _store(settings)
    yield await _clock(settings)
    for messenger, one in settings.messengers().items():
        yield await _messenger(messenger, one)
    gateway = settings.zarinpal_url if settings.payment_gateway == "zarinpal" else settings.zibal_url
    yield await _reachable(f"payment gateway ({settings.payment_gateway})", gateway, "PAYMENT_GATEWAY")
    if settings.sms_gateway == "kavenegar":
        yield await _reachable("SMS (kavenegar)", settings.kavenegar_url, "KAVENEGAR_URL")
    else:
        yield Finding("SMS", True, "only written to the log (SMS_GATEWAY=console)")


def _settings(settings: Settings) -> Finding:
    try:
        settings.require_to_run()
        settings.key()
    except BadSettingError as error:
        return Finding("settings", False, str(error))
    if settings.public_url.startswith("https://"):
        return Finding("settings", True, "complete")
    return Finding(
        "settings", True, "complete; PUBLIC_URL is not https, so no bank will lead payers back to it"
    )


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = asynchronous(settings.database_url)
    kind = url.get_backend_name()
    if kind == "sqlite" and _is_new(url.database):
        yield Finding("database", True, "not there yet; `bot.py run` makes it")
        return
    try:
        at_head = await current_is_head(settings.database_url)
    except Exception as error:
        words = (
            f"{kind} does not open ({type(error).__name__}); check DATABASE_URL and whether the server runs"
        )
        yield Finding("database", False, words)
        return
    yield Finding("database", True, kind)
    words = "up to date" if at_head else "the schema is old; run `bot.py migrate`"
    yield Finding("migrations", at_head, words)
    if at_head:
        database = await open_database(settings.database_url)
        try:
            for kind_of_request in (RequestKind.NEW, RequestKind.AMENDMENT):
                yield await _tariff(database, kind_of_request)
        finally:
            await database.close()


def _is_new(file: str | None) -> bool:
    return file is not None and not Path(file).exists()


async def _tariff(database: Database, kind: RequestKind) -> Finding:
    today = datetime.now(TEHRAN).date()
    row = await database.read(lambda db: tariffs.in_force(db, kind=kind, day=today))
    name = f"tariff ({kind.value.lower()})"
    if row is None:
        words = f"none is in force, so nothing can be approved; run `bot.py set-tariff --kind {kind.value.lower()} --rial N`"
        return Finding(name, False, words)
    return Finding(name, True, f"{row.amount_rial:,} rial")


def _store(settings: Settings) -> Finding:
    folder = Path(settings.files_url.removeprefix("file://"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".doctor-{secrets.token_hex(4)}") as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return Finding(
            "papers", False, f"{folder} cannot be written ({error.strerror}); check FILES_URL and its owner"
        )
    return Finding("papers", True, str(folder))


async def _bucket(settings: Settings) -> Finding:
    from bot.documents.s3 import S3Papers

    store = S3Papers(settings.files_url, **settings.s3())
    key = new_key()
    try:
        await store.put(key, b"x")
        whole = await store.get(key) == b"x"
        await store.delete(key)
    except Exception as error:
        words = f"{settings.files_url} cannot be written ({type(error).__name__}); check FILES_URL and S3_…"
        return Finding("papers", False, words)
    return Finding("papers", whole, settings.files_url if whole else "the store gives back other bytes")


async def _clock(settings: Settings) -> Finding:
    """Against the Date of a messenger's answer."""
    for one in settings.messengers().values():
        try:
            async with httpx.AsyncClient(
                trust_env=False, timeout=PATIENCE, proxy=_plain(one.proxy)
            ) as client:
                answer = await client.get(one.api_url)
            theirs = parsedate_to_datetime(answer.headers["date"])
        except (httpx.HTTPError, KeyError, ValueError):
            continue
        off = abs((datetime.now(UTC) - theirs).total_seconds())
        if off > SKEW:
            return Finding("clock", False, f"off by {off:.0f} seconds; set up NTP (timedatectl set-ntp true)")
        return Finding("clock", True, "right")
    return Finding(
        "clock", True, f"not compared, no messenger answers; it says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def _plain(proxy: str | None) -> str | None:
    return proxy if proxy and proxy.startswith("http") else None


async def _messenger(messenger: Messenger, settings: MessengerSettings) -> Finding:
    name = messenger.value
    channel = make_channel(messenger, token=settings.token, api_url=settings.api_url, proxy=settings.proxy)
    try:
        async with asyncio.timeout(PATIENCE):
            await channel.application.initialize()
        return Finding(name, True, channel.link)
    except InvalidToken:
        return Finding(name, False, f"refuses the token; take {name.upper()}_TOKEN from BotFather again")
    except (TelegramError, TimeoutError):
        words = f"does not answer at {settings.api_url}; check the network, or set {name.upper()}_PROXY"
        return Finding(name, False, words)
    finally:
        await channel.request.shutdown()


async def _reachable(name: str, url: str, setting: str) -> Finding:
    host = urlsplit(url).hostname
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL):
        return Finding(name, False, f"{host} does not answer; check the network and {setting}")
    return Finding(name, True, f"{host} answers")
