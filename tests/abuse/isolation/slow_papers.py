"""PDFs that are legal and take long to look through: very many small objects, and streams that unpack to much."""

from __future__ import annotations

import io
import random
import zlib


def slow_pdf(number: int, *, objects: int = 60_000, unpacked: int = 200_000_000) -> bytes:
    """One page; `objects` dictionaries, and streams of zeros of `unpacked` bytes in all. No two are alike."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places: list[int] = []

    def add(body: bytes) -> None:
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    add(b"<</Type/Catalog/Pages 2 0 R>>")
    add(b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>")
    packed = zlib.compress(bytes(20_000_000), 9)
    for _ in range(unpacked // 20_000_000):
        add(b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed) + packed + b"\nendstream")
    for one in range(objects):
        add(b"<</N %d/M[%d 0 0]>>" % (number, one))
    xref = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, xref))
    return out.getvalue()


def large_pdf(number: int, size: int = 9_700_000) -> bytes:
    """One page and `size` bytes of something that cannot be packed."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places: list[int] = []
    noise = random.Random(number).randbytes(size)
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        b"<</Length %d>>stream\n" % size + noise + b"\nendstream",
    )
    for body in bodies:
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")
    xref = out.tell()
    out.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % one for one in places))
    out.write(b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % xref)
    return out.getvalue()
