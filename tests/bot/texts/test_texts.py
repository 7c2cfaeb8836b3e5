"""The catalogues: whole, in one spelling, and safe to read."""

import string

import pytest

from bot.rules.validators import normalise
from bot.texts import MissingText, catalogue, isolate, t

TEXTS = sorted(catalogue().items())


@pytest.mark.parametrize(("key", "text"), TEXTS, ids=[key for key, _ in TEXTS])
def test_every_sentence_is_persian_in_one_spelling(key: str, text: str) -> None:
    assert text.strip() == text
    assert text
    for wrong in "يكىة0123456789":
        assert wrong not in text.replace("{", " ").split("}")[-1] or wrong.isdigit(), f"{wrong!r} in {key}"
    for arabic in "يكى٠١٢٣٤٥٦٧٨٩":
        assert arabic not in text
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    assert all(name.isidentifier() for name in names), names


def test_a_missing_text_is_our_mistake() -> None:
    with pytest.raises(MissingText):
        t("no.such.text")
    with pytest.raises(KeyError):
        t("form.progress", i="۱")


@pytest.mark.parametrize("code", ["140509010001", "a@b.ir", "AbC123"])
def test_latin_values_do_not_turn_the_line(code: str) -> None:
    assert isolate(code) == f"\u2066{code}\u2069"
    assert isolate("سارا") == "سارا"
    assert isolate("کوچه A1").startswith("\u2068")
    assert isolate("کوچه A1\nپلاک ۵\nB2") == "\u2068کوچه A1\u2069\nپلاک ۵\n\u2066B2\u2069"
    assert normalise(isolate(code)) == code
