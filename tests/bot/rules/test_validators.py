"""What people type about themselves."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import jdatetime
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.texts import has

TODAY = date(2026, 11, 22)  # 1405/09/01
birth_date = partial(validators.birth_date, today=TODAY)


def refusal(check: Callable[..., object], *args: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        check(*args)
    assert has(refused.value.key)
    return refused.value.key


def table(*rows: tuple[Any, Any, list[str]]) -> pytest.MarkDecorator:
    """Rows of a check, what comes of it, and what is typed: one case for each typed text."""
    cases = [
        pytest.param(check, expected, typed, id=f"{getattr(check, '__name__', 'birth_date')}-{typed[:20]}")
        for check, expected, texts in rows
        for typed in texts
    ]
    return pytest.mark.parametrize(("check", "expected", "typed"), cases)


# ── what is taken, and how it is kept ────────────────────────────────────────────────────────────────────────────────


@table(
    (validators.national_code, "9991234561", ["۹۹۹۱۲۳۴۵۶۱"]),
    (validators.legal_id, "14009999995", ["۱۴۰۰۹۹۹۹۹۹۵"]),
    (validators.guild_id, "12345", ["۱۲۳-۴۵"]),
    (
        birth_date,
        date(1986, 7, 3),
        ["1365/04/12", "۱۳۶۵/۰۴/۱۲", "1365-4-12", "1365.04.12", "13650412", "١٣٦٥/٤/١٢", " 1365 / 4 / 12 ", "1365 4 12",
         "65/4/12", "12/04/1365", "12-4-65", "۱۲ تیر ۱۳۶۵", "۱۲ تیرماه ۶۵", "۱۳۶۵ تیر ۱۲", "متولد ۱۲ تیر سال ۱۳۶۵", "12041365", "650412", "۱۲/۴/۶۵",
         "تاریخ تولد: ۱۳۶۵/۴/۱۲"],
    ),
    (birth_date, date(2008, 11, 21), ["1387/09/01"]),  # 18 years old today
    (birth_date, date(1935, 11, 24), ["1314/09/02"]),  # 91 tomorrow
    (
        validators.mobile,
        "+989123456789",
        ["09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "+989123456789", "00989123456789", "989123456789", "0912 345 67-89", "(0912)3456789"],
    ),
    (validators.phone, "07132123456", ["۰۷۱-۳۲۱۲۳۴۵۶", "+98 71 3212 3456"]),
    (validators.email, "user.name+x@example.co.ir", [" User.Name+x@Example.CO.ir "]),
    (validators.birth_cert_no, "1234", ["۱۲۳۴"]),
    (validators.address, "شیراز، خیابان زند، پلاک ۱۲", ["شیراز،\nخیابان زند، پلاک ۱۲"]),
    (validators.address, "ش" * 10, ["ش" * 10]),
    (validators.address, "ش" * 300, ["ش" * 300]),
    (validators.address, "ش" * 20, ["ش" * 20 + " " * 1180]),
    (validators.persian_name, "سارا", ["سارا" + " " * 172]),
    (validators.persian_name, "عل", ["عل"]),
    (validators.persian_name, "ا" * 40, ["ا" * 40]),
    (validators.email, "a@b.ir", ["a@b.ir" + " " * 490, "A@\u200cb.ir"]),
    (validators.email, "a" * 114 + "@b.ir", ["a" * 114 + "@b.ir"]),
    (validators.mobile, "+989123456789", ["09123456789" + " " * 101]),
    (validators.guild_id, "1" * 20, ["1" * 20]),
    (validators.birth_cert_no, "1" * 10, ["1" * 10]),
    (validators.birth_cert_no, "1", ["1"]),
    (birth_date, date(1986, 7, 3), ["1365/04/12" + " " * 246]),
    (validators.jalali_date, date(2021, 3, 21), ["1400/01/01"]),
    *((validators.persian_name, kept, [typed]) for typed, kept in {
        " سارا ": "سارا",
        "کریمی\u200cنژاد": "کریمی\u200cنژاد",
        "سید محمد رضا": "سید محمد رضا",
        "رؤیا": "رؤیا",
        "آ" + "ب" * 39: "آ" + "ب" * 39,
        "ھادی": "هادی",
        "ہادے": "هادی",
        "ەادی": "هادی",
        "ٱحمد": "احمد",
        "عبدﷲ": "عبدالله",
        "ﷴ": "محمد",
        "ﹰعلﹻی": "علی",
        "ﻻله": "لاله",
        "زھرۂ": "زهره",
        "مؤمن": "مؤمن",
        "رئیس زاده": "رئیس زاده",
        "ثریا آرا": "ثریا آرا",
    }.items()),
)  # fmt: skip
def test_it_is_taken(check: Callable[[str], object], expected: object, typed: str) -> None:
    assert check(typed) == expected


# ── what is refused, and why ─────────────────────────────────────────────────────────────────────────────────────────


@table(
    (
        validators.national_code,
        "error.bad_national_code",
        ["", "123", "99912345610", "1111111111", "0000000000", "999123456a", "کد ملی"],
    ),
    (validators.guild_id, "error.bad_guild_id", ["1234", "1" * 21, "12a45"]),
    (birth_date, "error.bad_date", ["", "1365", "1365/04", "تیر 1365", "136504123", "1365/004/12", "سلام", "۱۲ تیر"]),
    (
        birth_date,
        "error.impossible_date",
        ["1365/13/01", "1365/00/10", "1365/07/31", "1365/12/30", "13651240", "0000/01/01", "99990412", "12131365"],
    ),
    (
        birth_date,
        "error.age_out_of_range",
        ["1400/01/01", "1390/01/01", "1300/01/01", "1499/01/01", "1387/09/02", "05/04/12", "1314/09/01"],
    ),
    (birth_date, "error.gregorian_date", ["1986/07/03", "3/7/1986", "July 3, 1986", "۳ ژوئیه ۱۹۸۶", "19860703", "۱۹۸۶-۰۷-۰۳"]),
    (birth_date, "error.ambiguous_date", ["20/5/25", "250520"]),
    (validators.jalali_date, "error.bad_date", ["95/04/12"]),
    (
        validators.mobile,
        "error.bad_mobile",
        ["", "0912345678", "091234567890", "08123456789", "9123456789", "+49123456789"],
    ),
    (validators.phone, "error.bad_phone", ["32123456", "09123456789", "0713212345", "00000000000", "تلفن"]),
    (
        validators.email,
        "error.bad_email",
        ["", "@", "a@b", "a@@b.ir", "a b@c.ir", "a@b..ir", ".a@b.ir", "a.@b.ir", "a@-b.ir", "ا@ب.ir", "a" * 116 + "@b.ir"],
    ),
    (
        validators.persian_name,
        "error.not_persian_name",
        ["", "ع", "Ali", "علی2", "علی!", "ا" * 41, "علی - رضا", "😀", "\u200c\u200c", "؟؟"],
    ),
    (validators.birth_cert_no, "error.bad_birth_cert_no", ["", "12345678901", "الف"]),
    (validators.address, "error.bad_address", ["شیراز", "1234567890123"]),
    (validators.address, "error.long_text", ["ش" * 301, "ش" * 20 + " " * 1181]),
    # A value has a bound before any work is done on it: four times its letters and sixteen.
    (validators.persian_name, "error.not_persian_name", ["سارا" + " " * 173]),
    (validators.email, "error.bad_email", ["a@b.ir" + " " * 491, "a" * 115 + "@b.ir.", "ab.@b.ir", "a@b.i"]),
    (validators.mobile, "error.bad_mobile", ["09123456789" + " " * 102]),
    (birth_date, "error.bad_date", ["1365/04/12" + " " * 247]),
    (validators.address, "error.bad_address", ["ش" * 9, "۱" * 301]),
    (validators.jalali_date, "error.gregorian_date", ["1986/07/03"]),
    (validators.jalali_date, "error.impossible_date", ["1365/13/01"]),
    (validators.legal_id, "error.bad_legal_id", ["1400999999", "140099999955", "1" * 11, "۱۴۰۰۹۹۹۹۹۹۴"]),
)  # fmt: skip
def test_it_is_refused(check: Callable[[str], object], expected: str, typed: str) -> None:
    assert refusal(check, typed) == expected


@given(st.text() | st.from_regex(r"\d{4}/\d{1,2}/\d{1,2}", fullmatch=True))
def test_nothing_typed_breaks_a_check(typed: str) -> None:
    keys = set()
    for check in (
        validators.national_code, validators.legal_id, validators.guild_id, validators.birth_cert_no, validators.mobile,
        validators.phone, validators.email, validators.persian_name, validators.address, birth_date,
    ):  # fmt: skip
        try:
            value = check(typed)
        except InvalidInput as refused:
            keys.add(refused.key)
            continue
        assert check is birth_date or check(value) == value
    assert all(has(key) for key in keys)


# ── spelling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("  علي   كريمي ", "علی کریمی"),
        ("فاطمة", "فاطمه"),
        ("مُحَمَّد", "محمد"),
        ("ســـارا", "سارا"),
        ("\u202bرضا\u202c\u200f", "رضا"),
        ("کریمی\u200cنژاد", "کریمی\u200cنژاد"),
        ("کریمی \u200c نژاد\u200c", "کریمی نژاد"),
        ("کریمی\u200c\u200cنژاد", "کریمی\u200cنژاد"),
        ("۱۲٣٤5", "12345"),
        ("ﻋﻠﯽ", "علی"),
        ("a\x00b\ud800c", "abc"),
        ("یک\nدو", "یک دو"),
    ],
)
def test_one_spelling(typed: str, spelled: str) -> None:
    assert validators.normalise(typed) == spelled


@given(st.text())
def test_spelling_is_stable_and_storable(typed: str) -> None:
    once = validators.normalise(typed)
    assert validators.normalise(once) == once
    assert "\x00" not in once
    once.encode()
    lines = validators.normalise(typed, lines=True)
    assert validators.normalise(lines, lines=True) == lines


def test_line_breaks_are_kept_where_asked_for() -> None:
    assert validators.normalise(" یک \r\n\n\n\n دو  سه ", lines=True) == "یک\n\nدو سه"


# ── check digits ─────────────────────────────────────────────────────────────────────────────────────────────────────


def check_digit(nine: str) -> str:
    """Of a national code."""
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return str(rest if rest < 2 else 11 - rest)


def company(ten: str) -> str:
    shift = int(ten[9]) + 2
    weights = [29, 27, 23, 19, 17, 29, 27, 23, 19, 17]
    total = sum((int(digit) + shift) * weight for digit, weight in zip(ten, weights, strict=True))
    return ten + str(total % 11 % 10)


national_codes = (
    st.from_regex(r"[0-9]{9}", fullmatch=True)
    .map(lambda nine: nine + check_digit(nine))
    .filter(lambda code: len(set(code)) > 1)
)


@given(national_codes, st.sampled_from("0۰٠"))
def test_a_code_with_its_check_digit_is_taken_in_any_digits(code: str, zero: str) -> None:
    typed = "".join(chr(ord(zero) + int(digit)) for digit in code)
    assert validators.national_code(f" {typed[:3]}-{typed[3:]} ") == code


@given(national_codes, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(code: str, place: int, more: int) -> None:
    wrong = code[:place] + str((int(code[place]) + more) % 10) + code[place + 1 :]
    if wrong[9] == check_digit(wrong[:9]):  # remainders 0 … 1 and 10 … share digits
        return
    assert refusal(validators.national_code, wrong) == "error.bad_national_code"


@given(st.from_regex(r"[0-9]{10}", fullmatch=True).filter(lambda ten: len(set(ten)) > 1), st.integers(1, 9))
def test_company_identifiers(ten: str, more: int) -> None:
    code = company(ten)
    assert validators.legal_id(code) == code
    wrong = ten + str((int(code[10]) + more) % 10)
    assert refusal(validators.legal_id, wrong) == "error.bad_legal_id"


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.dates(date(1936, 1, 1), date(2008, 1, 1)), st.sampled_from(["/", "-", "."]))
@example(date(1988, 3, 20), "/")  # 1366/12/29 is followed by 1367/01/01
def test_every_real_day_is_read_back(born: date, mark: str) -> None:
    day = jdatetime.date.fromgregorian(date=born)
    typed = f"{day.year:04}{mark}{day.month:02}{mark}{day.day:02}"
    assert validators.jalali_date(typed) == born
    assert validators.jalali_date(typed.replace(mark, "")) == born


# ── letters that look Persian ────────────────────────────────────────────────────────────────────────────────────────

#: Each as some keyboard writes it, and the Persian letter that is meant.
LOOKALIKES = {
    **dict.fromkeys("يىےېۍۓؠ", "ی"),
    **dict.fromkeys("كڪ", "ک"),
    **dict.fromkeys("ةھہەۀۂۃ", "ه"),
    **dict.fromkeys("ٱإٳ", "ا"),
    "ٲ": "أ",
}
PERSIAN = "ءآأؤئابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


def presented(letter: str) -> list[str]:
    """The presentation forms of a letter (isolated, final, initial, medial) that Unicode has."""
    codes = (*range(0xFB50, 0xFBB2), *range(0xFE80, 0xFEFD))
    return [chr(code) for code in codes if unicodedata.normalize("NFKC", chr(code)) == letter]


ALIKE = {letter: [letter, *presented(letter)] for letter in PERSIAN}
for odd, meant in LOOKALIKES.items():
    ALIKE[meant] += [odd, *presented(odd)]
names = st.text(st.sampled_from(PERSIAN), min_size=2, max_size=12)


@given(names, st.randoms())
def test_a_name_is_taken_in_any_letters_that_look_persian(name: str, random: Any) -> None:
    """As it is typed, and as it is found again."""
    typed = "".join(random.choice(ALIKE[letter]) for letter in name)
    assert validators.persian_name(typed) == validators.persian_name(name) == name
    assert validators.search_key(typed) == validators.search_key(name)


def test_spellings_of_one_name_are_found_and_two_names_stay_two() -> None:
    for other in ("مهندسي پزشکی", "مهندسی\u200cپزشکی", " مهندسی  پزشکي. ", "«مهندسی پزشکی»"):
        assert validators.search_key(other) == validators.search_key("مهندسی پزشکی")
    for pair in ("زهرا زهره", "علی عالی", "مهدی مهدیه", "حمید احمد", "ژاله لاله"):
        one, other = pair.split()
        assert validators.search_key(one) != validators.search_key(other)


@pytest.mark.parametrize("blank", list("\u115f\u1160\u2800\u3164\uffa0\u00ad\u034f\u2060\U000e0041"))
def test_letters_without_a_shape_are_in_no_name(blank: str) -> None:
    assert validators.persian_name(f"{blank}سا{blank}را{blank}") == "سارا"
    assert refusal(validators.persian_name, blank * 5) == "error.not_persian_name"
    assert validators.normalise(f"یک\n{blank}\n{blank}\n{blank}\nدو", lines=True) == "یک\n\nدو"


#: As much as a message holds, of the letters that grow most or are dearest to sort.
GROWING = ("\ufdfa", "\ufdfb", "\u0327\u0301", "\u1fa7", "\ufc5e", "\u3300")


@pytest.mark.parametrize("letters", GROWING)
def test_a_message_does_not_grow_without_end(letters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at letter by letter is bounded, whatever one letter turns into; what is too long is told so."""
    worked = []
    whole = unicodedata.normalize

    def normalize(form: Any, text: str) -> str:
        worked.append(text)
        return whole(form, text)

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    text = (letters * 4096)[:4096]
    assert len(validators.normalise(text)) <= validators.LONGEST
    assert len(validators.search_key(text)) <= validators.LONGEST
    for check in (
        validators.persian_name, validators.email, validators.mobile, validators.national_code, validators.jalali_date,
    ):  # fmt: skip
        before = len("".join(worked))
        refusal(check, text)
        assert len("".join(worked)) == before, "refused by its length alone"
    assert refusal(validators.address, text) == "error.long_text"
    marks = re.compile(r"1{20,}")
    for one in worked:
        assert not marks.search("".join("01"[unicodedata.combining(letter) > 0] for letter in one))


