"""The columns of an import file, by their English and Persian names (docs/import.md)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.legacy_import.readers.table import UnusableFile
from bot.rules.validators import search_key

#: column → its headers in Persian, the usual one first. The English one is the column's own name.
NAMES: dict[str, tuple[str, ...]] = {
    "national_code": ("کد ملی", "شماره ملی", "کدملی مسئول فنی"),
    "user_code": ("کد کاربری", "نام کاربری"),
    "password": ("رمز عبور", "کلمه عبور", "گذرواژه", "رمز"),
    "first_name": ("نام",),
    "last_name": ("نام خانوادگی",),
    "birth_date": ("تاریخ تولد",),
    "mobile": ("شماره همراه", "تلفن همراه", "موبایل", "همراه"),
    "degree_level": ("مقطع تحصیلی", "مقطع"),
    "field_of_study": ("رشته تحصیلی", "رشته"),
    "father_name": ("نام پدر",),
    "gender": ("جنسیت",),
    "birth_cert_no": ("شماره شناسنامه",),
    "province": ("استان", "استان محل زندگی"),
    "city": ("شهر", "شهر محل زندگی"),
    "university": ("دانشگاه",),
    "postal_address": ("آدرس پستی", "آدرس", "نشانی"),
    "phone": ("شماره تماس", "تلفن ثابت", "تلفن"),
    "email": ("ایمیل", "پست الکترونیک"),
    "qualified": ("احراز صلاحیت", "صلاحیت"),
    "qualified_on": ("تاریخ احراز صلاحیت",),
    "distributor_kind": ("نوع توزیع‌کننده",),
    "distributor_name": ("نام توزیع‌کننده", "توزیع‌کننده"),
    "distributor_id": ("شناسه توزیع‌کننده", "شناسه ملی شرکت", "شماره پروانه کسب"),
    "distributor_manager": ("نام مدیر", "مدیر توزیع‌کننده"),
    "distributor_mobile": ("همراه مدیر", "شماره همراه مدیر"),
    "distributor_phone": ("تلفن توزیع‌کننده",),
    "distributor_address": ("آدرس توزیع‌کننده",),
    "distributor_province": ("استان توزیع‌کننده",),
    "distributor_city": ("شهر توزیع‌کننده",),
    "distributor_university": ("دانشگاه توزیع‌کننده",),
    "contract_from": ("تاریخ شروع همکاری", "شروع همکاری"),
}

#: Without these a file has no officers.
OFFICER = ("national_code", "user_code", "password", "first_name", "last_name", "birth_date")
#: Without these it has no distributors.
DISTRIBUTOR = ("distributor_kind", "distributor_name", "distributor_id")

_BY_KEY = {search_key(name): column for column, names in NAMES.items() for name in (column, *names)}


def label(column: str) -> str:
    """What people call the column."""
    return NAMES[column][0]


def column_of(header: str) -> str | None:
    return _BY_KEY.get(search_key(header)) if header.strip() else None


def score(header: list[str]) -> int:
    """How many columns of a header are known."""
    return len({column for cell in header if (column := column_of(cell)) is not None})


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns are in a row; unknown names."""

    column_indexes: dict[str, int]
    unknown: tuple[str, ...]
    has_officers: bool
    has_distributors: bool


def read_header(header: list[str]) -> Layout:
    """Raises UnusableFile for columns that are missing or given twice."""
    column_indexes: dict[str, int] = {}
    unknown = []
    for index, name in enumerate(header):
        column = column_of(name)
        if column is None:
            if name.strip():
                unknown.append(" ".join(name.split())[:40])
        elif column in column_indexes:
            raise UnusableFile("column_twice", column=label(column))
        else:
            column_indexes[column] = index
    if not column_indexes:
        raise UnusableFile("no_header")
    officers = [column for column in OFFICER if column not in column_indexes]
    distributors = [column for column in DISTRIBUTOR if column not in column_indexes]
    if len(distributors) < len(DISTRIBUTOR) and distributors:
        raise _missing(distributors)
    if officers and (distributors or any(column in column_indexes for column in OFFICER[:3])):
        raise _missing(officers)
    return Layout(column_indexes, tuple(unknown), not officers, not distributors)


def _missing(columns: list[str]) -> UnusableFile:
    return UnusableFile("missing_columns", columns="، ".join(label(column) for column in columns))
