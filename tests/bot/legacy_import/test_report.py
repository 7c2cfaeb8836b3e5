"""The report of refused rows is opened in a spreadsheet: nothing in it may run."""

import pytest

from bot.legacy_import.report import harmless


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t", "\r", " =", "\u200f=", "\ufeff@", "＝", "＋", "－", "＠"]
)
def test_what_looks_like_a_formula_is_marked(begin: str) -> None:
    text = f"{begin}cmd|' /C calc'!A0"
    assert harmless(text) == f"'{text}"


def test_other_words_stay() -> None:
    assert harmless("سارا = مینا") == "سارا = مینا"
