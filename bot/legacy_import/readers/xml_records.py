"""Large XML in bounded memory: one record (a row, a text) at a time, whatever lies between them forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from openpyxl.xml.functions import iterparse

#: Of one record, and of whatever lies between two events: bytes of XML, elements. Excel's widest row has
#: 16,384 cells.
RECORD_BYTES, RECORD_ELEMENTS = 2 << 20, 40_000
#: Of a part that is read as a whole (styles, names of sheets): bytes, elements with their attributes.
WHOLE_BYTES, WHOLE_ELEMENTS = 8 << 20, 300_000
DEPTH = 50


class TooLargeError(Exception):
    """Reading on would take more memory than a table needs."""


class Records(Iterator[Any]):
    """Elements of `tag`, each dropped when the next is asked for. Raises TooLargeError, and what the parser
    raises."""

    def __init__(self, source: IO[bytes], tag: str) -> None:
        self._source, self._tag = source, tag
        #: Bytes read so far.
        self.read_bytes = 0
        self._since = 0
        self._found = self._walk()

    def __next__(self) -> Any:
        return next(self._found)

    def read(self, size: int = -1) -> bytes:
        """For the parser: it asks for a few kilobytes, and gets them unless a record has become too long."""
        data = self._source.read(size)
        self.read_bytes += len(data)
        self._since += len(data)
        if self._since > RECORD_BYTES:
            raise TooLargeError
        return data

    def _walk(self) -> Iterator[Any]:
        opened: list[Any] = []
        elements = inside = 0
        for event, node in iterparse(self, ("start", "end")):
            if event == "start":
                opened.append(node)
                elements += 1
                if len(opened) > DEPTH or elements > RECORD_ELEMENTS:
                    raise TooLargeError
                if not inside and node.tag == self._tag:
                    inside = len(opened)
                continue
            depth = len(opened)
            opened.pop()
            if inside and depth > inside:
                continue
            if inside:
                inside = 0
                yield node
            node.clear()
            if opened:
                opened[-1].clear()  # its children are done; it holds them else until the end
            elements = self._since = 0


def require_small(data: bytes) -> None:
    """Raises TooLargeError where a tree of this XML would be out of proportion. What is no XML passes."""
    if len(data) > WHOLE_BYTES:
        raise TooLargeError
    parser = expat.ParserCreate()
    seen = depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen, depth
        seen, depth = seen + 1 + len(attributes), depth + 1
        if seen > WHOLE_ELEMENTS or depth > DEPTH:
            raise TooLargeError

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*arguments: object) -> None:
        raise TooLargeError

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return  # the reader reports it
