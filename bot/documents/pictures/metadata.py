"""What stands beside the pixels of a JPEG or PNG, and must not decide over them."""

import io
import struct
import zlib

from PIL import Image

_SOF_OR_SCAN = {0xC0, 0xC1, 0xC2, 0xDA}
_APP0, _APP1, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
#: Parts of a PNG that tell of its colours, and of how it lies.
_TELLING = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf"}
#: Bytes of the segment that says how the colours are stored.
_ADOBE = 14


def with_readable_metadata(data: bytes, kind: str) -> bytes:
    """The file itself; where its metadata stop the decoder ("JPEG" or "PNG"), without those that tell nothing of the picture.
    How it lies and how its colours are stored stays."""
    try:
        Image.open(io.BytesIO(data), formats=[kind]).close()
    except Image.DecompressionBombError:
        return data
    except Exception:  # a decoder of files from outside raises anything
        return _without_metadata(data) if kind == "JPEG" else _without_remarks(data)
    return data


def _without_metadata(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in _SOF_OR_SCAN:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at:end]
        if not (_APP0 <= marker <= _APP15 or marker == _COMMENT) or _tells_of_the_picture(marker, segment):
            kept.append(segment)
        at = end
    return b"".join([*kept, data[at:]])


def _tells_of_the_picture(marker: int, segment: bytes) -> bool:
    if marker == _APP1:
        return segment[4:10] == b"Exif\0\0"
    return marker == _APP14 and segment[4:9] == b"Adobe" and len(segment) >= _ADOBE + 2


def _without_remarks(data: bytes) -> bytes:
    """A PNG with nothing but its pixels, and what is whole of their colours and how they lie."""
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        chunk = data[at : at + 12 + length]
        needed = name[:1].isupper() or name == b"tRNS"
        if needed or (name in _TELLING and chunk[-4:] == struct.pack(">I", zlib.crc32(chunk[4:-4]))):
            kept.append(chunk)
        at += len(chunk)
    return b"".join([*kept, data[at:]])
