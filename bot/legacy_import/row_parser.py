"""One row of an import file: every cell checked, every mistake named. Pure, but for the lists that staff
keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from typing import Any, TypeVar

from bot.core.refusals import InvalidInput
from bot.legacy_import.columns import Layout, label
from bot.legacy_import.nothing import says_nothing
from bot.legacy_import.readers.table import CELL, Cell, Formula, TableRow
from bot.rules import regions, request_items, validators
from bot.rules.validators import search_key
from bot.security import legacy_hashes, passwords
from bot.texts import BIDI_MARKS, t
from bot.texts.formats import TEHRAN, jalali_day
from bot.texts.written_text import business_name, written
from storage.enums import DistributorKind

V = TypeVar("V")

_USER_CODE = (3, 32)
#: Years above it are Gregorian.
GREGORIAN_FROM = 1500
#: A whole number as programs write it that hold all numbers as fractions.
_WHOLE = re.compile(r"\s*[0-9۰-۹٠-٩]+\.[0۰٠]+\s*")
#: A time of day behind a date, with its zone; before it a word, a dash or a blank.
_TIME = re.compile(
    r"(?:\s*ساعت\s*|[ T]+|-)[0-9۰-۹٠-٩]{1,2}:[0-9۰-۹٠-٩]{2}(:[0-9۰-۹٠-٩]{2}([.,٫][0-9۰-۹٠-٩]+)?)?"
    r"\s*([aApP]\.?[mM]\.?|ق\.?ظ\.?|ب\.?ظ\.?)?\s*(Z|UTC|GMT|IRST)?\s*([+-][0-9]{2}:?[0-9]{2})?\s*$"
)
#: And one before it.
_TIME_BEFORE = re.compile(r"^\s*[0-9۰-۹٠-٩]{1,2}:[0-9۰-۹٠-٩]{2}(:[0-9۰-۹٠-٩]{2})?\s+")
_WEEKDAY = re.compile(
    r"^\s*(?:(?:یک|دو|سه|چهار|پنج)?[\s\u200c]*[شس]نبه|جمعه|آدینه|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)"
    r"\s*[,،]?\s+",
    re.IGNORECASE,
)
#: A number behind the sign by which people keep its zeros.
_MARKED = re.compile(r"\s*['`’][0-9۰-۹٠-٩][0-9۰-۹٠-٩/.-]*\s*")
_YES = {search_key(word) for word in ("بله", "بلی", "آری", "دارد", "yes", "true", "y", "1")}
_NO = {search_key(word) for word in ("خیر", "نه", "ندارد", "no", "false", "n", "0")}
_GENDERS = {
    search_key(word): gender
    for gender, words in {
        "female": ("زن", "خانم", "مؤنث", "female", "f"),
        "male": ("مرد", "آقا", "مذکر", "male", "m"),
    }.items()
    for word in words
}
_KINDS = {
    search_key(word): kind
    for kind, words in {
        DistributorKind.COMPANY: ("شرکت", "company"),
        DistributorKind.GUILD: ("صنف", "واحد صنفی", "guild"),
    }.items()
    for word in words
}


@dataclass(frozen=True, slots=True)
class ReferenceCodes:
    """What staff keep, by search key of code and name."""

    levels: dict[str, str]
    fields: dict[str, str]
    universities: dict[str, str]
    #: The field that takes any other words.
    other_field: str | None
    #: Today in Tehran.
    today: date


@dataclass(frozen=True, slots=True)
class RowError:
    """A line of the report. `column` is a label, `value` what was in the cell where that may be shown."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Employer:
    """A distributor as a row gives it; what is None was not said."""

    kind: DistributorKind
    name: str
    #: Legal id of a company, licence number of a guild.
    number: str
    manager_name: str | None = None
    manager_mobile: str | None = None
    phone: str | None = None
    address: str | None = None
    province: str | None = None
    city: str | None = None
    university_code: str | None = None


@dataclass(frozen=True, slots=True)
class OfficerRow:
    """An officer as a row gives them. `account` and `file` hold only what was said, by the columns of the
    tables."""

    row: int
    national_code: str
    user_code: str
    #: Exactly one of these two.
    password: str | None = field(repr=False)
    password_hash: str | None = field(repr=False)
    account: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    employer: Employer | None = None
    contract_from: date | None = None


