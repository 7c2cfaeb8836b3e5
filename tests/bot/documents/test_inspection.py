"""Every file that is refused, with its sentence, and every cleaning of those that are taken."""

import io

import pytest
from PIL import Image
from pypdf.generic import ArrayObject, NameObject, NumberObject

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from bot.documents.pdf import checking, cleaning
from bot.documents.pictures import decoding
from bot.texts import has
from tests.support import files, hostile_pdfs
from tests.support.hostile_files import SAMPLES, Sample, gps_and_more, only_pixels, padded


def refused(data: bytes) -> str:
    with pytest.raises(FileRejected) as caught:
        inspect(data)
    assert has(caught.value.key)
    return caught.value.key


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(inspect(data).shown))
    image.load()
    return image


@pytest.mark.parametrize("sample", [one for one in SAMPLES if not one.heavy], ids=lambda one: one.kind)
def test_a_file_is_refused_with_its_sentence_or_taken_and_cleaned(sample: Sample) -> None:
    if sample.refusal is not None:
        assert refused(sample.content) == sample.refusal
        return
    found = inspect(sample.content)
    if found.media_type == "application/pdf":
        hostile_pdfs.does_nothing(found.shown)
    else:
        only_pixels(found.shown)


@pytest.mark.parametrize("page", range(6))
def test_a_script_is_removed_from_whatever_page_it_stands_on(page: int) -> None:
    data = hostile_pdfs.with_script_on(page, 6)
    with pytest.raises(AssertionError):
        hostile_pdfs.does_nothing(data)
    found = inspect(data)
    hostile_pdfs.does_nothing(found.shown)
    assert (found.pages, found.remarks) == (6, ("cleaned",))


def with_arrays(count: int) -> bytes:
    writer = files.pages()
    writer.root_object[NameObject("/X")] = ArrayObject([ArrayObject([NumberObject(1)])] * count)
    return files.written(writer)


@pytest.mark.parametrize(
    ("bound", "most", "data", "refusal"),
    [
        ("MOST_PAGES", 3, files.pdf(3), None),
        ("MOST_PAGES", 3, files.pdf(4), "error.too_many_pages"),
        ("MOST_OBJECTS", 100, with_arrays(1500), None),  # and twenty values for each
        ("MOST_OBJECTS", 100, with_arrays(2500), "error.damaged_pdf"),
    ],
    ids=["pages", "too many pages", "values below its objects", "too many values"],
)
def test_how_much_of_a_pdf_is_looked_at_is_bounded(
    monkeypatch: pytest.MonkeyPatch, bound: str, most: int, data: bytes, refusal: str | None
) -> None:
    monkeypatch.setattr(checking if bound == "MOST_PAGES" else cleaning, bound, most)
    if refusal:
        assert refused(data) == refusal
    else:
        assert inspect(data).shown is data


def test_what_is_hidden_in_the_samples_is_there() -> None:
    """Else its absence afterwards would say nothing."""
    whole = gps_and_more()
    for sign in (b"Exif", b"xmpmeta", b"8BIM", b"ICC_PROFILE", b"index.html"):
        assert sign in whole
    assert whole.count(files.SECRET.encode()) >= 4
    assert whole.count(b"\xff\xd8\xff") >= 2
    assert files.SECRET.encode() in files.photo_from_a_phone()
    assert b"JavaScript" not in hostile_pdfs.with_packed_script()


def test_a_photo_is_shown_upright() -> None:
    checked = inspect(files.photo_from_a_phone())

    assert checked.media_type == "image/jpeg"
    assert (checked.width, checked.height) == (200, 300)
    red, green, _ = Image.open(io.BytesIO(checked.shown)).getpixel((5, 150))  # type: ignore[misc]
    assert red > 200  # the red edge is on the left
    assert green < 60


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_every_kind_of_picture_becomes_a_plain_jpeg(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"  # a printer's colours
    data = files.saved(files.noise(800, 600, mode if mode != "1" else "L").convert(mode), kind)

    assert inspect(data).media_type == f"image/{kind.lower()}"
    assert (shown(data).format, shown(data).mode) == ("JPEG", "RGB")


def test_sixteen_bits_of_grey_stay_grey_and_what_is_transparent_becomes_white() -> None:
    grey = shown(files.saved(Image.new("I;16", (400, 400), 32768), "PNG", compress_level=0))
    assert grey.mode == "RGB"
    assert grey.getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=2)
    image = files.noise(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 100, 100))
    assert shown(files.saved(image, "PNG")).getpixel((50, 50)) == pytest.approx((255, 255, 255), abs=4)


def test_a_large_photo_is_shown_smaller() -> None:
    checked = inspect(files.saved(files.noise(5000, 2500), "JPEG", quality=60))

    assert (checked.width, checked.height) == (4000, 2000)


def test_too_many_pixels_are_refused_before_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(*_: object) -> None:
        raise AssertionError("the picture was unpacked")

    data = files.saved(Image.new("1", (8_000, 6_000)), "PNG")
    monkeypatch.setattr(Image.Image, "load", unpacked)

    assert refused(padded(data, 30_000)) == "error.too_many_pixels"


def test_any_failure_of_a_decoder_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(decoding, "flattened", stumble)
    assert refused(files.jpeg()) == "error.too_small"
