"""What a file is by its first bytes, and the verdict on it. Without any decoder, so that the bot itself need
not load one."""

from dataclasses import dataclass

from bot.core.refusals import FileRejected
from bot.documents.pdf.boundaries import pdf_start

#: Bytes (docs/documents.md).
LARGEST = 10 * 1024 * 1024
SMALLEST_IMAGE = 10 * 1024

PDF = "application/pdf"

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": PDF,
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"II+\x00": "image/tiff",
    b"MM\x00+": "image/tiff",
}
#: Brands of an ISO media file that hold pictures.
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF = {b"avif", b"avis"}
_EITHER = {b"mif1", b"msf1", b"miaf"}


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A file that may be taken."""

    #: Of the original: "application/pdf", "image/jpeg", "image/heic" …
    media_type: str
    #: What people are shown: a JPEG without metadata, or a PDF.
    shown: bytes
    pages: int | None = None
    #: Pixels of the shown image.
    width: int | None = None
    height: int | None = None
    #: Why people may be unable to read it: "blurred" | "dark" | "glare" | "small" | "blank" | "empty", and of which
    #: pages: "dark 2,5". A warning, never a refusal.
    quality_warning: str | None = None
    #: Of `shown`.
    shown_media_type: str = "image/jpeg"
    #: What the expert is told: "signed" | "cleaned" | "unlocked" | "fonts"
    remarks: tuple[str, ...] = ()
    #: A JPEG of a PDF's first page.
    preview: bytes | None = None


def media_type_of(data: bytes) -> str | None:
    """By the first bytes, never by a name; None for whatever is not accepted."""
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is not None:
        return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "image/bmp"
    if data[4:8] == b"ftyp":
        return _iso_media_type(data)
    return PDF if pdf_start(data) is not None else None


def _iso_media_type(data: bytes) -> str | None:
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, min(len(data), _box_size(data)), 4))]
    for kind, known in (("image/heic", _HEIC), ("image/avif", _AVIF)):
        if brands[0] in known or (brands[0] in _EITHER and not known.isdisjoint(brands)):
            return kind
    return None


def _box_size(data: bytes) -> int:
    return min(int.from_bytes(data[:4], "big"), 256)


def check_without_decoding(data: bytes) -> str:
    """What needs no decoding; the media type. Raises FileRejected."""
    if len(data) > LARGEST:
        raise FileRejected("error.too_large")
    if not data:
        raise FileRejected("error.too_small")
    media_type = media_type_of(data)
    if media_type is None:
        raise FileRejected("error.unsupported_file")
    if media_type in ("image/jpeg", "image/png") and len(data) < SMALLEST_IMAGE:
        raise FileRejected("error.too_small")
    return media_type


def damaged_refusal(media_type: str) -> FileRejected:
    """The refusal of a file that cannot be read through."""
    return FileRejected("error.damaged_pdf" if media_type == PDF else "error.too_small")
