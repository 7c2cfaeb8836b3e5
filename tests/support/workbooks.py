"""Excel files written part by part, as no library writes them."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = '<sheet name="a" sheetId="1" r:id="r1"/>'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_KINDS = {"workbook": "sheet.main", "sheet": "worksheet", "strings": "sharedStrings"}


def content_types(more: str = "") -> str:
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in _KINDS.items()
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{overrides}{more}</Types>'


def list_of_sheets(sheets: str = SHEET) -> str:
    return f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'


#: What every workbook has beside its sheet and its texts.
PARTS = {
    "[Content_Types].xml": content_types(),
    "xl/workbook.xml": list_of_sheets(),
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="sheet.xml"/></Relationships>',
}


def write_parts(path: Path, parts: Mapping[str, str], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def write_workbook(
    path: Path, *, rows: str, strings: str, around: str = "{}", head: str = "", **parts: str
) -> Path:
    """A workbook whose cells point into a table of texts. `around` is what surrounds the rows, `head` stands before the
    texts; `parts` replace or add parts."""
    sheet = f'<worksheet xmlns="{MAIN}">{around.format(f"<sheetData>{rows}</sheetData>")}</worksheet>'
    texts = f'{head}<sst xmlns="{MAIN}">{strings}</sst>'
    return write_parts(path, PARTS | {"xl/strings.xml": texts, "xl/sheet.xml": sheet} | parts)


def row_of_texts(number: int, places: list[int]) -> str:
    """A row of cells with these places in the table of texts."""
    cells = "".join(f'<c t="s"><v>{place}</v></c>' for place in places)
    return f'<row r="{number}">{cells}</row>'


def text(words: str) -> str:
    """An entry of the table of texts."""
    return f"<si><t>{words}</t></si>"


def strict(path: Path) -> Path:
    """The workbook in the form that Excel calls «Strict Open XML»: other namespaces."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    write_parts(
        path,
        {
            name: content.decode()
            .replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
            .replace(RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships")
            for name, content in parts.items()
        },
    )
    return path


def locked_workbook(path: Path) -> Path:
    """As Office saves a workbook with a password: an OLE file with an encrypted package in it."""
    entry = "EncryptedPackage".encode("utf-16-le").ljust(128, b"\0")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(1024, b"\0") + entry + bytes(4096))
    return path


def write_xlsb(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A binary workbook of texts (MS-XLSB 2.1): one sheet, no styles, no table of texts."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = len(data), b""
        while True:
            size, low = size >> 7, size & 0x7F
            length += bytes([low | (0x80 if size else 0)])
            if not size:
                return head + length + data

    def words(value: object) -> bytes:
        raw = str(value).encode("utf-16-le")
        return struct.pack("<I", len(raw) // 2) + raw

    sheet = (
        record(0x81)
        + record(0x94, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1))
        + record(0x91)
    )
    for number, row in enumerate(rows):
        sheet += record(0x00, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        for column, value in enumerate(row):
            sheet += record(0x06, struct.pack("<II", column, 0) + words(value))
    sheet += record(0x92) + record(0x82)
    workbook = (
        record(0x83) + record(0x8F) + record(0x9C, struct.pack("<II", 0, 1) + words("r1") + words("officers"))
    )
    relation = f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet.bin"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        archive.writestr("xl/workbook.bin", workbook + record(0x90) + record(0x84))
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>',
        )
        archive.writestr("xl/worksheets/sheet.bin", sheet)
    return path
