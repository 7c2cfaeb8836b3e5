"""Provinces and cities: spelled our way, found however they are typed."""

import csv
from pathlib import Path

import pytest

from bot.rules.regions import cities_of, other_city, provinces

DATA = Path("storage/seed_data/universities.csv")


def test_provinces_are_those_of_the_universities() -> None:
    with DATA.open(encoding="utf-8") as file:
        assert {row["province_fa"] for row in csv.DictReader(file)} == set(provinces())
    assert len(provinces()) == 31


def test_every_province_has_cities_in_order_and_persian_letters_without_doubles() -> None:
    allowed = set("ءآأؤئابتثجچحخدذرزژسشصضطظعغفقلمنوهپچژکگی ()\u200c")
    for province in provinces():
        cities = cities_of(province)
        assert cities
        assert len(set(cities)) == len(cities)
        assert set("".join(cities)) <= allowed
    assert cities_of("قم") == ("جعفریه", "دستجرد", "سلفچگان", "قم", "قنوات", "کهک")
    assert cities_of("ناکجا") == ()


@pytest.mark.parametrize(
    ("province", "city"),
    [
        ("لرستان", "خرم‌آباد"),
        ("اصفهان", "مهاباد"),
        ("خراسان رضوی", "گناباد"),
        ("یزد", "بهاباد"),
        ("هرمزگان", "بندر لنگه"),
        ("هرمزگان", "بندرعباس"),
        ("سیستان و بلوچستان", "چابهار"),
        ("مازندران", "قائم‌شهر"),
        ("تهران", "رباط‌کریم"),
        ("قزوین", "ضیاءآباد"),
    ],
)
def test_known_slips_are_corrected(province: str, city: str) -> None:
    assert city in cities_of(province)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("شیراز، خیابان زند، پلاک ۳", "شیراز"),
        ("شیراز خیابان زند پلاک ۳", "شیراز"),
        ("خیابان زند، شهر شیراز", "شیراز"),
        ("استان فارس، مرودشت، خیابان امام", "فارس"),
        ("بندر عباس، بلوار ساحلی", "بندرعباس"),
        ("کرج، خیابان شیراز، پلاک ۳", None),
        ("خیابان شیراز، پلاک ۳", None),
        ("بلوار تهران، نبش کوچه ۲", None),
        ("البرز، فردیس، خیابان تهران", None),
        ("مهرشهر، بلوار ارم", None),
        ("", None),
        # At the beginning a name stands alone or before a sign or a street; behind «شهر» before anything.
        ("شیراز", "شیراز"),
        ("شیراز پلاک ۳", None),
        ("شیراز نو، کوچه ۲", None),
        ("شیراز (فارس)", "شیراز"),
        ("شهر شیراز پلاک ۳", "شیراز"),
        ("خیابان امام، شهرستان شیراز پلاک ۳", "شیراز"),
        ("نزدیک شیراز", None),
        # Names of one to four words.
        ("بندر لنگه خ امام", "بندر لنگه"),
        ("استان چهارمحال و بختیاری پلاک ۳", "چهارمحال و بختیاری"),
        ("کتالم و سادات شهر، خیابان امام", "کتالم و سادات‌شهر"),
        # Its own city or province, wherever it stands.
        ("شیراز، کرج", None),
        ("شیراز، خیابان البرز", None),
    ],
)
def test_an_address_that_still_names_another_city(address: str, named: str | None) -> None:
    assert other_city(address, "البرز", "کرج") == named


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("خرم آباد، خیابان شیراز", None),
        ("شهر شیراز، خیابان خرم‌آباد", None),
        ("شهر شیراز، خرم", "شیراز"),
        ("شیراز، آباد خرم", "شیراز"),
    ],
)
def test_an_own_city_of_two_words_is_found_as_both(address: str, named: str | None) -> None:
    assert other_city(address, "لرستان", "خرم‌آباد") == named


def test_who_has_no_city_yet_has_no_own_name() -> None:
    assert other_city("شیراز، خیابان زند", "", "") == "شیراز"
