"""Whether a picture arrived whole. Missing pixels are the measure, not missing bytes: a bad line cuts off an end that nobody
sees, and a program that repairs files puts an end mark behind half a photo."""

import io
import re
import struct
from typing import Any

from PIL import Image, ImageChops, ImageFile

from bot.core.refusals import FileRejected

#: The part of a picture that may be missing.
SLIVER = 0.02
_END = b"\xff\xd9"
#: A marker among the compressed data: not a stuffed byte, a restart, or a filling byte.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
#: Tags of a TIFF: where its strips or tiles are, and how many bytes each has.
_PARTS = ((273, 279), (324, 325))
#: Bytes of a value of each of its types.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
#: What a JPEG decoder fills missing blocks with.
_FILL = range(127, 130)


def load_jpeg(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Decoded at a fraction of its size that is not below `size`. Raises FileRejected for visibly missing pixels, and what
    the decoder raises."""
    scans, end = _scans(data)
    image = _open_jpeg(data if end is not None else data + _END, size)
    image.load()
    if scans and _last_row_is_fill(image):
        # Without the end mark the decoder stops where the data do, and leaves the rest as it was. Where there
        # are several scans the first has all pixels, coarsely.
        missing = _missing_rows(data[:end], size) if scans == 1 and not _progressive(data) else None
        if missing is None:
            missing = _filled_rows(image) if scans == 1 else 0
        if missing > max(SLIVER * image.height, 16):
            raise FileRejected("error.incomplete_file")
    return image


def load_tolerantly(data: bytes, kind: str, error: Exception) -> Image.Image:
    """A picture whose decoder stumbled (`error`): as it is where no more than a sliver is missing. Raises FileRejected for
    visibly missing pixels, and `error` where there are none at all."""
    try:
        # What is written in neither of two decodings is what differs between them.
        dark, bright = (_partly(data, kind, level) for level in (0, 255))
    except Exception:
        raise _refusal(data, error) from error
    if _part_missing(dark, bright) > SLIVER:
        raise _refusal(data, error) from error
    return bright


def _refusal(data: bytes, error: Exception) -> Exception:
    return FileRejected("error.incomplete_file") if is_cut(data) else error


def is_cut(data: bytes) -> bool:
    """Whether the parts of a file say that it is longer than it is."""
    if data.startswith(b"\xff\xd8"):
        scans, end = _scans(data)
        return end is None and scans is not None
    if data.startswith(b"\x89PNG"):
        return _chunks_run_out(data)
    if data.startswith(b"RIFF"):
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if data.startswith(b"BM"):
        return len(data) < int.from_bytes(data[2:6], "little")
    if data[4:8] == b"ftyp":
        return _boxes_run_out(data)
    if data[:2] in (b"II", b"MM"):
        return _strips_run_out(data)
    return False


# ── JPEG ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _open_jpeg(data: bytes, size: tuple[int, int]) -> ImageFile.ImageFile:
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    image.draft("RGB", size)
    return image


def _scans(data: bytes) -> tuple[int | None, int | None]:
    """How many scans there are (None: this is no JPEG), and where the end mark of the picture is (None: nowhere). What is
    embedded in its segments or stands behind it is not looked at."""
    at, scans = 2, 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return (scans or None), None
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            return scans, at
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker != _START_OF_SCAN:
            continue
        scans += 1
        found = _MARKER.search(data, at)
        if found is None:
            return scans, None
        at = found.start()
    return scans, (at if data[at : at + 2] == _END else None)


def _progressive(data: bytes) -> bool:
    frame = re.search(rb"\xff[\xc0-\xc2]\x00[\x0b-\x17]\x08", data)
    return frame is not None and data[frame.start() + 1] == 0xC2


def _last_row_is_fill(image: Image.Image) -> bool:
    return _row_is_fill(image, image.height - 1)


def _row_is_fill(image: Image.Image, row: int) -> bool:
    extrema = image.crop((0, row, image.width, row + 1)).getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low in _FILL and high in _FILL for low, high in bands)


def _filled_rows(image: Image.Image) -> int:
    """Rows at the bottom that are nothing but filling."""
    rows = 0
    while rows < image.height and _row_is_fill(image, image.height - 1 - rows):
        rows += 1
    return rows


def _missing_rows(data: bytes, size: tuple[int, int]) -> float:
    """Rows that the data do not reach."""
    pictures = []
    for level in (0, 255):
        image = _open_jpeg(data, size)
        assert image.fp is not None
        # Instead of Pillow's, which puts an end mark behind the data.
        image.load_read = image.fp.read  # type: ignore[attr-defined]
        pictures.append(_decoded_onto(image, level))
    return _part_missing(*pictures) * pictures[0].height


# ── any kind ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _partly(data: bytes, kind: str, level: int) -> Image.Image:
    return _decoded_onto(Image.open(io.BytesIO(data), formats=[kind]), level)


def _decoded_onto(image: Image.Image, level: int) -> Image.Image:
    """What there is of a picture, over one level in every band."""
    bands = len(image.getbands())
    blank = Image.new(image.mode, image.size, (level,) * bands if bands > 1 else level)
    image.im = blank.im
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return image


def _part_missing(one: Image.Image, other: Image.Image) -> float:
    first, second = one.tobytes(), other.tobytes()
    if first == second:
        return 0.0
    width = len(first) // one.height
    pictures = [Image.frombytes("L", (width, one.height), levels) for levels in (first, second)]
    same = ImageChops.difference(*pictures).histogram()[0]
    return 1 - same / len(first)


def _chunks_run_out(data: bytes) -> bool:
    """Of a PNG."""
    at = 8
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if not name.isalpha():
            return False
        if name == b"IEND":
            return False
        at += 12 + length
    return True


def _strips_run_out(data: bytes) -> bool:
    """Of a TIFF: its directory, or what that points to, is behind the end."""
    order = "<" if data.startswith(b"II") else ">"
    if len(data) < 8 or (start := struct.unpack_from(f"{order}I", data, 4)[0]) + 2 > len(data):
        return True
    if data[2:4] in (b"*\0", b"\0*") and _directory_runs_out(data, order, start):
        return True
    try:
        tags: Any = Image.open(io.BytesIO(data), formats=["TIFF"]).tag_v2  # type: ignore[attr-defined]
        parts = [zip(tags.get(at, ()), tags.get(size, ()), strict=False) for at, size in _PARTS]
        return any(at + size > len(data) for each in parts for at, size in each)
    except Exception:  # a decoder of files from outside raises anything
        return False


def _directory_runs_out(data: bytes, order: str, start: int) -> bool:
    """Of a TIFF: its first directory, or a value that it has elsewhere, is behind the end."""
    (entries,) = struct.unpack_from(f"{order}H", data, start)
    if start + 6 + 12 * entries > len(data):
        return True
    for number in range(entries):
        _, kind, count, at = struct.unpack_from(f"{order}HHII", data, start + 2 + 12 * number)
        size = _SIZES.get(kind, 0) * count
        if size > 4 and at < len(data) < at + size:
            return True
    return False


def _boxes_run_out(data: bytes) -> bool:
    """Of an ISO media file (HEIC, AVIF)."""
    at = 0
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length == 0 or not name.isalnum():
            return False
        at += length
    return at > len(data)
