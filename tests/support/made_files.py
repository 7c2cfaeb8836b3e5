"""Files as people and attackers make them."""

import io
import zipfile

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

#: Found in metadata only.
SECRET = "taken at home"


def noise(width: int = 300, height: int = 200, mode: str = "RGB") -> Image.Image:
    """A picture that does not compress to nothing."""
    return Image.effect_noise((width, height), 90).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: object) -> bytes:
    return saved(noise(), "JPEG", quality=95, **options)


def png(mode: str = "RGB") -> bytes:
    return saved(noise(mode=mode), "PNG")


def photo_from_a_phone() -> bytes:
    """Lying on its side, with a position and a comment; its left edge (of the upright picture) is red."""
    image = noise()
    image.paste((255, 0, 0), (0, 180, 300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to the right to look at it
    exif[0x010E] = SECRET
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 21.0)
    return saved(image, "JPEG", quality=95, exif=exif, comment=SECRET.encode())


def pdf(pages: int = 1) -> bytes:
    return written(paper(pages))


def paper(pages: int = 1) -> PdfWriter:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    return writer


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_in_root(key: str, value: object) -> bytes:
    writer = paper()
    writer.root_object[NameObject(key)] = value  # type: ignore[index, assignment]
    return written(writer)


def with_javascript() -> bytes:
    return written(scripted())


def scripted() -> PdfWriter:
    writer = paper()
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    return writer


def with_attachment() -> bytes:
    writer = paper()
    writer.add_attachment("virus.exe", b"MZ")
    return written(writer)


def with_action(kind: str) -> bytes:
    """Something done on opening."""
    action = DictionaryObject({NameObject("/S"): NameObject(kind), NameObject("/F"): TextStringObject("x")})
    return with_in_root("/OpenAction", action)


def with_key_action_on_a_page(key: str) -> bytes:
    writer = paper()
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/Named"), NameObject(key): TextStringObject("x")}
    )
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): action})
    return written(writer)


def with_xfa() -> bytes:
    form = DictionaryObject({NameObject("/XFA"): ArrayObject(), NameObject("/Fields"): ArrayObject()})
    return with_in_root("/AcroForm", form)


def with_plain_form() -> bytes:
    return with_in_root("/AcroForm", DictionaryObject({NameObject("/Fields"): ArrayObject()}))


def with_first_view() -> bytes:
    """Opens at the top of the first page, as many programs write it."""
    writer = paper()
    first = writer.pages[0].indirect_reference
    assert first is not None
    writer.root_object[NameObject("/OpenAction")] = ArrayObject([first, NameObject("/Fit")])
    return written(writer)


def with_rich_media() -> bytes:
    writer = paper()
    note = DictionaryObject(
        {NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/RichMedia")}
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([note])
    return written(writer)


def locked(password: str) -> bytes:
    writer = paper()
    writer.encrypt(password, owner_password="owner", algorithm="AES-256")
    return written(writer)


def with_stream_of(size: int, *, filters: int = 1, width: int = 0, height: int = 0) -> bytes:
    """A page with a stream that unpacks to `size` bytes."""
    import zlib

    packed = zlib.compress(bytes(size), 9)
    for _ in range(filters - 1):
        packed = zlib.compress(packed, 9)
    stream = DecodedStreamObject()
    stream.set_data(packed)
    names = [NameObject("/FlateDecode")] * filters
    stream[NameObject("/Filter")] = ArrayObject(names) if filters > 1 else names[0]
    if width:
        stream[NameObject("/Width")] = NumberObject(width)
        stream[NameObject("/Height")] = NumberObject(height)
    writer = paper()
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    return written(writer)


def archive(comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("index.html", "<script>alert(1)</script>")
        file.comment = comment
    return out.getvalue()


def slow_pdf(objects: int) -> bytes:
    """A legal PDF of many small objects, none of them compressed: some seconds of a parser's time for each 50,000."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        *[b"<< /A [ 1 2 3 4 5 6 7 8 ] /B (text) /C /Name >>"] * objects,
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start))
    return out.getvalue()
