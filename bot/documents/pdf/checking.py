"""Whether a PDF may be taken, and the copy of it that is shown: as it is, or cleaned (docs/documents.md)."""

import io
import re
from dataclasses import dataclass

import pikepdf

from bot.core.refusals import FileRejected
from bot.documents.pdf.boundaries import trimmed
from bot.documents.pdf.cleaning import Cleaning, forget_signatures

MOST_PAGES = 100

#: Words by which another reader may find in the bytes what ours does not see: then a copy is shown that has only what ours saw.
_ACTIVE_RAW = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|FileAttachment|RichMedia|ImportData)\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class CheckedPdf:
    shown: bytes
    pages: int
    #: "signed" | "cleaned" | "unlocked"
    remarks: tuple[str, ...]


def checked_pdf(data: bytes) -> CheckedPdf:
    """Raises FileRejected: damaged, locked or incomplete, too many pages, and what cannot be cleaned."""
    content, ended = trimmed(data)
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as opened:
            return _checked(data, content, opened, ended=ended)
    except FileRejected:
        raise
    except pikepdf.PasswordError:
        raise FileRejected("error.locked_pdf") from None
    except Exception as error:  # a parser of files from outside raises anything
        if not ended:
            raise FileRejected("error.incomplete_file") from error
        locked = "encryption" in str(error)
        raise FileRejected("error.locked_pdf" if locked else "error.damaged_pdf") from error


def _checked(data: bytes, content: bytes, opened: pikepdf.Pdf, *, ended: bool) -> CheckedPdf:
    repaired = bool(opened.get_warnings())
    if repaired and not ended:
        raise FileRejected("error.incomplete_file")
    pages = len(opened.pages)
    if pages < 1:
        raise FileRejected("error.damaged_pdf")
    if pages > MOST_PAGES:
        raise FileRejected("error.too_many_pages")
    for page in opened.pages:
        page.mediabox  # noqa: B018  (a page that cannot be measured cannot be shown)
    cleaning = Cleaning(opened)
    cleaning.run()
    suspicious = _ACTIVE_RAW.search(_ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), data)) is not None
    remarks = [("signed", cleaning.signed), ("cleaned", cleaning.removed), ("unlocked", opened.is_encrypted)]
    told = tuple(word for word, holds in remarks if holds)
    if cleaning.signed and not cleaning.removed and not (suspicious and repaired):
        return CheckedPdf(content, pages, ("signed",))
    if not (cleaning.removed or suspicious or repaired or opened.is_encrypted):
        return CheckedPdf(content, pages, told)
    return CheckedPdf(_written(opened), pages, told)


def _written(opened: pikepdf.Pdf) -> bytes:
    """A copy that has only what was looked at, without a password."""
    forget_signatures(opened)
    out = io.BytesIO()
    opened.save(out, encryption=False, deterministic_id=True)
    return out.getvalue()
