"""What people wrote, as others read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import Quoted
from bot.texts.answers import in_sentence, with_persian_digits

#: What people copy from elsewhere, and what would be wrong with another digit in it.
COPIED = [
    "https://imed.ir/Default.aspx?PageName=News&ID=2068",
    "http://imed.ir:8080/a/12#part3",
    "imed.ir/news/2068",
    "www.imed.ir/?id=5&page=2",
    "https://fa.wikipedia.org/wiki/ایران_2",
    "?ID=2068",
    "user.name12@example2.ir",
    "COVID19",
    "COVID-19",
    "A4",
    "3M",
    "ISO 13485",
    "ISO 13485:2016",
    "ISO-13485",
    "IEC 60601-1",
    "ID=2068",
    "+989123456789",
    "+98 912 345 6789",
    "1405-ABC-77",
    "550e8400-e29b-41d4-a716-446655440000",
    "scan_12.pdf",
    "IMG-20260512-WA0003.jpg",
    "v2.1.3",
    "192.168.1.10",
    "@bot2",
    "#12",
    "021-88776655",
    "5 mg",
    "Windows 11",
]


@pytest.mark.parametrize("copied", COPIED)
@pytest.mark.parametrize("sentence", ["{}", "نشانی: {} را ببینید", "({})", "«{}»", "در {}، بند 3", "{}."])
def test_what_was_copied_stays_as_it_was_typed(copied: str, sentence: str) -> None:
    assert copied in with_persian_digits(sentence.format(copied))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("پلاک 12", "پلاک ۱۲"),
        ("12", "۱۲"),
        ("بند 3، صفحه 14.", "بند ۳، صفحه ۱۴."),
        ("واحد3", "واحد۳"),
        ("(2)", "(۲)"),
        ("3.5 میلیون", "۳.۵ میلیون"),
        ("1,500,000 ریال", "۱,۵۰۰,۰۰۰ ریال"),
        ("شیراز ۲", "شیراز ۲"),
        ("فرم A4 در 2 نسخه", "فرم A4 در ۲ نسخه"),
        ("20% کمتر", "۲۰% کمتر"),
        ("نامه 665/12 مورخ 1405/09/01", "نامه ۶۶۵/۱۲ مورخ ۱۴۰۵/۰۹/۰۱"),
        ("یک\nبند 2", "یک\nبند ۲"),
    ],
)
def test_a_lone_number_is_shown_in_persian_digits(typed: str, shown: str) -> None:
    assert with_persian_digits(typed) == shown


_words = st.text(st.sampled_from("آبپتسشعغفقکگلمنوهیءٔ۰۱۲۳۹،.؛؟ \n\u200c"), max_size=20)
_letter_runs = st.from_regex(r"[A-Za-z]{1,8}[0-9]{1,5}([-_.][A-Za-z0-9]{1,6}){0,3}", fullmatch=True)
_links = st.from_regex(r"(https?://)?[a-z]{2,8}\.ir(:[0-9]{2,4})?(/[a-zA-Z0-9_]{1,6}){0,3}(\?[a-z]{1,4}=[0-9]{1,6})?", fullmatch=True)  # fmt: skip


@given(_words, _letter_runs | _links, _words)
def test_no_code_or_address_changes_among_other_words(before: str, code: str, after: str) -> None:
    shown = with_persian_digits(f"{before} {code} {after}")
    assert f" {code} " in shown


@given(st.text())
def test_only_digits_change_and_only_once(typed: str) -> None:
    shown = with_persian_digits(typed)
    assert len(shown) == len(typed)
    assert all(a == b or (a in "0123456789" and b in "۰۱۲۳۴۵۶۷۸۹") for a, b in zip(typed, shown, strict=True))
    assert with_persian_digits(shown) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("ISO 13485 و 12", "ISO 13485 و ۱۲"),
        ("ISO", "ISO"),
        ("abc 12", "abc 12"),
        ("12 ISO", "12 ISO"),
        ("5 mg 6", "5 mg 6"),
        ("1405", "۱۴۰۵"),
        ("12 13", "۱۲ ۱۳"),
        ("بند 3 A4 5", "بند 3 A4 5"),
        ("سال 1405 A", "سال 1405 A"),
        ("A سال 5", "A سال ۵"),
        ("(ISO) 5 است", "(ISO) 5 است"),
        ("ISO. 5 و 6", "ISO. 5 و ۶"),
        ("ISO، 5", "ISO، ۵"),
        ("5 ABC، 6", "5 ABC، ۶"),
        ("5\nISO، 6", "5\nISO، ۶"),
        ("5 www.a، 6", "5 www.a، 6"),
        ("a@b.ir 7 و 8", "a@b.ir 7 و ۸"),
        ("12a 5 و 6", "12a 5 و ۶"),
        ("mgپ 5", "mgپ ۵"),
        ("پلاک5 mg", "پلاک5 mg"),
        ("mg پلاک5 6", "mg پلاک۵ ۶"),
        ("12پلاک", "۱۲پلاک"),
        ("پلاک12-3", "پلاک12-3"),
        ("5،6", "۵،۶"),
        ("A4،6", "A4،۶"),
        ("6،A4 7", "۶،A4 7"),
        ("12/ و /12", "۱۲/ و /۱۲"),
        ("1/2/3 و 1/2/3/4", "۱/۲/۳ و 1/2/3/4"),
        ("1,500 و 1,50", "۱,۵۰۰ و 1,50"),
        ("-5 و *5*", "-5 و *۵*"),
        ("  12  ", "  ۱۲  "),
        ("۱۲:\u200a30", "۱۲:\u200a۳۰"),
    ],
)
def test_numbers_beside_latin_words_belong_to_them(typed: str, shown: str) -> None:
    assert with_persian_digits(typed) == shown


def test_an_answer_of_several_lines_is_a_block() -> None:
    assert in_sentence("یک دو") == "یک دو"
    assert in_sentence("یک\nدو") == Quoted("یک\nدو")
