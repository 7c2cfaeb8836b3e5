"""User code and password in one message: which word may be which, and what is no login at all."""

import pytest

from bot.rules import credentials

CODE, OTHER = "12345678", "1234567890"


def both_ways(code: str, password: str) -> list[tuple[str, str]]:
    return [(code, password), (password, code)]


#: Message; (user code, password), the likeliest first; whether it is one where nothing was asked.
MESSAGES: list[tuple[str, list[tuple[str, str]], bool]] = [
    ("12345678 Secret1", both_ways(CODE, "Secret1"), True),
    ("Secret1\n12345678", both_ways(CODE, "Secret1"), True),
    ("کد کاربری: ۱۲۳۴۵۶۷۸ رمز: Secret1", both_ways(CODE, "Secret1"), True),
    ("User 12345678 PASS Secret1", both_ways(CODE, "Secret1"), True),
    ("/login 12345678 Secret1", both_ways(CODE, "Secret1"), True),
    ("12345678 /x", [(CODE, "/x"), ("x", CODE)], False),
    ("12345678:Secret1", [(CODE, "Secret1")], True),
    ("Secret1/1234567890", [(OTHER, "Secret1")], True),
    ("(12345678) «Secret1»", [(CODE, "«Secret1»"), ("Secret1", "(12345678)")], True),
    # Codes have eight to ten digits, passwords four characters at least.
    ("1234567890 Secret1", both_ways(OTHER, "Secret1"), True),
    ("1234567 Secret1", [("1234567", "Secret1"), ("Secret1", "1234567")], False),
    ("12345678901 Secret1", [("12345678901", "Secret1"), ("Secret1", "12345678901")], False),
    ("12345678 abc", both_ways(CODE, "abc"), False),
    ("12345678 ab1d", both_ways(CODE, "ab1d"), True),
    ("12345678 87654321", both_ways(CODE, "87654321"), True),
    # The password is all that is beside the code; two codes are each tried.
    ("mid 12345678 dle", [(CODE, "mid dle"), ("mid", "12345678 dle")], True),
    ("abc 12345678 12345679 z", [(CODE, "abc 12345679 z"), ("12345679", "abc 12345678 z")], True),
    ("one two three", [("one", "two three"), ("three", "one two")], False),
    ("a b c d", [("a", "b c d"), ("d", "a b c")], False),
    # Persian words beside a code are a sentence; one word, or one with another script among them, is none.
    ("12345678 سلام", both_ways(CODE, "سلام"), True),
    ("12345678 سلام، خوب", [(CODE, "سلام، خوب"), ("خوب", "12345678 سلام،")], False),
    ("12345678 سلام x1", [(CODE, "سلام x1"), ("x1", "12345678 سلام")], True),
    # One word, none, labels alone, more than a login ever is.
    ("12345678", [], False),
    ("کد: 12345678", [], False),
    ("", [], False),
    ("رمز", [], False),
    ("- 12345678", [], False),
    ("x" * 391 + " 12345678", both_ways(CODE, "x" * 391), True),
    ("x" * 392 + " 12345678", [], False),
]


@pytest.mark.parametrize(("text", "pairs", "told"), MESSAGES)
def test_what_may_be_code_and_password(text: str, pairs: list[tuple[str, str]], told: bool) -> None:
    assert credentials.pairs(text) == pairs
    assert credentials.are_in(text) is told


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("کد کاربری: ۱۲۳۴۵۶۷۸", CODE),
        ("«sara»", "sara"),
        ("12345678:Secret1", None),
        ("12345678 Secret1", None),
        ("کد", None),
        ("", None),
    ],
)
def test_a_code_that_stands_alone(text: str, alone: str | None) -> None:
    assert credentials.code_alone(text) == alone


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sara: rez4", ["sara", "rez4"]),
        ("(one) two three.", ["one", "two", "three"]),
        ("one two three four", []),
        ("sara", []),
        ("/start sara rez4", ["sara", "rez4"]),
    ],
)
def test_words_that_may_be_codes_of_the_old_system(text: str, words: list[str]) -> None:
    assert credentials.words_of(text) == words


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("12345678 Secret1", "Secret1"),
        ("Secret1 ۱۲۳۴۵۶۷۸", "Secret1"),
        ("12345678:Secret1", "Secret1"),
        ("12345679 Secret1", None),
        ("Secret1", None),
        ("12345678", None),
    ],
)
def test_a_password_beside_the_code_that_was_written_before(text: str, password: str | None) -> None:
    assert credentials.without_code(text, "۱۲۳۴۵۶۷۸") == password
