"""Files that an attacker, or a bad line, would send: each with its name, its bytes, and what must become of it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from bot.documents.file_types import LARGEST
from tests.support import made_files

HTML = b"<html><script>alert(1)</script></html>"


@dataclass(frozen=True, slots=True)
class Sample:
    kind: str
    name: str
    make: Callable[[], bytes]
    #: The text key of the refusal; None: it is taken.
    refusal: str | None = None

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
    image = made_files.noise(600, 400)
    exif = Image.Exif()
    exif[0x010E] = made_files.SECRET
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 21.0)
    preview = made_files.saved(made_files.noise(160, 120), "JPEG")
    tiff = exif.tobytes().removeprefix(b"Exif\x00\x00")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    whole = made_files.saved(
        image,
        "JPEG",
        quality=95,
        exif=b"Exif\x00\x00" + tiff + preview,
        comment=made_files.SECRET.encode(),
        icc_profile=profile,
        xmp=b"<x:xmpmeta><rdf:li>" + made_files.SECRET.encode() + b"</rdf:li></x:xmpmeta>",
    )
    told = made_files.SECRET.encode()
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(told)) + told
    resource = (
        b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(caption)) + caption + b"\x00" * (len(caption) % 2)
    )
    body = b"Photoshop 3.0\x00" + resource
    iptc = b"\xff\xed" + struct.pack(">H", len(body) + 2) + body
    return whole[:2] + iptc + whole[2:] + made_files.archive()


def png_with_words() -> bytes:
    words = PngInfo()
    words.add_text("Comment", made_files.SECRET)
    words.add_itxt("XML:com.adobe.xmp", made_files.SECRET, zip=True)
    exif = Image.Exif()
    exif[0x010E] = made_files.SECRET
    return made_files.saved(made_files.noise(), "PNG", pnginfo=words, exif=exif) + HTML


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
    data = bytearray(made_files.jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def animated() -> bytes:
    first, *rest = (made_files.noise() for _ in range(4))
    return made_files.saved(first, "PNG", save_all=True, append_images=rest)


def padded(data: bytes, size: int) -> bytes:
    return data + bytes(size - len(data))


def action_on_opening(kind: str, **fields: str) -> bytes:
    action = DictionaryObject({NameObject("/S"): NameObject(kind)})
    for name, value in fields.items():
        action[NameObject(f"/{name}")] = TextStringObject(value)
    return made_files.with_in_root("/OpenAction", action)


def address_of_a_page() -> bytes:
    """Opened together with the first page."""
    writer = made_files.paper()
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("http://evil.example")}
    )
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): writer._add_object(action)})
    return made_files.written(writer)


def link() -> bytes:
    """An address that opens when it is tapped: letters of offices have them."""
    writer = made_files.paper()
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("http://office.example")}
    )
    box = ArrayObject([NumberObject(one) for one in (0, 0, 50, 50)])
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): box,
            NameObject("/A"): action,
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([note])
    return made_files.written(writer)


def pages_in_a_circle() -> bytes:
    writer = made_files.paper()
    pages = writer._root_object["/Pages"]
    reference = writer._root_object.raw_get("/Pages")
    assert isinstance(pages, DictionaryObject)
    pages[NameObject("/Kids")] = ArrayObject([reference])
    return made_files.written(writer)


def table_of(count: int) -> bytes:
    """A cross-reference stream that lists so many objects in a few kilobytes, all at one place."""
    row = bytes([1]) + (9).to_bytes(3, "big") + b"\0"
    packed = zlib.compress(row * count, 9)
    head = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    table = (
        f"{count} 0 obj\n<</Type/XRef/Size {count}/W[1 3 1]/Root 1 0 R/Filter/FlateDecode"
        f"/Length {len(packed)}>>\nstream\n"
    ).encode()
    return head + table + packed + f"\nendstream\nendobj\nstartxref\n{len(head)}\n%%EOF\n".encode()


def packed_objects(size: int) -> bytes:
    """An object stream that unpacks to `size` bytes when the reader looks for the catalogue in it."""
    inflate = zlib.compressobj(9)
    packed = inflate.compress(b"1 0 ")
    for _ in range(size // 1_000_000):
        packed += inflate.compress(b" " * 1_000_000)
    packed += inflate.flush()
    out = b"%PDF-1.5\n"
    stream = len(out)
    out += f"2 0 obj\n<</Type/ObjStm/N 1/First 4/Length {len(packed)}/Filter/FlateDecode>>\nstream\n".encode()
    out += packed + b"\nendstream\nendobj\n"
    table = len(out)
    rows = bytes([0, 0, 0, 0, 0]) + bytes([2, 0, 0, 2, 0])
    rows += b"".join(bytes([1]) + at.to_bytes(3, "big") + b"\0" for at in (stream, table))
    out += f"3 0 obj\n<</Type/XRef/Size 4/W[1 3 1]/Root 1 0 R/Length {len(rows)}>>\nstream\n".encode()
    return out + rows + b"\nendstream\nendobj\nstartxref\n" + str(table).encode() + b"\n%%EOF\n"


def container(brand: bytes) -> bytes:
    """HEIC, AVIF: what phones call .jpg now and then."""
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(4) + brand + b"mif1" + bytes(20_000)


def _image(kind: str, **options: object) -> Callable[[], bytes]:
    return lambda: made_files.saved(made_files.noise(), kind, **options)


OTHER, DAMAGED, ACTIVE = "error.unsupported_file", "error.damaged_pdf", "error.active_pdf"
UNCLEAR, LARGE, PIXELS = "error.too_small", "error.too_large", "error.too_many_pixels"

SAMPLES = (
    # What is taken, and cleaned
    Sample("photo with every metadata", "کارت ملی.jpg", gps_and_more),
    Sample("photo lying on its side, with a position", "IMG_1.jpg", made_files.photo_from_a_phone),
    Sample("png with words in it and html behind it", "scan.png", png_with_words),
    Sample("png that moves", "scan.png", animated),
    Sample("jpeg and zip in one", "scan.jpg", lambda: made_files.jpeg() + made_files.archive()),
    Sample("jpeg called pdf", "کارت ملی.pdf", made_files.jpeg),
    Sample("pdf called exe", "setup.exe", made_files.pdf),
    Sample("path in the name", "../../etc/passwd\x00.jpg", made_files.jpeg),
    Sample("exactly at the limit", "large.jpg", lambda: padded(made_files.jpeg(), LARGEST)),
    Sample("pdf with a link", "letter.pdf", link),
    Sample("pdf with an empty form", "form.pdf", made_files.with_plain_form),
    # Size
    Sample("zero bytes", "empty.pdf", lambda: b"", UNCLEAR),
    Sample("one byte over the limit", "large.jpg", lambda: padded(made_files.jpeg(), LARGEST + 1), LARGE),
    Sample("20 MB", "large.pdf", lambda: padded(made_files.pdf(), 20 * 1024 * 1024), LARGE),
    Sample("more than a bot may fetch", "large.pdf", lambda: padded(made_files.pdf(), 20 * 1024 * 1024 + 1), LARGE),
    # Other kinds
    Sample("gif", "scan.jpg", _image("GIF"), OTHER),
    Sample("gif that moves", "scan.gif", _image("GIF", save_all=True, append_images=[made_files.noise()]), OTHER),
    Sample("webp", "scan.webp", _image("WEBP", lossless=True), OTHER),
    Sample("webp bomb", "scan.webp", lambda: made_files.saved(Image.new("L", (4_000, 4_000)), "WEBP"), OTHER),
    Sample("tiff bomb", "scan.tif", lambda: _bomb("TIFF"), OTHER),
    Sample("gif bomb", "scan.gif", lambda: _bomb("GIF"), OTHER),
    Sample("heic called jpg", "IMG_2.jpg", lambda: container(b"heic"), OTHER),
    Sample("avif called jpg", "IMG_3.jpg", lambda: container(b"avif"), OTHER),
    Sample("svg with a script", "scan.svg", lambda: b"<svg onload='alert(1)'>" + HTML * 400, OTHER),
    Sample("html called pdf", "letter.pdf", lambda: HTML * 400, OTHER),
    Sample("macro of an office", "letter.docm", lambda: made_files.archive(b"word/vbaProject.bin"), OTHER),
    Sample("old office file", "letter.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20_000), OTHER),
    Sample("program called jpg", "scan.jpg", lambda: b"MZ" + bytes(20_000), OTHER),
    Sample("zip called pdf", "letter.pdf", lambda: made_files.archive(bytes(20_000)), OTHER),
    Sample("html before a pdf", "letter.pdf", lambda: HTML + made_files.pdf(), OTHER),
    # Pictures
    Sample("jpeg cut off", "scan.jpg", lambda: gps_and_more()[:30_000], UNCLEAR),
    Sample("png cut off", "scan.png", lambda: made_files.png()[:30_000], UNCLEAR),
    Sample("tiny picture", "scan.jpg", lambda: made_files.saved(Image.new("RGB", (40, 40)), "JPEG"), UNCLEAR),
    Sample("1×60000", "scan.png", lambda: made_files.saved(made_files.noise(1, 60_000), "PNG"), UNCLEAR),
    Sample("60000×1", "scan.jpg", lambda: made_files.saved(made_files.noise(60_000, 1), "JPEG", quality=100), UNCLEAR),
    Sample("png bomb", "scan.png", lambda: png_header(50_000, 50_000), PIXELS),
    Sample("png that lies", "scan.png", lambda: png_header(6_000, 6_000), UNCLEAR),
    Sample("jpeg bomb", "scan.jpg", lambda: jpeg_of(60_000, 60_000), PIXELS),
    Sample("jpeg with a pdf's head", "scan.jpg", lambda: b"%PDF-1.4\n" + made_files.jpeg(), DAMAGED),
    # PDF
    Sample("pdf cut off", "letter.pdf", lambda: made_files.pdf(5)[:600], DAMAGED),
    Sample("locked pdf", "letter.pdf", lambda: made_files.locked("secret"), DAMAGED),
    Sample("pdf locked with nothing", "letter.pdf", lambda: made_files.locked(""), DAMAGED),
    Sample("script", "letter.pdf", made_files.with_javascript, ACTIVE),
    Sample("program on opening", "letter.pdf", lambda: action_on_opening("/Launch", F="cmd.exe"), ACTIVE),
    Sample("address on opening", "letter.pdf", lambda: action_on_opening("/URI", URI="http://evil.example"), ACTIVE),
    Sample("address with the page", "letter.pdf", address_of_a_page, ACTIVE),
    Sample("form sent on opening", "letter.pdf", lambda: action_on_opening("/SubmitForm", F="http://evil.example"), ACTIVE),
    Sample("xfa", "letter.pdf", made_files.with_xfa, ACTIVE),
    Sample("file inside", "letter.pdf", made_files.with_attachment, ACTIVE),
    Sample("media", "letter.pdf", made_files.with_rich_media, ACTIVE),
    Sample("pdf and zip in one", "letter.pdf", lambda: made_files.pdf() + made_files.archive(b"%%EOF"), ACTIVE),
    Sample("pdf and html in one", "letter.pdf", lambda: made_files.pdf() + HTML, ACTIVE),
    Sample("pages in a circle", "letter.pdf", pages_in_a_circle, DAMAGED),
    Sample("a million objects", "letter.pdf", lambda: table_of(1_000_000), DAMAGED),
    Sample("object stream bomb", "letter.pdf", lambda: packed_objects(300_000_000), DAMAGED),
    Sample("stream bomb", "letter.pdf", lambda: made_files.with_stream_of(600_000_000), DAMAGED),
    Sample("stream packed twice", "letter.pdf", lambda: made_files.with_stream_of(100_000_000, filters=2), DAMAGED),
    Sample("picture bomb in a pdf", "letter.pdf", lambda: made_files.with_stream_of(100, width=50_000, height=50_000), PIXELS),
    Sample("a book", "book.pdf", lambda: made_files.pdf(101), "error.too_many_pages"),
)  # fmt: skip


def _bomb(kind: str) -> bytes:
    options = {"compression": "tiff_deflate"} if kind == "TIFF" else {}
    return made_files.saved(Image.new("L", (6_000, 6_000)), kind, **options)


def only_pixels(shown: bytes) -> None:
    """Raises AssertionError where anything but pixels is left in a shown picture."""
    image = Image.open(io.BytesIO(shown))
    image.load()
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert not image.getexif()
    assert not {"icc_profile", "exif", "comment", "photoshop", "xmp"} & set(image.info)
    for word in (made_files.SECRET.encode(), b"Exif", b"xmpmeta", b"8BIM", b"index.html", b"<script>"):
        assert word not in shown
    assert shown.count(b"\xff\xd8\xff") == 1
