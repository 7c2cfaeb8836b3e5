"""Pictures as phones, scanners and bad lines make them: kinds, colour profiles, faulty metadata, cut ends."""

import io
import struct
import zlib

from PIL import Image, ImageCms, ImageDraw
from pillow_heif import register_heif_opener

from tests.support import files, papers

register_heif_opener()

RED, GREEN = (200, 30, 30), (30, 160, 30)
#: Kinds that are taken besides JPEG and PNG: media type, Pillow's name, options.
KINDS = {
    # Encoded fast: what is tested is how they are read.
    "image/heic": ("HEIF", {"quality": 80, "enc_params": {"preset": "ultrafast"}}),
    "image/avif": ("AVIF", {"quality": 80, "speed": 10}),
    "image/webp": ("WEBP", {"quality": 85}),
    "image/tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "image/bmp": ("BMP", {}),
}


def sheet(width: int = 900, height: int = 1200) -> Image.Image:
    """Something to be read: black lines of boxes on paper, its upper left corner red, so that each turn can be told."""
    image = Image.new("RGB", (width, height), (235, 232, 225))
    draw = ImageDraw.Draw(image)
    for n, y in enumerate(range(height // 6, height - 30, 22)):
        for x in range(40, width - 40, 14 + n % 5):
            draw.rectangle((x, y, x + 7, y + 11), fill=(20, 20, 25))
    draw.rectangle((0, 0, width // 5, height // 8), fill=RED)
    return image


def of_kind(media_type: str, image: Image.Image | None = None, **options: object) -> bytes:
    kind, usual = KINDS[media_type]
    return files.saved(image or sheet(), kind, **(usual | options))


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return files.saved(image or sheet(), "JPEG", **({"quality": 88} | options))


def with_exif(tiff: bytes) -> bytes:
    """A JPEG with this behind "Exif\\0\\0"."""
    plain = jpeg()
    body = b"Exif\x00\x00" + tiff
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]


def exif(*entries: tuple[int, int, int, bytes], order: str = "<", count: int | None = None) -> bytes:
    """A TIFF header with one directory: (tag, type, count, four bytes of value)."""
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", 8)
    body = b"".join(struct.pack(f"{order}HHI", tag, kind, n) + value for tag, kind, n, value in entries)
    return head + struct.pack(f"{order}H", len(entries) if count is None else count) + body


def lower(share: float) -> bytes:
    """A JPEG without so much of its lower part, as a line that broke off leaves it."""
    whole = jpeg()
    start = whole.index(b"\xff\xda") + 14
    return whole[: start + int((len(whole) - start) * (1 - share))]


def display_p3() -> bytes:
    """A profile with the primaries of Display P3, as every iPhone embeds it."""
    return _profile(((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)))


def adobe_rgb() -> bytes:
    return _profile(((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)))


def _profile(primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """A matrix profile (ICC.1) with a curve of 2.2."""

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \x00\x00\x00\x00" + b"".join(struct.pack(">i", round(one * 65536)) for one in values)

    text = b"wide"
    tags = {
        b"desc": b"desc\x00\x00\x00\x00" + struct.pack(">I", len(text) + 1) + text + bytes(80),
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        **{name: xyz(one) for name, one in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)},
        **{
            name: b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, 563) + b"\x00\x00"
            for name in (b"rTRC", b"gTRC", b"bTRC")
        },
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    head += bytes(128 - len(head))
    profile = head + struct.pack(">I", len(tags)) + table + body
    ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return profile


def grey16_with_transparent(level: int) -> bytes:
    """A PNG of 16 bits of grey, from black to white, one level of which is transparent; noise, so that it is large enough."""
    width, height = 400, 300
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += struct.pack(">H", x * 65535 // (width - 1) if y % 7 else (x * 7919 + y * 104729) % 60000)

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"tRNS", struct.pack(">H", level))
        + chunk(b"IDAT", zlib.compress(bytes(rows), 1))
        + chunk(b"IEND", b"")
    )


def fax(pages: int = 3, *, dpi: tuple[int, int] = (204, 196), size: tuple[int, int] = (864, 1100)) -> bytes:
    """What a fax machine or a scanner in an office sends: black and white, several pages in one TIFF."""
    first, *rest = (
        Image.open(io.BytesIO(papers.sharp("scanner", n))).resize(size).convert("1") for n in range(pages)
    )
    return files.saved(first, "TIFF", compression="group4", save_all=True, append_images=rest, dpi=dpi)


def stitched(pages: int = 4) -> bytes:
    """Sheets below each other in one picture, as programs for scanning make it."""
    tall = Image.new("RGB", (900, 1200 * pages))
    for n in range(pages):
        tall.paste(sheet(), (0, 1200 * n))
    return jpeg(tall)
