"""Hundreds of sound files of every producer at hand, none of which may be refused, and what is shown of each opens."""

import io
from collections.abc import Iterator
from itertools import product

import pikepdf
import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from tests.support import files, pdf_files, picture_files
from tests.support.hostile_files import SAMPLES
from tests.support.hostile_pdfs import does_nothing

PICTURE = files.noise(240, 180)
Named = tuple[str, bytes]


def saved(name: str, kind: str, mode: str = "RGB", **options: object) -> Named:
    return f"{kind} {mode} {name} {options}"[:120], files.saved(PICTURE.convert(mode), kind, **options)


def jpegs() -> Iterator[Named]:
    for mode, quality, sampling, progressive in product(
        ("RGB", "L", "CMYK"), (75, 85, 92, 97), ("4:4:4", "4:2:2", "4:2:0"), (False, True)
    ):
        yield saved("", "JPEG", mode, quality=quality, subsampling=sampling, progressive=progressive)
    for restart in (1, 4):
        yield saved("restarts", "JPEG", quality=90, restart_marker_blocks=restart)
    first, second = PICTURE, files.noise(240, 180)
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second], quality=90)
    yield "MPO", out.getvalue()


def turned() -> Iterator[Named]:
    for kind, orientation in product(("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"), range(9)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield saved(f"turned {orientation}", kind, exif=exif.tobytes())


def other_pictures() -> Iterator[Named]:
    for mode, level in product(("L", "LA", "P", "RGB", "RGBA"), (0, 1, 6, 9)):
        yield saved("", "PNG", mode, compress_level=level)
    yield "PNG 16", picture_files.grey16_with_transparent(5)
    for mode, packed in product(
        ("L", "RGB", "RGBA", "CMYK"), (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")
    ):
        yield saved("", "TIFF", mode, compression=packed)
    for packed in ("group3", "group4", "tiff_lzw", None):
        yield saved("", "TIFF", "1", compression=packed)
    yield saved("", "TIFF", "RGB", compression="jpeg")
    yield from (saved("", "BMP", mode) for mode in ("1", "L", "P", "RGB", "RGBA"))
    for mode, lossless, quality in product(("RGB", "RGBA"), (False, True), (60, 90)):
        yield saved("", "WEBP", mode, lossless=lossless, quality=quality)
    for mode, quality, sampling in product(("RGB", "RGBA"), (60, 90), ("4:2:0", "4:4:4")):
        yield saved("", "AVIF", mode, quality=quality, subsampling=sampling)
    for mode, quality, chroma in product(("RGB", "RGBA", "L"), (50, 90), ("420", "444")):
        yield saved("", "HEIF", mode, quality=quality, chroma=chroma)
    for pages in (1, 2, 5):
        yield f"fax {pages}", picture_files.fax(pages)


def of_fpdf(pages: int, compress: bool, picture: str | None, *, linked: bool) -> bytes:
    made = FPDF()
    made.set_compression(compress)
    for number in range(pages):
        made.add_page()
        made.set_font("Helvetica", size=14)
        made.start_section(f"Page {number + 1}")
        made.cell(0, 10, f"Certificate {number + 1}", link="https://example.com/JavaScript" if linked else "")
        if picture is not None:
            made.image(PICTURE.convert(picture), w=60)
        if linked:
            made.text_annotation(x=20, y=60, text="note")
    return bytes(made.output())


def pdfs() -> Iterator[Named]:
    for pages, compress, picture, linked in product(
        (1, 3), (False, True), (None, "RGB", "L", "RGBA"), (False, True)
    ):
        yield f"fpdf2 {pages} {compress} {picture} {linked}", of_fpdf(pages, compress, picture, linked=linked)
    modes = pikepdf.ObjectStreamMode
    plain = of_fpdf(2, True, "RGB", linked=True)
    for mode, linear, version in product(
        (modes.disable, modes.generate), (False, True), ("1.3", "1.5", "1.7", "2.0")
    ):
        with pikepdf.open(io.BytesIO(plain)) as opened:
            out = io.BytesIO()
            opened.save(out, object_stream_mode=mode, linearize=linear, min_version=version)
        yield f"qpdf {mode} {linear} {version}", out.getvalue()
    for revision, aes in ((2, False), (3, False), (4, True), (4, False), (6, True)):
        for owner in ("", "owner"):
            yield (
                f"locked {revision} {aes} {owner}",
                pdf_files.locked(owner=owner, R=revision, aes=aes, metadata=aes),
            )
    for algorithm in ("RC4-40", "RC4-128", "AES-128", "AES-256"):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain)))
        writer.encrypt("", owner_password="x", algorithm=algorithm)
        yield f"pypdf {algorithm}", files.written(writer)
    writer = PdfWriter(io.BytesIO(plain), incremental=True)
    writer.add_metadata({"/Title": "second"})
    yield "pypdf incremental", files.written(writer)
    for mode in ("1", "L", "P", "RGB", "CMYK"):
        yield saved("", "PDF", mode, resolution=150)
    yield from ((name, make()) for name, make in pdf_files.SOUND.items())
    for before, behind in product(
        (b"", b"\n", b"\xef\xbb\xbf", b"\x00" * 64), (b"\x1a", b"\r\n\x1a", b"<html></html>", b"\n" * 2000)
    ):
        yield f"{before!r} {behind[:8]!r}", before + plain + behind


def sound() -> Iterator[Named]:
    yield from jpegs()
    yield from turned()
    yield from other_pictures()
    yield from pdfs()


@pytest.mark.campaign
def test_no_sound_file_of_any_producer_is_refused() -> None:
    count, refused = 0, []
    for name, data in sound():
        count += 1
        try:
            found = inspect(data)
        except FileRejected as refusal:
            refused.append((name, refusal.key))
            continue
        if found.shown_media_type == "application/pdf":
            with pypdfium2.PdfDocument(found.shown) as opened:
                assert len(opened) == found.pages, name
        else:
            with Image.open(io.BytesIO(found.shown)) as image:
                assert image.size == (found.width, found.height), name
    assert refused == []
    assert count >= 300


def test_nothing_hostile_is_shown() -> None:
    """Refused, or without what it had."""
    for sample in SAMPLES:
        if sample.heavy or sample.refusal is not None:
            continue
        found = inspect(sample.content)
        if found.shown_media_type == "application/pdf":
            does_nothing(found.shown)
    for make in pdf_files.HIDDEN.values():
        does_nothing(inspect(make()).shown)
