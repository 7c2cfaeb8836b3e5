"""The store goes away between the look for a document and its bytes: each of them is named, and the screen comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.documents.blob_store import FolderStore, StoreDown
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from demo.emulators import Emulators
from storage.database.database import Database
from tests.support import files
from tests.support.messenger_app import running_app, store_attachments


async def test_each_document_that_cannot_be_read_is_named(
    emulators: Emulators, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "files")
    documents = DocumentLibrary(store, DocumentCipher("0" * 64), InspectionPool())
    shown = await store_attachments(database, documents, files.jpeg(), files.png())

    async def away(key: str) -> bytes:
        raise StoreDown("no answer")

    monkeypatch.setattr(store, "get", away)
    async with running_app(emulators, database, papers=documents) as app:
        app.route_state.papers = shown
        for face in emulators.messengers:
            sara = face.person("سارا")
            await sara.type("/papers").sees("مدرک 1")
            said = "\n".join(one.text for one in sara.history())
            assert "مدرک 0" in said
            await sara.sees("مدارک")
            assert [file for one in sara.history() for file in one.files] == []
        assert app.service.resources.counters.store_failed == 2 * len(emulators.messengers)
    await documents.close()
