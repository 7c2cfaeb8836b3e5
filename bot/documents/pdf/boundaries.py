"""Where a PDF begins and ends among the bytes of a file, and whether anything else is in it."""

import io
import re
import zipfile

from bot.core.refusals import FileRejected

#: A PDF's header may stand anywhere in so many first bytes (ISO 32000, annex I).
HEADER_WITHIN = 1024
#: What is written before it by mistake: a byte order mark, or blanks.
_BLANK = b"\xef\xbb\xbf\xfe\xff\x00\t\n\x0c\r "
_END = b"%%EOF"
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
#: What a PDF may end with: an end of line, and zeros that fill a block.
_EMPTY = b"\x00\t\n\x0c\r "


def pdf_start(data: bytes) -> int | None:
    """Where a PDF's header is, where nothing but blanks stands before it."""
    at = data.find(b"%PDF-", 0, HEADER_WITHIN)
    return at if at >= 0 and not data[:at].strip(_BLANK) else None


def trimmed(data: bytes) -> tuple[bytes, bool]:
    """The PDF alone, and whether its end mark is there. What was written before its header by mistake (a byte order mark,
    blanks) and behind its end (Ctrl-Z, a page of the portal that it came from) is left out. Raises FileRejected for an
    archive in the same file, for a file whose end is missing, and where there are no objects at all."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise FileRejected("error.active_pdf")  # two files in one, on purpose
    start = pdf_start(data) or 0
    end = data.rfind(_END)
    if end < 0:
        if not _OBJECT.search(data):
            raise FileRejected("error.damaged_pdf")
        return data[start:], False
    behind = data[end + len(_END) :]
    if not behind.strip(_EMPTY):
        return (data[start:] if start else data), True
    if _OBJECT.search(behind):
        raise FileRejected("error.incomplete_file")  # cut off behind an earlier end
    return data[start : end + len(_END)] + b"\n", True
