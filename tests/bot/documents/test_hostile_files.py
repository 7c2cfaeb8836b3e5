"""Every hostile file, before the worker that checks files: refused with its sentence, or cleaned."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.core.refusals import FileRejected
from bot.documents.inspection_pool import Checker
from bot.texts import has
from tests.support import hostile_files, made_files
from tests.support.hostile_files import SAMPLES, Sample
from tests.support.inspection import check as checked


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    opened = Checker(workers=1)
    yield opened
    await opened.close()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.kind)
async def test_a_hostile_file(sample: Sample, checker: Checker) -> None:
    if sample.refusal is not None:
        assert has(sample.refusal)
        with pytest.raises(FileRejected) as caught:
            await checked(checker, sample.content)
        assert caught.value.key == sample.refusal
    else:
        found = await checked(checker, sample.content)
        if found.media_type == "application/pdf":
            assert found.shown == sample.content
        else:
            hostile_files.only_pixels(found.shown)
    # The next file is served, by the same worker or by a new one.
    assert (await checked(checker, made_files.pdf())).pages == 1


def test_what_is_hidden_is_there() -> None:
    """Else its absence afterwards would say nothing."""
    whole = hostile_files.gps_and_more()
    for sign in (b"Exif", b"xmpmeta", b"8BIM", b"ICC_PROFILE", b"index.html", made_files.SECRET.encode()):
        assert sign in whole
    assert whole.count(made_files.SECRET.encode()) >= 4
    assert whole.count(b"\xff\xd8\xff") >= 2
