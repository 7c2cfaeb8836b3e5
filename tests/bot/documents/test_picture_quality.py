"""Whether a picture can be read: measured on paper as phones, messengers and scanners take it. Real JPEG bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from bot.documents.pictures.quality import warning_of_pages
from demo import sample_documents
from tests.support import files, papers, picture_files

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


@pytest.mark.campaign
def test_hardly_a_sharp_picture_is_warned_of_and_hardly_an_unreadable_one_is_missed() -> None:
    """The rates that officers and experts live with."""
    sharp = [named(papers.sharp(kind, n)) for kind in papers.SHARP for n in range(EACH)]
    assert sum(warning is not None for warning in sharp) <= WRONGLY * len(sharp)
    found = {kind: [named(papers.unreadable(kind, n)) for n in range(EACH)] for kind in papers.UNREADABLE}
    missed = [kind for kind, warnings in found.items() for warning in warnings if not warning]
    assert len(missed) <= (1 - RIGHTLY) * EACH * len(papers.UNREADABLE), missed
    for kind, warnings in found.items():
        assert warnings.count(REASONS[kind]) >= 0.8 * EACH, warnings


@pytest.mark.parametrize("kind", papers.UNREADABLE)
def test_what_is_wrong_is_named(kind: str) -> None:
    assert [named(papers.unreadable(kind, n)) for n in range(2)] == [REASONS[kind]] * 2


@pytest.mark.parametrize("code", sample_documents.SAMPLE_DOCUMENTS)
@pytest.mark.parametrize("kind", sample_documents.KINDS)
def test_the_papers_of_the_demo(code: str, kind: str) -> None:
    picture = sample_documents.jpeg(code, "سارا", kind)
    assert inspect(picture).quality_warning == (None if kind == "sharp" else kind)


def test_a_white_page_with_little_on_it_is_no_glare() -> None:
    assert inspect(papers.letter()).quality_warning is None


def test_a_pdf_is_not_looked_at() -> None:
    assert inspect(files.pdf()).quality_warning is None


def paper(kind: str, n: int = 0) -> Image.Image:
    if kind == "back":  # of a sheet: paper with the grain of a scanner, nothing on it
        return Image.merge("RGB", (Image.effect_noise((1000, 1400), 3).point(lambda level: level + 110),) * 3)
    if kind == "black":
        return Image.new("RGB", (1000, 1400), (3, 3, 3))
    data = papers.sharp(kind, n) if kind in papers.SHARP else papers.unreadable(kind, n)
    return Image.open(io.BytesIO(data)).convert("RGB")


def scan(*kinds: str) -> bytes:
    """One TIFF with a page of each kind."""
    first, *rest = (paper(kind, n) for n, kind in enumerate(kinds))
    return files.saved(first, "TIFF", compression="jpeg", save_all=True, append_images=rest)


@pytest.mark.parametrize(
    ("kinds", "warning"),
    [
        (("scanner", "scanner", "messenger"), None),
        (("scanner", "blurred", "scanner"), "blurred 2"),
        (("scanner", "scanner", "dark"), "dark 3"),
        (("shaken", "scanner", "blurred"), "blurred 1,3"),
        # The back of a sheet, and a page where the lid was open, are no fault.
        (("scanner", "back"), None),
        (("back", "scanner", "black", "blurred"), "blurred 4"),
        (("back", "back"), "empty"),
    ],
)
def test_each_page_is_judged_and_named(kinds: tuple[str, ...], warning: str | None) -> None:
    assert inspect(scan(*kinds)).quality_warning == warning


def test_a_sheet_of_a_stitched_scan_is_judged_and_named() -> None:
    tall = Image.new("RGB", (900, 3 * 1278))
    for n, kind in enumerate(("scanner", "scanner", "blurred")):
        tall.paste(paper(kind, n).resize((900, 1278)), (0, n * 1278))
    assert inspect(files.saved(tall, "JPEG", quality=88)).quality_warning == "blurred 3,4"


def test_a_stitched_picture_with_nothing_to_be_read_is_not_called_dark() -> None:
    gradient = Image.linear_gradient("L").resize((400, 5600)).convert("RGB")
    assert inspect(files.saved(gradient, "JPEG", quality=97)).quality_warning == "empty"


def test_pages_of_a_fax_are_sharp_and_its_empty_pages_no_fault() -> None:
    assert inspect(picture_files.fax(2)).quality_warning is None
    pages = [Image.open(io.BytesIO(papers.letter())).convert("1"), Image.new("1", (1240, 1754), 1)]
    data = files.saved(pages[0], "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    assert inspect(data).quality_warning is None


def test_as_many_pages_are_named_as_the_row_has_room_for() -> None:
    assert warning_of_pages([None] * 9 + ["blurred"] * 40) == "blurred 10,11,12"
    assert warning_of_pages(["small", "dark", None]) == "small 1"
