"""Pictures as people really send them: every kind, faulty metadata, cut ends, colours, tall ones. What is shown is what the
phone showed."""

import io
import struct
import zlib

import pypdfium2
import pytest
from PIL import Image, TiffImagePlugin

from bot.core.refusals import FileRejected
from bot.documents.file_types import InspectedFile
from bot.documents.inspection import inspect
from bot.documents.pictures.decoding import decoded_pages
from bot.documents.pictures.paged import pdf_of
from bot.texts import t
from tests.support import files, picture_files
from tests.support.picture_files import GREEN, KINDS, RED, exif, sheet, with_exif

SIX = (0x0112, 3, 1, b"\x06\x00\x00\x00")
ASCII_RESOLUTION = (0x011A, 2, 3, b"72\x00\x00")
NOWHERE = (0x8769, 4, 1, b"\xff\xff\xff\x7f")


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(inspect(data).shown))
    image.load()
    return image


def pages(found: InspectedFile) -> list[Image.Image]:
    assert found.shown_media_type == "application/pdf"
    with pypdfium2.PdfDocument(found.shown) as opened:
        assert len(opened) == found.pages
        return [page.render(scale=2).to_pil().convert("RGB") for page in opened]


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int], within: int = 40) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= within for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("media_type", KINDS)
def test_every_kind_of_picture_is_shown_as_a_plain_jpeg(media_type: str) -> None:
    found = inspect(picture_files.of_kind(media_type))

    assert (found.media_type, found.shown_media_type) == (media_type, "image/jpeg")
    image = Image.open(io.BytesIO(found.shown))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (900, 1200))
    assert near(image, (50, 50), RED)
    assert near(image, (850, 50), (235, 232, 225))


@pytest.mark.parametrize("media_type", ["image/heic", "image/avif", "image/webp", "image/tiff"])
def test_every_kind_is_shown_upright(media_type: str) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    lying = sheet().transpose(Image.Transpose.ROTATE_90)

    image = shown(picture_files.of_kind(media_type, lying, exif=turned.tobytes()))

    assert image.size == (900, 1200)
    assert near(image, (50, 50), RED)


@pytest.mark.parametrize(
    ("metadata", "turned"),
    [
        (exif(SIX), True),
        (exif((0x0112, 3, 1, b"\x00\x06\x00\x00"), order=">"), True),
        (exif((0x0112, 4, 1, b"\x06\x00\x00\x00")), True),  # of another type than the standard's
        (exif(ASCII_RESOLUTION, SIX), True),
        (exif(SIX, NOWHERE), True),
        (exif(SIX, count=9), True),  # says that it goes on
        (exif((0x0112, 3, 1, b"\x63\x00\x00\x00")), False),
        (exif(SIX)[:9], False),
        (b"", False),
        (b"garbage!", False),
        (b"II*\x00\xff\xff\xff\xff", False),
    ],
)
def test_faulty_metadata_decide_nothing_but_how_it_lies(metadata: bytes, turned: bool) -> None:
    image = shown(with_exif(metadata))

    assert image.size == ((1200, 900) if turned else (900, 1200))
    assert not image.getexif()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("behind", [b"", b"\xff", bytes(3000), b"MotionPhoto_Data" * 90])
def test_a_jpeg_whose_end_is_missing_or_is_something_else_is_taken(behind: bytes, progressive: bool) -> None:
    whole = picture_files.jpeg(progressive=progressive)
    image = shown(whole.removesuffix(b"\xff\xd9") + behind)
    assert image.size == (900, 1200)
    assert not near(image, (450, 1195), (128, 128, 128), 3)


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_a_jpeg_without_its_lower_part_is_incomplete(share: float, end: bytes) -> None:
    with pytest.raises(FileRejected) as caught:
        inspect(picture_files.lower(share) + end)
    assert caught.value.key == "error.incomplete_file"
    assert t(caught.value.key) == "فایل ناقص رسیده است؛ دوباره بفرستید."


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_jpeg_without_a_sliver_is_taken(end: bytes) -> None:
    assert inspect(picture_files.lower(0.0005) + end).height == 1200


