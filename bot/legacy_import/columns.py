"""The columns of an import file, by their English and Persian names (docs/import.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType

from bot.core.refusals import InvalidInput
from bot.legacy_import.readers.table import TableRow, UnusableFile
from bot.rules import validators
from bot.rules.validators import search_key
from bot.texts import BIDI_MARKS

#: column → its headers in Persian, the usual one first. The English one is the column's own name.
NAMES: dict[str, tuple[str, ...]] = {
    "national_code": (
        "کد ملی",
        "شماره ملی",
        "کد ملی مسئول فنی",
        "کد شناسایی ملی",
        "national id",
        "melli code",
    ),
    "user_code": ("کد کاربری", "نام کاربری", "شناسه کاربری", "یوزر", "یوزرنیم", "username", "user", "login"),
    "password": (
        *("رمز عبور", "کلمه عبور", "گذرواژه", "رمز", "رمز ورود", "کلمه رمز", "پسورد", "پسوورد"),
        *("pass", "passwd", "pwd", "password hash"),
    ),
    "first_name": ("نام", "نام کوچک", "اسم", "name", "given name"),
    "last_name": (
        "نام خانوادگی",
        "فامیل",
        "فامیلی",
        "نام فامیل",
        "نام خانواده",
        "family",
        "surname",
        "family name",
    ),
    "birth_date": ("تاریخ تولد", "تولد", "متولد", "date of birth", "dob", "birthday"),
    "mobile": (
        *("شماره همراه", "تلفن همراه", "موبایل", "همراه", "شماره موبایل", "شماره تلفن همراه", "تلفن موبایل"),
        *("mobile number", "cellphone"),
    ),
    "degree_level": ("مقطع تحصیلی", "مقطع", "مدرک تحصیلی", "آخرین مدرک تحصیلی", "تحصیلات", "degree", "level"),
    "field_of_study": ("رشته تحصیلی", "رشته", "field", "major"),
    "father_name": ("نام پدر", "پدر", "father"),
    "gender": ("جنسیت", "جنس", "sex"),
    "birth_cert_no": ("شماره شناسنامه", "ش ش", "شناسنامه"),
    "province": ("استان", "استان محل زندگی", "استان محل سکونت"),
    "city": ("شهر", "شهر محل زندگی", "شهر محل سکونت", "شهرستان"),
    "university": ("دانشگاه", "دانشگاه علوم پزشکی", "دانشگاه محل"),
    "postal_address": ("آدرس پستی", "آدرس", "نشانی", "نشانی پستی", "آدرس محل سکونت", "address"),
    "phone": ("شماره تماس", "تلفن ثابت", "تلفن", "شماره تلفن", "شماره تلفن ثابت", "tel", "telephone"),
    "email": ("ایمیل", "پست الکترونیک", "رایانامه", "پست الکترونیکی", "e-mail", "mail"),
    "qualified": ("احراز صلاحیت", "صلاحیت", "وضعیت صلاحیت", "احراز صلاحیت شده"),
    "qualified_on": ("تاریخ احراز صلاحیت", "تاریخ صلاحیت", "تاریخ تأیید صلاحیت"),
    "distributor_kind": ("نوع توزیع‌کننده", "نوع مرکز"),
    "distributor_name": ("نام توزیع‌کننده", "توزیع‌کننده", "نام شرکت", "شرکت", "نام مرکز"),
    "distributor_id": (
        *("شناسه توزیع‌کننده", "شناسه ملی شرکت", "شماره پروانه کسب", "شناسه ملی", "شناسه شرکت", "پروانه کسب"),
    ),
    "distributor_manager": ("نام مدیر", "مدیر توزیع‌کننده", "مدیرعامل", "نام مدیرعامل", "مدیر"),
    "distributor_mobile": ("همراه مدیر", "شماره همراه مدیر", "موبایل مدیر", "همراه مدیرعامل"),
    "distributor_phone": ("تلفن توزیع‌کننده", "تلفن شرکت", "تلفن مرکز"),
    "distributor_address": ("آدرس توزیع‌کننده", "نشانی توزیع‌کننده", "آدرس شرکت", "نشانی شرکت", "آدرس مرکز"),
    "distributor_province": ("استان توزیع‌کننده", "استان شرکت", "استان مرکز"),
    "distributor_city": ("شهر توزیع‌کننده", "شهر شرکت", "شهر مرکز"),
    "distributor_university": ("دانشگاه توزیع‌کننده",),
    "contract_from": (
        "تاریخ شروع همکاری",
        "شروع همکاری",
        "تاریخ شروع قرارداد",
        "شروع قرارداد",
        "تاریخ قرارداد",
    ),
}

#: Without these a file has no officers.
OFFICER = ("national_code", "user_code", "password", "first_name", "last_name", "birth_date")
#: Without these it has no distributors.
DISTRIBUTOR = ("distributor_kind", "distributor_name", "distributor_id")
#: What only a file of officers has.
_OF_PERSONS = (
    "national_code",
    "user_code",
    "password",
    "last_name",
    "birth_date",
    "father_name",
    "birth_cert_no",
)

_BY_KEY = {search_key(name): column for column, names in NAMES.items() for name in (column, *names)}
#: What people add to a heading: «کد ملی (الزامی)», «۱. کد ملی», «کدملی شخص».
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]|\*|^\s*[0-9۰-۹٠-٩]{1,3}\s*[-–.)/:]")
_ADDED = tuple(
    search_key(word)
    for word in (
        "مسئول فنی",
        "مسول فنی",
        "شخص",
        "فرد",
        "متقاضی",
        "کارشناس",
        "الزامی",
        "اجباری",
        "اختیاری",
        "شمسی",
        "میلادی",
    )
)
#: How alike a heading and a name are that are taken for a slip; how long a name is that may stand inside a heading, and a
#: heading that may be the beginning of a name.
_ALIKE, _INSIDE, _BEGINNING = 0.8, 5, 7


def label(column: str) -> str:
    """What people call the column."""
    return NAMES[column][0]


def column_of(header: str) -> str | None:
    """The column that a heading names without a doubt."""
    key = search_key(_REMARK.sub(" ", header)) or search_key(header)
    for added in ("", *_ADDED):
        if (column := _BY_KEY.get(key.removesuffix(added) if added else key)) is not None:
            return column
    return None


def column_like(header: str) -> str | None:
    """The column that a heading may mean: a slip of the pen, or more words than the name, or fewer."""
    key = search_key(_REMARK.sub(" ", header))[:60]
    if len(key) < 3:
        return None
    best, column = 0.0, None
    for known, of in _BY_KEY.items():
        merit = SequenceMatcher(None, key, known).ratio()
        if merit < _ALIKE:
            inside = len(known) >= _INSIDE and known in key
            begins = len(key) >= _BEGINNING and known.startswith(key)
            merit = _ALIKE + len(known) / 1000 if inside or begins else 0
        if merit > best:
            best, column = merit, of
    return column


def score(header: list[str]) -> int:
    """How many columns of a header are known."""
    return len({column for cell in header if (column := column_of(cell)) is not None})


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns are in a row."""

    column_indexes: dict[str, int]
    #: Headings that are read by nobody.
    unknown: tuple[str, ...]
    #: Headings that resemble a column which no other heading names, with that column: to be asked about.
    doubtful: tuple[tuple[str, str], ...]
    has_officers: bool
    has_distributors: bool


