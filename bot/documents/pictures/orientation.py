"""How a picture has to be turned to be looked at, read from its metadata and from nothing else in them.

Metadata are thrown away, so a fault in them must not decide over the picture: whatever is unreadable means "as it is".
"""

import re
import struct
from collections.abc import Mapping
from typing import Any

from PIL import Image

ORIENTATION = 0x0112
_BYTE, _SHORT, _LONG = 1, 3, 4
_XMP = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>\s*)([1-8])\b""")

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """The picture as it is to be looked at; `info` is what its decoder found (`Image.info`)."""
    turn = TURNS.get(orientation_of(info))
    return image if turn is None else image.transpose(turn)


def orientation_of(info: Mapping[Any, Any]) -> int:
    """1 to 8 (EXIF 2.3, tag 274); 1 where it is not told or cannot be read."""
    exif = info.get("exif")
    if isinstance(exif, bytes) and (found := _of_exif(exif.removeprefix(b"Exif\x00\x00"))):
        return found
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode(errors="replace")
    if isinstance(xmp, bytes) and (told := _XMP.search(xmp)):
        return int(told[1])
    return 1


def _of_exif(tiff: bytes) -> int | None:
    """The tag in the first directory of a TIFF header."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(entries):
            at = start + 2 + 12 * number
            tag, kind = struct.unpack_from(f"{order}HH", tiff, at)
            if tag == ORIENTATION:
                format_ = {_BYTE: "B", _SHORT: "H", _LONG: "I"}.get(kind, "H")
                (value,) = struct.unpack_from(order + format_, tiff, at + 8)
                return value if 1 <= value <= 8 else None
    except struct.error:
        pass
    return None
