"""An expert, an officer, a manager and the directorate write whatever they like: whoever reads it sees whose words they
are, on every line, and taps none of it."""

import pytest

from tests.bot.texts.test_words import HOSTILE, LINES, live
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_decision, at_request, expert, officer, submit


@pytest.fixture
def sara(app: App) -> Person:
    return submit(officer(app))


@pytest.fixture
def maryam(app: App) -> Person:
    return expert(app)


def theirs(text: str) -> list[str]:
    """The lines of a text that hold the hostile words."""
    return [line for line in text.split("\n") if any(part in line for part in LINES)]


def is_set_off(text: str, writer: str) -> None:
    """Both hostile lines are there, none as the bot's own, none live; who wrote them stands below."""
    lines = text.split("\n")
    assert len(theirs(text)) >= 2, text
    assert all(line.startswith("│ ") for line in theirs(text)), text
    assert not [line for line in theirs(text) if live(line)], text
    last = max(at for at, line in enumerate(lines) if line in theirs(text))
    assert lines[last + 1].startswith(f"└ {writer}"), text


def push_text(person: Person, kind: str) -> str:
    """The newest push of a kind."""
    return [push for push in person.pushes() if push.kind == kind][-1].text


def test_a_rejection_does_not_pass_for_an_approval(sara: Person, maryam: Person) -> None:
    at_decision(maryam, sara).tap("❌ رد").type(HOSTILE)
    is_set_off(maryam.raw_text, "شما")
    maryam.tap("بله، رد می‌کنم")
    is_set_off(maryam.raw_text, "کارشناس")
    is_set_off(sara.open("qual.track").raw_text, "کارشناس دانشگاه علوم پزشکی شیراز")
    is_set_off(push_text(sara, "N5"), "کارشناس دانشگاه علوم پزشکی شیراز")


def test_a_preset_is_the_bots_and_what_was_added_is_not(sara: Person, maryam: Person) -> None:
    at_decision(maryam, sara).tap("❌ رد", "مدارک نامعتبر").type(HOSTILE)
    maryam.tap("بله، رد می‌کنم")
    for text in (push_text(sara, "N5"), sara.open("qual.track").raw_text, maryam.raw_text):
        assert "دلیل: مدارک نامعتبر؛" in text
        is_set_off(text, "کارشناس")


def test_deficiencies_and_what_is_answered_to_them(sara: Person, maryam: Person) -> None:
    at_decision(maryam, sara).tap("⚠️ اعلام نواقص", "نام پدر").type(HOSTILE)
    is_set_off(maryam.raw_text, "شما")
    maryam.tap("ارسال نواقص")
    is_set_off(maryam.raw_text, "شما")
    maryam.tap("بله، ارسال شود")
    is_set_off(push_text(sara, "N4"), "کارشناس")
    is_set_off(sara.open("qual.track").raw_text, "کارشناس")
    is_set_off(sara.tap("رفع نقص").raw_text, "کارشناس")
    sara.tap("توضیح می‌دهم").type(HOSTILE).type(HOSTILE)
    assert all(line.startswith("│ ") for line in theirs(sara.raw_text)), sara.raw_text
    sara.tap("ارسال دوباره", "بله")
    at_request(maryam, sara)
    assert len(theirs(maryam.raw_text)) >= 4
    assert "└ متقاضی" in maryam.raw_text
    is_set_off(maryam.raw_text, "متقاضی")