def read_header(header: list[str], decided: Mapping[str, str | None] = MappingProxyType({})) -> Layout:
    """`decided` says for a heading which column it is, or that it is none. Raises UnusableFile for columns that are given
    twice, and for a heading without any."""
    column_indexes: dict[str, int] = {}
    others: list[str] = []
    for index, cell in enumerate(header):
        name = " ".join(BIDI_MARKS.sub("", cell).split())[:40]
        column = decided[name] if name in decided else column_of(cell)
        if column is None:
            others += [name] if name else []
        elif column in column_indexes:
            raise UnusableFile("column_twice", column=label(column))
        else:
            column_indexes[column] = index
    doubtful = {
        name: like
        for name in others
        if name not in decided and (like := column_like(name)) is not None and like not in column_indexes
    }
    if not column_indexes and not doubtful:
        raise UnusableFile("no_header")
    return Layout(
        column_indexes,
        tuple(name for name in others if name not in doubtful),
        tuple(doubtful.items()),
        all(column in column_indexes for column in OFFICER),
        all(column in column_indexes for column in DISTRIBUTOR),
    )


def read_options(options: Sequence[str]) -> dict[str, str | None]:
    """Heading → column of «heading=column»; None where nothing is behind the sign. Marks of direction, which come along
    when a sentence of this import is copied, are dropped. Raises UnusableFile."""
    decided: dict[str, str | None] = {}
    for option in options:
        heading, sign, name = BIDI_MARKS.sub("", option).rpartition("=")
        column = column_of(name)
        if not sign or not heading.strip() or (name.strip() and column is None):
            raise UnusableFile("bad_column_option", option=option)
        decided[" ".join(heading.split())[:40]] = column
    return decided


def require_columns(layout: Layout, header: list[str], sample: Sequence[TableRow]) -> None:
    """Raises UnusableFile where columns are missing without which the rows would be taken for something else: a file of
    officers needs all of OFFICER. `sample` are its first rows."""
    officers = [column for column in OFFICER if column not in layout.column_indexes]
    distributors = [column for column in DISTRIBUTOR if column not in layout.column_indexes]
    if len(distributors) < len(DISTRIBUTOR) and distributors:
        raise _missing(distributors)
    if officers and (
        distributors
        or any(column in layout.column_indexes for column in _OF_PERSONS)
        or _holds_national_codes(layout, header, sample)
    ):
        raise _missing(officers)


def _holds_national_codes(layout: Layout, header: list[str], sample: Sequence[TableRow]) -> bool:
    """Whether a column that nobody reads is full of national codes."""
    known = set(layout.column_indexes.values())
    for index in set(range(len(header))) - known:
        cells = [str(row.cells[index]) for row in sample if index < len(row.cells) and row.cells[index] != ""]
        codes = [cell for cell in cells if _is_national_code(cell)]
        if codes and len(codes) * 2 >= len(cells):
            return True
    return False


def _is_national_code(text: str) -> bool:
    try:
        validators.national_code(text)
    except InvalidInput:
        return False
    return True


def _missing(columns: list[str]) -> UnusableFile:
    return UnusableFile("missing_columns", columns="، ".join(label(column) for column in columns))
