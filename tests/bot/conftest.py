from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.documents.blob_store import FolderStore
from bot.documents.library import DocumentLibrary
from storage.database.database import Database
from tests.support.documents import document_library
from tests.support.factories.people import Participants, participants
from tests.support.prepared_rows import prepare


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """What keeps the documents of `library`."""
    return FolderStore(tmp_path / "files")


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[DocumentLibrary]:
    """A library of documents in the folder `files`."""
    opened = document_library(tmp_path / "files")
    yield opened
    await opened.close()


@pytest.fixture
async def people(database: Database) -> Participants:
    """The participants of a qualification, with the reference data."""
    return await prepare(database, participants)