def test_a_picture_that_ends_in_plain_grey_is_whole() -> None:
    """Grey is what a decoder fills missing parts with; here it is the picture."""
    image = sheet()
    image.paste((128, 128, 128), (0, 500, 900, 1200))
    for progressive in (False, True):
        data = picture_files.jpeg(image, quality=97, progressive=progressive)
        assert inspect(data).height == 1200


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_missing_rows_of_a_png_are_the_measure(share: float) -> None:
    whole = files.png()
    if share == 0:  # nothing but its end mark is missing
        assert inspect(whole[:-12]).height == 320
        return
    with pytest.raises(FileRejected) as caught:
        inspect(whole[: int(len(whole) * (1 - share))])
    assert caught.value.key == "error.incomplete_file"


@pytest.mark.parametrize("profile", ["display_p3", "adobe_rgb"])
def test_colours_of_a_wide_profile_are_converted(profile: str) -> None:
    """The numbers of a saturated green mean a stronger green there: what is shown has the stronger numbers."""
    image = Image.new("RGB", (900, 1200), GREEN)
    image.paste(files.noise(900, 300), (0, 900))
    embedded = getattr(picture_files, profile)()
    plain = shown(picture_files.jpeg(image)).getpixel((100, 100))
    converted = shown(picture_files.jpeg(image, icc_profile=embedded)).getpixel((100, 100))
    assert isinstance(plain, tuple)
    assert isinstance(converted, tuple)
    assert max(abs(one - other) for one, other in zip(plain, GREEN, strict=True)) < 6
    assert converted[0] < plain[0] - 10  # less red in it


def test_a_profile_that_is_none_is_left_out() -> None:
    assert near(shown(picture_files.jpeg(icc_profile=b"garbage" * 50)), (50, 50), RED)


@pytest.mark.parametrize("level", [0, 30_000, 65_535])
def test_sixteen_bits_of_grey_with_a_transparent_level_are_not_white(level: int) -> None:
    image = shown(picture_files.grey16_with_transparent(level))
    assert near(image, (100, 1), (64, 64, 64), 12)
    assert near(image, (200, 1), (128, 128, 128), 12)
    assert near(image, (390, 1), (249, 249, 249), 12)


def test_previews_of_pages_are_no_pages() -> None:
    """Those that say so; the first picture is a page whatever it says."""
    out = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(out) as writer:
        for level, says in ((10, 1), (20, 1), (30, 0), (40, 3), (50, 2)):
            Image.new("L", (8, 8), level).save(writer, "TIFF", tiffinfo={254: says})
            writer.newFrame()
    found = [page.getpixel((0, 0)) for page in decoded_pages(out.getvalue(), "image/tiff")]
    assert found == [10, 30, 50]


def test_a_fax_of_several_pages_becomes_pages() -> None:
    found = inspect(picture_files.fax(3))

    assert (found.media_type, found.pages) == ("image/tiff", 3)
    seen = pages(found)
    for page in seen:
        assert page.height > page.width
        assert page.convert("L").getextrema()[0] < 60  # there is writing on it
    assert found.preview is not None
    assert found.preview.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_each_page_of_a_scan_is_there_once_and_in_its_order(mode: str) -> None:
    """Of a front and a back both are shown."""
    sides = []
    for part in (0.2, 0.5, 0.9):
        side = Image.effect_noise((600, 800), 90).convert("RGB")
        side.paste((0, 0, 0), (0, 0, 600, round(800 * part)))
        sides.append(side.convert(mode))
    packed = "group4" if mode == "1" else "tiff_lzw"
    data = files.saved(sides[0], "TIFF", compression=packed, save_all=True, append_images=sides[1:])
    seen = [
        page.convert("L").resize((1, 10), Image.Resampling.BOX).tobytes() for page in pages(inspect(data))
    ]
    assert [sum(level < 20 for level in column) for column in seen] == [2, 5, 9]


