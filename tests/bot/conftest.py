from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.documents.library import DocumentLibrary
from tests.support.documents import document_library


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[DocumentLibrary]:
    """A library of documents in the folder `files`."""
    opened = document_library(tmp_path / "files")
    yield opened
    await opened.close()
