"""PDFs that do something, hide something or unpack to too much, and harmless ones that look like them."""

import io
import zlib
from collections.abc import Mapping
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

from tests.support import files

SCRIPT = {"/S": "/JavaScript", "/JS": "app.alert(1)"}


class Indirect(dict[str, Any]):
    """A dictionary that is an object of its own, with a reference in its place."""


def pdf_with(*, root: Mapping[str, Any] | None = None, page: Mapping[str, Any] | None = None) -> bytes:
    """One page; these entries are added to the catalogue and to the page. A text with a slash is a name."""
    writer = files.pages()
    for target, entries in ((writer.root_object, root), (writer.pages[0], page)):
        for key, value in (entries or {}).items():
            target[NameObject(key)] = _object(writer, value)
    return files.written(writer)


def _object(writer: PdfWriter, value: Any) -> PdfObject:
    match value:
        case PdfObject():
            return value
        case str():
            return NameObject(value) if value.startswith("/") else TextStringObject(value)
        case int():
            return NumberObject(value)
        case list():
            return ArrayObject(_object(writer, item) for item in value)
    made = DictionaryObject({NameObject(key): _object(writer, item) for key, item in value.items()})
    return writer._add_object(made) if isinstance(value, Indirect) else made


def on_opening(action: str, **fields: str) -> bytes:
    return pdf_with(
        root={"/OpenAction": {"/S": action} | {f"/{key}": value for key, value in fields.items()}}
    )


def with_script() -> bytes:
    return pdf_with(root={"/OpenAction": Indirect(SCRIPT)})


def with_script_on(page: int, pages: int) -> bytes:
    """It runs when that page is shown, and is not to be seen in the raw bytes."""
    writer = files.pages(pages)
    writer.pages[page][NameObject("/AA")] = _object(writer, {"/O": Indirect(SCRIPT)})
    return in_object_stream(files.written(writer))


def with_packed_script() -> bytes:
    """Objects inside object streams are not to be seen in the raw bytes."""
    return in_object_stream(with_script())


def with_address_on_first_page() -> bytes:
    """Opened together with the first page."""
    return pdf_with(page={"/AA": {"/O": Indirect({"/S": "/URI", "/URI": "http://evil.example"})}})


def with_attachment() -> bytes:
    writer = files.pages()
    writer.add_attachment("virus.exe", b"MZ")
    return files.written(writer)


def with_link() -> bytes:
    """An address that opens when it is tapped: letters of offices have them."""
    action = {"/S": "/URI", "/URI": "http://office.example"}
    link = {"/Type": "/Annot", "/Subtype": "/Link", "/Rect": [0, 0, 50, 50], "/A": action}
    return pdf_with(page={"/Annots": [link]})


def with_first_view() -> bytes:
    """Opens at the top of the first page, as many programs write it."""
    writer = files.pages()
    writer.root_object[NameObject("/OpenAction")] = _object(
        writer, [writer.pages[0].indirect_reference, "/Fit"]
    )
    return files.written(writer)


def with_circular_pages() -> bytes:
    writer = files.pages()
    pages = writer._root_object["/Pages"]
    assert isinstance(pages, DictionaryObject)
    pages[NameObject("/Kids")] = ArrayObject([writer._root_object.raw_get("/Pages")])
    return files.written(writer)


def with_stream_of(size: int, *, filters: int = 1, **measures: int) -> bytes:
    """A page with a stream that unpacks to `size` bytes; `measures` are its Width and Height."""
    packed = zlib.compress(bytes(size), 9)
    for _ in range(filters - 1):
        packed = zlib.compress(packed, 9)
    stream = DecodedStreamObject()
    stream.set_data(packed)
    names = [NameObject("/FlateDecode")] * filters
    stream[NameObject("/Filter")] = ArrayObject(names) if filters > 1 else names[0]
    for name, value in measures.items():
        stream[NameObject(f"/{name}")] = NumberObject(value)
    writer = files.pages()
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    return files.written(writer)


def _stream(number: int, entries: str, packed: bytes) -> bytes:
    head = f"{number} 0 obj\n<<{entries}/Length {len(packed)}>>\nstream\n".encode()
    return head + packed + b"\nendstream\nendobj\n"


def _ended(body: bytes, table: bytes) -> bytes:
    return body + table + f"startxref\n{len(body)}\n%%EOF\n".encode()


def _row(kind: int, value: int, index: int = 0) -> bytes:
    """A line of a cross-reference stream with the widths 1, 3, 1."""
    return bytes([kind]) + value.to_bytes(3, "big") + bytes([index])


