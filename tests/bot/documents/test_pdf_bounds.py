"""How much of a PDF is looked at: objects that are listed, and what hangs below them."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, NameObject, NumberObject

from bot.core.refusals import FileRejected
from bot.documents import pdf


def with_array(length: int) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.root_object[NameObject("/X")] = ArrayObject([NumberObject(1)] * length)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(("length", "taken"), [(1500, True), (2500, False)])
def test_what_hangs_below_its_objects_is_bounded(
    monkeypatch: pytest.MonkeyPatch, length: int, taken: bool
) -> None:
    monkeypatch.setattr(pdf, "MOST_OBJECTS", 100)  # and twenty values for each

    if taken:
        assert pdf.pages_of_harmless_pdf(with_array(length)) == 1
    else:
        with pytest.raises(FileRejected) as refused:
            pdf.pages_of_harmless_pdf(with_array(length))
        assert refused.value.key == "error.damaged_pdf"


@pytest.mark.parametrize(("pages", "taken"), [(3, True), (4, False)])
def test_pages_are_bounded(monkeypatch: pytest.MonkeyPatch, pages: int, taken: bool) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 3)
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)

    if taken:
        assert pdf.pages_of_harmless_pdf(out.getvalue()) == pages
    else:
        with pytest.raises(FileRejected) as refused:
            pdf.pages_of_harmless_pdf(out.getvalue())
        assert refused.value.key == "error.too_many_pages"
