"""What a file is by its first bytes, and the verdict on it. Without any decoder, so that the bot itself need
not load one."""

from dataclasses import dataclass

from bot.core.refusals import FileRejected

#: Bytes (docs/specification.md 3).
LARGEST = 10 * 1024 * 1024
SMALLEST_IMAGE = 10 * 1024

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"%PDF-": "application/pdf"}


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A file that may be taken."""

    #: Of the original: "application/pdf" | "image/jpeg" | "image/png"
    media_type: str
    #: What people are shown: a JPEG without metadata, or the PDF as it is.
    shown: bytes
    pages: int | None = None
    #: Pixels of the shown image.
    width: int | None = None
    height: int | None = None
    #: Why people may be unable to read it: "blurred" | "dark" | "glare" | "small". A warning, never a refusal.
    quality_warning: str | None = None


def media_type_of(data: bytes) -> str | None:
    """By the first bytes, never by a name; None for whatever is not accepted."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def check_without_decoding(data: bytes) -> str:
    """What needs no decoding; the media type. Raises FileRejected."""
    if len(data) > LARGEST:
        raise FileRejected("error.too_large")
    if not data:
        raise FileRejected("error.too_small")
    media_type = media_type_of(data)
    if media_type is None:
        raise FileRejected("error.unsupported_file")
    if media_type != "application/pdf" and len(data) < SMALLEST_IMAGE:
        raise FileRejected("error.too_small")
    return media_type


def damaged_refusal(media_type: str) -> FileRejected:
    """The refusal of a file that cannot be read through."""
    return FileRejected("error.damaged_pdf" if media_type == "application/pdf" else "error.too_small")
