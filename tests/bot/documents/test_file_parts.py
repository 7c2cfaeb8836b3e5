"""What the bytes of a file say of it, at the byte: whether it is whole, what may be left out, how it lies, what it is."""

import io
import struct
import zlib
from collections.abc import Iterable

import pytest
from PIL import Image, ImageFile

from bot.core.refusals import FileRejected
from bot.documents import file_types
from bot.documents.pictures import completeness, metadata, orientation
from tests.support import picture_files
from tests.support.picture_files import exif

# ── whether the parts of a file say that it is longer ────────────────────────────────────────────────────────────────


def box(length: int, name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", length) + name + content


def chunk(name: bytes, content: bytes = b"") -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


PNG = b"\x89PNG\r\n\x1a\n"
ISO = box(16, b"ftyp", b"heic" + bytes(4))


def tiff(
    order: str, entries: Iterable[tuple[int, int, int, int]], *, behind: bytes = b"", start: int = 8
) -> bytes:
    rows = [struct.pack(f"{order}HHII", *entry) for entry in entries]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    return head + struct.pack(f"{order}H", len(rows)) + b"".join(rows) + bytes(4) + behind


WHOLE: dict[str, bytes] = {
    "webp": b"RIFF" + struct.pack("<I", 12) + b"WEBP" + bytes(8),
    "bmp": b"BM" + struct.pack("<I", 20) + bytes(14),
    "heic": ISO + box(12, b"mdat", bytes(4)),
    "heic with a long size": ISO + box(1, b"mdat", struct.pack(">Q", 20) + bytes(4)),
    "png": PNG + chunk(b"IHDR", bytes(13)) + chunk(b"IEND"),
    "png of nothing but its end": PNG + chunk(b"IEND"),
    "tiff": tiff("<", [(256, 3, 1, 7), (270, 2, 9, 38)], behind=bytes(9)),
    "tiff of the other order": tiff(">", [(256, 3, 1, 7), (270, 2, 9, 38)], behind=bytes(9)),
}  # fmt: skip


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_says_so_and_one_without_its_last_byte_too(kind: str) -> None:
    assert not completeness.is_cut(WHOLE[kind])
    # The last chunk of a PNG holds nothing: without its end the picture is whole.
    assert completeness.is_cut(WHOLE[kind][:-1]) is not kind.startswith("png")


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (PNG + chunk(b"IHDR", bytes(13)), True),
        (PNG + chunk(b"IDAT", bytes(9)) + bytes(7), True),
        (PNG + chunk(b"IDAT", bytes(9)) + bytes(8), False),  # no name of a chunk
        (PNG, True),
        (ISO, False),
        (ISO + box(0, b"mdat"), False),  # until the end
        (ISO + box(99, b"m\0at"), False),
        (ISO + box(99, b"mdat"), True),
        (ISO + bytes(7), False),
        (ISO + box(1, b"mdat", struct.pack(">Q", 21) + bytes(4)), True),
        (b"II*\0" + bytes(3), True),
        (b"II*\0" + struct.pack("<I", 7), True),
        (b"II*\0" + struct.pack("<I", 6), True),
        (b"MM\0*" + struct.pack(">I", 7), True),
        (tiff("<", [(270, 2, 4, 999)]), False),  # four bytes stand in the entry itself
        (tiff("<", [(270, 2, 5, 999)]), False),  # points behind the end altogether
        (tiff("<", [(270, 2, 5, 22)]), True),
        (tiff("<", [(270, 5, 1, 19)]), True),
        (tiff("<", [(270, 5, 1, 18)]), False),
        (tiff("<", [(270, 99, 9, 22)]), False),
        (tiff("<", [(1, 3, 1, 1), (270, 2, 5, 34)]), True),
        (b"%PDF-1.7", False),
        (b"", False),
    ],
)  # fmt: skip
def test_where_the_parts_of_a_file_run_out(data: bytes, cut: bool) -> None:
    assert completeness.is_cut(data) is cut


def segment(marker: int, content: bytes = b"") -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", 2 + len(content)) + content


SCAN = segment(0xDA, b"\x01") + b"ab\xff\x00c\xff\xd0d\xff\xd7e\xff\xff"
END = b"\xff\xd9"
START = b"\xff\xd8"


