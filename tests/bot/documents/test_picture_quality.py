"""Whether a picture can be read: measured on paper as phones, messengers and scanners take it. Real JPEG bytes."""

from __future__ import annotations

import pytest

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from demo import sample_documents
from tests.support import files, papers

#: Pictures of each kind, and what may be warned of among the sharp ones, must be among the others.
EACH = 10
WRONGLY, RIGHTLY = 0.02, 0.90
REASONS = {"blurred": "blurred", "shaken": "blurred", "dark": "dark", "glare": "glare", "small": "small"}


def named(data: bytes) -> str | None:
    """What the officer is told of a picture. One of less than 10 kB is too small to be taken at all."""
    try:
        return inspect(data).quality_warning
    except FileRejected as refusal:
        return refusal.key.removeprefix("error.too_")


def test_hardly_a_sharp_picture_is_warned_of_and_hardly_an_unreadable_one_is_missed() -> None:
    """The rates that officers and experts live with."""
    sharp = [named(papers.sharp(kind, n)) for kind in papers.SHARP for n in range(EACH)]
    assert sum(warning is not None for warning in sharp) <= WRONGLY * len(sharp)
    missed = [
        kind for kind in papers.UNREADABLE for n in range(EACH) if not named(papers.unreadable(kind, n))
    ]
    assert len(missed) <= (1 - RIGHTLY) * EACH * len(papers.UNREADABLE), missed


@pytest.mark.parametrize("kind", papers.UNREADABLE)
def test_what_is_wrong_is_named(kind: str) -> None:
    found = [named(papers.unreadable(kind, n)) for n in range(5)]
    assert found.count(REASONS[kind]) >= 4, found


@pytest.mark.parametrize("code", sample_documents.SAMPLE_DOCUMENTS)
@pytest.mark.parametrize("kind", sample_documents.KINDS)
def test_the_papers_of_the_demo(code: str, kind: str) -> None:
    picture = sample_documents.jpeg(code, "سارا", kind)
    assert inspect(picture).quality_warning == (None if kind == "sharp" else kind)


def test_a_white_page_with_little_on_it_is_no_glare() -> None:
    assert inspect(papers.letter()).quality_warning is None


def test_a_pdf_is_not_looked_at() -> None:
    assert inspect(files.pdf()).quality_warning is None
