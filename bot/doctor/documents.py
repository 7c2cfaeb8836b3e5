"""Stored documents against the database: whether each living row has its document, and whether our key opens them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Connection

from bot.config.settings import BadSettingError, Settings
from bot.doctor.finding import Finding, first_line
from bot.documents.blob_store import FileStore, StoreDown
from bot.documents.encryption import DocumentCipher
from bot.documents.factory import StoreWithFormer, open_store
from bot.operations import stored_documents
from storage.database.database import Database


async def check_stored_documents(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    async def read(work: Callable[[Connection], Any]) -> Any:
        return await database.read(lambda db: work(db.connection()), large=True)

    try:
        async with open_store(settings) as store:
            yield await _all_there(read, store, settings)
            yield await _key(read, store, settings)
            if isinstance(store, StoreWithFormer):
                yield await _former(store, settings)
    except StoreDown as error:
        yield Finding(
            "stored documents",
            False,
            f"cannot be listed ({first_line(error)}); check FILES_URL, and who owns it",
        )


async def _all_there(read: stored_documents.Read, store: FileStore, settings: Settings) -> Finding:
    present = await stored_documents.keys_in(store)
    compared = await stored_documents.compare(read, present, store)
    if present and not await read(stored_documents.has_rows):
        words = f"the store holds {len(present):,} files and the database knows of none; do DATABASE_URL and FILES_URL belong together?"
        return Finding("stored documents", False, words)
    if not compared.missing:
        return Finding("stored documents", True, f"all {compared.documents:,} of the database are there")
    all_gone = compared.missing == compared.documents
    mend = (
        f"does FILES_URL={settings.files_url} name the store that the bot used? Else put back the documents of a backup"
        if all_gone
        else "put back the documents of a backup (docs/operations.md)"
    )
    return Finding("stored documents", False, f"{compared}; {mend}")


async def _key(read: stored_documents.Read, store: FileStore, settings: Settings) -> Finding:
    try:
        keys = settings.held_keys()
    except BadSettingError as error:
        return Finding("SECRET_KEY", False, str(error).removeprefix("SECRET_KEY: "))
    # Without any key every document is under another one.
    cipher = DocumentCipher(keys[0] if keys else "", keys[1:])
    checked = await stored_documents.check_key(read, store, cipher)
    if checked.unknown:
        return Finding("SECRET_KEY", False, str(checked))
    return Finding("SECRET_KEY", True, "opens the documents" if checked.known else "no document needs it yet")


async def _former(store: StoreWithFormer, settings: Settings) -> Finding:
    """How far a move of the documents is."""
    left = await stored_documents.keys_in(store.former) - await stored_documents.keys_in(store.present)
    words = (
        f"{len(left):,} documents are only in FORMER_FILES_URL; `bot.py move --files-url {settings.files_url}` brings them over"
        if left
        else "nothing is left in FORMER_FILES_URL: remove it"
    )
    return Finding("moved documents", True, words)