@given(
    st.text(st.sampled_from([chr(n) for n in range(32, 127)] + list("ءآأؤئابپتیکگهو«»،؛؟\u200c\u064bي۱"))),
    st.booleans(),
)
def test_a_text_that_is_in_one_spelling_already_is_what_the_long_way_makes_of_it(
    text: str, lines: bool
) -> None:
    assert validators.normalise(text, lines=lines) == validators._normalised(text, lines=lines)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("1986/07/03", date(1986, 7, 3)),
        ("25/7/1986", date(1986, 7, 25)),
        ("3/7/1986", None),  # in July or in March
        ("2008/11/21", date(2008, 11, 21)),  # 18 today
        ("2008/11/22", None),
        ("1935/11/24", date(1935, 11, 24)),  # 90 until tomorrow
        ("1935/11/23", None),
        ("1365/04/12", None),
        ("86/7/3", None),
        ("سلام", None),
    ],
)
def test_the_one_day_that_is_meant_in_the_other_calendar(typed: str, born: date | None) -> None:
    assert validators.gregorian_birth_date(typed, TODAY) == born


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(1986, 7, 3), date(2026, 7, 2), 39),  # 12 Tir
        (date(1986, 7, 3), date(2026, 7, 3), 40),
        (date(1986, 7, 3), date(2026, 6, 30), 39),
        (date(1986, 7, 3), date(2026, 8, 1), 40),
        (date(2026, 11, 23), TODAY, -1),
        (TODAY, TODAY, 0),
    ],
)
def test_years_of_age_are_full_years(born: date, today: date, age: int) -> None:
    assert validators.age_on(born, today) == age


def test_how_long_a_text_may_be_is_said() -> None:
    assert validators.too_long(300).args_of_text == {"max": "۳۰۰"}


def test_how_much_of_a_text_is_looked_at() -> None:
    for spelled in ("a", "ي"):
        assert len(validators.normalise(spelled * 8192)) == 8192
        assert len(validators.normalise(spelled * 8193)) == 8192
    assert len(validators.search_key("a" * 512)) == 512
    assert len(validators.search_key("a" * 513)) == 512


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("یک\n\nدو", "یک\n\nدو"),
        ("یک\n \n\u200c\n \nدو", "یک\n\nدو"),
        ("\n یک  دو \n", "یک دو"),
        ("علی\u200c\nرضا", "علی\nرضا"),
    ],
)
def test_lines_of_a_text(typed: str, spelled: str) -> None:
    assert validators.normalise(typed, lines=True) == spelled
