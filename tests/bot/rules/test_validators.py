"""What people type about themselves."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

import jdatetime
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.texts import has

TODAY = date(2026, 11, 22)


def refusal(check: object, *args: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        check(*args)  # type: ignore[operator]
    assert has(refused.value.key)
    return refused.value.key


def with_check_digit(nine: str) -> str:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return nine + str(rest if rest < 2 else 11 - rest)


def company(ten: str) -> str:
    shift = int(ten[9]) + 2
    weights = [29, 27, 23, 19, 17, 29, 27, 23, 19, 17]
    return ten + str(
        sum((int(digit) + shift) * weight for digit, weight in zip(ten, weights, strict=True)) % 11 % 10
    )


def numerals(number: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in number)


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


@pytest.mark.parametrize("other", ["مهندسي پزشکی", "مهندسی\u200cپزشکی", " مهندسی  پزشکي. ", "«مهندسی پزشکی»"])
def test_spellings_of_one_name_are_found(other: str) -> None:
    assert validators.search_key(other) == validators.search_key("مهندسی پزشکی")


# ── national codes ───────────────────────────────────────────────────────────────────────────────────────────────────

nine_digits = st.from_regex(r"[0-9]{9}", fullmatch=True).filter(
    lambda nine: len(set(with_check_digit(nine))) > 1
)


def test_the_specifications_example() -> None:
    assert validators.national_code("۹۹۹۱۲۳۴۵۶۱") == "9991234561"


@given(nine_digits, st.sampled_from("0۰٠"))
def test_a_code_with_its_check_digit_is_taken_in_any_digits(nine: str, zero: str) -> None:
    code = with_check_digit(nine)
    assert validators.national_code(f" {numerals(code[:3], zero)}-{numerals(code[3:], zero)} ") == code


@given(nine_digits, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(nine: str, place: int, more: int) -> None:
    code = with_check_digit(nine)
    wrong = code[:place] + str((int(code[place]) + more) % 10) + code[place + 1 :]
    rest = sum(int(digit) * (10 - at) for at, digit in enumerate(wrong[:9])) % 11
    if int(wrong[9]) == (rest if rest < 2 else 11 - rest):  # remainders 0 … 1 and 10 … share digits
        return
    assert refusal(validators.national_code, wrong) == "error.bad_national_code"


@pytest.mark.parametrize(
    "typed", ["", "123", "99912345610", "1111111111", "0000000000", "999123456a", "کد ملی"]
)
def test_what_is_no_code(typed: str) -> None:
    assert refusal(validators.national_code, typed) == "error.bad_national_code"


# ── companies and guilds ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_specifications_company() -> None:
    assert validators.legal_id("۱۴۰۰۹۹۹۹۹۹۵") == "14009999995"


@given(st.from_regex(r"[0-9]{10}", fullmatch=True).filter(lambda ten: len(set(ten)) > 1), st.integers(1, 9))
def test_company_identifiers(ten: str, more: int) -> None:
    code = company(ten)
    assert validators.legal_id(code) == code
    wrong = ten + str((int(code[10]) + more) % 10)
    assert refusal(validators.legal_id, wrong) == "error.bad_legal_id"


def test_guilds() -> None:
    assert validators.guild_id("۱۲۳-۴۵") == "12345"
    for wrong in ("1234", "1" * 21, "12a45"):
        assert refusal(validators.guild_id, wrong) == "error.bad_guild_id"


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "typed",
    [
        "1365/04/12",
        "۱۳۶۵/۰۴/۱۲",
        "1365-4-12",
        "1365.04.12",
        "13650412",
        "١٣٦٥/٤/١٢",
        " 1365 / 4 / 12 ",
        "1365 4 12",
    ],
)
def test_a_day_in_every_form(typed: str) -> None:
    assert validators.birth_date(typed, TODAY) == date(1986, 7, 3)


@pytest.mark.parametrize(
    "typed", ["", "65/4/12", "1365", "1365/04", "12 تیر 1365", "136504123", "1365/004/12"]
)
def test_another_form_is_no_date(typed: str) -> None:
    assert refusal(validators.birth_date, typed, TODAY) == "error.bad_date"


@pytest.mark.parametrize(
    "typed", ["1365/13/01", "1365/00/10", "1365/07/31", "1365/12/30", "13651240", "0000/01/01"]
)
def test_a_day_that_is_in_no_calendar(typed: str) -> None:
    assert refusal(validators.birth_date, typed, TODAY) == "error.impossible_date"


@pytest.mark.parametrize("typed", ["1400/01/01", "1390/01/01", "1300/01/01", "1500/01/01", "1986/07/03"])
def test_too_young_too_old_not_born(typed: str) -> None:
    assert refusal(validators.birth_date, typed, TODAY) == "error.age_out_of_range"


def test_the_birthday_counts_from_its_own_day() -> None:
    # 1405/09/01 is today.
    assert validators.birth_date("1387/09/01", TODAY)
    assert refusal(validators.birth_date, "1387/09/02", TODAY) == "error.age_out_of_range"
    assert validators.birth_date("1314/09/02", TODAY)
    assert refusal(validators.birth_date, "1314/09/01", TODAY) == "error.age_out_of_range"


@given(st.dates(date(1936, 1, 1), date(2008, 1, 1)), st.sampled_from(["/", "-", "."]))
@example(date(1988, 3, 20), "/")  # 1366/12/29 is followed by 1367/01/01
def test_every_real_day_is_read_back(born: date, mark: str) -> None:
    day = jdatetime.date.fromgregorian(date=born)
    typed = f"{day.year:04}{mark}{day.month:02}{mark}{day.day:02}"
    assert validators.jalali_date(typed) == born
    assert validators.jalali_date(typed.replace(mark, "")) == born


@given(st.text(max_size=12) | st.from_regex(r"\d{4}/\d{1,2}/\d{1,2}", fullmatch=True))
def test_no_date_breaks_anything(typed: str) -> None:
    key = None
    try:
        validators.birth_date(typed, TODAY)
    except InvalidInput as refused:
        key = refused.key
    assert key in {None, "error.bad_date", "error.impossible_date", "error.age_out_of_range"}


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "typed",
    [
        "09123456789",
        "۰۹۱۲۳۴۵۶۷۸۹",
        "+989123456789",
        "00989123456789",
        "989123456789",
        "0912 345 67-89",
        "(0912)3456789",
    ],
)
def test_mobiles(typed: str) -> None:
    assert validators.mobile(typed) == "+989123456789"


@pytest.mark.parametrize(
    "typed", ["", "0912345678", "091234567890", "08123456789", "9123456789", "+49123456789"]
)
def test_no_mobiles(typed: str) -> None:
    assert refusal(validators.mobile, typed) == "error.bad_mobile"


def test_phones() -> None:
    assert validators.phone("۰۷۱-۳۲۱۲۳۴۵۶") == "07132123456"
    assert validators.phone("+98 71 3212 3456") == "07132123456"
    for wrong in ("32123456", "09123456789", "0713212345", "00000000000", "تلفن"):
        assert refusal(validators.phone, wrong) == "error.bad_phone"


def test_emails() -> None:
    assert validators.email(" User.Name+x@Example.CO.ir ") == "user.name+x@example.co.ir"
    for wrong in (
        "",
        "@",
        "a@b",
        "a@@b.ir",
        "a b@c.ir",
        "a@b..ir",
        ".a@b.ir",
        "a.@b.ir",
        "a@-b.ir",
        "ا@ب.ir",
        "a" * 116 + "@b.ir",
    ):
        assert refusal(validators.email, wrong) == "error.bad_email"


@pytest.mark.parametrize("name", ["سارا", "کریمی\u200cنژاد", "سید محمد رضا", "رؤیا", "آ" + "ب" * 39])
def test_persian_names(name: str) -> None:
    assert validators.persian_name(f" {name} ") == name


@pytest.mark.parametrize(
    "name", ["", "ع", "Ali", "علی2", "علی!", "ا" * 41, "علی - رضا", "😀", "\u200c\u200c", "؟؟"]
)
def test_no_persian_names(name: str) -> None:
    assert refusal(validators.persian_name, name) == "error.not_persian_name"


def test_birth_certificates() -> None:
    assert validators.birth_cert_no("۱۲۳۴") == "1234"
    for wrong in ("", "12345678901", "الف"):
        assert refusal(validators.birth_cert_no, wrong) == "error.bad_birth_cert_no"


def test_addresses() -> None:
    assert validators.address("شیراز،\nخیابان زند، پلاک ۱۲") == "شیراز، خیابان زند، پلاک 12"
    assert refusal(validators.address, "شیراز") == "error.bad_address"
    assert refusal(validators.address, "1234567890123") == "error.bad_address"
    assert refusal(validators.address, "ش" * 301) == "error.long_text"


@given(st.text())
def test_nothing_typed_breaks_a_check(typed: str) -> None:
    for check in (
        validators.national_code, validators.legal_id, validators.guild_id, validators.birth_cert_no, validators.mobile,
        validators.phone, validators.email, validators.persian_name, validators.address,
    ):  # fmt: skip
        try:
            value = check(typed)
        except InvalidInput:
            continue
        assert check(value) == value


# ── letters that look Persian ────────────────────────────────────────────────────────────────────────────────────────

#: Each as somebody's keyboard writes it, and the Persian letter that is meant.
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
    return [
        chr(code)
        for code in (*range(0xFB50, 0xFBB2), *range(0xFE80, 0xFEFD))
        if unicodedata.normalize("NFKC", chr(code)) == letter
    ]


names = st.text(st.sampled_from(PERSIAN), min_size=2, max_size=12)


@given(names, st.randoms())
def test_a_name_is_taken_in_any_letters_that_look_persian(name: str, random: Any) -> None:
    """As it is typed, and as it is found again."""
    alike: dict[str, list[str]] = {letter: [letter, *presented(letter)] for letter in PERSIAN}
    for odd, meant in LOOKALIKES.items():
        alike[meant] += [odd, *presented(odd)]
    typed = "".join(random.choice(alike[letter]) for letter in name)
    assert validators.persian_name(typed) == validators.persian_name(name)
    assert validators.search_key(typed) == validators.search_key(name)


@given(names)
def test_a_persian_name_is_kept_letter_by_letter(name: str) -> None:
    assert validators.persian_name(name) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ھادی", "هادی"),
        ("ہادے", "هادی"),
        ("ەادی", "هادی"),
        ("ٱحمد", "احمد"),
        ("عبدﷲ", "عبدالله"),
        ("ﷴ", "محمد"),
        ("ﹰعلﹻی", "علی"),
        ("ﻻله", "لاله"),
        ("زھرۂ", "زهره"),
        ("مؤمن", "مؤمن"),
        ("رئیس زاده", "رئیس زاده"),
        ("ثریا آرا", "ثریا آرا"),
    ],
)
def test_names_keep_a_proper_spelling(typed: str, kept: str) -> None:
    assert validators.persian_name(typed) == kept


def test_two_names_stay_two() -> None:
    for one, other in (
        ("زهرا", "زهره"),
        ("علی", "عالی"),
        ("مهدی", "مهدیه"),
        ("حمید", "احمد"),
        ("ژاله", "لاله"),
    ):
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
        validators.persian_name,
        validators.email,
        validators.mobile,
        validators.national_code,
        validators.jalali_date,
    ):
        before = len("".join(worked))
        refusal(check, text)
        assert len("".join(worked)) == before, "refused by its length alone"
    assert refusal(validators.address, text) == "error.long_text"
    marks = re.compile(r"1{20,}")
    for one in worked:
        assert not marks.search("".join("01"[unicodedata.combining(letter) > 0] for letter in one))


def test_a_text_that_would_grow_too_long_is_refused_whole() -> None:
    text = "سلام " + "\ufdfa" * 400
    assert refusal(validators.address, text[:300]) == "error.long_text"