def with_table_of(count: int) -> bytes:
    """A cross-reference stream that lists so many objects in a few kilobytes, all at one place."""
    body = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    entries = f"/Type/XRef/Size {count}/W[1 3 1]/Root 1 0 R/Filter/FlateDecode"
    return _ended(body, _stream(count, entries, zlib.compress(_row(1, 9) * count, 9)))


def with_packed_objects(size: int) -> bytes:
    """An object stream that unpacks to `size` bytes when the reader looks for the catalogue in it."""
    deflate = zlib.compressobj(9)
    packed = deflate.compress(b"1 0 ")
    for _ in range(size // 1_000_000):
        packed += deflate.compress(b" " * 1_000_000)
    packed += deflate.flush()
    head = b"%PDF-1.5\n"
    body = head + _stream(2, "/Type/ObjStm/N 1/First 4/Filter/FlateDecode", packed)
    rows = _row(0, 0) + _row(2, 2) + _row(1, len(head)) + _row(1, len(body))
    return _ended(body, _stream(3, "/Type/XRef/Size 4/W[1 3 1]/Root 1 0 R", rows))


def in_object_stream(plain: bytes) -> bytes:
    """The same objects, all in a compressed object stream, as newer programs write them."""
    reader = PdfReader(io.BytesIO(plain))
    numbers = sorted(number for number in reader.xref[0] if number)
    bodies, offsets, position = [], [], 0
    for number in numbers:
        body = reader.get_object(number)
        assert body is not None
        body.write_to_stream(out := io.BytesIO())
        bodies.append(out.getvalue())
        offsets.append(f"{number} {position}")
        position += len(bodies[-1]) + 1
    index = (" ".join(offsets) + " ").encode()
    stream, table = max(numbers) + 1, max(numbers) + 2
    head = b"%PDF-1.5\n"
    entries = f"/Type/ObjStm/N {len(numbers)}/First {len(index)}/Filter/FlateDecode"
    body = head + _stream(stream, entries, zlib.compress(index + b" ".join(bodies)))
    places = {number: _row(2, stream, at) for at, number in enumerate(numbers)}
    places |= {0: _row(0, 0, 255), stream: _row(1, len(head)), table: _row(1, len(body))}
    free = _row(1, len(body))
    rows = b"".join(places.get(number, free) for number in range(table + 1))
    root = reader.trailer.raw_get("/Root").idnum
    return _ended(body, _stream(table, f"/Type/XRef/Size {table + 1}/W[1 3 1]/Root {root} 0 R", rows))


def does_nothing(data: bytes) -> None:
    """Raises AssertionError where a PDF opens, runs, sends or carries anything. Read with pypdf: the inspection reads with
    another library."""
    assert data.startswith(b"%PDF-")
    assert data.rstrip(b"\x00\t\n\x0c\r ").endswith(b"%%EOF")
    reader = PdfReader(io.BytesIO(data))
    assert not reader.is_encrypted
    root = reader.trailer["/Root"].get_object()
    opening = root.get("/OpenAction")
    opening = opening.get_object() if opening is not None else None
    assert not isinstance(opening, DictionaryObject) or opening.get("/S") == "/GoTo", opening
    assert "/Collection" not in root
    waiting: list[Any] = [reader.trailer]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, IndirectObject):
            if item.idnum in seen:
                continue
            seen.add(item.idnum)
            item = item.get_object()
        if isinstance(item, ArrayObject):
            waiting += list(item)
        elif isinstance(item, DictionaryObject):
            _quiet(item)
            waiting += item.values()


def _quiet(item: DictionaryObject) -> None:
    if item.get("/Type") == "/StructElem":
        return  # its /S is a style
    assert "/JavaScript" not in item or "/S" not in item["/JavaScript"].get_object(), item
    for key in ("/JS", "/XFA", "/Ref", "/OPI"):
        assert not item.get(key), item
    for key in ("/AA", "/EF", "/EmbeddedFiles"):
        value = item.get(key)
        value = value.get_object() if isinstance(value, IndirectObject) else value
        assert not isinstance(value, DictionaryObject) or not any(
            isinstance(one.get_object(), DictionaryObject) for one in value.values()
        ), item
    assert item.get("/Subtype") not in (
        "/FileAttachment",
        "/Movie",
        "/Sound",
        "/Screen",
        "/RichMedia",
        "/3D",
    ), item
    assert not isinstance(item, StreamObject) or "/F" not in item, item
    kind = item.get("/S")
    if kind == "/URI" or "/URI" in item:
        assert str(item["/URI"]).strip().lower().startswith(("http:", "https:", "mailto:", "tel:", "www.")), (
            item
        )
    elif "/Next" in item and "/Parent" not in item:
        raise AssertionError(item)
    for name in (
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Thread", "/Rendition", "/Movie", "/Sound",
        "/RichMediaExecute",
    ):  # fmt: skip
        assert kind != name, item
