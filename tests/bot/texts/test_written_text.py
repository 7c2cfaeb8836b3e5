"""What people write stays as they wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import validators
from bot.texts.written_text import LONGEST, business_name, written


@pytest.mark.parametrize(
    "typed",
    [
        "لطفاً مدارک را بفرستید",
        "خانهٔ دوم",
        "خانۀ دوم",
        "محمّد",
        "مسألهٔ رؤیت، جزءِ سوم",
        "دایرةالمعارف",
        "نمی\u200cخواهم",
        "شیراز ۲",
        "شیراز 2",
        "علي",
        "٢ نسخه",
        "بســـیار",
        "https://imed.ir/Default.aspx?PageName=News&ID=2068",
        "café №5 ½ ²",
        "👨\u200d👩\u200d👧 ❤️",
        "ﷺ",
    ],
)
def test_it_is_kept_as_it_was_typed(typed: str) -> None:
    assert written(typed) == typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  یک   دو ", "یک دو"),
        ("\u202bرضا\u202c\u200f", "رضا"),
        ("کریمی\u200c\u200cنژاد \u200c نو\u200c", "کریمی\u200cنژاد نو"),
        ("a\x00b\ud800c", "abc"),
        ("یک\nدو", "یک دو"),
        ("ﻋﻠﯽ", "علی"),
        ("س\u0327\u0301\u0302\u0303\u0304", "س\u0327\u0301"),
    ],
)
def test_what_cannot_be_seen_goes(typed: str, kept: str) -> None:
    assert written(typed) == kept


def test_line_breaks_are_kept_where_asked_for() -> None:
    assert written(" یک \r\n\n\n\n دو  سه ", lines=True) == "یک\n\nدو سه"


@given(st.text())
def test_it_is_stable_and_storable(typed: str) -> None:
    for lines in (False, True):
        once = written(typed, lines=lines)
        assert written(once, lines=lines) == once
        assert "\x00" not in once
        once.encode()


@given(st.text())
def test_it_is_compared_like_what_was_typed(typed: str) -> None:
    assert validators.search_key(written(typed[:300])) == validators.search_key(typed[:300])


@pytest.mark.parametrize("letters", ["\ufdfa", "\u0327\u0301", "\u1fa7", "\ufc5e", "\u3300"])
def test_a_message_does_not_grow_without_end(letters: str) -> None:
    assert len(written(letters * 5000)) <= LONGEST


def test_names_of_centres_keep_their_digits_and_marks() -> None:
    assert business_name(" درمان\u200cیار  شیراز ۲ ") == "درمان\u200cیار شیراز ۲"
    assert business_name("تجهيزات كيا ٣M") == "تجهیزات کیا ٣M"
