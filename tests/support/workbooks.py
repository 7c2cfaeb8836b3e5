"""Excel files written part by part, as no library writes them."""

import zipfile
from collections.abc import Mapping
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