@dataclass(frozen=True, slots=True)
class DistributorRow:
    """A row of a distributor without an officer."""

    row: int
    employer: Employer


class _Cells:
    """The cells of one row by column; collects mistakes."""

    def __init__(self, line: TableRow, layout: Layout) -> None:
        self.line, self._column_indexes = line, layout.column_indexes
        self.mistakes: list[RowError] = []

    def raw(self, column: str) -> Cell:
        """The cell; "" where there is none, or where it says that there is nothing."""
        index = self._column_indexes.get(column)
        cell = self.line.cells[index] if index is not None and index < len(self.line.cells) else ""
        return "" if says_nothing(cell, column) else cell

    @property
    def are_empty(self) -> bool:
        return all(self.raw(column) == "" for column in self._column_indexes)

    def text(self, column: str) -> str | None:
        """The cell as text, None where it is empty or was found bad."""
        match self.raw(column):
            case Formula():
                self.bad(column, "import.formula")
                return None
            case date() as day:
                return day.isoformat()
            case str() as text if len(text) > CELL:
                self.bad(column, "import.long_cell")
                return None
            case str() as text:
                return self._plain_text(column, text)

    @staticmethod
    def _plain_text(column: str, text: str) -> str | None:
        """Without what stands around a number; a password as it is. The signs are looked for first: most cells have none."""
        if column != "password":
            if "." in text and _WHOLE.fullmatch(text):
                return text.partition(".")[0]
            if not text[:1].isalnum() and _MARKED.fullmatch(text):
                return text.strip()[1:]
        return text if text.strip() else None

    def day(self, column: str) -> date | None:
        """A day in either calendar, told apart by its year; None where there is none, or a bad one. A date of a
        spreadsheet is Gregorian, unless its year is of the Jalali calendar."""
        raw = self.raw(column)
        if isinstance(raw, date) and raw.year > GREGORIAN_FROM:
            return raw
        return self.checked(column, _day)

    def past_day(self, column: str, today: date) -> date | None:
        day = self.day(column)
        if day is not None and day > today:
            self.bad(column, "import.future_date", day=jalali_day(day))
            return None
        return day

    def checked(self, column: str, check: Callable[[str], V], *, needed: bool = False) -> V | None:
        """The checked value; None where there is none, or a bad one."""
        before = len(self.mistakes)
        text = self.text(column)
        if text is None:
            if needed and len(self.mistakes) == before:
                self.bad(column, "import.needed")
            return None
        try:
            return check(text)
        except InvalidInput as error:
            self.bad(column, error.key, **error.args_of_text)
            return None

    def bad(self, column: str, key: str, **args: object) -> None:
        raw = self.raw(column)
        shown = raw.text if isinstance(raw, Formula) else str(raw)
        if column == "password":
            shown = ""
        self.mistakes.append(RowError(self.line.number, label(column), shown[:60], t(key, **args)))


def read_line(
    line: TableRow, layout: Layout, lists: ReferenceCodes
) -> OfficerRow | DistributorRow | list[RowError] | None:
    """What a row says, or what is wrong with it; None where it says nothing in the known columns."""
    if line.broken is not None:
        return [RowError(line.number, "", "", t(f"import.{line.broken}"))]
    cells = _Cells(line, layout)
    if cells.are_empty:
        return None
    employer = _employer(cells, lists) if layout.has_distributors else None
    parsed: OfficerRow | DistributorRow | None
    if layout.has_officers and not (employer is not None and _no_officer(cells)):
        parsed = _newcomer(cells, lists, employer)
    elif employer is None and not cells.mistakes:
        cells.bad("distributor_id", "import.needed")
        parsed = None
    else:
        parsed = DistributorRow(line.number, employer) if employer is not None else None
    return cells.mistakes if cells.mistakes or parsed is None else parsed


def _no_officer(cells: _Cells) -> bool:
    return all(cells.raw(column) == "" for column in ("national_code", "user_code", "last_name"))


