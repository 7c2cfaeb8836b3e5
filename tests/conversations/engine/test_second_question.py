"""The second question: what it says, and where «خیر» leads. Nobody is caught in a dialogue, however it is declared."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Turn
from bot.core.screens import Press, Reply
from bot.services.officers import personal_details
from bot.services.shared import audit
from bot.texts import catalogue, t
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.engine.engine import Engine
from conversations.questions import Address, Choice, Email, PersianName, Text
from tests.support.dialogue_driver import Person, new_account

STEPS = (Step("father_name", PersianName()), Step("postal_address", Address()))


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    return Reply(goto=Press("done"))


def person_in(db: Session, *steps: Step, **values: Any) -> Person:
    dialogue = Dialogue("form", steps or STEPS, finish, **values)
    return Person(db, Engine([dialogue]), new_account(db, national_code=None)).starts("form")


def test_no_leads_back_to_the_last_step_where_there_is_no_summary(db: Session) -> None:
    person = person_in(db, second_question="submit.confirm")
    person.types("علی").types("شیراز، خیابان زند، پلاک ۳").sees("پس از ثبت نهایی", "بله", "خیر")
    person.taps("خیر").sees("پاسخ فعلی: شیراز", "بازگشت", "انصراف").sees_not("پس از ثبت نهایی")
    person.taps("بدون تغییر").sees("پس از ثبت نهایی").types("خیر").sees("پاسخ فعلی: شیراز")
    person.types("شیراز، خیابان ارم، پلاک ۴").sees("پس از ثبت نهایی").taps("بله")
    assert person.went == Press("done")


def test_no_leads_to_the_last_open_step(db: Session) -> None:
    """A last step that the answers closed is not asked."""
    steps = (
        Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
        Step("postal_address", Address(), when=lambda turn, answers: answers.get("gender") == "male"),
    )
    person = person_in(db, *steps, second_question="submit.confirm").taps("زن").sees("پس از ثبت نهایی")
    person.taps("خیر").sees("جنسیت", "پاسخ فعلی: زن", "انصراف").taps("انصراف")
    assert person.chat.dialogue is None


SHAPES = list(product((None, "review.summary"), (None, "submit.confirm"), (False, True), (False, True)))


@pytest.mark.parametrize(("summary", "second", "keeps", "discards"), SHAPES)
def test_from_every_screen_a_person_gets_out_and_back(
    summary: str | None, second: str | None, keeps: bool, discards: bool, db: Session
) -> None:
    """Every screen that taps lead to, in every form a dialogue can have: «خیر» shows something else, and some way
    leads out without finishing."""
    values: dict[str, Any] = {"summary": summary, "second_question": second, "keeps_draft": keeps}
    if discards:
        values["discard"] = lambda turn: None
    steps = (
        Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
        Step("email", Email(), optional=True),
    )

    def at(way: tuple[str, ...]) -> Person:
        person = person_in(db, *steps, **values)
        for label in way:
            person.taps(label)
        return person

    screens: dict[str, tuple[str, ...]] = {}
    leads: dict[str, set[str]] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        way = waiting.pop(0)
        here = at(way)
        name = here.text
        if name in screens:
            continue
        screens[name], leads[name] = way, set()
        for label in here.labels:
            further = at((*way, label))
            if further.chat.dialogue is None:
                leads[name].add("finished" if further.went == Press("done") else "out")
                continue
            leads[name].add(further.text)
            if label == t("nav.no"):
                assert further.text != name, f"«خیر» shows the same again: {name!r}"
            waiting.append((*way, label))
    for name in screens:
        reached, ahead = {name}, [name]
        while ahead:
            for target in leads.get(ahead.pop(), set()) - reached:
                reached.add(target)
                ahead.append(target)
        assert "out" in reached, f"no way out of {name!r}"


def test_a_second_question_shows_answers_as_people_read_them(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalogue(), "submit.confirm", "نشانی «{postal_address}» و ایمیل {email}؟")
    steps = (Step("postal_address", Address()), Step("email", Email()))
    person = person_in(db, *steps, second_question="submit.confirm")
    person.types("شیراز، کوچه 3، پلاک 12").types("a1@b2.ir")
    person.sees("کوچه ۳، پلاک ۱۲", "a1@b2.ir").sees_not("کوچه 3")


def test_a_sentence_made_by_a_function_has_persian_digits_too(db: Session) -> None:
    def sure(turn: Turn, answers: Answers) -> str:
        return t("general.saved", field=answers["postal_address"])

    person = person_in(db, Step("postal_address", Address()), second_question=sure)
    person.types("شیراز، کوچه 3، پلاک 12").sees("کوچه ۳، پلاک ۱۲")


def test_what_a_person_wrote_stays_harmless_in_a_second_question(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under a key that is a placeholder of the program's own elsewhere, and over several lines."""
    monkeypatch.setitem(catalogue(), "submit.confirm", "عنوان: {title}")
    step = Step("title", Text(2, 200, lines=True), prompt="عنوان؟", label="عنوان")
    person = person_in(db, step, second_question="submit.confirm").types("به @somebody بنویسید {x}")
    person.sees_not("@somebody").sees("{x}")
    person.taps("خیر").types("خط یک\nhttps://a.example/login").sees_not("https://a.example")


def test_a_second_question_that_asks_for_an_unknown_answer_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(catalogue(), "submit.confirm", "نشانی {adress}؟")
    with pytest.raises(ValueError, match="adress"):
        Engine([Dialogue("form", STEPS, finish, second_question="submit.confirm")])


def test_a_missing_text_is_named_with_the_place_for_it() -> None:
    with pytest.raises(ValueError, match=r"ask\.nowhere.*bot/texts/fa"):
        Engine([Dialogue("form", (Step("nowhere", Address()),), finish)])


def test_an_audit_event_without_a_text_is_named_at_start() -> None:
    with pytest.raises(ValueError, match=r"trail\.address_changed.*bot/texts/fa"):
        Engine([Dialogue("form", STEPS, finish, events=("address_changed",))])


def test_the_driver_names_a_recorded_event_without_a_text(db: Session) -> None:
    def records(turn: Turn, answers: dict[str, Any]) -> Reply:
        audit.record(
            db, now=turn.now, actor=turn.actor, event="address_changed", subject="account", subject_id=1
        )
        return Reply(goto=Press("done"))

    dialogue = Dialogue("form", STEPS[:1], records)
    person = Person(db, Engine([dialogue]), new_account(db, national_code=None)).starts("form")
    with pytest.raises(AssertionError, match=r"trail\.address_changed"):
        person.types("علی")
    db.rollback()


def test_a_new_officer_of_the_driver_can_be_used_with_the_services(db: Session) -> None:
    account = new_account(db, national_code=None)
    person = Person(db, Engine([]), account)

    def edit(turn: Turn) -> Reply:
        saved = personal_details.edit_item(
            db, actor=turn.actor, field="postal_address", value="شیراز، خیابان زند، پلاک ۱۲", now=turn.now
        )
        assert saved
        return Reply(goto=Press("done"))

    person.does(edit)
    assert person.refused is None
    assert person.went == Press("done")