@pytest.mark.parametrize(
    ("data", "scans", "end"),
    [
        (START + segment(0xE0, b"JFIF") + SCAN + END, 1, 2 + 8 + len(SCAN)),
        (START + SCAN + SCAN + END + b"behind", 2, 2 + 2 * len(SCAN)),
        (START + SCAN + b"\xff", 1, None),
        (START + SCAN, 1, None),
        (START + SCAN + segment(0xC4, b"table") + SCAN + END, 2, 2 + 2 * len(SCAN) + 9),
        (START + b"\xff" + segment(0xE1, END) + SCAN + END, 1, 2 + 1 + 6 + len(SCAN)),
        (START + segment(0xE1, b"x"), 0, None),
        (START + END + bytes(2), 0, 2),
        (START + b"garbage", None, None),
        (START + SCAN + END[:1] + b"\xc4" + b"\0\2" + b"garbage", 1, None),
    ],
)
def test_scans_of_a_jpeg_and_its_end(data: bytes, scans: int | None, end: int | None) -> None:
    assert completeness._scans(data) == (scans, end)
    assert completeness.is_cut(data) is (end is None and scans is not None)


@pytest.mark.parametrize(("frame", "progressive"), [(0xC0, False), (0xC1, False), (0xC2, True)])
def test_a_jpeg_that_comes_coarse_first(frame: int, progressive: bool) -> None:
    sizes = b"\x08" + struct.pack(">HH", 99, 99) + b"\x03" + bytes(9)
    assert completeness._progressive(START + segment(frame, sizes) + SCAN) is progressive
    assert completeness._progressive(START + segment(0xC4, sizes)) is False


# ── pixels that are missing ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "level", "fill"),
    [
        ("L", 126, False),
        ("L", 127, True),
        ("L", 129, True),
        ("L", 130, False),
        ("RGB", (127, 128, 129), True),
        ("RGB", (128, 128, 130), False),
        ("RGB", (126, 128, 128), False),
        ("CMYK", (128, 128, 128, 128), True),
    ],
)
def test_the_grey_of_missing_rows(mode: str, level: int | tuple[int, ...], fill: bool) -> None:
    assert completeness._last_row_is_fill(Image.new(mode, (9, 4), level)) is fill


def test_a_row_with_one_other_point_is_no_filling() -> None:
    for place, other in ((0, 90), (8, 200), (4, 130)):
        image = Image.new("L", (9, 4), 128)
        image.putpixel((place, 3), other)
        assert not completeness._last_row_is_fill(image)
        image.putpixel((place, 3), 128)
        image.putpixel((place, 1), other)
        assert completeness._filled_rows(image) == 2
    assert completeness._filled_rows(Image.new("L", (9, 4), 128)) == 4
    assert completeness._filled_rows(Image.new("L", (9, 4), 90)) == 0


def test_the_part_that_differs_between_two_decodings() -> None:
    one = Image.new("RGB", (10, 10), (7, 7, 7))
    other = one.copy()
    assert completeness._part_missing(one, other) == 0.0
    other.paste((9, 9, 9), (0, 6, 10, 10))
    assert completeness._part_missing(one, other) == pytest.approx(0.4)
    other.paste((7, 9, 7), (0, 0, 10, 10))
    assert completeness._part_missing(one, other) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("height", "filled", "taken"), [(1000, 18, True), (1000, 26, False), (160, 14, True), (160, 20, False)])  # fmt: skip
