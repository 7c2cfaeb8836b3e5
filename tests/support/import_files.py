"""Import files made by the tests, and what an import says of them."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from bot.core.context import SYSTEM
from bot.legacy_import.importer import LegacyImport, Totals
from bot.security.passwords import Passwords
from storage.database.database import Database
from tests.support.identities import national_code

OFFICER: dict[str, Any] = {
    "national_code": "",
    "user_code": "",
    "password": "",
    "first_name": "سارا",
    "last_name": "کریمی‌نژاد",
    "birth_date": "1365/04/12",
    "mobile": "09121234567",
    "degree_level": "کارشناسی",
    "field_of_study": "مهندسی پزشکی",
    "father_name": "علی",
    "gender": "زن",
    "province": "فارس",
    "city": "شیراز",
    "qualified": "",
}
COMPANY: dict[str, Any] = {
    "distributor_kind": "شرکت",
    "distributor_name": "کیان طب",
    "distributor_id": "14009999995",
    "distributor_manager": "حسین رضایی",
    "distributor_mobile": "09123334455",
    "distributor_phone": "07132123456",
    "distributor_address": "شیراز، خیابان دانشگاه، پلاک ۲",
    "distributor_province": "فارس",
    "distributor_city": "شیراز",
    "contract_from": "1400/02/15",
}
COLUMNS = [*OFFICER, *COMPANY]


def officer(number: int, **said: Any) -> dict[str, Any]:
    """A row of an officer without a contract; `said` changes cells."""
    known = {"user_code": f"old{number:06}", "password": f"Old-1234-{number}"}
    return OFFICER | {"national_code": national_code(number)} | known | said


def employed(number: int, **said: Any) -> dict[str, Any]:
    return officer(number) | COMPANY | said


def write_csv(
    path: Path,
    rows: list[dict[str, Any]],
    *,
    header: list[str] | None = None,
    columns: list[str] = COLUMNS,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header or columns)
        writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return path


def write_xlsx(path: Path, rows: list[dict[str, Any]], *, columns: list[str] = COLUMNS) -> Path:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("officers")
    sheet.append(columns)
    for row in rows:
        sheet.append([row.get(column, "") for column in columns])
    workbook.save(path)
    return path


@dataclass(frozen=True, slots=True)
class Refused:
    row: str
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    totals: Totals
    report: list[Refused]

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Read, created, updated, unchanged, refused."""
        it = self.totals
        return it.read, it.created, it.updated, it.unchanged, it.refused

    def of(self, row: int) -> dict[str, str]:
        """Column → reason of a refused row."""
        return {one.column: one.reason for one in self.report if one.row == str(row)}


async def move_in(database: Database, path: Path, **options: Any) -> Said:
    """`options` are those of `LegacyImport`."""
    report = path.with_name(f"{path.name}.report.csv")
    importer = LegacyImport(database, Passwords(weak=True), SYSTEM, **options)
    totals = await importer.run(path, report)
    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["ردیف", "ستون", "مقدار", "دلیل"]
    return Said(totals, [Refused(*line) for line in lines[1:]])