def _newcomer(cells: _Cells, lists: ReferenceCodes, employer: Employer | None) -> OfficerRow | None:
    code = cells.checked("national_code", _national_code, needed=True)
    user_code = cells.checked("user_code", _user_code, needed=True)
    secret = cells.checked("password", _password, needed=True)
    account = {
        "first_name": cells.checked("first_name", validators.persian_name, needed=True),
        "last_name": cells.checked("last_name", validators.persian_name, needed=True),
        "mobile": cells.checked("mobile", lambda text: validators.mobile(_zero(text, "9"))),
    }
    file = {"birth_date": _birth_date(cells, lists.today)} | _studies(cells, lists) | _general(cells, lists)
    qualified = cells.checked("qualified", _yes_or_no)
    qualified_on = cells.past_day("qualified_on", lists.today)
    if employer is not None or (qualified is None and qualified_on is not None):
        qualified = True  # a contract implies it (Q26), and so does its date
    file["legacy_qualified"] = qualified
    file["qualified_at"] = _noon(qualified_on) if qualified else None
    since = cells.past_day("contract_from", lists.today)
    if cells.mistakes or code is None or user_code is None or secret is None:
        return None
    plain = secret if legacy_hashes.scheme_of(secret) is None else None
    return OfficerRow(
        row=cells.line.number,
        national_code=code,
        user_code=user_code,
        password=plain,
        password_hash=None if plain is not None else secret,
        account={name: value for name, value in account.items() if value is not None},
        file={name: value for name, value in file.items() if value is not None},
        employer=employer,
        contract_from=since,
    )


def _employer(cells: _Cells, lists: ReferenceCodes) -> Employer | None:
    if all(cells.raw(column) == "" for column in ("distributor_name", "distributor_id")):
        return None
    kind = cells.checked("distributor_kind", _one_of(_KINDS), needed=True)
    check = validators.guild_id if kind is DistributorKind.GUILD else validators.legal_id
    number = cells.checked("distributor_id", check, needed=True)
    name = cells.checked("distributor_name", _distributor_name, needed=True)
    manager = cells.checked("distributor_manager", validators.persian_name)
    mobile = cells.checked("distributor_mobile", lambda text: validators.mobile(_zero(text, "9")))
    phone = cells.checked("distributor_phone", lambda text: validators.phone(_zero(text, "12345678")))
    address = cells.checked("distributor_address", validators.address)
    province, city = _region(cells, "distributor_province", "distributor_city")
    university = cells.checked("distributor_university", _one_of(lists.universities))
    if kind is None or number is None or name is None:
        return None
    return Employer(kind, name, number, manager, mobile, phone, address, province, city, university)


def _general(cells: _Cells, lists: ReferenceCodes) -> dict[str, Any]:
    province, city = _region(cells, "province", "city")
    return {
        "father_name": cells.checked("father_name", validators.persian_name),
        "gender": cells.checked("gender", _one_of(_GENDERS)),
        "birth_cert_no": cells.checked("birth_cert_no", validators.birth_cert_no),
        "province": province,
        "city": city,
        "university_code": cells.checked("university", _one_of(lists.universities)),
        "postal_address": cells.checked("postal_address", validators.address),
        "phone": cells.checked("phone", lambda text: validators.phone(_zero(text, "12345678"))),
        "email": cells.checked("email", validators.email),
    }


def _studies(cells: _Cells, lists: ReferenceCodes) -> dict[str, Any]:
    """A field that the list does not have is «سایر» in its own words."""
    level = cells.checked("degree_level", lambda text: _level(text, lists))
    words = cells.checked("field_of_study", _plain)
    code = lists.fields.get(_search_key(words)) if words is not None else None
    note = None
    if words is not None and code is None:
        if lists.other_field is None:
            cells.bad("field_of_study", "import.not_in_list")
        code, note = lists.other_field, words
    return {"level_code": level or None, "field_code": code, "field_note": note}


def _level(text: str, lists: ReferenceCodes) -> str:
    """The level's code, «» for no degree."""
    key = _search_key(text)
    if request_items.says_no_degree(text):
        return ""
    if key in lists.levels:
        return lists.levels[key]
    code = request_items.level_named(text)
    if code is not None and search_key(code) in lists.levels:
        return code
    raise InvalidInput("import.not_in_list")


