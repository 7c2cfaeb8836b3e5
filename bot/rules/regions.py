"""Provinces and cities as the officer chooses them. Pure.

See docs/specification.md 3, "From region to university".

Names come from the package `provinces-and-cities`, spelled our way: Persian letters, ZWNJ before «آباد» and
«شهر», known slips corrected. They are what is stored in answers and what coverage rows are keyed by, so a
change here needs a migration.
"""

import re
from functools import cache

from provinces_and_cities import Iran

from bot.rules.validators import ZWNJ, normalise, search_key

_PROVINCES = {"چهار محال بختیاری": "چهارمحال و بختیاری"}

#: Slips of the package: as it has them (normalised) → as they are called.
_CITIES = {
    "آقکند": "آق‌کند",
    "احمدابادصولت": "احمدآباد صولت",
    "اسلام آبادغرب": "اسلام‌آباد غرب",
    "آران وبیدگل": "آران و بیدگل",
    "بندرعباس": "بندرعباس",
    "بویین زهرا": "بوئین‌زهرا",
    "بویین سفلی": "بوئین سفلی",
    "بویین ومیاندشت": "بوئین و میاندشت",
    "چاه بهار": "چابهار",
    "خداجو(خراجو)": "خداجو (خراجو)",
    "رباطکریم": "رباط‌کریم",
    "زابلی": "مهرستان",
    "سرخنکلاته": "سرخن‌کلاته",
    "شهرجدیدهشتگرد": "شهر جدید هشتگرد",
    "شهرصدرا": "شهر صدرا",
    "شهراباد": "شهرآباد",
    "صایین قلعه": "صائین‌قلعه",
    "ضیاڈآباد": "ضیاءآباد",
    "علی اباد": "علی‌آباد کتول",
    "فخراباد": "فخرآباد",
    "قادراباد": "قادرآباد",
    "قایم شهر": "قائم‌شهر",
    "قایمیه": "قائمیه",
    "قاین": "قائن",
    "قصرشیرین": "قصر شیرین",
    "قلعه رییسی": "قلعه رئیسی",
    "کتالم وسادات شهر": "کتالم و سادات‌شهر",
    "کره ای": "کره‌ای",
    "کلیشادوسودرجان": "کلیشاد و سودرجان",
    "گزبرخوار": "گز برخوار",
    "گنبدکاووس": "گنبد کاووس",
    "لپویی": "لپوئی",
    "مبارک آباددیز": "مبارک‌آباد دیز",
    "محمودآبادنمونه": "محمودآباد نمونه",
    "مراوه": "مراوه‌تپه",
}

_PERSIAN_ORDER = {letter: index for index, letter in enumerate("آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی")}
_ABAD = re.compile(r"(?<=\S) ?آباد(?=$|[ )])|(?<=\S) اباد(?=$|[ )])")
_SHAHR = re.compile(r"(?<=\S) شهر(?=$|[ )])")
_BANDAR = re.compile(r"^بندر(?=\S)")
#: Letters that never join the next one: no ZWNJ is needed after them.
_LONERS = "اآدذرزژوؤءأإ"


def _joined(match: re.Match[str], word: str) -> str:
    return word if match.string[match.start() - 1] in _LONERS else ZWNJ + word


def _city(name: str) -> str:
    name = normalise(name)
    if name in _CITIES:
        return _CITIES[name]
    name = _ABAD.sub(lambda match: _joined(match, "آباد"), name)
    name = _SHAHR.sub(lambda match: _joined(match, "شهر"), name)
    return _BANDAR.sub("بندر ", name)


def _order(name: str) -> list[int]:
    """By the Persian alphabet, which is not that of the code points."""
    return [_PERSIAN_ORDER.get(letter, 0) for letter in name.replace(ZWNJ, " ")]


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    cities = {
        _PROVINCES.get(name := normalise(province["name"]), name): tuple(
            sorted({_city(city) for city in province["cities"]}, key=_order)
        )
        for province in Iran.all
    }
    return dict(sorted(cities.items(), key=lambda item: _order(item[0])))


def provinces() -> tuple[str, ...]:
    """All 31, in alphabetical order."""
    return tuple(_cities())


def cities_of(province: str) -> tuple[str, ...]:
    """The cities of a province in alphabetical order; none for a province that does not exist."""
    return _cities().get(province, ())


#: Behind these a name is that of a street or a quarter.
_STREETS = {
    search_key(word)
    for word in [
        "خیابان",
        "خ",
        "بلوار",
        "میدان",
        "کوچه",
        "محله",
        "بزرگراه",
        "اتوبان",
        "جاده",
        "فلکه",
        "چهارراه",
        "سه\u200cراه",
        "کوی",
        "شهرک",
        "مجتمع",
        "ساختمان",
        "برج",
        "پل",
        "بازار",
    ]
}
_SIGNS = re.compile("[،,؛;:.()\\-–/\\n]+")


@cache
def _known_places() -> dict[str, str]:
    names = {*provinces(), *(city for cities in _cities().values() for city in cities)}
    return {search_key(name): name for name in names}


def other_city(address: str, province: str, city: str) -> str | None:
    """The city or province that an address names at its beginning, or behind «شهر», where it names neither `city` nor
    `province`; None where nothing is certain."""
    words = [search_key(word) for word in _SIGNS.sub(" ، ", address.replace(ZWNJ, " ")).split()]
    for own in (city, province):
        own_words = [search_key(word) for word in own.replace(ZWNJ, " ").split()]
        if own_words and any(words[at : at + len(own_words)] == own_words for at in range(len(words))):
            return None
    heads = {search_key(word) for word in ("شهر", "شهرستان", "استان")}
    starts = [at for at in range(len(words)) if at == 0 or words[at - 1] in heads]
    for at in starts:
        for length in (4, 3, 2, 1):
            name = _known_places().get("".join(words[at : at + length]))
            following = words[at + length : at + length + 1]
            ends = at > 0 or not following or following[0] in ("", *_STREETS)
            if name is not None and ends:
                return name
    return None
