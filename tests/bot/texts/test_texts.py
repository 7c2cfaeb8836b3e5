"""The catalogues: whole, in one spelling, and safe to read."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.rules import account, cooperation, qualification
from bot.rules.validators import normalise
from bot.texts import MissingText, catalogue, has, isolate, t


def spelling_faults(text: str) -> Iterator[str]:
    """What is wrong with a sentence of the catalogue."""
    if not text or text != text.strip():
        yield "is empty, or begins or ends with a blank"
    for wrong in sorted(set("يكىة") & set(text.replace("{", " ").split("}")[-1])):
        yield f"has {wrong!r}"
    for arabic in sorted(set("يكى٠١٢٣٤٥٦٧٨٩") & set(text)):
        yield f"has {arabic!r}"
    for _, name, _, _ in string.Formatter().parse(text):
        if name is not None and not name.isidentifier():
            yield f"has a place without a name: {{{name}}}"


def test_every_sentence_is_persian_in_one_spelling() -> None:
    faults = {key: found for key, text in catalogue().items() if (found := [*spelling_faults(text)])}
    assert faults == {}


@pytest.mark.parametrize("text", ["", " سلام", "كتاب", "سلام ۳ و ٣", "فاطمة", "کد {0} است"])
def test_a_fault_of_spelling_is_found(text: str) -> None:
    assert [*spelling_faults(text)]


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


def test_every_recorded_event_has_a_name_in_the_trail() -> None:
    machines = (cooperation.CONTRACT, cooperation.TERMINATION, account.MACHINE)
    tables = (qualification.TABLE, cooperation.TABLE, *(machine.table for machine in machines))
    named = {row.event for table in tables for row in table.values()}
    for path in (*Path("bot/services").rglob("*.py"), Path("handlers/staff/reference/reference_data.py")):
        named |= set(re.findall(r'\bevent="([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert not {event for event in named if not has(f"trail.{event}")}
