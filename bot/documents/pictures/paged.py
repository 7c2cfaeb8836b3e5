"""A PDF of pictures, one a page: for what a messenger's small copy of a photo would make illegible."""

import io
import zlib
from collections.abc import Iterable

import pikepdf
from PIL import Image

#: Points (1/72 inch) of a page's longer side: A4.
LONG_SIDE = 842
QUALITY = 80


def pdf_of(pictures: Iterable[Image.Image]) -> tuple[bytes, int]:
    """The file, and how many pages it has. Pictures are "L" or "RGB"; one of only black and white is kept as such."""
    made = pikepdf.new()
    for picture in pictures:
        scale = LONG_SIDE / max(picture.size)
        width, height = (round(side * scale, 2) for side in picture.size)
        page = made.add_blank_page(page_size=(width, height))
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=_image(made, picture)))
        page.Contents = made.make_stream(f"{width} 0 0 {height} 0 0 cm /P Do".encode())
    out = io.BytesIO()
    made.save(out, deterministic_id=True)
    return out.getvalue(), len(made.pages)


def _image(made: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    entries = {
        "/Type": pikepdf.Name.XObject,
        "/Subtype": pikepdf.Name.Image,
        "/Width": picture.width,
        "/Height": picture.height,
    }
    if picture.mode == "L" and sum(picture.histogram()[1:255]) == 0:
        entries |= {"/ColorSpace": pikepdf.Name.DeviceGray, "/BitsPerComponent": 1}
        entries["/Filter"] = pikepdf.Name.FlateDecode
        return pikepdf.Stream(made, zlib.compress(picture.convert("1").tobytes()), entries)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    space = pikepdf.Name.DeviceGray if picture.mode == "L" else pikepdf.Name.DeviceRGB
    entries |= {"/ColorSpace": space, "/BitsPerComponent": 8, "/Filter": pikepdf.Name.DCTDecode}
    return pikepdf.Stream(made, out.getvalue(), entries)
