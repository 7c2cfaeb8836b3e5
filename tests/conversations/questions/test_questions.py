"""The kinds of question, each as a person meets it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.context import Turn
from bot.core.screens import MAX_LABEL, Press
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.engine.steps import Question
from conversations.questions import (
    Address,
    BirthCertNo,
    Choice,
    Confirm,
    Documents,
    Email,
    GuildId,
    JalaliDate,
    LegalId,
    Mobile,
    NationalCode,
    Phone,
    Search,
    Text,
    Ticks,
)
from conversations.questions.text import TextQuestion
from storage.tables import Draft, StoredFile
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue, officer

PROVINCES = [
    (name, f"استان {name}")
    for name in ["آلفا", "بتا", "گاما", "دلتا", "تهران", "فارس", "یزد", "قم", "البرز", "مرکزی"]
]


def ask(app: App, question: Question, **account: Any) -> Person:
    """An officer at this question, in a dialogue of its own."""
    step = Step("x", question, prompt="چه؟", label="مورد")
    person = officer(app.use(Dialogue("one", (step,), app.finish)), **account)
    return person.start("one")


def answers_of(app: App) -> list[Any]:
    return [answers["x"] for answers in app.finished]


def answer_of(person: Person) -> Any:
    """What the question was answered with, at the end of its dialogue."""
    assert person.view == Press("done"), person.text
    return answers_of(person.app)[-1]


def test_a_line_that_reads_nothing_is_found_before_anybody_types() -> None:
    """Dialogues are made when the bot starts."""

    class Mute(TextQuestion):
        """Says nothing of how it reads what is typed."""

    with pytest.raises(TypeError, match="parse"):
        Mute()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (NationalCode(), "۹۹۹۱۲۳۴۵۶۱", "9991234561"),
        (LegalId(), "۱۴۰۰۹۹۹۹۹۹۵", "14009999995"),
        (GuildId(), "۱۲۳۴۵", "12345"),
        (JalaliDate(), "۱۳۶۵/۰۴/۱۲", "1986-07-03"),
        (Phone(), "۰۷۱۳۲۱۲۳۴۵۶", "07132123456"),
        (Email(), "A@B.ir", "a@b.ir"),
        (Address(), "شیراز، خیابان زند", "شیراز، خیابان زند"),
        (BirthCertNo(), "1", "1"),
        (Text(2, 9), "  سلام  ", "سلام"),
        (Mobile(), "0912 345 6789", {"number": "+989123456789", "verified": False}),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Question) else "",
)
def test_one_line(app: App, question: Question, typed: str, value: Any) -> None:
    person = ask(app, question)
    person.type(typed)
    assert answer_of(person) == value


def test_how_answers_are_shown(app: App) -> None:
    turn, ask = None, Step("x", Text())
    show = lambda question, value: question.format_answer(turn, ask, value)  # noqa: E731
    assert show(JalaliDate(), "1986-07-03") == "۱۳۶۵/۰۴/۱۲"
    assert show(NationalCode(), "9991234561") == "۹۹۹۱۲۳۴۵۶۱"
    assert show(Phone(), "") == "ندارد"
    assert show(Mobile(), {"number": "+989123456789", "verified": True}) == "۰۹۱۲۳۴۵۶۷۸۹"
    assert show(Mobile(), {"number": "+989123456789", "verified": False}) == "۰۹۱۲۳۴۵۶۷۸۹ (تأییدنشده)"
    assert show(Documents("x", "مدرک"), [1, 2]) == "۲ فایل"
    assert show(Confirm(), False) == "خیر"


def test_the_mobile_by_the_contact_button(app: App) -> None:
    person = ask(app, Mobile())
    assert person.screen.ask_contact == "📱 ارسال شماره همراه"
    person.share("989121112233", own=False).sees("شماره خودتان")
    person.type("123").sees("۱۱ رقم").share("989121112233")
    assert answer_of(person) == {"number": "+989121112233", "verified": True}


def test_a_mobile_that_must_be_proved(app: App) -> None:
    person = ask(app, Mobile(typed=False))
    person.type("09121112233").sees("شماره خودتان").share("+98 912 111 2233")
    assert answer_of(person)["verified"] is True


def test_the_number_of_the_birth_certificate_may_be_the_national_code(app: App) -> None:
    person = ask(app, BirthCertNo(), national_code="0499370899")
    person.tap("برابر با کد ملی")
    assert answer_of(person) == "0499370899"
    nameless = ask(app, BirthCertNo(), national_code=None)
    assert nameless.labels == ["انصراف"]


def test_no_landline(app: App) -> None:
    person = ask(app, Phone())
    person.type("تلفن ثابت ندارم")
    assert answer_of(person) == ""


def test_provinces_in_pages(app: App) -> None:
    person = ask(app, Choice(PROVINCES, columns=2, page=4))
    person.sees("استان آلفا", "بعدی").sees_not("استان تهران", "قبلی")
    old = person.button("استان آلفا")
    person.tap("بعدی").sees("استان تهران", "قبلی").tap("بعدی").sees("استان مرکزی").sees_not("بعدی")
    person.press(old).sees("دیگر معتبر نیست", "استان مرکزی").tap("قبلی").type("۱")
    assert answer_of(person) == "تهران"


def test_an_option_of_another_page_can_be_typed(app: App) -> None:
    person = ask(app, Choice(PROVINCES, page=4))
    person.type("اُستان مرکزي")
    assert answer_of(person) == "مرکزی"


def test_options_that_went_away(app: App) -> None:
    options = list(PROVINCES)
    person = ask(app, Choice(lambda turn, answers: options))
    button, other = person.button("استان فارس"), person.button("استان قم")
    options[:] = [("قم", "استان قم"), *(one for one in PROVINCES[::-1] if one[0] not in ("فارس", "قم"))]
    person.press(button).sees("دیگر معتبر نیست").press(other)
    assert answer_of(person) == "قم"


def test_search(app: App) -> None:
    cities = [(f"c{n}", f"شهر شماره {n}") for n in range(12)] + [("s", "شیراز"), ("k", "کریم‌آباد")]
    person = ask(app, Search(cities, page=5, missing="error.city_not_in_list"))
    person.sees("چه؟").type("پاریس").sees("نزدیک‌ترین شهر")
    person.type("شماره").sees("۱۲ مورد", "شهر شماره 0", "بعدی").sees_not("شهر شماره 5")
    person.tap("بعدی").sees("شهر شماره 5", "قبلی").type("!!").sees("نزدیک‌ترین شهر", "شهر شماره 5")
    person.type("كريم اباد")
    assert answer_of(person) == "k"


def test_a_match_is_tapped_or_numbered(app: App) -> None:
    names = [("a", "مهندسی پزشکی"), ("b", "پزشکی"), ("c", "فیزیک پزشکی")]
    person = ask(app, Search(names))
    person.type("پزشک", "۱")
    assert answer_of(person) == "b", "what begins with the words comes first"
    person = ask(app, Search(names))
    person.type("پزشک").tap("فیزیک پزشکی")
    assert answer_of(person) == "c"
    person = ask(app, Search(names))
    person.type("پزشکی")
    assert answer_of(person) == "b", "the whole name is taken at once"


def test_ticks(app: App) -> None:
    items = [("father_name", "نام پدر"), ("doc.card", "کارت ملی"), ("city", "شهر")]
    person = ask(app, Ticks(items, send="defects.send"))
    send = person.labels[-2]
    person.tap(send).sees("یکی از گزینه‌ها")
    person.tap("شهر").sees("☑️ شهر", "▫️ نام پدر", "انتخاب‌شده: ۱").tap("شهر").sees_not("☑️")
    person.type("۲").sees("☑️ کارت ملی").tap("نام پدر").type("ناخواناست").sees("│ ناخواناست")
    person.type("کم").sees("کامل‌تر بنویسید", "│ ناخواناست").tap(send)
    assert answer_of(person) == {"items": ["father_name", "doc.card"], "note": "ناخواناست"}
    noted = ask(app, Ticks(items))
    noted.type("فقط توضیح").tap("حذف توضیح").sees_not("فقط توضیح").type("فقط توضیح").tap("ادامه")
    assert answer_of(noted) == {"items": [], "note": "فقط توضیح"}
    nothing = ask(app, Ticks(items, note=False, empty=None))
    nothing.type("سلام دوست من").sees("یکی از گزینه‌ها").tap("ادامه")
    assert answer_of(nothing) == {"items": [], "note": None}


def test_yes_or_no(app: App) -> None:
    person = ask(app, Confirm())
    person.type("خیر")
    assert answer_of(person) is False


def test_text_that_is_too_short_or_too_long(app: App) -> None:
    person = ask(app, Text(5, 10, short="error.short_reason"))
    person.type("کم").sees("دلیل را کامل‌تر").type("ی" * 11).sees("حداکثر ۱۰ حرف").type("یک‌دوسه")
    assert answer_of(person) == "یک‌دوسه"


# ── documents ───────────────────────────────────────────────────────────────────────────────────────────────────────────


CARD = Documents("national_card", "تصویر کارت ملی", short_name="کارت ملی")


def file_ids(person: Person) -> list[int]:
    return list(person.answers.get("x") or [])


def test_a_document_belongs_to_who_sent_it(app: App) -> None:
    person = ask(app, CARD).upload("a.pdf")
    (number,) = file_ids(person)
    assert app.get(StoredFile, number).account_id == person.account.id
    other = ask(app, CARD).upload("b.pdf")
    app.change(Draft, other.draft.id, answers={"x": [number, *file_ids(other)]})
    other.type("?").sees("b.pdf").sees_not("a.pdf").tap("مدرک بعدی")
    assert number not in answer_of(other)


def test_a_removed_document_is_marked_unless_it_was_submitted(app: App) -> None:
    person = ask(app, CARD).upload("a.pdf")
    (number,) = file_ids(person)
    person.tap("حذف").sees("فایل حذف شد", "📎 «تصویر کارت ملی»")
    assert file_ids(person) == []
    assert app.get(StoredFile, number).removed_at is not None


def test_an_album_is_answered_once_it_is_quiet(app: App) -> None:
    person = ask(app, CARD)
    for _ in range(3):
        person.upload(album="x")
        assert person.answer is not None
        assert person.answer.screens == ()
        assert person.answer.quiet
    person.sees("۳. تصویر کارت ملی").upload(album="x").sees("حداکثر ۳ فایل")
    assert len(file_ids(person)) == 3


def test_which_of_several_to_remove_can_be_left_open(app: App) -> None:
    person = ask(app, CARD)
    person.upload("a.pdf").upload("b.pdf").tap("حذف").sees("کدام فایل", "۱. a.pdf", "۲. b.pdf")
    assert all(len(label) <= MAX_LABEL for label in person.labels[:2])
    person.type("۲").sees("فایل حذف شد", "a.pdf").sees_not("b.pdf").upload("c.pdf").tap("حذف")
    person.tap("هیچ‌کدام").sees("a.pdf", "c.pdf", "مدرک بعدی")
    assert len(file_ids(person)) == 2


def test_no_document_at_all(app: App) -> None:
    person = ask(app, CARD).type("سلام").sees("فایل یا عکس مدرک").send().sees("فایل یا عکس مدرک")
    assert file_ids(person) == []


def test_options_may_depend_on_answers(app: App) -> None:
    def cities(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
        return [("s", "شیراز")] if answers.get("province") == "fars" else [("t", "تهران")]

    steps = (
        Step("province", Choice([("fars", "فارس"), ("tehran", "تهران")])),
        Step("city", Search(cities)),
    )
    person = at_dialogue(app, *steps, summary="review.summary").tap("فارس").type("تهران").sees("پیدا نشد")
    person.type("شیراز").sees("شهر محل زندگی: شیراز")
