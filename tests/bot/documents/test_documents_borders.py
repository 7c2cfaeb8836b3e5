"""Ends of PDFs, sizes of streams, pages of tall pictures, names of files, room on the disk: on both sides of each border."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from bot.core.refusals import FileRejected, Unavailable
from bot.documents import disk_space, file_names
from bot.documents.disk_space import DiskSpace
from bot.documents.pdf import boundaries, preview, streams
from bot.documents.pictures import decoding, paged
from tests.support import files, pdf_files

OBJECT = b"1 0 obj\n<<>>\nendobj\n"
PDF = b"%PDF-1.7\n" + OBJECT + b"%%EOF"


def refused(call: Any, *given: Any) -> str:
    with pytest.raises(FileRejected) as caught:
        call(*given)
    return caught.value.key


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "kept", "ended"),
    [
        (PDF, PDF, True),
        (PDF + b"\r\n", PDF + b"\r\n", True),
        (PDF + bytes(4096), PDF + bytes(4096), True),
        (PDF + b"\x1a", PDF + b"\n", True),
        (PDF + b"\n<html>page of the portal</html>", PDF + b"\n", True),
        (b"\xef\xbb\xbf" + PDF, PDF, True),
        (b" \r\n" + PDF + b"\n", PDF + b"\n", True),
        (b"\n" + PDF + b"\x1a", PDF + b"\n", True),
        (PDF[:-5], PDF[:-5], False),
        (b" " + PDF[:-5], PDF[:-5], False),
        (PDF + b"\n" + PDF, PDF + b"\n" + PDF, True),
    ],
)
def test_what_belongs_to_a_pdf(data: bytes, kept: bytes, ended: bool) -> None:
    assert boundaries.trimmed(data) == (kept, ended)


def test_what_is_no_whole_pdf() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a", "b")
    assert refused(boundaries.trimmed, PDF + archive.getvalue()) == "error.active_pdf"
    assert refused(boundaries.trimmed, b"%PDF-1.7\nnothing") == "error.damaged_pdf"
    assert refused(boundaries.trimmed, PDF + b"\n2 0 obj\n<<") == "error.incomplete_file"


# ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stream(content: bytes, filters: Any = None, **entries: Any) -> pikepdf.Stream:
    given = {f"/{name}": value for name, value in entries.items()}
    if filters is not None:
        given["/Filter"] = filters
    return pikepdf.Stream(HOLDER, content, given)


HOLDER = pikepdf.new()
FLATE, SHORT = pikepdf.Name.FlateDecode, pikepdf.Name.Fl
PACKED = zlib.compress(bytes(3_000_000))


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (lambda: stream(PACKED, FLATE), 3_000_000),
        (lambda: stream(PACKED, pikepdf.Array([SHORT])), 3_000_000),
        (lambda: stream(PACKED), 0),
        (lambda: stream(PACKED, pikepdf.Array([])), 0),
        (lambda: stream(PACKED, pikepdf.Name.LZWDecode), 0),
        (lambda: stream(PACKED, pikepdf.Array([pikepdf.Name.ASCII85Decode, FLATE])), 0),
        (lambda: stream(PACKED, FLATE, Width=1000, Height=1000), 0),
        (lambda: stream(PACKED, FLATE, Width=1000), 3_000_000),
        (lambda: stream(PACKED, FLATE, Height=1000), 3_000_000),
        (lambda: stream(PACKED, FLATE, Width=10_000, Height=11_000), 0),
        (lambda: stream(zlib.compress(b"abc") + b"behind", FLATE), 3),
        (lambda: stream(zlib.compress(b"abc")[:-1], FLATE), 3),
        (lambda: stream(b"garbage", FLATE), 0),
        (lambda: stream(b"", FLATE), 0),
    ],
)
def test_what_a_stream_unpacks_to(given: Any, size: int) -> None:
    assert streams.unpacked_size(given(), 3_000_000) == size


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (lambda: stream(PACKED, FLATE), "error.damaged_pdf"),
        (lambda: stream(b"", FLATE, Width=10_000, Height=11_001), "error.too_many_pixels"),
        (lambda: stream(b"", pikepdf.Array([FLATE, FLATE])), "error.damaged_pdf"),
        (lambda: stream(b"", pikepdf.Array([pikepdf.Name.LZW, SHORT])), "error.damaged_pdf"),
        (lambda: stream(b"", pikepdf.Array([pikepdf.Name.RL, pikepdf.Name.RunLengthDecode])), "error.damaged_pdf"),
    ],
)  # fmt: skip
def test_a_stream_that_is_none_of_a_paper(given: Any, key: str) -> None:
    assert refused(streams.unpacked_size, given(), 2_999_999) == key


# ── the first page ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("level", "white"), [(250, False), (251, True), (255, True)])
def test_nothing_is_to_be_seen_above_a_level_of_grey(level: int, white: bool) -> None:
    picture = Image.new("RGB", (9, 9), "white")
    picture.putpixel((4, 4), (level, level, level))
    assert preview._is_white(picture) is white


@pytest.mark.parametrize(
    ("size", "pixels"),
    [((842, 595), (1280, 905)), ((100, 50), (800, 400)), ((2560, 1280), (1280, 640)), ((3, 3), (24, 24))],
)
def test_the_first_page_is_as_large_as_a_photo_of_a_messenger(
    size: tuple[float, float], pixels: tuple[int, int]
) -> None:
    """At most eight times as large as it says."""
    made = pikepdf.new()
    made.add_blank_page(page_size=size)
    out = io.BytesIO()
    made.save(out)
    found = preview.first_page(out.getvalue())
    shown = Image.open(io.BytesIO(found.jpeg))
    assert (shown.format, shown.mode) == ("JPEG", "RGB")
    assert all(abs(one - other) <= 1 for one, other in zip(shown.size, pixels, strict=True))
    assert (found.blank, found.lacks_fonts) == (True, False)


def test_a_page_with_writing_is_not_blank() -> None:
    found = preview.first_page(pdf_files.written(pdf_files.document()))
    assert (found.blank, found.lacks_fonts) == (False, False)
    assert preview.first_page(files.blank_pdf()).blank


# ── pictures as pages ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dpi", "size"),
    [
        ((204, 98), (100, 416)),
        ((98, 204), (208, 200)),
        ((140, 100), (100, 200)),  # not more than the figure
        ((141, 100), (100, 282)),
        ((100, 140), (100, 200)),
        ((100, 141), (141, 200)),
        ((400, 100), (100, 800)),
        ((401, 100), (100, 200)),  # nonsense
        ((100, 401), (100, 200)),
        ((1, 3), (100, 200)),
        ((3, 1), (100, 200)),
        ((2, 4), (200, 200)),
        (None, (100, 200)),
        (("a", "b"), (100, 200)),
        ((1, 2, 3), (100, 200)),
    ],
)
def test_pixels_are_as_high_as_they_are_wide(dpi: Any, size: tuple[int, int]) -> None:
    info = {} if dpi is None else {"dpi": dpi}
    assert decoding._square(Image.new("L", (100, 200)), info).size == size


def test_a_tall_picture_is_cut_into_pages_that_repeat_a_strip() -> None:
    tall = Image.new("L", (100, 600))
    for row in range(600):
        tall.paste(row * 255 // 600, (0, row, 100, row + 1))
    pages = list(decoding._cut_into_pages(tall))
    assert [page.size for page in pages] == [(100, 142)] * 5
    tops = (0, 133, 266, 399, 458)
    assert [page.getpixel((0, 0)) for page in pages] == [top * 255 // 600 for top in tops]
    assert pages[-1].getpixel((0, 141)) == 599 * 255 // 600


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((100, 250), [(100, 250)]),
        ((100, 251), [(100, 142), (100, 142)]),
        ((250, 100), [(250, 100)]),
        ((400, 100), [(400, 100)]),
        ((100, 2000), [(100, 142)] * 15),
        ((4400, 1800), [(4000, 1636)]),
    ],
)
def test_what_is_shown_of_a_picture(size: tuple[int, int], shown: list[tuple[int, int]]) -> None:
    data = files.saved(Image.new("L", size, 90), "BMP")
    assert [page.size for page in decoding.decoded_pages(data, "image/bmp")] == shown


@pytest.mark.parametrize(
    ("size", "key"),
    [
        ((100, 2001), "error.too_small"),
        ((2001, 100), "error.too_small"),
        ((8000, 5001), "error.too_many_pixels"),
    ],
)
def test_what_is_not(size: tuple[int, int], key: str) -> None:
    data = files.saved(Image.new("1", size), "BMP")
    assert refused(lambda: list(decoding.decoded_pages(data, "image/bmp"))) == key


def test_of_a_file_of_pages_previews_are_left_out_and_there_is_a_number_of_pages() -> None:
    page = Image.new("L", (60, 60), 90)
    others = [Image.new("L", (60, 60), level) for level in (120, 150)]
    data = files.saved(page, "TIFF", save_all=True, append_images=others)
    assert [one.getpixel((0, 0)) for one in decoding.decoded_pages(data, "image/tiff")] == [90, 120, 150]
    small = Image.new("1", (20, 20))
    many = [
        files.saved(small, "TIFF", save_all=True, append_images=[small] * (number - 1))
        for number in (100, 101)
    ]
    assert len(list(decoding.decoded_pages(many[0], "image/tiff"))) == 100
    assert refused(lambda: list(decoding.decoded_pages(many[1], "image/tiff"))) == "error.too_many_pages"


def test_pixels_of_all_pages_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Image.new("L", (60, 60))
    data = files.saved(page, "TIFF", save_all=True, append_images=[page] * 2)
    monkeypatch.setattr(decoding, "MOST_PIXELS_OF_ALL", 3 * 3600)
    assert len(list(decoding.decoded_pages(data, "image/tiff"))) == 3
    monkeypatch.setattr(decoding, "MOST_PIXELS_OF_ALL", 3 * 3600 - 1)
    assert refused(lambda: list(decoding.decoded_pages(data, "image/tiff"))) == "error.too_many_pixels"


@pytest.mark.parametrize(
    ("picture", "packed", "bits"),
    [
        (Image.new("L", (300, 600), 255), "/FlateDecode", 1),
        (Image.new("L", (300, 600), 0), "/FlateDecode", 1),
        (Image.new("L", (300, 600), 254), "/DCTDecode", 8),
        (Image.new("L", (300, 600), 1), "/DCTDecode", 8),
        (Image.new("RGB", (300, 600), "white"), "/DCTDecode", 8),
    ],
)
def test_a_page_of_a_picture(picture: Image.Image, packed: str, bits: int) -> None:
    made, number = paged.pdf_of([picture, picture.rotate(90, expand=True)])
    assert number == 2
    with pikepdf.open(io.BytesIO(made)) as opened:
        sizes = [[float(side) for side in page.mediabox] for page in opened.pages]  # type: ignore[union-attr]
        assert sizes == [[0, 0, 421, 842], [0, 0, 842, 421]]
        image = opened.pages[0].Resources.XObject.P
        told = [str(image.Filter), int(image.BitsPerComponent), int(image.Width), int(image.Height)]
        assert told == [packed, bits, 300, 600]
        assert str(image.ColorSpace) == ("/DeviceRGB" if picture.mode == "RGB" else "/DeviceGray")
    with pypdfium2.PdfDocument(made) as shown:
        level = shown[0].render().to_pil().convert("L").getpixel((200, 400))
        assert abs(level - picture.convert("L").getpixel((0, 0))) <= 1  # type: ignore[operator]


# ── names of files ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (None, None),
        ("", None),
        ("...", None),
        ("C:\\papers\\کارت.pdf", "کارت.pdf"),
        ("../../etc/passwd", "passwd"),
        (" کارت. ", "کارت"),
        ("a" * 120, "a" * 120),
        ("a" * 121, "a" * 120),
        ("a" * 117 + ".pdf", "a" * 116 + ".pdf"),
        ("a" * 130 + ".abcdefg", "a" * 112 + ".abcdefg"),
        ("a" * 130 + ".abcdefgh", "a" * 111 + ".abcdefgh"),
        ("a" * 130 + ".abcdefghi", "a" * 120),
        ("." + "a" * 130, "a" * 120),
        ("a" * 596 + ".pdf", "a" * 116 + ".pdf"),
        ("a" * 9000 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_the_label_of_a_file(name: str | None, label: str | None) -> None:
    assert file_names.label(name) == label


@pytest.mark.parametrize(
    ("text", "wanted", "likeness"),
    [
        ("کارت ملی", ("کارت ملی", "national_card"), 1),  # «کارت» says nothing about which
        ("تکمیلی", ("کارت ملی",), 0),
        ("کارت_ملی_۲.jpg", ("کارت ملی",), 1),
        ("گذرنامه", ("گذرنامه",), 1),
        ("تصویرگذرنامه‌من", ("گذرنامه",), 1),
        ("national card", ("کارت ملی", "national_card"), 2),
        (None, ("کارت ملی",), 0),
        ("کارت", ("کارت",), 1),  # where it has no other word
        ("x", (None, ""), 0),
    ],
)
def test_how_much_a_text_speaks_of_a_document(
    text: str | None, wanted: tuple[str | None, ...], likeness: int
) -> None:
    assert file_names.likeness(text, *wanted) == likeness


@pytest.mark.parametrize(
    ("name", "wanted", "names"),
    [
        (None, ("کارت ملی",), True),
        (".jpg", ("کارت ملی",), True),
        ("کارت ملی.jpg", ("کارت ملی",), True),
        ("کارت.jpg", ("کارت ملی",), False),
        ("national.abcde", ("کارت ملی", "national_card"), True),
        ("x.national", ("national_card",), True),  # no ending: it has more than five letters
        ("x.card", ("national_card",), False),
        ("x.cards1", ("national_card",), True),
    ],
)
def test_whether_a_name_speaks_of_the_document(
    name: str | None, wanted: tuple[str | None, ...], names: bool
) -> None:
    assert file_names.names_document(name, *wanted) is names


# ── room on the disk ─────────────────────────────────────────────────────────────────────────────────────────────────


def disk(monkeypatch: pytest.MonkeyPatch, free: dict[str, int], reserve: int) -> DiskSpace:
    class Usage:
        def __init__(self, path: Path) -> None:
            if path.name not in free:
                raise OSError("not there")
            self.free = free[path.name]

    monkeypatch.setattr(disk_space, "_existing", lambda folder: folder)
    monkeypatch.setattr(disk_space.shutil, "disk_usage", Usage)
    return DiskSpace({name: Path("/") / name for name in ("documents", "database")}, reserve)


def test_an_upload_leaves_the_reserve_of_every_disk_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    both = disk(monkeypatch, {"documents": 1000, "database": 900}, 300)
    assert both.free() == {"documents": 1000, "database": 900}
    assert (both.takes(600), both.takes(601)) == (True, False)
    one = disk(monkeypatch, {"documents": 1000}, 300)  # the other cannot be asked
    assert one.free() == {"documents": 1000}
    assert (one.takes(700), one.takes(701)) == (True, False)
    assert DiskSpace().takes(10**15)


def test_what_is_being_written_counts_by_blocks_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    space = disk(monkeypatch, {"documents": 5 * 4096, "database": 99 * 4096}, 4096)
    # With what encryption adds: 3968 bytes are one block, one more makes two.
    with space.room_for(bytes(3968), None, b""):
        assert (space.takes(3 * 4096), space.takes(3 * 4096 + 1)) == (True, False)
    with space.room_for(bytes(3969), bytes(1)):
        assert (space.takes(4096), space.takes(4097)) == (True, False)
        with pytest.raises(Unavailable) as refusal, space.room_for(bytes(3969)):
            raise AssertionError("there was no room")
        assert refusal.value.key == "error.disk_reserve"
    assert space.takes(4 * 4096)
    with pytest.raises(ZeroDivisionError), space.room_for(bytes(9)):
        raise ZeroDivisionError
    assert space.takes(4 * 4096)


def test_a_folder_that_is_not_there_yet_lies_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    assert disk_space._existing(tmp_path / "a" / "b") == tmp_path
    assert disk_space._existing(tmp_path) == tmp_path
