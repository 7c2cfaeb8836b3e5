"""The second question: what it says, and where «خیر» leads. Nobody is caught in a dialogue, however it is declared."""

from itertools import product
from typing import Any

import pytest

from bot.core.context import Turn
from bot.core.screens import Press, Reply
from bot.services.shared import audit
from bot.texts import catalogue, t
from conversations.catalogue import ALL
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.questions import Address, Choice, Email, PersianName, Text
from storage.tables import Chat, Draft
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue, officer

STEPS = (Step("father_name", PersianName()), Step("postal_address", Address()))


def test_no_leads_back_to_the_last_step_where_there_is_no_summary(app: App) -> None:
    person = at_dialogue(app, *STEPS, second_question="submit.confirm")
    person.type("علی", "شیراز، خیابان زند، پلاک ۳").sees("پس از ثبت نهایی", "بله", "خیر")
    person.tap("خیر").sees("پاسخ فعلی: شیراز", "بازگشت", "انصراف").sees_not("پس از ثبت نهایی")
    person.tap("بدون تغییر").sees("پس از ثبت نهایی").type("خیر").sees("پاسخ فعلی: شیراز")
    person.type("شیراز، خیابان ارم، پلاک ۴").sees("پس از ثبت نهایی").tap("بله")
    assert person.view == Press("done")


def test_no_leads_to_the_last_open_step(app: App) -> None:
    """A last step that the answers closed is not asked."""
    steps = (
        Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
        Step("postal_address", Address(), when=lambda turn, answers: answers.get("gender") == "male"),
    )
    person = at_dialogue(app, *steps, second_question="submit.confirm").tap("زن").sees("پس از ثبت نهایی")
    person.tap("خیر").sees("جنسیت", "پاسخ فعلی: زن", "انصراف").tap("انصراف")
    assert person.chat.dialogue is None


SHAPES = list(product((None, "review.summary"), (None, "submit.confirm"), (False, True), (False, True)))


@pytest.mark.parametrize(("summary", "second", "keeps", "discards"), SHAPES)
def test_from_every_screen_a_person_gets_out_and_back(
    summary: str | None, second: str | None, keeps: bool, discards: bool, app: App
) -> None:
    """Of all screens that taps lead to, in every form of dialogue."""
    values: dict[str, Any] = {"summary": summary, "second_question": second, "keeps_draft": keeps}
    if discards:
        values["discard"] = lambda turn: None
    steps = (
        Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
        Step("email", Email(), optional=True),
    )
    leads: dict[str, set[str]] = {}
    waiting = [at_dialogue(app, *steps, **values)]
    while waiting:
        here = waiting.pop(0)
        if here.text in leads:
            continue
        leads[here.text] = set()
        for label in here.labels:
            further = copy_of(here).tap(label)
            if further.chat.dialogue is None:
                leads[here.text].add("finished" if further.view == Press("done") else "out")
                continue
            leads[here.text].add(further.text)
            if label == t("nav.no"):
                assert further.text != here.text, f"«خیر» shows the same again: {here.text!r}"
            waiting.append(further)
    for name in leads:
        reached, ahead = {name}, [name]
        while ahead:
            for target in leads.get(ahead.pop(), set()) - reached:
                reached.add(target)
                ahead.append(target)
        assert "out" in reached, f"no way out of {name!r}"


def copy_of(person: Person) -> Person:
    """Another officer at the same place of the dialogue, with the same answers."""
    other, chat, draft = officer(person.app), person.chat, person.draft
    assert draft is not None
    values = draft.model_dump(exclude={"id", "account_id"})
    copied = other.app.add(Draft(account_id=other.account.id, **values))
    place = {"dialogue": chat.dialogue, "dialogue_state": chat.dialogue_state, "view": chat.view}
    other.app.change(Chat, other.chat.id, draft_id=copied.id, **place)
    return other.refresh()


def sentence_of_function(turn: Turn, answers: Answers) -> str:
    return t("general.saved", field=answers["postal_address"])


@pytest.mark.parametrize(
    ("question", "seen"), [("submit.confirm", ["a1@b2.ir"]), (sentence_of_function, ["ذخیره شد"])]
)
def test_a_second_question_shows_answers_as_people_read_them(
    app: App, monkeypatch: pytest.MonkeyPatch, question: Any, seen: list[str]
) -> None:
    monkeypatch.setitem(catalogue(), "submit.confirm", "نشانی «{postal_address}» و ایمیل {email}؟")
    steps = (Step("postal_address", Address()), Step("email", Email()))
    person = at_dialogue(app, *steps, second_question=question)
    person.type("شیراز، کوچه 3، پلاک 12", "a1@b2.ir").sees("کوچه ۳، پلاک ۱۲", *seen).sees_not("کوچه 3")


def test_what_a_person_wrote_stays_harmless_in_a_second_question(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under a key that is a placeholder of the program's own elsewhere, and over several lines."""
    monkeypatch.setitem(catalogue(), "submit.confirm", "عنوان: {title}")
    step = Step("title", Text(2, 200, lines=True), prompt="عنوان؟", label="عنوان")
    person = at_dialogue(app, step, second_question="submit.confirm").type("به @somebody بنویسید {x}")
    person.sees_not("@somebody").sees("{x}")
    person.tap("خیر").type("خط یک\nhttps://a.example/login").sees_not("https://a.example")


def test_the_driver_names_a_recorded_event_without_a_text(app: App) -> None:
    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        event = {"event": "address_changed", "subject": "account", "subject_id": 1}
        audit.record(turn.db, now=turn.now, actor=turn.actor, **event)
        return app.finish(turn, answers)

    person = at_dialogue(app, STEPS[0], finish=finish)
    with pytest.raises(AssertionError, match=r"trail\.address_changed"):
        person.type("علی")


def test_the_buttons_of_a_question_say_what_they_do_and_a_word_is_enough(app: App) -> None:
    """Those of a kept draft's deletion as well."""
    person = at_dialogue(app, *STEPS, summary="review.summary", keeps_draft=True, discard=lambda turn: None)
    person.type("علی", "شیراز، خیابان زند، پلاک ۳").tap("🗑 حذف پیش‌نویس").sees("بله، حذف شود", "خیر، برگرد")
    person.type("خیر").sees(t("review.summary").splitlines()[0])
    person.tap("🗑 حذف پیش‌نویس").type("بله")
    assert person.chat.dialogue is None


@pytest.mark.parametrize("dialogue", ALL, ids=lambda dialogue: dialogue.name)
def test_no_second_question_is_answered_by_a_bare_yes(dialogue: Dialogue) -> None:
    if dialogue.second_question is None:
        return
    key = dialogue.second_question if isinstance(dialogue.second_question, str) else dialogue.second_buttons
    assert "، " in t(f"{key}_yes")