def _region(cells: _Cells, province_column: str, city_column: str) -> tuple[str | None, str | None]:
    province = cells.checked(province_column, _one_of(_by_key(regions.provinces())))
    if province is None:
        if cells.raw(city_column) != "" and cells.raw(province_column) == "":
            cells.bad(province_column, "import.needed")
        return None, None
    return province, cells.checked(city_column, _one_of(_by_key(regions.cities_of(province))))


def _noon(day: date | None) -> datetime | None:
    return datetime.combine(day, time(12), TEHRAN).astimezone(UTC) if day is not None else None


def _birth_date(cells: _Cells, today: date) -> date | None:
    def check(text: str) -> date:
        return _born(validators.any_day(_bare(text)).days, today)

    if isinstance(cells.raw("birth_date"), date):
        born = cells.day("birth_date")
        return cells.checked("birth_date", lambda _: _born((born,), today)) if born is not None else None
    return cells.checked("birth_date", check, needed=True)


def _born(days: tuple[date, ...], today: date) -> date:
    """The one of these days on which an officer may be born. Raises InvalidInput."""
    possible = [day for day in days if validators.ADULT <= validators.age_on(day, today) <= validators.OLDEST]
    if not possible:
        raise InvalidInput("import.age_out_of_range")
    if len(possible) > 1:
        raise InvalidInput("import.ambiguous_date")
    return possible[0]


def _day(text: str) -> date:
    """A day in either calendar. Raises InvalidInput."""
    reading = validators.any_day(_bare(text))
    if len(reading.days) > 1:
        raise InvalidInput("import.ambiguous_date")
    return reading.days[0]


def _bare(text: str) -> str:
    """Without the time of day that databases write behind a date, and the day of the week."""
    return _WEEKDAY.sub("", _TIME_BEFORE.sub("", _TIME.sub("", BIDI_MARKS.sub("", text))))


def _national_code(text: str) -> str:
    """Spreadsheets take leading zeros away; the check digit says whether putting them back was right."""
    digits = validators.normalise(text)
    return validators.national_code(digits.zfill(10) if digits.isdigit() and len(digits) >= 8 else digits)


def _zero(text: str, first: str) -> str:
    """A number of ten digits whose leading zero a spreadsheet took away."""
    digits = validators.normalise(text)
    return f"0{digits}" if len(digits) == 10 and digits.isdigit() and digits[0] in first else digits


def _user_code(text: str) -> str:
    code = passwords.normal(text)
    shortest, longest = _USER_CODE
    if (
        not shortest <= len(code) <= longest
        or not code.isprintable()
        or any(letter.isspace() for letter in code)
    ):
        raise InvalidInput("import.bad_user_code")
    return code


def _password(text: str) -> str:
    """As it stands, without outer space. Raises InvalidInput for hashes of an unknown form."""
    secret = text.strip()
    if legacy_hashes.looks_foreign(secret):
        raise InvalidInput("import.foreign_hash")
    if len(secret) > passwords.CHOSEN_MAX and legacy_hashes.scheme_of(secret) is None:
        raise InvalidInput("import.long_password")
    return secret


def _distributor_name(text: str) -> str:
    name = business_name(text)
    if not 2 <= len(name) <= 120 or not any(letter.isalpha() for letter in name):
        raise InvalidInput("import.bad_distributor_name")
    return name


#: Few different words stand in most columns of a table.
_search_key = lru_cache(maxsize=4096)(search_key)


def _plain(text: str) -> str:
    words = written(text)
    if not 2 <= len(words) <= 120:
        raise InvalidInput("import.not_in_list")
    return words


def _yes_or_no(text: str) -> bool:
    key = _search_key(text)
    if key not in _YES | _NO:
        raise InvalidInput("import.yes_or_no")
    return key in _YES


def _one_of(known: dict[str, V]) -> Callable[[str], V]:
    def check(text: str) -> V:
        try:
            return known[_search_key(text)]
        except KeyError:
            raise InvalidInput("import.not_in_list") from None

    return check


@cache
def _by_key(names: tuple[str, ...]) -> dict[str, str]:
    return {search_key(name): name for name in names}
