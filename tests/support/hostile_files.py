"""Files that an attacker, or a bad line, would send: each with its name, its bytes, and what must become of it."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from pillow_heif import register_heif_opener

from bot.documents.file_types import LARGEST
from tests.support import files
from tests.support import hostile_pdfs as pdfs

register_heif_opener()

HTML = b"<html><script>alert(1)</script></html>"


@dataclass(frozen=True, slots=True)
class Sample:
    kind: str
    name: str
    make: Callable[[], bytes]
    #: The text key of the refusal; None: it is taken.
    refusal: str | None = None
    #: Refused by the limits of a worker's memory and time, not by the inspection itself.
    heavy: bool = False

    @property
    def content(self) -> bytes:
        return _made(self)


@cache
def _made(sample: Sample) -> bytes:
    """Some of them take seconds."""
    return sample.make()


def gps_and_more() -> bytes:
    """A photo with every kind of metadata: EXIF with a position and a thumbnail of something else, XMP, IPTC, ICC, a
    comment, and an archive behind it."""
    exif = files.exif_with_position()
    preview = files.saved(files.noise(160, 120), "JPEG")
    tiff = exif.tobytes().removeprefix(b"Exif\x00\x00")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    whole = files.saved(
        files.noise(600, 400),
        "JPEG",
        quality=95,
        exif=b"Exif\x00\x00" + tiff + preview,
        comment=files.SECRET.encode(),
        icc_profile=profile,
        xmp=b"<x:xmpmeta><rdf:li>" + files.SECRET.encode() + b"</rdf:li></x:xmpmeta>",
    )
    told = files.SECRET.encode()
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(told)) + told
    resource = (
        b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(caption)) + caption + b"\x00" * (len(caption) % 2)
    )
    body = b"Photoshop 3.0\x00" + resource
    iptc = b"\xff\xed" + struct.pack(">H", len(body) + 2) + body
    return whole[:2] + iptc + whole[2:] + files.archive()


def png_with_words() -> bytes:
    words = PngInfo()
    words.add_text("Comment", files.SECRET)
    words.add_itxt("XML:com.adobe.xmp", files.SECRET, zip=True)
    return files.saved(files.noise(), "PNG", pnginfo=words, exif=files.exif_with_position()) + HTML


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds hardly anything of it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(20_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame says that it is as large as that."""
    data = bytearray(files.jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def animated() -> bytes:
    first, *rest = (files.noise() for _ in range(4))
    return files.saved(first, "PNG", save_all=True, append_images=rest)


def padded(data: bytes, size: int) -> bytes:
    return data + bytes(size - len(data))


def container(brand: bytes) -> bytes:
    """HEIC, AVIF: what phones call .jpg now and then."""
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(4) + brand + b"mif1" + bytes(20_000)


def _image(kind: str, **options: object) -> Callable[[], bytes]:
    return lambda: files.saved(files.noise(), kind, **options)


OTHER, DAMAGED, ACTIVE = "error.unsupported_file", "error.damaged_pdf", "error.active_pdf"
UNCLEAR, LARGE, PIXELS = "error.too_small", "error.too_large", "error.too_many_pixels"
CUT, MOVES = "error.incomplete_file", "error.animated_picture"

SAMPLES = (
    # What is taken, and cleaned
    Sample("photo with every metadata", "کارت ملی.jpg", gps_and_more),
    Sample("photo lying on its side, with a position", "IMG_1.jpg", files.photo_from_a_phone),
    Sample("png with words in it and html behind it", "scan.png", png_with_words),
    Sample("png that moves", "scan.png", animated),
    Sample("jpeg and zip in one", "scan.jpg", lambda: files.jpeg() + files.archive()),
    Sample("jpeg called pdf", "کارت ملی.pdf", files.jpeg),
    Sample("pdf called exe", "setup.exe", files.pdf),
    Sample("path in the name", "../../etc/passwd\x00.jpg", files.jpeg),
    Sample("exactly at the limit", "large.jpg", lambda: padded(files.jpeg(), LARGEST)),
    Sample("pdf with a link", "letter.pdf", pdfs.with_link),
    Sample("pdf with an empty form", "form.pdf", lambda: pdfs.pdf_with(root={"/AcroForm": {"/Fields": []}})),
    Sample("pdf that opens at its top", "letter.pdf", pdfs.with_first_view),
    Sample("pdf with empty bytes behind it", "letter.pdf", lambda: files.pdf() + b"\r\n\x00"),
    Sample("pdf with a stream", "letter.pdf", lambda: pdfs.with_stream_of(1_000_000)),
    Sample("a hundred pages", "book.pdf", lambda: files.pdf(100)),
    # Size
    Sample("zero bytes", "empty.pdf", lambda: b"", UNCLEAR),
    Sample("one byte over the limit", "large.jpg", lambda: padded(files.jpeg(), LARGEST + 1), LARGE),
    Sample("20 MB", "large.pdf", lambda: padded(files.pdf(), 20 * 1024 * 1024), LARGE),
    Sample("more than a bot may fetch", "large.pdf", lambda: padded(files.pdf(), 20 * 1024 * 1024 + 1), LARGE),
    # Other kinds
    Sample("gif", "scan.jpg", _image("GIF"), OTHER),
    Sample("gif that moves", "scan.gif", _image("GIF", save_all=True, append_images=[files.noise()]), OTHER),
    Sample("gif bomb", "scan.gif", lambda: _bomb("GIF"), OTHER),
    # Kinds that phones and scanners make
    Sample("webp", "scan.webp", _image("WEBP", lossless=True)),
    Sample("webp with words in it", "scan.webp", lambda: _told("WEBP")),
    Sample("webp that moves", "scan.webp", _image("WEBP", save_all=True, append_images=[files.noise()]), MOVES),
    Sample("webp bomb", "scan.webp", lambda: files.saved(Image.new("L", (8_000, 8_000)), "WEBP"), PIXELS),
    Sample("webp cut off", "scan.webp", lambda: _half("WEBP"), CUT),
    Sample("heic called jpg", "IMG_2.jpg", lambda: _told("HEIF")),
    Sample("heic cut off", "IMG_2.heic", lambda: _half("HEIF"), CUT),
    Sample("heic without content", "IMG_2.jpg", lambda: container(b"heic"), UNCLEAR),
    Sample("avif called jpg", "IMG_3.jpg", lambda: _told("AVIF")),
    Sample("avif that moves", "IMG_3.avif", _image("AVIF", save_all=True, append_images=[files.noise()]), MOVES),
    Sample("avif cut off", "IMG_3.avif", lambda: _half("AVIF"), CUT),
    Sample("avif without content", "IMG_3.jpg", lambda: container(b"avif"), UNCLEAR),
    Sample("tiff", "scan.tif", _image("TIFF")),
    Sample("tiff bomb", "scan.tif", lambda: _bomb("TIFF", 8_000), PIXELS),
    Sample("tiff cut off", "scan.tif", lambda: _half("TIFF"), CUT),
    Sample("tiff without content", "scan.tif", lambda: b"II*\x00\x08\x00\x00\x00" + bytes(20_000), UNCLEAR),
    Sample("tiff of too many pages", "scan.tif", lambda: _pages(101), "error.too_many_pages"),
    Sample("bmp", "scan.bmp", _image("BMP")),
    Sample("bmp cut off", "scan.bmp", lambda: _half("BMP"), CUT),
    Sample("svg with a script", "scan.svg", lambda: b"<svg onload='alert(1)'>" + HTML * 400, OTHER),
    Sample("html called pdf", "letter.pdf", lambda: HTML * 400, OTHER),
    Sample("macro of an office", "letter.docm", lambda: files.archive(b"word/vbaProject.bin"), OTHER),
    Sample("old office file", "letter.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20_000), OTHER),
    Sample("program called jpg", "scan.jpg", lambda: b"MZ" + bytes(20_000), OTHER),
    Sample("zip called pdf", "letter.pdf", lambda: files.archive(bytes(20_000)), OTHER),
    Sample("html before a pdf", "letter.pdf", lambda: HTML + files.pdf(), OTHER),
    Sample("line break before a pdf", "letter.pdf", lambda: b"\n" + files.pdf()),
    # Pictures
    Sample("jpeg cut off", "scan.jpg", lambda: gps_and_more()[:30_000], CUT),
    Sample("png cut off", "scan.png", lambda: files.png()[:30_000], CUT),
    Sample("jpeg without its content", "scan.jpg", lambda: files.jpeg()[:40] + bytes(20_000), UNCLEAR),
    Sample("png without its content", "scan.png", lambda: files.png()[:40] + bytes(20_000), UNCLEAR),
    Sample("png with a jpeg's first bytes", "scan.jpg", lambda: b"\xff\xd8\xff" + files.png()[3:], UNCLEAR),
    Sample("tiny picture", "scan.jpg", lambda: files.saved(Image.new("RGB", (40, 40)), "JPEG"), UNCLEAR),
    Sample("1×60000", "scan.png", lambda: files.saved(files.noise(1, 60_000), "PNG"), UNCLEAR),
    Sample("60000×1", "scan.jpg", lambda: files.saved(files.noise(60_000, 1), "JPEG", quality=100), UNCLEAR),
    Sample("png bomb", "scan.png", lambda: png_header(50_000, 50_000), PIXELS),
    Sample("png that lies", "scan.png", lambda: png_header(6_000, 6_000), UNCLEAR),
    Sample("jpeg bomb", "scan.jpg", lambda: jpeg_of(60_000, 60_000), PIXELS),
    Sample("jpeg with a pdf's head", "scan.jpg", lambda: b"%PDF-1.4\n" + files.jpeg(), DAMAGED),
    # PDF
    Sample("pdf cut off", "letter.pdf", lambda: files.pdf(5)[:600], CUT),
    Sample("pdf cut off, with an end", "letter.pdf", lambda: files.pdf()[:200] + b"%%EOF", DAMAGED),
    Sample("pdf without content", "letter.pdf", lambda: b"%PDF-1.7\n%%EOF", DAMAGED),
    Sample("pdf of noise", "letter.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 100 + b"%%EOF", DAMAGED),
    Sample("pdf without pages", "letter.pdf", lambda: files.pdf(0), DAMAGED),
    Sample("locked pdf", "letter.pdf", lambda: files.locked_pdf("secret"), "error.locked_pdf"),
    Sample("pdf locked with nothing", "letter.pdf", lambda: files.locked_pdf("")),
    # Cleaned
    Sample("script", "letter.pdf", pdfs.with_script),
    Sample("script in disguise", "letter.pdf", lambda: pdfs.with_script().replace(b"/JavaScript", b"/J#61vaScript")),
    Sample("script of a page", "letter.pdf", lambda: pdfs.pdf_with(page={"/AA": {"/O": {"/S": "/Named", "/JS": "x"}}})),
    Sample("script in an object stream", "letter.pdf", pdfs.with_packed_script),
    Sample("program on opening", "letter.pdf", lambda: pdfs.on_opening("/Launch", F="cmd.exe")),
    Sample("address on opening", "letter.pdf", lambda: pdfs.on_opening("/URI", URI="http://evil.example")),
    Sample("address with the page", "letter.pdf", pdfs.with_address_on_first_page),
    Sample("form sent on opening", "letter.pdf", lambda: pdfs.on_opening("/SubmitForm", F="http://evil.example")),
    Sample("another file on opening", "letter.pdf", lambda: pdfs.on_opening("/GoToR", F="x")),
    Sample("xfa", "letter.pdf", lambda: pdfs.pdf_with(root={"/AcroForm": {"/XFA": [], "/Fields": []}})),
    Sample("file inside", "letter.pdf", pdfs.with_attachment),
    Sample("media", "letter.pdf", lambda: pdfs.pdf_with(page={"/Annots": [{"/Type": "/Annot", "/Subtype": "/RichMedia"}]})),
    # And not
    Sample("pdf and zip in one", "letter.pdf", lambda: files.pdf() + files.archive(b"%%EOF"), ACTIVE),
    Sample("pdf and html in one", "letter.pdf", lambda: files.pdf() + HTML),
    Sample("pages in a circle", "letter.pdf", pdfs.with_circular_pages, DAMAGED),
    Sample("a million objects", "letter.pdf", lambda: pdfs.with_table_of(1_000_000), DAMAGED, heavy=True),
    Sample("object stream bomb", "letter.pdf", lambda: pdfs.with_packed_objects(300_000_000), DAMAGED, heavy=True),
    Sample("stream bomb", "letter.pdf", lambda: pdfs.with_stream_of(600_000_000), DAMAGED),
    Sample("stream packed twice", "letter.pdf", lambda: pdfs.with_stream_of(100_000_000, filters=2), DAMAGED),
    Sample("picture bomb in a pdf", "letter.pdf", lambda: pdfs.with_stream_of(100, Width=50_000, Height=50_000), PIXELS),
    Sample("a book", "book.pdf", lambda: files.pdf(101), "error.too_many_pages"),
)  # fmt: skip


def _bomb(kind: str, side: int = 6_000) -> bytes:
    options = {"compression": "tiff_deflate"} if kind == "TIFF" else {}
    return files.saved(Image.new("L", (side, side)), kind, **options)


def _told(kind: str) -> bytes:
    """With a position and a comment."""
    return files.saved(files.noise(), kind, exif=files.exif_with_position())


def _half(kind: str) -> bytes:
    whole = files.saved(files.noise(), kind)
    return whole[: len(whole) // 2]


def _pages(count: int) -> bytes:
    first, *rest = (Image.new("1", (400, 500)) for _ in range(count))
    return files.saved(first, "TIFF", save_all=True, append_images=rest)


def only_pixels(shown: bytes) -> None:
    """Raises AssertionError where anything but pixels is left in a shown picture."""
    image = Image.open(io.BytesIO(shown))
    image.load()
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert not image.getexif()
    assert not {"icc_profile", "exif", "comment", "photoshop", "xmp"} & set(image.info)
    for word in (files.SECRET.encode(), b"Exif", b"xmpmeta", b"8BIM", b"index.html", b"<script>"):
        assert word not in shown
    assert shown.count(b"\xff\xd8\xff") == 1