def test_a_fax_with_half_as_many_lines_is_not_squashed() -> None:
    page = shown(picture_files.fax(1, dpi=(204, 98), size=(864, 560)))
    assert page.height == pytest.approx(560 * 204 / 98, rel=0.01)
    assert page.width == 864


def test_a_tall_stitched_scan_is_shown_in_legible_pages() -> None:
    """As a photo the messenger would make it 240 pixels wide."""
    found = inspect(picture_files.stitched(4))

    seen = pages(found)
    assert len(seen) >= 4
    assert all(page.height <= 1.5 * page.width for page in seen)
    with pypdfium2.PdfDocument(found.shown) as opened:
        (image,) = opened[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        assert image.get_px_size()[0] == 900


def test_a_picture_as_slim_as_a_phones_screen_stays_a_photo() -> None:
    assert inspect(picture_files.jpeg(sheet(900, 2100))).shown_media_type == "image/jpeg"


def png_with(*parts: tuple[bytes, bytes, bool], behind: bool = False) -> bytes:
    """With these chunks (name, content, whether their checksum is right) before its pixels, or behind them."""
    plain = files.saved(files.noise(240, 180), "PNG")
    made = b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content) + (not right))
        for name, content, right in parts
    )
    at = len(plain) - 12 if behind else 33
    return plain[:at] + made + plain[at:]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png_with((b"tEXt", b"Comment\0x", False)), id="a remark with a wrong checksum"),
        pytest.param(png_with((b"tEXt", b"Comment\0x", False), behind=True), id="the same at the end"),
        pytest.param(png_with((b"pHYs", b"ab", True)), id="half a resolution"),
        pytest.param(
            png_with((b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)), True)), id="a text of 80 MB"
        ),
        pytest.param(
            picture_files.jpeg()[:2] + b"\xff\xee\0\x07Adobe" + picture_files.jpeg()[2:],
            id="half a mark of Adobe",
        ),
    ],
)
def test_faulty_remarks_of_a_picture_decide_nothing(data: bytes) -> None:
    assert inspect(data).quality_warning in (None, "small", "blurred")


def test_a_picture_whose_remarks_are_dropped_lies_as_it_did() -> None:
    turned = with_exif(exif(SIX))
    data = turned[:2] + b"\xff\xee\0\x07Adobe" + turned[2:]
    assert inspect(data).width == 1200


def test_a_tiff_without_its_last_byte_is_incomplete() -> None:
    with pytest.raises(FileRejected) as caught:
        inspect(picture_files.of_kind("image/tiff")[:-1])
    assert caught.value.key == "error.incomplete_file"


@pytest.mark.parametrize(
    ("level", "kept"), [(0, 0), (1, 1), (24, 24), (25, 25), (128, 128), (254, 254), (255, 255)]
)
def test_a_page_of_grey_levels_keeps_them_and_one_of_black_and_white_is_small(level: int, kept: int) -> None:
    """Pencil on white paper: one level of grey beside white, and a black edge."""
    page = Image.new("L", (400, 600), 255)
    page.paste(0, (0, 0, 400, 100))
    page.paste(level, (0, 300, 400, 500))
    made, number = pdf_of([page])
    assert number == 1
    document = pypdfium2.PdfDocument(made)
    image = document[0].render(scale=1).to_pil().convert("L")
    seen = image.getpixel((image.width // 2, image.height * 2 // 3))
    assert isinstance(seen, int)
    assert abs(seen - kept) <= 3
    assert abs(max(document[0].get_size()) - 842) < 1
    assert (b"/BitsPerComponent 1\n" in made or b"/BitsPerComponent 1 " in made) is (level in (0, 255))
