"""What is printed at the end of an import."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from bot.legacy_import.columns import label
from bot.legacy_import.importer import Totals
from bot.legacy_import.row_parser import DistributorRow, Employer, OfficerRow
from bot.texts import t
from bot.texts.formats import jalali_day

#: Columns of the tables whose name is not the import's.
_COLUMNS = {
    "level_code": "degree_level",
    "field_code": "field_of_study",
    "field_note": "field_of_study",
    "university_code": "university",
    "legacy_qualified": "qualified",
    "qualified_at": "qualified_on",
}
_OF_EMPLOYER = {
    "kind": "distributor_kind",
    "name": "distributor_name",
    "number": "distributor_id",
    "manager_name": "distributor_manager",
    "manager_mobile": "distributor_mobile",
    "phone": "distributor_phone",
    "address": "distributor_address",
    "province": "distributor_province",
    "city": "distributor_city",
    "university_code": "distributor_university",
}


def summary(totals: Totals, report: Path, *, dry_run: bool) -> str:
    """The counts with ASCII digits, one a line: other programs read them too."""
    lines = [
        t("import.summary").format(
            read=totals.read,
            created=totals.created,
            updated=totals.updated,
            unchanged=totals.unchanged + totals.untouched,
            refused=totals.refused,
        )
    ]
    if totals.untouched:
        lines.append(t("import.untouched").format(untouched=totals.untouched))
    if totals.distributors:
        lines.append(t("import.distributors").format(distributors=totals.distributors))
    if totals.same_password:
        lines.append(t("import.same_password_count").format(same=totals.same_password))
    if totals.sheet:
        lines.append(t("import.read_from", sheet=totals.sheet, row=totals.header_row))
    elif totals.header_row > 1:
        lines.append(t("import.header_at", row=totals.header_row))
    if totals.unknown_columns:
        lines.append(t("import.unknown_columns", columns="، ".join(totals.unknown_columns)))
    lines.append(t("import.report").format(path=report))
    for row in totals.shown:
        lines += [t("import.shown", row=row.row), *(f"  {name}: {value}" for name, value in _as_stored(row))]
    if dry_run:
        lines.append(t("import.dry"))
    return "\n".join(lines)


def _as_stored(row: OfficerRow | DistributorRow) -> Iterator[tuple[str, str]]:
    """(column, value) of everything that the row would store."""
    if isinstance(row, OfficerRow):
        yield label("national_code"), row.national_code
        yield label("user_code"), row.user_code
        yield (
            label("password"),
            t("import.plain_password") if row.password is not None else t("import.stored_hash"),
        )
        for name, value in (row.account | row.file).items():
            yield label(_COLUMNS.get(name, name)), _said(value)
        if row.contract_from is not None:
            yield label("contract_from"), _said(row.contract_from)
    if row.employer is not None:
        yield from _employer(row.employer)


def _employer(employer: Employer) -> Iterator[tuple[str, str]]:
    for name, column in _OF_EMPLOYER.items():
        if (value := getattr(employer, name)) is not None:
            yield label(column), _said(value)


def _said(value: object) -> str:
    match value:
        case bool():
            return t("import.yes") if value else t("import.no")
        case date() | datetime():
            return jalali_day(value)
    return str(value)
