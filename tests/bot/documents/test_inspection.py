"""Every file that is refused, with its sentence, and every cleaning of those that are taken."""

import io

import pytest
from PIL import Image

from bot.core.refusals import FileRejected
from bot.documents import inspection as checks
from bot.documents import pdf
from bot.documents.file_types import LARGEST
from bot.documents.inspection import check
from bot.texts import has
from tests.support import made_files


def refused(data: bytes) -> str:
    with pytest.raises(FileRejected) as caught:
        check(data)
    assert has(caught.value.key)
    return caught.value.key


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(check(data).shown))
    image.load()
    return image


# What is taken


def test_a_photo_is_shown_upright_without_position_or_comment() -> None:
    data = made_files.photo_from_a_phone()
    assert made_files.SECRET.encode() in data

    checked = check(data)

    assert checked.media_type == "image/jpeg"
    assert (checked.width, checked.height) == (200, 300)
    image = Image.open(io.BytesIO(checked.shown))
    assert image.getpixel((5, 150))[0] > 200  # the red edge is on the left
    assert image.getpixel((5, 150))[1] < 60
    assert not image.getexif()
    assert made_files.SECRET.encode() not in checked.shown
    assert b"Exif" not in checked.shown


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_every_kind_of_png_becomes_a_plain_jpeg(mode: str) -> None:
    if mode == "I;16":
        data = made_files.saved(Image.new("I;16", (400, 400), 32768), "PNG", compress_level=0)
    else:
        data = made_files.saved(made_files.noise(800, 600, mode if mode != "1" else "L").convert(mode), "PNG")

    assert check(data).media_type == "image/png"
    assert (shown(data).format, shown(data).mode) == ("JPEG", "RGB")


def test_sixteen_bits_of_grey_stay_grey() -> None:
    data = made_files.saved(Image.new("I;16", (400, 400), 32768), "PNG", compress_level=0)

    assert shown(data).getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=2)


def test_a_printer_s_colours_become_rgb() -> None:
    assert shown(made_files.saved(made_files.noise(mode="CMYK"), "JPEG", quality=95)).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    image = made_files.noise(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 100, 100))

    assert shown(made_files.saved(image, "PNG")).getpixel((50, 50)) == pytest.approx((255, 255, 255), abs=4)


def test_a_large_photo_is_shown_smaller() -> None:
    data = made_files.saved(made_files.noise(5000, 2500), "JPEG", quality=60)

    checked = check(data)

    assert (checked.width, checked.height) == (4000, 2000)


def test_what_hides_behind_a_picture_stays_behind() -> None:
    data = made_files.png() + made_files.archive()

    assert b"index.html" not in check(data).shown


def test_a_paper_is_shown_as_it_is() -> None:
    data = made_files.pdf(3)

    checked = check(data)

    assert (checked.media_type, checked.pages) == ("application/pdf", 3)
    assert checked.shown is data


@pytest.mark.parametrize(
    "data", [made_files.with_plain_form(), made_files.with_first_view(), made_files.pdf() + b"\r\n\x00"]
)
def test_harmless_papers_are_taken(data: bytes) -> None:
    assert check(data).pages == 1


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script></html>" * 400,
        b"GIF89a" + bytes(20_000),
        b"MZ" + bytes(20_000),
        made_files.archive(bytes(20_000)),
        b"\n" + made_files.pdf(),
        b"<html>" + made_files.pdf(),
        made_files.saved(made_files.noise(), "WEBP", lossless=True),
        made_files.saved(made_files.noise(), "TIFF"),
    ],
)
def test_other_kinds_are_refused_whatever_their_name(data: bytes) -> None:
    assert refused(data) == "error.unsupported_file"


def test_an_empty_file_is_refused() -> None:
    assert refused(b"") == "error.too_small"


def test_ten_megabytes_are_the_most() -> None:
    assert refused(b"\xff\xd8\xff" + bytes(LARGEST)) == "error.too_large"
    assert check(_padded(made_files.jpeg(), LARGEST)).media_type == "image/jpeg"


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(size - len(data))


def test_a_tiny_picture_is_refused() -> None:
    assert refused(made_files.saved(Image.new("RGB", (40, 40)), "JPEG")) == "error.too_small"


