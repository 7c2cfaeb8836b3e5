"""PDFs of offices, portals and report servers: taken where nothing is wrong with them, cleaned where something acts, and
refused with what to do next where neither helps."""

import io

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from bot.texts import t
from tests.support import files, hostile_pdfs, pdf_files
from tests.support.pdf_files import HIDDEN, SOUND

CLEANED = {
    "prints by itself", "prints by itself by name", "number format", "static xfa", "attachment", "other file",
}  # fmt: skip
AS_IT_IS = {
    "plain",
    "object streams",
    "linearized",
    "reader extended",
    "signed",
    "font called like an action",
    "mail",
}


def refused(data: bytes) -> str:
    with pytest.raises(FileRejected) as caught:
        inspect(data)
    return caught.value.key


@pytest.mark.parametrize("kind", SOUND)
def test_a_harmless_pdf_is_taken_and_a_phone_opens_what_is_shown(kind: str) -> None:
    data = SOUND[kind]()
    found = inspect(data)

    assert ("cleaned" in found.remarks) is (kind in CLEANED)
    hostile_pdfs.does_nothing(found.shown)
    assert len(pdf_files.plain(found.shown)) >= len("Certificate 1")
    with pypdfium2.PdfDocument(found.shown) as opened:
        assert len(opened) == found.pages
    if kind in AS_IT_IS:
        assert found.shown is data


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_opens_by_itself_or_reaches_out_is_removed_at_any_depth(kind: str) -> None:
    data = HIDDEN[kind]()
    with pytest.raises(AssertionError):
        hostile_pdfs.does_nothing(data)

    found = inspect(data)

    hostile_pdfs.does_nothing(found.shown)
    assert "cleaned" in found.remarks
    assert "Certificate 1" in pdf_files.plain(found.shown)
    for word in (b"evil", b"cmd.exe", b"invoice.xml", b"app.alert"):
        assert word not in found.shown


def test_a_film_that_hangs_anywhere_is_taken_out() -> None:
    film = Dictionary(Type=Name.Rendition, S=Name.MR, N=String("evil"))
    found = inspect(pdf_files.with_root(Note=film))
    assert found.remarks == ("cleaned",)
    assert b"evil" not in found.shown


def test_owner_password_alone_is_none_and_the_copy_has_none() -> None:
    found = inspect(pdf_files.locked())
    assert found.remarks == ("unlocked",)
    assert b"/Encrypt" not in found.shown


def test_a_signed_pdf_stays_byte_for_byte_and_says_so() -> None:
    data = pdf_files.signed()
    found = inspect(data)
    assert (found.shown, found.remarks) == (data, ("signed",))
    assert inspect(pdf_files.signed(OpenAction=Dictionary(pdf_files.SCRIPT))).remarks == ("signed", "cleaned")


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("suspicious", [False, True])
def test_a_signed_pdf_is_copied_only_where_a_repair_may_hide_what_it_does(
    suspicious: bool, broken: bool
) -> None:
    """A word of its bytes is not enough, nor that its table of objects is wrong: a copy would break the signature."""
    data = pdf_files.signed(Note=String("/JavaScript")) if suspicious else pdf_files.signed()
    if broken:
        data = data.replace(b"startxref\n", b"startxref\n1")
    found = inspect(data)
    assert found.remarks == ("signed",)
    assert (found.shown == data) is not (suspicious and broken)
    assert (b"/ByteRange" in found.shown) is not (suspicious and broken)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("linearize", [False, True])
def test_a_pdf_that_broke_off_is_incomplete(share: float, linearize: bool) -> None:
    whole = pdf_files.written(pdf_files.document(9), linearize=linearize)
    assert refused(whole[: int(len(whole) * share)]) == "error.incomplete_file"


def test_what_cannot_be_cleaned_says_what_to_do() -> None:
    portfolio = pdf_files.with_attachment(Collection=Dictionary(Type=Name.Collection))
    form = Dictionary(Fields=Array([]), XFA=Array([String("template"), String("x")]))
    waits = pdf_files.with_root(AcroForm=form, NeedsRendering=True)
    for data, key in (
        (files.locked_pdf("secret"), "error.locked_pdf"),
        (portfolio, "error.portfolio_pdf"),
        (waits, "error.xfa_pdf"),
        (files.pdf() + files.archive(), "error.active_pdf"),
    ):
        assert refused(data) == key
        assert "بفرستید" in t(key)


def test_a_pdf_that_shows_nothing_is_warned_of() -> None:
    assert inspect(files.blank_pdf()).quality_warning == "blank"
    assert inspect(pdf_files.written(pdf_files.document())).quality_warning is None


def test_the_first_page_is_there_as_a_picture() -> None:
    found = inspect(pdf_files.written(pdf_files.document(2)))
    assert found.preview is not None
    assert found.preview.startswith(b"\xff\xd8\xff")


def test_writing_that_the_preview_cannot_show_is_told() -> None:
    """Its font is not in the file; Latin letters in one of the usual fonts are shown all the same."""
    assert inspect(pdf_files.persian_without_its_font()).remarks == ("fonts",)
    assert inspect(pdf_files.written(pdf_files.document())).remarks == ()
    assert inspect(files.pdf()).remarks == ()


def test_signs_before_it_do_not_hide_writing_that_the_preview_lacks() -> None:
    for data, remarks in (
        (pdf_files.persian_without_its_font(), ("fonts",)),
        (pdf_files.written(pdf_files.document()), ()),
    ):
        with pikepdf.open(io.BytesIO(data)) as made:
            page = made.pages[0]
            page.Resources.Font.F0 = Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats
            )
            page.contents_add(b"BT /F0 12 Tf 72 600 Td (l) Tj ET", prepend=True)
            assert inspect(pdf_files.written(made)).remarks == remarks
