"""What a name is found by, and what a text asks for."""

import pytest

from bot.services.search import keys
from bot.services.search.keys import Wanted


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", set()),
        ("سارا", {"سارا"}),
        ("سارا کریمی‌نژاد", {"ساراکریمینژاد", "کریمینژادسارا", "نژادساراکریمی"}),
        ("سیدمحمد حسینی", {"سیدمحمدحسینی", "حسینیسیدمحمد", "محمدحسینیسید"}),
        # A title alone, or with one letter more, is a name.
        ("سید", {"سید"}),
        ("سیدی", {"سیدی"}),
        ("آ ب پ ت ث ج چ", {"ابپتثج", "بپتثجا", "پتثجاب", "تثجابپ", "ثجابپت", "جابپتث"}),
    ],
)
def test_the_beginnings_of_a_name(name: str, found: set[str]) -> None:
    assert keys.name_keys(name) == found


def test_a_long_name_is_found_by_its_beginning() -> None:
    assert keys.name_keys("ب" * 61) == {"ب" * 60}
    assert keys.name_keys("ب" * 300 + " آخر") == {"ب" * 60}
    assert keys.pair_key("ب" * 9, "پ" * 99) == "~بب~" + "پ" * 56


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("سارا", set()),
        ("نگار آذری", {"~نگ~اذری", "~اذ~نگار"}),
        ("آ ب پ", {"~ا~بپ", "~ا~پ", "~ب~پا", "~ب~ا", "~پ~اب", "~پ~ب"}),
    ],
)
def test_two_beginnings_of_a_name(name: str, found: set[str]) -> None:
    assert keys.pair_keys(name) == found
    assert len(keys.pair_keys("یک دو سه چهار")) == len(keys.pair_keys("یک دو سه چهار پنج")) == 12


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [
        ("سارا کریمی", (), ("سارا", "کریمی")),
        ("۱۲۳", ("123",), ()),
        ("12-34 567", ("1234567", "567", "12", "34"), ()),
        # A number of eight digits in a sentence is a code, a shorter one belongs to a name.
        ("کد 12345678 است", ("12345678",), ()),
        ("شعبه 1234567", (), ("شعبه", "1234567")),
        ("+98 912", ("98912", "912", "98"), ()),
    ],
)
def test_what_a_text_asks_for(text: str, numbers: tuple[str, ...], words: tuple[str, ...]) -> None:
    asked = keys.wanted(text)
    assert (asked.numbers, asked.words) == (numbers, words)


def test_so_much_of_a_text_counts() -> None:
    assert keys.wanted("آ ب پ ت ث ج چ").words == ("ا", "ب", "پ", "ت", "ث", "ج")
    assert keys.wanted("ب" * 200 + "پ").words == ("ب" * 200,)
    assert Wanted((), ("ب" * 40, "پ" * 40), "").key == "ب" * 40 + "پ" * 20
    assert keys.code_end("9991234561") == "#4561"
    assert keys.end_of_range("اب") == "اپ"[:1] + chr(ord("ب") + 1)
