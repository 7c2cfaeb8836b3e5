"""Which entry a typed question asks for."""

import pytest

from bot.services.guide.word_search import best_matches
from storage.migrations.seed_faq import FAQ

ENTRIES = {code: words for code, (_, _, words, _) in FAQ.items()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("مدارک لازم چیه؟", "documents"),
        ("چه مدرکی میخواد", "documents"),
        ("مدارکم رو چطور بفرستم", "documents"),
        ("هزینه چقدره", "fee"),
        ("هزینش چنده؟", "fee"),
        ("چه مبلغی باید پرداخت کنم", "fee"),
        ("رمزم یادم رفته", "password"),
        ("رمز", "password"),
        ("پسوردمو فراموش کردم", "password"),
        ("کجا بررسی میشه", "where"),
        ("کدوم دانشگاه؟", "where"),
        ("باید حضوری بیام؟", "visit"),
        ("چقدر طول میکشه", "time"),
        ("درخواستم رد شده دوباره میتونم بفرستم؟", "rejected"),
        ("دیپلم دارم با سابقه کار میشه؟", "experience"),
        ("چرا شرکت نمیتونه منو انتخاب کنه", "picked"),
        ("چطور قطع همکاری کنم", "ending"),
        ("میخوام استعفا بدم", "ending"),
        ("استان رو اشتباه زدم", "province"),
        ("اصلاحیه", "changes"),
        ("شماره موبایلم عوض شده", "changes"),
        ("چطور ثبت نام کنم", "register"),
    ],
)
def test_the_entry_of_a_typed_question(text: str, code: str) -> None:
    assert best_matches(text, ENTRIES) == [code]


@pytest.mark.parametrize("text", ["", "قیسبلاذ", "و از به", "علی رضایی", "؟"])
def test_nothing_where_no_word_is_known(text: str) -> None:
    assert best_matches(text, ENTRIES) == []


@pytest.mark.parametrize(
    ("text", "entries", "found"),
    [
        # The same word before one that is bent, that one before one that is misspelt, which is known too.
        ("شیرازی", {"a": "شیراز", "b": "شیرازی"}, ["b"]),
        ("شیرازیها", {"a": "شیراز", "b": "شیرازیهل"}, ["a"]),
        ("شیرازیها", {"b": "شیرازیهل"}, ["b"]),
        # At most three letters behind a word of at least three.
        ("شیرازیها", {"a": "شیراز"}, ["a"]),
        ("شیرازیهای", {"a": "شیراز"}, []),
        ("فکسهای", {"a": "فکس"}, ["a"]),
        ("ریها", {"a": "ری"}, []),
        # A word of two entries counts half in each.
        ("شیراز تهران", {"a": "شیراز", "b": "شیراز", "c": "تهران"}, ["c"]),
        # An entry without a word of its own is never meant.
        ("شیراز", {"a": "و", "b": "شیراز"}, ["b"]),
        ("شیراز", {"a": "و"}, []),
        ("شیراز", {}, []),
        # Of the first three hundred letters.
        ("و " * 147 + "شیراز", {"a": "شیراز"}, ["a"]),
        ("و " * 150 + "شیراز", {"a": "شیراز"}, []),
    ],
)
def test_how_well_a_word_fits(text: str, entries: dict[str, str], found: list[str]) -> None:
    assert best_matches(text, entries) == found


def test_equally_good_entries_are_all_offered_in_their_order() -> None:
    assert best_matches("شیراز", {"a": "شیراز", "b": "تهران", "c": "شیراز"}) == ["a", "c"]
    assert len(best_matches("شیراز", {str(n): "شیراز" for n in range(9)})) == 4
