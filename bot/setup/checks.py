"""Whether an answer of `bot.py setup` holds: each is tried at the service that it is for. The first word of a finding is the
setting's name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.config.settings import BadSettingError, Settings
from bot.doctor import external_services
from bot.doctor.finding import Because, Finding, first_line
from bot.documents.blob_store import NoSuchFile, StoreDown, new_key
from bot.documents.factory import open_store
from bot.startup.checks import (
    OLD_SCHEMA,
    check_documents_folder_folder,
    documents_without_database,
    papers_folder,
    write_probe,
)
from bot.startup.errors import explain
from storage.database.database import asynchronous, check_database
from storage.enums import Messenger
from storage.migrations.migrate import current_is_head, is_empty
from storage.ownership import make_folder


async def telegram(settings: Settings) -> Finding | None:
    return await _messenger(Messenger.TELEGRAM, settings)


async def bale(settings: Settings) -> Finding | None:
    return await _messenger(Messenger.BALE, settings)


async def _messenger(messenger: Messenger, settings: Settings) -> Finding | None:
    """getMe with the token."""
    given = settings.messengers().get(messenger)
    if given is None:
        return None
    finding = await external_services.messenger(messenger, given, settings)
    return replace(finding, name=f"{messenger.value.upper()}_TOKEN")


async def public_url(settings: Settings) -> Finding:
    host = urlsplit(settings.public_url).hostname or ""
    if not host:
        return Finding("PUBLIC_URL", False, "name the address that officers open to pay, https://pay.….ir")
    if host.endswith("example.ir"):
        return Finding("PUBLIC_URL", False, "is the address of the example; name your own")
    runs = await external_services.health(settings) is not None
    return await external_services.public_address(settings, runs=runs)


async def support_contact(settings: Settings) -> Finding:
    try:
        settings.require_support_contact()
    except BadSettingError as error:
        return Finding("SUPPORT_CONTACT", False, str(error).removeprefix("SUPPORT_CONTACT: "))
    return Finding("SUPPORT_CONTACT", True, "people are told this")


async def files(settings: Settings) -> Finding:
    """Write a small object, read it again, and delete it."""
    name = "FILES_URL"
    try:
        check_documents_folder_folder(settings)
        if papers_folder(settings) is not None:
            return Finding(name, True, "the folder takes files")
        async with open_store(settings) as store:
            key = new_key()
            await store.put(key, b"setup")
            try:
                same = await store.get(key) == b"setup"
            finally:
                await store.delete(key)
    except (BadSettingError, OSError) as error:
        return Finding(name, False, (explain(error) or first_line(error)).removeprefix("FILES_URL: "))
    except (StoreDown, NoSuchFile) as error:
        words = f"the store refuses or does not answer ({first_line(error)}); check bucket, S3_ENDPOINT, S3_REGION and both keys"
        return Finding(name, False, words, Because.SILENT)
    if not same:
        return Finding(name, False, "the store gives back something else than was written; take another")
    return Finding(name, True, "the store took an object, gave it back and deleted it")


async def database(settings: Settings) -> Finding:
    """A connection; of a SQLite file that is not there yet, whether it can be made."""
    name, url = "DATABASE_URL", asynchronous(settings.database_url)
    try:
        if (words := await documents_without_database(settings)) is not None:
            return Finding(name, False, words)
        file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        if file is not None and not file.exists():
            make_folder(file.absolute().parent)
            write_probe(file.absolute().parent)
            return Finding(name, True, "a SQLite file can be made there")
        await check_database(settings.database_url)
        empty = await is_empty(settings.database_url)
        if not empty and file is None and not await current_is_head(settings.database_url):
            return Finding(name, False, OLD_SCHEMA.removeprefix("DATABASE_URL: "), Because.ATTENTION)
    except Exception as error:
        words = (explain(error) or f"does not open ({type(error).__name__})").removeprefix("DATABASE_URL: ")
        return Finding(name, False, words)
    return Finding(name, True, "connected; it is empty" if empty else "connected")


async def gateway(settings: Settings) -> Finding:
    finding = await external_services.gateway(settings)
    return replace(finding, name=f"{settings.payment_gateway.upper()}_MERCHANT_ID")


async def sms(settings: Settings) -> Finding:
    finding = await external_services.sms(settings)
    return replace(
        finding, name="KAVENEGAR_API_KEY" if settings.sms_gateway == "kavenegar" else "SMS_GATEWAY"
    )
