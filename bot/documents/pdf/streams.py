"""How much the streams of a PDF unpack to, found without keeping it."""

import zlib
from typing import Any

import pikepdf

from bot.core.refusals import FileRejected

#: Bytes that all streams but pictures may unpack to, and pixels of one picture.
MOST_UNPACKED = 500_000_000
MOST_PIXELS = 110_000_000

_FLATE = ("/FlateDecode", "/Fl")
_PACKED = (*_FLATE, "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")


def unpacked_size(stream: pikepdf.Stream, budget: int) -> int:
    """Bytes; 0 for a picture, whose size its measures tell. Raises FileRejected past `budget`."""
    width, height = stream.get("/Width", 0), stream.get("/Height", 0)
    if int(width) * int(height) > MOST_PIXELS:
        raise FileRejected("error.too_many_pixels")
    given: Any = stream.get("/Filter", [])
    filters = [str(given)] if isinstance(given, pikepdf.Name) else [str(name) for name in given]
    if sum(name in _PACKED for name in filters) > 1:
        raise FileRejected("error.damaged_pdf")  # packed twice: a bomb, no scanner does it
    if not filters or filters[0] not in _FLATE or (width and height):
        return 0
    inflate, rest, size = zlib.decompressobj(), stream.read_raw_bytes(), 0
    try:
        while rest and not inflate.eof:
            size += len(inflate.decompress(rest, 1 << 20))
            rest = inflate.unconsumed_tail
            if size > budget:
                raise FileRejected("error.damaged_pdf")
    except zlib.error:
        return size  # viewers show what they can of it
    return size
