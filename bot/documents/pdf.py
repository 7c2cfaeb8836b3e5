"""Whether a PDF may be taken: no password, nothing that runs, nothing hidden or attached."""

import io
import re
import zipfile
import zlib
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

from bot.core.refusals import FileRejected

MOST_PAGES = 100
MOST_OBJECTS = 100_000
#: Bytes that all streams may unpack to, and pixels of one picture.
MOST_UNPACKED = 500_000_000
MOST_PIXELS = 110_000_000

#: Keys and names of what runs, opens, plays, sends or carries other files.
_ACTIVE = frozenset(
    {
        "/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie",
        "/Sound", "/RichMedia", "/RichMediaExecute", "/3D", "/Screen", "/EmbeddedFile", "/EmbeddedFiles",
        "/FileAttachment", "/EF", "/AF", "/Collection", "/XFA", "/Trans3D",
    }
)  # fmt: skip
#: The long ones are also looked for in the raw bytes, where a reader may find objects that ours does not.
_ACTIVE_RAW = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|FileAttachment|RichMedia|ImportData)\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_END = b"%%EOF"
_EMPTY = b"\x00\t\n\x0c\r "


def pages_of_harmless_pdf(data: bytes) -> int:
    """The number of pages. Raises FileRejected: damaged or locked, active content, foreign data, too many
    pages."""
    end = data.rfind(_END)
    if end < 0:
        raise FileRejected("error.damaged_pdf")  # cut off on the way
    if data[end + len(_END) :].strip(_EMPTY) or zipfile.is_zipfile(io.BytesIO(data)):
        raise FileRejected("error.active_pdf")  # something else in a PDF's clothes
    if _ACTIVE_RAW.search(_ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), data)):
        raise FileRejected("error.active_pdf")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise FileRejected("error.damaged_pdf")
        pages = reader.get_num_pages()
        if pages < 1:
            raise FileRejected("error.damaged_pdf")
        if pages > MOST_PAGES:
            raise FileRejected("error.too_many_pages")
        for page in reader.pages:
            page.mediabox  # noqa: B018  (a page that cannot be measured cannot be shown)
        _look_through(reader)
    except FileRejected:
        raise
    except Exception as error:  # a parser of files from outside raises anything
        raise FileRejected("error.damaged_pdf") from error
    return pages


def _look_through(reader: PdfReader) -> None:
    """Every object that can be reached from the trailer or is listed anywhere."""
    listed = {(number, generation) for generation, numbers in reader.xref.items() for number in numbers}
    listed |= {(number, 0) for number in reader.xref_objStm}
    if len(listed) > MOST_OBJECTS:
        raise FileRejected("error.damaged_pdf")
    waiting: list[Any] = [reader.trailer]
    waiting += [IndirectObject(number, generation, reader) for number, generation in listed if number]
    seen: set[tuple[int, int]] = set()
    budget, looked = MOST_UNPACKED, 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, IndirectObject):
            if (item.idnum, item.generation) in seen:
                continue
            seen.add((item.idnum, item.generation))
            item = item.get_object()
        looked += 1
        if looked > 20 * MOST_OBJECTS:
            raise FileRejected("error.damaged_pdf")
        if isinstance(item, DictionaryObject):
            _refuse_active(item)
            if isinstance(item, StreamObject):
                budget -= _unpacked(item, budget)
            waiting += item.values()
        elif isinstance(item, ArrayObject):
            waiting += list(item)


def _refuse_active(item: DictionaryObject) -> None:
    names = {
        value
        for key, value in item.items()
        if key in ("/S", "/Type", "/Subtype") and isinstance(value, NameObject)
    }
    if not _ACTIVE.isdisjoint(item.keys()) or not _ACTIVE.isdisjoint(names):
        raise FileRejected("error.active_pdf")
    # A link may be tapped; a page of the web must not open by itself.
    for key in ("/OpenAction", "/AA"):
        nested = item.get(key)
        nested = nested.get_object() if isinstance(nested, IndirectObject) else nested
        if isinstance(nested, DictionaryObject) and _opens_web(nested):
            raise FileRejected("error.active_pdf")


def _opens_web(action: DictionaryObject) -> bool:
    """Whether an action, or one of several by their occasions, is the opening of an address."""
    each = [action, *(nested.get_object() for nested in action.values() if nested is not None)]
    return any(isinstance(nested, DictionaryObject) and nested.get("/S") == "/URI" for nested in each)


def _unpacked(stream: StreamObject, budget: int) -> int:
    """Bytes that a stream unpacks to, without keeping them. Raises FileRejected past `budget`."""
    width, height = stream.get("/Width", 0), stream.get("/Height", 0)
    if int(width) * int(height) > MOST_PIXELS:
        raise FileRejected("error.too_many_pixels")
    filters = stream.get("/Filter", [])
    filters = [filters] if isinstance(filters, NameObject) else list(filters)
    packed = [
        name
        for name in filters
        if name in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")
    ]
    if len(packed) > 1:
        raise FileRejected("error.damaged_pdf")  # packed twice: a bomb, no scanner does it
    if not filters or filters[0] not in ("/FlateDecode", "/Fl"):
        return 0
    inflate, rest, size = zlib.decompressobj(), stream._data, 0
    try:
        while rest and not inflate.eof:
            size += len(inflate.decompress(rest, 1 << 20))
            rest = inflate.unconsumed_tail
            if size > budget:
                raise FileRejected("error.damaged_pdf")
    except zlib.error:
        return size  # viewers show what they can of it
    return size
