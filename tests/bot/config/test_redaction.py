"""A person's number or a secret is not in the log, in whatever form it comes; numbers that operators need are."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.redaction import Masking

PERSIAN, ARABIC = ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩")
MASKING = Masking(["merchant-secret", "p@ss/word?"])


def in_script(signs: str) -> Callable[[str], str]:
    return lambda text: text.translate(str.maketrans("0123456789", signs))


digits = st.text("0123456789", min_size=9, max_size=9)
scripts = st.sampled_from([in_script(signs) for signs in ("0123456789", PERSIAN, ARABIC)])
#: As a person types it, an address holds it, JSON, the `repr` of a text and of bytes.
writings = st.sampled_from(
    [
        str,
        lambda text: quote(text, safe=""),
        lambda text: quote(text, safe="").lower(),
        lambda text: json.dumps({"typed": text}),
        lambda text: repr({"typed": text}),
        lambda text: repr(text.encode()),
    ]
)
#: What stands around it; the digits of an escape are not the number's.
before = st.sampled_from(
    ["", " ", "n", "کد", "%2B", "%20", "%D9%85", "\\n", "\\u0020", "\\x20", "=", "5 ", "/bot", "12:"]
)
after = st.sampled_from(["", " ", "n", "؛", "%20", "&x=1", "\\n", "/getMe", '"', " 5"])


def bare(text: str) -> str:
    """The digits that somebody could still read out of a line, whatever they are written with."""
    text = re.sub(r"\\x([0-9a-f]{2})", r"%\1", text)
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    text = unquote(text).translate(str.maketrans(PERSIAN + ARABIC, "0123456789" * 2))
    return "".join(sign for sign in text if sign.isdigit())


Surroundings = tuple[Callable[[str], str], Callable[[str], str], str, str]
surroundings = st.tuples(scripts, writings, before, after)


def assert_masked(secret: str, typed: str, around: Surroundings) -> None:
    """Typed in this script, written in this way between these words, nobody can read the secret."""
    script, writing, lead, end = around
    masked = MASKING.text(lead + writing(script(typed)) + end)
    assert secret not in bare(masked), masked


@given(
    digits,
    st.sampled_from(["0", "+98", "98", "0098", "", "+98 0", "(0"]),
    st.lists(st.sampled_from(["", "", "-", " ", ".", "\u200c"]), min_size=9, max_size=9),
    surroundings,
)
def test_mobiles(rest: str, prefix: str, gaps: list[str], around) -> None:
    assert_masked(
        rest, prefix + "9" + "".join(gap + one for gap, one in zip(gaps, rest, strict=True)), around
    )


@given(st.text("0123456789", min_size=10, max_size=10), st.booleans(), surroundings)
def test_national_codes(code: str, divided: bool, around) -> None:
    assert_masked(code, f"{code[:3]}-{code[3:9]}-{code[9]}" if divided else code, around)


@given(st.text("0123456789", min_size=16, max_size=16), st.sampled_from(["", "-", " "]), surroundings)
def test_cards(card: str, gap: str, around) -> None:
    assert_masked(card, gap.join(card[at : at + 4] for at in range(0, 16, 4)), around)


words = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=20, max_size=48)
addresses = ["GET /pay/{1} HTTP/1.1", "https://x.ir/pay/{1}?a=1", "/hook/telegram/{1}", "%2Fpay%2F{1}"]
tokens = ["/bot{0}:{1}/getMe", "%2Fbot{0}%3A{1}", "token={0}:{1}"]


@given(st.integers(100, 10**12 - 1), words, st.sampled_from(addresses + tokens))
def test_addresses_that_open_something_and_tokens(number: int, secret: str, text: str) -> None:
    assert secret not in MASKING.text(text.format(number, secret))


@given(st.text("abcxyzABC0123456789!$%^&*()_+-=@:", min_size=1, max_size=30))
def test_passwords_in_addresses(password: str) -> None:
    told = MASKING.text(f"could not connect to postgresql://bot:{password}@database/bot (refused)")
    assert told == "could not connect to postgresql://bot:‹secret›@database/bot (refused)"


def test_our_own_secrets_as_they_are_and_within_an_address() -> None:
    for text in ("p@ss/word?", "x=p%40ss%2Fword%3F", "merchant-secret"):
        assert "secret›" in MASKING.text(text)
        assert "word" not in MASKING.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "an update failed: number 1234, telegram update 912345678",
        "payment 17: PAID",
        "the request 140212345678 waits",
        "2026-11-22T23:57:11.912345Z",
        "2019-09-11 22:23:57,123 took 9123 ms",
        "the paper 9f2c41ab-0912-4345-8678-9abcdef01234 is damaged",
        "connect 10.91.23.45:5432 (errno 111)",
        "update:987654321 web:9f2c41ab timer:reminders",
        'File "bot.py", line 912, in take_345',
    ],
)
def test_what_operators_need_stays(text: str) -> None:
    assert MASKING.text(text) == text


def test_values_that_are_no_texts() -> None:
    """Ten digits may be a person's; counts and what is nested stay what they are."""
    plain = {"n": 999_999_999, "ok": True, "part": 0.5, "none": None, "all": [0, 1]}
    assert MASKING.clean(plain) == plain
    assert str(MASKING.clean({"code": [9_991_234_561]})).find("9991234561") == -1
    assert MASKING.clean(1_000_000_000) != 1_000_000_000
