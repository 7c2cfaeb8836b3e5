"""Takes out of a PDF what acts by itself, sends, or carries other files.

Every dictionary of the file is looked at, wherever it hangs, so that no depth hides anything. What is found is emptied in
place: a reference to an emptied action does nothing, and a written copy has none of what it led to.
"""

import re
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

from bot.core.refusals import FileRejected
from bot.documents.pdf.streams import MOST_UNPACKED, unpacked_size

#: Objects of a file, and values below them for each object.
MOST_OBJECTS = 100_000
VALUES_EACH = 20

#: Actions that do nothing beyond the document, or only what a tap on a link does.
_HARMLESS = {"/GoTo", "/URI", "/Named", "/SetOCGState", "/Hide", "/ResetForm", "/Trans"}
#: ISO 32000-2, table 201, and what viewers know besides.
_ACTIONS = _HARMLESS | {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/GoToDp", "/Thread", "/Rendition",
    "/Movie", "/Sound", "/RichMediaExecute", "/GoTo3DView", "/NOP", "/SetState",
}  # fmt: skip
_TURNING = {"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}
#: Annotations that carry files, media or programs.
_CARRYING = {"/FileAttachment", "/Movie", "/Sound", "/Screen", "/RichMedia", "/3D"}
#: When an action runs by itself (tables 197–200).
_OCCASIONS = {
    "/E", "/X", "/D", "/U", "/Fo", "/Bl", "/PO", "/PC", "/PV", "/PI", "/O", "/C", "/K", "/F", "/V", "/WC", "/WS", "/DS",
    "/WP", "/DP",
}  # fmt: skip
_FILE_KEYS = {"/F", "/UF", "/DOS", "/Mac", "/Unix"}
#: An address that a tap may open.
_ADDRESS = re.compile(
    r"(?:https?|mailto|tel|sms):|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:[/?#:]|$)|#", re.IGNORECASE
)
#: Keys of dictionaries that need a closer look.
_TELLING = {"/S", "/AA", "/OpenAction", "/EF", "/XFA", "/Subtype", "/ByteRange", "/Type"}
#: Parts of the catalogue's names that carry or run something.
_NAMES = ("/JavaScript", "/EmbeddedFiles", "/Renditions", "/AlternatePresentations")


class Cleaning:
    """Cleans an open file; afterwards `removed` says whether anything was in it, and `signed` whether a person signed it."""

    def __init__(self, opened: pikepdf.Pdf) -> None:
        self.opened = opened
        self.removed = self.signed = False

    def run(self) -> None:
        """Raises FileRejected: too much to look through, bombs, and what cannot be cleaned without losing what it shows."""
        self._clean_catalogue(self.opened.Root)
        objects = self.opened.objects
        if len(objects) > MOST_OBJECTS:
            raise FileRejected("error.damaged_pdf")
        budget, left = MOST_UNPACKED, VALUES_EACH * MOST_OBJECTS
        for item in objects:
            waiting: list[Any] = [item]
            while waiting:
                one = waiting.pop()
                left -= 1
                if left < 0:
                    raise FileRejected("error.damaged_pdf")
                if isinstance(one, Stream):
                    budget -= unpacked_size(one, budget)
                    self._clean_stream(one)
                if isinstance(one, Dictionary | Stream):
                    self._clean(one)
                waiting += _direct_children(one)

    def _clean_catalogue(self, root: Any) -> None:
        names = root.get("/Names")
        attached = isinstance(names, Dictionary) and _has_entries(names.get("/EmbeddedFiles"))
        if attached and "/Collection" in root:
            raise FileRejected("error.portfolio_pdf")  # all that it shows are its attachments
        form = root.get("/AcroForm")
        if root.get("/NeedsRendering") is True and isinstance(form, Dictionary) and "/XFA" in form:
            raise FileRejected("error.xfa_pdf")  # without them it says "please wait"
        if isinstance(names, Dictionary):
            for key in _NAMES:
                if _has_entries(names.get(key)):
                    self._remove(names, key)
        for key in ("/Collection", "/URI"):
            if isinstance(root.get(key), Dictionary):
                self._remove(root, key)
        opening = root.get("/OpenAction")
        if isinstance(opening, Dictionary) and (_name(opening, "/S") != "/GoTo" or "/Next" in opening):
            self._remove(root, "/OpenAction")

    def _clean(self, one: Object) -> None:
        keys = one.keys()
        if _TELLING.isdisjoint(keys):
            return
        if "/ByteRange" in keys and "/Contents" in keys:
            self.signed |= not _grants_rights(one)
        occasions = one.get("/AA")
        if isinstance(occasions, Dictionary) and occasions.keys() and occasions.keys() <= _OCCASIONS:
            self._remove(one, "/AA")
        carried = one.get("/EF")
        if isinstance(carried, Dictionary) and carried.keys() and carried.keys() <= _FILE_KEYS:
            self._empty(one)
        if isinstance(one.get("/XFA"), Array | Stream) and ("/Fields" in keys or "/DA" in keys):
            self._remove(one, "/XFA")
        opening = one.get("/OpenAction") if "/Pages" in keys else None
        if isinstance(opening, Dictionary) and _name(opening, "/S") != "/GoTo":
            self._remove(one, "/OpenAction")
        if _name(one, "/Subtype") in _CARRYING and ("/Rect" in keys or _name(one, "/Type") == "/Annot"):
            self._empty(one)
            one["/Type"], one["/Subtype"], one["/Rect"] = Name.Annot, Name.Link, Array([0, 0, 0, 0])
        elif _name(one, "/Type") == "/Rendition":
            self._empty(one)
        else:
            self._clean_action(one)

    def _clean_action(self, one: Object) -> None:
        kind = _name(one, "/S")
        if kind is None or _name(one, "/Type") == "/StructElem":
            return
        if kind not in _ACTIONS and _name(one, "/Type") != "/Action":
            return
        if kind not in _HARMLESS or not _stays_inside(one, kind):
            self._empty(one)
        elif "/Next" in one:
            self._remove(one, "/Next")

    def _clean_stream(self, stream: Stream) -> None:
        """Data that lie elsewhere are not fetched: a path or address tells who opens the file."""
        for key in ("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI"):
            if key in stream:
                self._remove(stream, key)

    def _remove(self, holder: Object, key: str) -> None:
        del holder[key]
        self.removed = True

    def _empty(self, holder: Object) -> None:
        for key in list(holder.keys()):
            del holder[key]
        self.removed = True


def forget_signatures(opened: pikepdf.Pdf) -> None:
    """Signatures and rights that a written copy would break: a viewer would call it forged."""
    root = opened.Root
    if "/Perms" in root:
        del root["/Perms"]
    for item in opened.objects:
        value = item.get("/V") if isinstance(item, Dictionary) else None
        if isinstance(value, Dictionary) and "/ByteRange" in value:
            del item["/V"]
    if isinstance(form := root.get("/AcroForm"), Dictionary) and "/SigFlags" in form:
        del form["/SigFlags"]


def _direct_children(one: Any) -> Iterator[Any]:
    """Containers that are written within this one; the others are objects of their own."""
    values: Any = ()
    if isinstance(one, Dictionary | Stream):
        values = (value for _, value in one.items())
    elif isinstance(one, Array):
        values = iter(one)
    for value in values:
        if isinstance(value, Dictionary | Array) and not value.is_indirect:
            yield value


def _name(holder: Object, key: str) -> str | None:
    value = holder.get(key)
    return str(value) if isinstance(value, Name) else None


def _stays_inside(action: Object, kind: str) -> bool:
    if kind == "/URI":
        address = action.get("/URI")
        return isinstance(address, pikepdf.String) and _ADDRESS.match(str(address).strip()) is not None
    return kind != "/Named" or _name(action, "/N") in _TURNING


def _grants_rights(signature: Object) -> bool:
    """Adobe's permission to fill in a form with its Reader: no signature of a person."""
    references = signature.get("/Reference")
    if not isinstance(references, Array):
        return False
    methods = {_name(each, "/TransformMethod") for each in references if isinstance(each, Dictionary)}
    return bool(methods & {"/UR", "/UR3"})


def _has_entries(tree: Any, depth: int = 0) -> bool:
    """Whether a name tree names anything. Deeper than any real one counts as yes."""
    if not isinstance(tree, Dictionary):
        return False
    names, kids = tree.get("/Names"), tree.get("/Kids")
    if isinstance(names, Array) and len(names) > 0:
        return True
    if not isinstance(kids, Array):
        return False
    return depth > 20 or any(_has_entries(kid, depth + 1) for kid in kids)