def test_so_many_rows_may_be_missing(
    height: int, filled: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in a hundred, and sixteen of a small picture: what a bad line cuts off and nobody sees."""
    image = picture_files.sheet(64, height)
    data = picture_files.jpeg(image, quality=95)
    monkeypatch.setattr(completeness, "_last_row_is_fill", lambda image: True)
    monkeypatch.setattr(completeness, "_missing_rows", lambda data, size: float(filled))
    if taken:
        assert completeness.load_jpeg(data, (64, height)).size == (64, height)
        return
    with pytest.raises(FileRejected) as refused:
        completeness.load_jpeg(data, (64, height))
    assert refused.value.key == "error.incomplete_file"


def test_what_there_is_of_a_cut_picture_lies_over_the_level_and_decoders_stay_strict() -> None:
    buffer = io.BytesIO()
    Image.effect_noise((60, 60), 90).save(buffer, "PNG")
    cut = buffer.getvalue()[:2000]
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    for level in (0, 255):
        image = completeness._partly(cut, "PNG", level)
        assert image.getpixel((59, 59)) == level
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    error = OSError("cut")
    with pytest.raises(FileRejected) as refused:
        completeness.load_tolerantly(cut, "PNG", error)
    assert (refused.value.key, refused.value.__cause__) == ("error.incomplete_file", error)
    with pytest.raises(OSError, match="cut"):
        completeness.load_tolerantly(PNG + bytes(20), "PNG", error)


# ── what stands beside the pixels ────────────────────────────────────────────────────────────────────────────────────

ADOBE = segment(0xEE, b"Adobe" + bytes(7))
TURNED = segment(0xE1, b"Exif\0\0" + exif((0x0112, 3, 1, b"\x06\0\0\0")))


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([segment(0xE0, b"JFIF\0")], []),
        ([segment(0xEF, b"x"), segment(0xFE, b"remark"), segment(0xED, b"Photoshop")], []),
        ([segment(0xF0, b"x"), segment(0xDB, b"table"), segment(0xC4, b"codes"), segment(0xDF, b"x")], [0, 1, 2, 3]),
        ([TURNED, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0"), ADOBE], [0, 2]),
        ([segment(0xE2, b"Exif\0\0"), segment(0xE1, b"Exif\0x")], []),
        ([segment(0xEE, b"Adobe" + bytes(6)), segment(0xEE, b"Adobf" + bytes(7)), segment(0xEE, b"Adobe" + bytes(9))], [2]),
    ],
)  # fmt: skip
def test_what_of_a_jpeg_stays_where_its_remarks_stop_the_decoder(parts: list[bytes], kept: list[int]) -> None:
    for frame in (0xC0, 0xC1, 0xC2, 0xDA):
        rest = segment(frame, b"picture") + segment(0xFE, b"remark") + END
        made = metadata._without_metadata(START + b"".join(parts) + rest)
        assert made == START + b"".join(parts[number] for number in kept) + rest
    assert metadata._without_metadata(START + parts[0] + b"garbage")[2:].endswith(b"garbage")
    assert metadata._without_metadata(START + b"\xff\xe0\0") == START + b"\xff\xe0\0"


def test_what_of_a_png_stays() -> None:
    broken = chunk(b"gAMA", bytes(4))[:-1] + b"x"
    parts = [
        (chunk(b"IHDR", bytes(13)), True),
        (chunk(b"tEXt", b"remark"), False),
        (chunk(b"pHYs", bytes(9)), False),
        (chunk(b"tRNS", b"\0\0"), True),
        *((chunk(name, b"x"), True) for name in (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf")),
        (broken, False),
        (chunk(b"PLTE", bytes(3))[:-1] + b"x", True),
        (chunk(b"IDAT", bytes(9)), True),
        (chunk(b"IEND"), True),
    ]
    given = PNG + b"".join(one for one, _ in parts)
    kept = PNG + b"".join(one for one, stays in parts if stays)
    assert metadata._without_remarks(given) == kept
    assert metadata._without_remarks(given + b"behind") == kept + b"behind"
    assert metadata._without_remarks(given[:-1]) == kept[:-12] + chunk(b"IEND")[:-1]


def test_a_picture_that_opens_stays_byte_for_byte() -> None:
    data = picture_files.jpeg()
    assert metadata.with_readable_metadata(data, "JPEG") is data
    wrong = PNG + b"garbage"
    assert metadata.with_readable_metadata(wrong, "PNG") == wrong


# ── how it lies ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tag(value: int, kind: int = 3, order: str = "<") -> bytes:
    return {1: struct.pack("B", value), 4: struct.pack(f"{order}I", value)}.get(
        kind, struct.pack(f"{order}H", value)
    ).ljust(4, b"\0")


@pytest.mark.parametrize(
    ("found", "lies"),
    [
        *(({"exif": exif((0x0112, 3, 1, tag(value)))}, value) for value in range(1, 9)),
        ({"exif": exif((0x0112, 3, 1, tag(0)))}, 1),
        ({"exif": exif((0x0112, 3, 1, tag(9)))}, 1),
        ({"exif": exif((0x0112, 1, 1, tag(6, 1)))}, 6),
        ({"exif": exif((0x0112, 1, 1, b"\x06\x01\0\0"))}, 6),
        ({"exif": exif((0x0112, 4, 1, tag(6, 4)))}, 6),
        ({"exif": exif((0x0112, 4, 1, b"\x06\0\x01\0"))}, 1),
        ({"exif": exif((0x0112, 3, 1, b"\x06\0\x01\0"))}, 6),
        ({"exif": exif((0x0112, 3, 1, tag(6, order=">")), order=">")}, 6),
        ({"exif": exif((0x0111, 3, 1, tag(3)), (0x0112, 3, 1, tag(8)), (0x0112, 3, 1, tag(6)))}, 8),
        ({"exif": b"Exif\0\0" + exif((0x0112, 3, 1, tag(6)))}, 6),
        ({"exif": b"XX" + exif((0x0112, 3, 1, tag(6)))[2:]}, 1),
        ({"exif": "text"}, 1),
        ({"xmp": b'<x tiff:Orientation="6"/>'}, 6),
        ({"xmp": b"<tiff:Orientation> 8</tiff:Orientation>"}, 8),
        ({"xmp": "<x tiff:Orientation='3'/>"}, 3),
        ({"XML:com.adobe.xmp": b'<x tiff:Orientation = "6"/>'}, 6),
        ({"xmp": b'<x tiff:Orientation="9"/>'}, 1),
        ({"xmp": b'<x tiff:Orientation="12"/>'}, 1),
        ({"xmp": 5}, 1),
        ({"exif": exif((0x0112, 3, 1, tag(6))), "xmp": b'tiff:Orientation="8"'}, 6),
        ({"exif": exif((0x0112, 3, 1, tag(0))), "xmp": b'tiff:Orientation="8"'}, 8),
        ({}, 1),
    ],
)
def test_how_a_picture_lies(found: dict[str, object], lies: int) -> None:
    assert orientation.orientation_of(found) == lies


@pytest.mark.parametrize("lies", range(1, 9))
def test_it_is_turned_so_that_its_marks_are_where_they_were(lies: int) -> None:
    """Of a picture with a dark and a grey corner: where EXIF says that its first row and column are."""
    upright = Image.new("L", (3, 2), 255)
    upright.putpixel((0, 0), 0)
    upright.putpixel((2, 0), 90)
    steps = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for step in steps[lies]:
        stored = stored.transpose(step)
    turned = orientation.upright(stored, {"exif": exif((0x0112, 3, 1, tag(lies)))})
    assert (turned.size, turned.tobytes()) == (upright.size, upright.tobytes())


# ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────────────


def brand(*names: bytes, size: int | None = None) -> bytes:
    first, *rest = names
    length = 16 + 4 * len(rest) if size is None else size
    return box(length, b"ftyp", first + bytes(4) + b"".join(rest)) + bytes(300)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\xff\xd8", None),
        (PNG, "image/png"),
        (PNG[:-1], None),
        (b"%PDF-1.4", "application/pdf"),
        (b" " * 1019 + b"%PDF-", "application/pdf"),
        (b" " * 1020 + b"%PDF-", None),
        (b"x %PDF-", None),
        *((magic, "image/tiff") for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"RIFX\0\0\0\0WEBP", None),
        (b"BM" + bytes(8), "image/bmp"),
        (b"BM" + bytes(4) + b"\0\0\0x", None),
        (b"BM" + bytes(7), None),
        *((brand(name), "image/heic") for name in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")),
        (brand(b"avif"), "image/avif"),
        (brand(b"avis", b"heic"), "image/avif"),
        (brand(b"mif1", b"heic"), "image/heic"),
        (brand(b"msf1", b"xxxx", b"avif"), "image/avif"),
        (brand(b"miaf", b"avif", b"heic"), "image/heic"),
        (brand(b"mif1"), None),
        (brand(b"mp42", b"heic"), None),
        (brand(b"mif1", b"heic", size=16), None),  # behind the list of brands
        (brand(b"mif1", b"heic", size=17), "image/heic"),
        (brand(b"mif1", *[b"xxxx"] * 59, b"heic"), "image/heic"),
        (brand(b"mif1", *[b"xxxx"] * 60, b"heic"), None),  # more brands than are looked at
        (b"text", None),
    ],
)  # fmt: skip
def test_the_first_bytes_of_a_file(data: bytes, kind: str | None) -> None:
    assert file_types.media_type_of(data) == kind


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "error.too_small"),
        (b"text", "error.unsupported_file"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 - 4), "error.too_small"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 - 3), None),
        (PNG + bytes(10 * 1024 - 9), "error.too_small"),
        (PNG + bytes(10 * 1024 - 8), None),
        (b"%PDF-", None),
        (b"II*\0", None),
        (b"%PDF-" + bytes(10 * 1024 * 1024 - 5), None),
        (b"%PDF-" + bytes(10 * 1024 * 1024 - 4), "error.too_large"),
        (bytes(10 * 1024 * 1024 + 1), "error.too_large"),
    ],
)  # fmt: skip
def test_what_is_refused_before_anything_is_decoded(data: bytes, key: str | None) -> None:
    if key is None:
        assert file_types.check_without_decoding(data) == file_types.media_type_of(data)
        return
    with pytest.raises(FileRejected) as refused:
        file_types.check_without_decoding(data)
    assert refused.value.key == key


def test_a_file_that_cannot_be_read_through() -> None:
    assert file_types.damaged_refusal("application/pdf").key == "error.damaged_pdf"
    assert file_types.damaged_refusal("image/jpeg").key == "error.too_small"
