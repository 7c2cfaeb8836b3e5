"""The parts of an Excel workbook that a table needs, read through openpyxl in bounded memory."""

from __future__ import annotations

import tempfile
import zipfile
from array import array
from pathlib import Path
from typing import IO, Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from bot.legacy_import.readers.table import CELL, UnusableFile
from bot.legacy_import.readers.xml_records import WHOLE_BYTES, Records, TooLargeError, require_small

#: Bytes that the parts of a workbook may unpack to, and how much smaller they may have been.
UNPACKED = 4 << 30
RATIO = 200
_SMALL = 16 << 20
#: Bytes of the list of parts, which is held in memory (some 50 a part).
DIRECTORY = 1 << 20
#: Entries of the table of texts, and their bytes on the disk.
TEXTS, TEXT_BYTES = 4_000_000, 1 << 30
_TEXT, _PHONETIC, _INLINE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("t", "rPh", "is"))
_PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _text_of(item: Any) -> str:
    """All runs of a text, without the guides to its pronunciation."""
    for guide in item.iter(_PHONETIC):
        guide.clear()
    return "".join(node.text or "" for node in item.iter(_TEXT))


class Parts(zipfile.ZipFile):
    """The archive of a workbook. Raises UnusableFile for what is none, TooLargeError for a part that does not
    fit."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            # zipfile would take all of the list into memory first.
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end is not None and end[5] > DIRECTORY:
            raise TooLargeError
        super().__init__(path)
        parts = self.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise UnusableFile("locked_file")
        unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
        if unpacked > UNPACKED or (unpacked > _SMALL and unpacked > RATIO * packed):
            raise TooLargeError
        if any(part.compress_type not in _PACKING for part in parts):
            raise zipfile.BadZipFile("packed in a way that Excel never does")

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """A whole part, which openpyxl makes a tree of."""
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if part.file_size > WHOLE_BYTES:
            raise TooLargeError
        data = super().read(part, pwd)
        require_small(data)
        return data


class Texts:
    """The workbook's table of texts, in a file that goes with it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = array("Q", [0])

    def append(self, text: str) -> None:
        raw = text[: CELL + 1].encode("utf-8", "replace")
        if len(self) >= TEXTS or self._starts[-1] + len(raw) > TEXT_BYTES:
            raise TooLargeError
        self._file.write(raw)
        self._starts.append(self._starts[-1] + len(raw))

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(index)
        start, end = self._starts[index], self._starts[index + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8")

    def __len__(self) -> int:
        return len(self._starts) - 1


class Workbook(ExcelReader):  # type: ignore[misc]
    """openpyxl's reader; the texts go into a file, and of the styles only those of dates matter."""

    def __init__(self, parts: Parts) -> None:
        self.archive, self.valid_files = parts, parts.namelist()
        self.read_only, self.keep_vba, self.data_only, self.keep_links = True, False, False, False
        self.shared_strings: Any = []
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)

    def read_strings(self) -> None:
        self.shared_strings = texts = Texts()
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            for item in Records(source, f"{{{SHEET_MAIN_NS}}}si"):
                texts.append(_text_of(item))

    def visible_sheets(self) -> list[tuple[str, str]]:
        """(name, part) of every table that can be seen."""
        return [
            (str(sheet.name), str(relation.target))
            for sheet, relation in self.parser.find_sheets()
            if relation.target in self.valid_files
            and "chartsheet" not in relation.Type
            and sheet.state == "visible"
        ]

    def rows(self) -> RowParser:
        return RowParser(
            None,
            self.shared_strings,
            epoch=self.wb.epoch,
            date_formats=self.wb._date_formats,
            timedelta_formats=self.wb._timedelta_formats,
        )


class RowParser(WorkSheetParser):  # type: ignore[misc]
    """Reads the cells of one row element after the other, and remembers nothing of them."""

    tag: str = ROW_TAG
    col_counter: int

    def cells(self, row: Any) -> tuple[int, list[dict[str, Any]]]:
        """The row's number, and its cells with their columns."""
        parsed = self.parse_row(row)
        self.row_dimensions.clear()
        return parsed  # type: ignore[no-any-return]

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """As openpyxl does it, but for texts in the cell itself: of those it makes an object for every part."""
        inline = element.find(_INLINE) if element.get("t") == "inlineStr" else None
        formula = element.find(FORMULA_TAG) is not None
        if inline is None or formula:
            # Of a formula the value that was stored with it is what people see.
            self.data_only = formula and _has_value(element)
            return super().parse_cell(element)  # type: ignore[no-any-return]
        coordinate = element.get("r")
        self.col_counter = coordinate_to_tuple(coordinate)[1] if coordinate else self.col_counter + 1
        return {"column": self.col_counter, "value": _text_of(inline), "data_type": "s"}

    def parse_formula(self, element: Any) -> str:
        """That there is one is enough: it is never worked out."""
        return f"={element.findtext(FORMULA_TAG) or ''}"


def _has_value(element: Any) -> bool:
    """Whether a cell has a value beside its formula; an empty text is one."""
    value = element.find(VALUE_TAG)
    return value is not None and (bool(value.text) or element.get("t") == "str")