@pytest.mark.parametrize("whole", [made_files.jpeg(), made_files.png()])
def test_a_cut_or_broken_picture_is_refused(whole: bytes) -> None:
    assert refused(whole[: len(whole) // 2]) == "error.too_small"
    assert refused(whole[:40] + bytes(20_000)) == "error.too_small"


def test_a_picture_that_lies_about_its_kind_is_refused() -> None:
    assert refused(b"\xff\xd8\xff" + made_files.png()[3:]) == "error.too_small"


def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made_files.saved(Image.new("1", (8_000, 6_000)), "PNG")
    monkeypatch.setattr(Image.Image, "load", _never)

    assert refused(_padded(data, 30_000)) == "error.too_many_pixels"


def test_a_bomb_of_the_largest_kind_is_refused() -> None:
    data = made_files.saved(Image.new("1", (14_000, 14_000)), "PNG")

    assert refused(_padded(data, 200_000)) == "error.too_many_pixels"


def _never(*_: object) -> None:
    raise AssertionError("the picture was unpacked")


@pytest.mark.parametrize("password", ["secret", ""])
def test_a_locked_paper_is_refused(password: str) -> None:
    assert refused(made_files.locked(password)) == "error.damaged_pdf"


@pytest.mark.parametrize(
    "data",
    [
        made_files.pdf()[:-40],
        made_files.pdf()[:200] + b"%%EOF",
        b"%PDF-1.7\n%%EOF",
        b"%PDF-1.7\n" + bytes(range(256)) * 100 + b"%%EOF",
        made_files.written(made_files.paper(0)),
        made_files.with_stream_of(1_000_000, filters=2),
    ],
    ids=["no end", "cut", "empty", "noise", "no pages", "packed twice"],
)
def test_a_damaged_paper_is_refused(data: bytes) -> None:
    assert refused(data) == "error.damaged_pdf"


def test_a_bomb_in_a_paper_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_UNPACKED", 9_000_000)
    assert refused(made_files.with_stream_of(10_000_000)) == "error.damaged_pdf"
    assert refused(made_files.with_stream_of(100, width=50_000, height=50_000)) == "error.too_many_pixels"
    assert check(made_files.with_stream_of(1_000_000)).pages == 1


@pytest.mark.parametrize(
    "data",
    [
        made_files.with_javascript(),
        made_files.with_javascript().replace(b"/JavaScript", b"/J#61vaScript"),
        made_files.with_key_action_on_a_page("/JS"),
        made_files.with_attachment(),
        made_files.with_action("/Launch"),
        made_files.with_action("/SubmitForm"),
        made_files.with_action("/GoToR"),
        made_files.with_xfa(),
        made_files.with_rich_media(),
    ],
    ids=[
        "script",
        "script in disguise",
        "script of a page",
        "file",
        "launch",
        "send",
        "other file",
        "xfa",
        "media",
    ],
)
def test_a_paper_that_does_something_is_refused(data: bytes) -> None:
    assert refused(data) == "error.active_pdf"


def test_an_active_object_in_a_packed_table_is_found() -> None:
    """Objects inside object streams are not to be seen in the raw bytes."""
    data = _packed(made_files.scripted())
    assert b"JavaScript" not in data

    assert refused(data) == "error.active_pdf"


def _packed(writer: object) -> bytes:
    """A PDF whose objects are all in a compressed object stream, as newer programs write them."""
    import zlib

    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(made_files.written(writer)))  # type: ignore[arg-type]
    numbers = sorted(number for number in reader.xref[0] if number)
    bodies = []
    for number in numbers:
        out = io.BytesIO()
        body = reader.get_object(number)
        assert body is not None
        body.write_to_stream(out)
        bodies.append(out.getvalue())
    root = reader.trailer.raw_get("/Root").idnum
    offsets, position = [], 0
    for number, body in zip(numbers, bodies, strict=True):
        offsets.append(f"{number} {position}")
        position += len(body) + 1
    head = (" ".join(offsets) + " ").encode()
    inner = zlib.compress(head + b" ".join(bodies))
    stream, table = max(numbers) + 1, max(numbers) + 2
    out = b"%PDF-1.5\n"
    at_stream = len(out)
    out += f"{stream} 0 obj\n<</Type/ObjStm/N {len(numbers)}/First {len(head)}/Length {len(inner)}/Filter/FlateDecode>>\n".encode()
    out += b"stream\n" + inner + b"\nendstream\nendobj\n"
    at_table = len(out)
    rows = bytes([0, 0, 0, 0, 255])
    for number in range(1, table + 1):
        if number in numbers:
            rows += bytes([2]) + stream.to_bytes(3, "big") + bytes([numbers.index(number)])
        else:
            rows += bytes([1]) + (at_stream if number == stream else at_table).to_bytes(3, "big") + b"\0"
    out += f"{table} 0 obj\n<</Type/XRef/Size {table + 1}/W[1 3 1]/Root {root} 0 R/Length {len(rows)}>>\n".encode()
    return (
        out + b"stream\n" + rows + b"\nendstream\nendobj\nstartxref\n" + str(at_table).encode() + b"\n%%EOF\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        made_files.pdf() + made_files.archive(),
        made_files.pdf() + made_files.archive(b"%%EOF"),
        made_files.pdf() + b"<script>alert(1)</script>",
        made_files.pdf() + made_files.png(),
    ],
)
def test_a_paper_with_something_behind_it_is_refused(data: bytes) -> None:
    assert refused(data) == "error.active_pdf"


def test_a_book_is_refused() -> None:
    assert refused(made_files.pdf(101)) == "error.too_many_pages"
    assert check(made_files.pdf(100)).pages == 100


def test_any_failure_of_a_decoder_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(checks, "_plain", stumble)
    assert refused(made_files.jpeg()) == "error.too_small"
