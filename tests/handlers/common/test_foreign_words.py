"""An expert, an officer, a manager and the directorate write whatever they like: whoever reads it sees whose words they
are, on every line, and taps none of it."""

from __future__ import annotations

from sqlmodel import Session, col, select

from storage.tables import Push
from tests.bot.texts.test_words import HOSTILE, LINES, live
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import Visitor, expert, officer, submit


def theirs(text: str) -> list[str]:
    """The lines of a text that hold the hostile words."""
    return [line for line in text.split("\n") if any(part in line for part in LINES)]


def whole(visitor: Visitor) -> str:
    return "\n".join(one.text for one in visitor.decided.screens)


def is_set_off(text: str, writer: str) -> None:
    """Both hostile lines are there, none as the bot's own, none live; who wrote them stands below."""
    lines = text.split("\n")
    assert len(theirs(text)) >= 2, text
    assert all(line.startswith("│ ") for line in theirs(text)), text
    assert not [line for line in theirs(text) if live(line)], text
    last = max(at for at, line in enumerate(lines) if line in theirs(text))
    assert lines[last + 1].startswith(f"└ {writer}"), text


def told(db: Session, visitor: Visitor, kind: str) -> str:
    return (
        db.exec(
            select(Push)
            .where(col(Push.account_id) == visitor.account.id, Push.kind == kind)
            .order_by(col(Push.id))
        )
        .all()[-1]
        .text
    )


def test_a_rejection_does_not_pass_for_an_approval(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("❌ رد").types(HOSTILE)
    is_set_off(whole(maryam), "شما")
    maryam.taps("بله، رد می‌کنم")
    is_set_off(whole(maryam), "کارشناس")
    is_set_off(whole(sara.opens("qual.track")), "کارشناس دانشگاه علوم پزشکی شیراز")
    is_set_off(told(db, sara, "N5"), "کارشناس دانشگاه علوم پزشکی شیراز")


def test_a_preset_is_the_bots_and_what_was_added_is_not(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("❌ رد").taps("مدارک نامعتبر").types(HOSTILE)
    maryam.taps("بله، رد می‌کنم")
    for text in (told(db, sara, "N5"), whole(sara.opens("qual.track")), whole(maryam)):
        assert "دلیل: مدارک نامعتبر؛" in text
        is_set_off(text, "کارشناس")


def test_deficiencies_and_what_is_answered_to_them(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("⚠️ اعلام نواقص").taps("نام پدر").types(HOSTILE)
    is_set_off(whole(maryam), "شما")
    maryam.taps("ارسال نواقص")
    is_set_off(whole(maryam), "شما")
    maryam.taps("بله، ارسال شود")
    is_set_off(told(db, sara, "N4"), "کارشناس")
    is_set_off(whole(sara.opens("qual.track")), "کارشناس")
    is_set_off(whole(sara.taps("رفع نقص")), "کارشناس")
    sara.taps("توضیح می‌دهم").types(HOSTILE).types(HOSTILE)
    assert all(line.startswith("│ ") for line in theirs(whole(sara))), whole(sara)
    sara.taps("ارسال دوباره").taps("بله")
    maryam.opens("desk.file", request_of(sara).id or 0)
    assert len(theirs(maryam.text)) >= 4
    assert "└ متقاضی" in maryam.text
    is_set_off(maryam.text, "متقاضی")
