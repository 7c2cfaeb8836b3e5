"""Files as people send them. Each call makes another one; no two have the same bytes."""

import io
import zipfile
from itertools import count

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

#: Found in metadata only.
SECRET = "taken at home"
_serial = count(1)


def noise(width: int = 300, height: int = 200, mode: str = "RGB") -> Image.Image:
    """A picture that does not compress to nothing."""
    return Image.effect_noise((width, height), 90).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: object) -> bytes:
    return saved(noise(480, 320), "JPEG", quality=95, **options)


def png(mode: str = "RGB") -> bytes:
    return saved(noise(480, 320, mode), "PNG")


def photo_from_a_phone() -> bytes:
    """Lying on its side, with a position and a comment; its left edge (of the upright picture) is red."""
    image = noise()
    image.paste((255, 0, 0), (0, 180, 300, 200))
    exif = exif_with_position()
    exif[0x0112] = 6  # turn by 90° to the right to look at it
    return saved(image, "JPEG", quality=95, exif=exif, comment=SECRET.encode())


def exif_with_position() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 21.0)
    return exif


def pdf(count: int = 1) -> bytes:
    return written(pages(count))


def blank_pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    return written(writer)


def pages(count: int = 1) -> PdfWriter:
    """Each with a square on it."""
    writer = PdfWriter()
    for _ in range(count):
        page = writer.add_blank_page(595, 842)
        drawing = DecodedStreamObject()
        drawing.set_data(b"72 600 200 200 re f")
        page[NameObject("/Contents")] = writer._add_object(drawing)
    writer.add_metadata({"/Title": f"document {next(_serial)}"})
    return writer


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def locked_pdf(password: str = "secret") -> bytes:
    writer = pages()
    writer.encrypt(password, owner_password="owner", algorithm="AES-256")
    return written(writer)


def slow_pdf(objects: int) -> bytes:
    """A legal PDF of many small objects, none of them compressed: some seconds of a parser's time for each 50,000."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length 19 >>\nstream\n72 600 200 200 re f\nendstream",
        *[b"<< /A [ [1] [2] [3] [4] [5] [6] [7] [8] ] /B (text) /C /Name >>"] * objects,
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start))
    return out.getvalue()


def archive(comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("index.html", "<script>alert(1)</script>")
        file.comment = comment
    return out.getvalue()
