"""In a form: «سلام» is no first name, «لغو» no last name, and a question no address."""

import pytest

from conversations import questions
from conversations.engine.declaration import Dialogue, Step
from tests.support.chat_driver import App, Person
from tests.support.chat_people import officer

STEPS = (
    Step("first_name", questions.PersianName()),
    Step("postal_address", questions.Address()),
    Step("birth_date", questions.JalaliDate()),
    Step("gender", questions.Choice((("female", "زن"), ("male", "مرد")))),
    Step("phone", questions.Phone()),
    Step("email", questions.Email(), optional=True),
    Step("doc.card", questions.Documents("card", "کارت ملی", 2)),
    Step("why", questions.Text(5, 200, lines=True), prompt="توضیح؟", label="توضیح", optional=True),
)
ANSWERS = {
    "first_name": "علی",
    "postal_address": "شیراز، خیابان زند",
    "birth_date": "1986-07-03",
    "gender": "male",
    "phone": "",
    "email": "a@b.ir",
}


def at(app: App, key: str) -> Person:
    """At one question, with those before it answered."""
    before = [step.key for step in STEPS[: [step.key for step in STEPS].index(key)]]
    answers = {name: ANSWERS.get(name, [1]) for name in before}
    form = Dialogue("form", STEPS, app.finish, summary="review.summary", keeps_draft=True)
    return officer(app.use(form)).start("form", answers=answers)


def stored(person: Person, key: str) -> object:
    assert person.draft is not None
    return person.draft.answers.get(key)


@pytest.mark.parametrize(
    "text", ["سلام", "سلام وقت بخیر", "لغو", "انصراف", "راهنما", "کمک", "منو", "پشتیبانی", "ندارم", "ممنون"]
)
def test_what_looks_so_is_asked_about_and_a_name_that_looks_so_is_one_tap_away(app: App, text: str) -> None:
    person = at(app, "first_name").type(text)
    person.sees(f"«{text}»", "منظورتان پاسخ این پرسش است؟", "نام خود را", "بله، همین است", "راهنما", "توقف")
    assert stored(person, "first_name") is None
    person.tap("بله، همین است").sees("آدرس محل زندگی")
    assert stored(person, "first_name") == text


def test_the_asked_text_survives_a_restart_and_is_gone_once_answered(app: App) -> None:
    person = at(app, "first_name").type("راهنما").refresh().sees("منظورتان پاسخ این پرسش است؟")
    old = person.button("بله، همین است")
    person.type("سارا").sees("آدرس محل زندگی").press(old)
    assert stored(person, "first_name") == "سارا"
    assert stored(person, "postal_address") is None


@pytest.mark.parametrize(
    ("key", "typed", "then", "kept"),
    [
        ("first_name", ("لغو", "بله"), "آدرس محل زندگی", "لغو"),
        ("phone", ("ندارم",), "ایمیل", ""),
        *(("email", (word,), "کارت ملی", None) for word in ("رد کردن", "رد کن", "ندارم", "بعدی")),
    ],
)
def test_an_answer_in_words(app: App, key: str, typed: tuple[str, ...], then: str, kept: str | None) -> None:
    """«بله» to what is asked, the button that says so, and on from what is optional."""
    person = at(app, key).type(*typed).sees(then)
    assert stored(person, key) == kept


def test_a_given_answer_is_not_deleted_by_going_on(app: App) -> None:
    person = at(app, "doc.card").type("برگشت").sees("ایمیل").type("بعدی").sees("کارت ملی")
    assert stored(person, "email") == "a@b.ir"


def test_a_question_is_no_address(app: App) -> None:
    person = at(app, "postal_address").type("ببخشید آدرس محل کار یا خونه؟")
    assert stored(person, "postal_address") is None
    person.sees("منظورتان پاسخ این پرسش است؟").tap("❓ راهنما").sees("پشتیبانی اداره کل", "بازگشت به پرسش")
    person.tap("بازگشت به پرسش").sees("آدرس محل زندگی").sees_not("منظورتان")
    person.type("شیراز، خیابان زند، کوچه ۱۲، پلاک ۳").sees("تاریخ تولد")


def test_stopping_keeps_the_draft(app: App) -> None:
    person = at(app, "postal_address").type("لغو شود لطفاً").sees("توقف").tap("توقف").sees("ذخیره شد")
    assert person.chat.dialogue is None
    assert person.start("form").sees("آدرس محل زندگی")


@pytest.mark.parametrize("word", ["بازگشت", "برگرد", "مرحله قبل", "بازگشث"])
def test_back_in_words(app: App, word: str) -> None:
    at(app, "postal_address").type(word).sees("نام خود را").sees_not("منظورتان")


@pytest.mark.parametrize("key", ["birth_date", "gender", "doc.card"])
def test_where_it_cannot_be_the_answer_the_way_out_and_help_are_offered(app: App, key: str) -> None:
    person = at(app, key)
    prompt = person.screen.text.splitlines()[0]
    person.type("چه چیزی باید بنویسم؟").sees("برای پاسخ پرسش خود", prompt, "❓ راهنما")
    person.type("لغو").sees("می‌خواهید این کار متوقف شود؟", prompt, "توقف")
    person.type("کمک").sees("پشتیبانی اداره کل").tap("بازگشت به پرسش").sees(prompt)


def test_a_greeting_at_a_date_is_answered_and_the_question_stays(app: App) -> None:
    at(app, "birth_date").type("سلام").sees("سلام، وقت شما بخیر", "تاریخ تولد").sees_not("درست نیست")


def test_sentences_to_an_expert_are_taken_as_they_are(app: App) -> None:
    person = at(app, "doc.card").upload("a.pdf")
    while "توضیح؟" not in person.screen.text:
        person.type("بعدی")
    person.type("سلام، مدرک من کی بررسی می‌شود؟").sees_not("منظورتان")
    assert stored(person, "why") == "سلام، مدرک من کی بررسی می‌شود؟"


def test_a_password_is_never_asked_about(app: App) -> None:
    secret = Dialogue("form", (Step("p", questions.Secret(), hidden=True, prompt="رمز؟"),), app.finish)
    officer(app.use(secret)).start("form").type("راهنما")
    assert app.finished == [{"p": "راهنما"}]


def test_no_in_words_at_the_last_confirmation(app: App) -> None:
    steps = (Step("note", questions.Ticks((("a", "یک"),)), prompt="کدام؟", label="کدام"),)
    sure = Dialogue("form", steps, app.finish, second_question="submit.confirm", keeps_draft=True)
    person = officer(app.use(sure)).start("form").type("یک").tap("ادامه").type("برگرد").sees("کدام؟")
    assert not app.finished
    person.tap("ادامه").type("ممنون").sees("متوجه پیام شما نشدم")
    assert not app.finished


def test_voice_and_pictures_in_a_form(app: App) -> None:
    at(app, "first_name").send(unread="voice").sees("پیام صوتی شنیده نمی‌شود").send(unread="sticker").sees(
        "برچسب"
    )
