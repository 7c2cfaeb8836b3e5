"""The engine as a person meets it: on, back, out, again, elsewhere."""

from typing import Any

import pytest
from sqlmodel import select

from bot.core.context import Turn
from bot.core.refusals import Refusal
from bot.core.screens import Press, Reply
from conversations.engine.declaration import Dialogue, FinishRejected, Step
from conversations.questions import Choice, Confirm, Email, PersianName, Phone, Secret, Text
from storage.enums import Role
from storage.tables import Chat, Draft
from tests.support.chat_driver import App, Person
from tests.support.chat_people import officer

STEPS = (
    Step("father_name", PersianName()),
    Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
    # For men only.
    Step(
        "military", Text(2, 500), when=lambda turn, a: a.get("gender") == "male", prompt="کارت؟", label="کارت"
    ),
    Step("phone", Phone()),
    Step("email", Email(), optional=True),
)
A, B = (Step(key, Text(1, 500), prompt=f"{name}؟", label=name) for key, name in (("a", "الف"), ("b", "ب")))


def form(app: App, **changes: Any) -> Dialogue:
    values = {"steps": STEPS, "finish": app.finish, "summary": "review.summary", "keeps_draft": True}
    return Dialogue("form", **values | changes)


def at_form(app: App, **changes: Any) -> Person:
    """An officer at the first question."""
    return officer(app.use(form(app, **changes))).start("form")


def at_summary(app: App, **changes: Any) -> Person:
    return at_form(app, **changes).type("علی").tap("زن", "تلفن ثابت ندارم", "ایمیل ندارم")


def test_a_form_is_filled_by_typing_and_tapping_and_finished_from_the_summary(app: App) -> None:
    person = at_form(app).sees("نام پدر", "(۱ از ۴)").type(" علي ").sees("جنسیت", "(۲ از ۴)", "زن", "مرد")
    person.tap("زن").sees("✅ جنسیت: زن", "(۳ از ۴)").type("٠٧١٣٢١٢٣٤٥٦").sees("ایمیل", "ایمیل ندارم")
    person.tap("ایمیل ندارم").sees("نام پدر: علی", "تلفن ثابت: ۰۷۱۳۲۱۲۳۴۵۶", "ایمیل: ندارد", "✅ تأیید")
    person.tap("تأیید")
    assert person.view == Press("done")
    assert app.finished == [{"father_name": "علی", "gender": "female", "phone": "07132123456", "email": None}]
    assert person.chat.dialogue is None
    assert app.all(select(Draft)) == []


def test_an_answer_opens_and_closes_later_steps(app: App) -> None:
    person = at_summary(app).tap("✏️ جنسیت", "مرد").sees("کارت؟").type("معاف").sees("کارت: معاف")
    person.tap("✏️ جنسیت", "زن").sees_not("معاف").tap("تأیید")
    assert "military" not in app.finished[0]


def test_back_and_forth_keeps_answers(app: App) -> None:
    person = at_form(app).type("علی").tap("زن")
    person.tap("بازگشت").sees("پاسخ فعلی: زن").tap("بازگشت").sees("پاسخ فعلی: علی")
    person.sees_not("بازگشت").type("رضا").sees("(۳ از ۴)").tap("بازگشت", "بدون تغییر").sees("(۳ از ۴)")
    assert person.answers == {"father_name": "رضا", "gender": "female"}


def test_a_refused_answer_and_the_wrong_kind_of_message_leave_the_question_open(app: App) -> None:
    person = at_form(app).type("Ali").sees("فقط از حروف فارسی", "نام پدر خود")
    assert person.answers == {}
    person.type("علی").sees("جنسیت")
    for wrong in (person.send, lambda: person.upload("a.pdf"), lambda: person.share("0912")):
        wrong().sees("یکی از دکمه‌ها را بزنید یا پاسخ را بنویسید", "جنسیت")
    person.type("درخت").sees("یکی از گزینه‌ها", "جنسیت")
    assert person.answers == {"father_name": "علی"}


def test_saved_for_later_and_continued_on_the_other_messenger(app: App) -> None:
    first = at_form(app).type("علی").tap("بعداً ادامه می‌دهم").sees("ذخیره شد")
    assert first.view == Press("home")
    assert first.chat.dialogue is None
    second = first.elsewhere()
    assert second.read_turn(app.engine.open_drafts) == [("form", 0)]
    second.start("form").sees("جنسیت", "(۲ از ۴)").tap("مرد").sees("کارت؟")


def test_two_chats_on_one_draft(app: App) -> None:
    first = at_form(app).type("علی")
    second = first.elsewhere().start("form").sees("جنسیت")
    second.tap("مرد").sees("کارت؟")
    first.tap("زن").sees("تلفن ثابت").tap("تلفن ثابت ندارم", "ایمیل ندارم")
    old = first.button("تأیید")
    second.start("form").tap("✏️ نام پدر").type("رضا")
    first.press(old).sees("دیگر معتبر نیست", "نام پدر: رضا")
    assert app.finished == []
    first.tap("تأیید")
    assert app.finished[0]["father_name"] == "رضا"
    assert second.chat.dialogue is None
    second.tap("تأیید").sees("دیگر معتبر نیست")
    assert len(app.finished) == 1


def test_a_button_of_an_earlier_step_gets_the_fresh_screen(app: App) -> None:
    person = at_form(app).type("علی")
    male, female = person.button("مرد"), person.button("زن")
    person.press(female).press(male).sees("دیگر معتبر نیست", "تلفن ثابت")
    assert person.answers["gender"] == "female"
    person.press(Press("d.choose", 1, 0, "nonsense")).sees("دیگر معتبر نیست")
    person.press(Press("d.finish")).sees("دیگر معتبر نیست")


def test_a_button_of_an_earlier_step_is_stale_though_both_steps_have_it(app: App) -> None:
    steps = (
        Step("a", Confirm(), prompt="نخست؟", label="الف"),
        Step("b", Confirm(), prompt="دوم؟", label="ب"),
    )
    person = at_form(app, steps=steps, summary=None).sees("نخست؟")
    yes = person.button("بله")
    person.press(yes).sees("دوم؟").press(yes).sees("دیگر معتبر نیست", "دوم؟").tap("خیر")
    assert app.finished == [{"a": True, "b": False}]


def test_cancel_drops_what_is_not_kept(app: App) -> None:
    person = at_form(app, keeps_draft=False).type("علی").sees("انصراف").sees_not("بعداً")
    person.type("انصراف").sees("متوقف شد")
    assert app.all(select(Draft)) == []


def test_a_draft_is_discarded_after_a_second_question(app: App) -> None:
    gone: list[int] = []
    dialogue = form(app, discard=lambda turn: gone.append(turn.draft.subject_id))
    person = officer(app.use(dialogue)).start("form", subject_id=7).type("علی").tap("بازگشت")
    person.tap("حذف پیش‌نویس").sees("مطمئن هستید؟").tap("خیر").sees("نام پدر خود").tap("حذف پیش‌نویس", "بله")
    assert gone == [7]
    assert person.view == Press("home")
    assert app.all(select(Draft)) == []


def test_a_second_question_before_the_end(app: App) -> None:
    person = at_summary(app, second_question="submit.confirm", confirm="submit.button").tap("ثبت نهایی")
    person.sees("پس از ثبت نهایی", "بله", "خیر").tap("خیر").sees("نام پدر: علی").tap("ثبت نهایی").type("بله")
    assert len(app.finished) == 1


def test_a_refusal_at_the_end_keeps_everything(app: App) -> None:
    def refuse(turn: Turn, answers: dict[str, Any]) -> Reply:
        turn.chat.view = "spoiled"
        raise Refusal("error.not_allowed")

    person = at_summary(app, finish=refuse).tap("تأیید").sees("ممکن نیست", "نام پدر: علی", "تأیید")
    assert person.chat.view is None
    assert person.answers["father_name"] == "علی"
    person.tap("تأیید").sees("ممکن نیست")


def test_an_end_that_is_not_satisfied_may_ask_again_and_keep_its_writes(app: App) -> None:
    def again(turn: Turn, answers: dict[str, Any]) -> FinishRejected:
        turn.chat.view = "counted"
        return FinishRejected("دوباره", forget=("gender",))

    person = at_summary(app, finish=again).tap("تأیید").sees("دوباره", "جنسیت")
    assert person.chat.view == "counted"
    assert "gender" not in person.answers


def test_a_secret_is_never_written_and_always_wiped(app: App) -> None:
    def finish(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
        done = app.finish(turn, answers)
        return done if len(app.finished) > 1 else FinishRejected("نادرست")

    steps = (
        Step("user_code", Text(1, 500), prompt="کد؟"),
        Step("password", Secret(), hidden=True, prompt="رمز؟"),
    )
    person = app.use(Dialogue("login", steps, finish)).person().start("login").type("12345678")
    assert not person.deleted
    person.type("s3cret").sees("نادرست", "رمز؟")
    assert person.answers == {"user_code": "12345678"}
    person.type("s3cret2")
    assert [answers["password"] for answers in app.finished] == ["s3cret", "s3cret2"]
    assert len(person.deleted) == 2
    assert "s3cret" not in person.stored()


def test_commands_in_the_middle(app: App) -> None:
    person = at_form(app).type("علی").command("help").sees("/privacy")
    assert person.chat.dialogue == "form"
    person.type("زن").sees("تلفن ثابت").command("start")
    assert person.view == Press("home")
    assert person.chat.dialogue is None
    person.start("form").sees("تلفن ثابت").command("nonsense").sees("متوجه پیام شما نشدم", "تلفن ثابت")
    person.command("cancel")
    assert person.view == Press("home")


def test_a_new_form_asks_again_only_what_no_longer_holds(app: App) -> None:
    old = Dialogue(
        "form",
        (
            Step("father_name", Text(1, 500)),
            Step("gender", Choice((("other", "دیگر"),))),
            Step("phone", Text(1, 500)),
        ),
        finish=lambda turn, answers: Reply(),
        keeps_draft=True,
        summary="review.summary",
    )
    person = officer(app.use(old)).start("form").type("علی").tap("دیگر").type("ناشناس")
    app.use(form(app, version=2))
    person.tap("تأیید").sees("دیگر معتبر نیست", "جنسیت")
    person.tap("زن").sees("تلفن ثابت").tap("تلفن ثابت ندارم").sees("ایمیل")
    assert person.answers == {"father_name": "علی", "gender": "female", "phone": ""}


def test_a_guests_draft_is_dropped_or_moved_at_login(app: App) -> None:
    account_id = officer(app).account.id

    def enter(turn: Turn, answers: dict[str, Any]) -> Reply:
        turn.chat.account_id, turn.chat.role = account_id, Role.OFFICER
        return Reply(goto=Press("home"))

    login = Dialogue("login", (A,), enter)
    moved = Dialogue("moved", (A, B), enter, keeps_draft=True, on_login="move")
    person = app.use(login, moved, form(app)).person()
    person.start("moved").type("یک").start("form").type("علی").start("login").type("1234")
    assert person.chat.account_id == account_id
    assert [(draft.dialogue, draft.account_id) for draft in app.all(select(Draft))] == [("moved", account_id)]
    person.start("moved").sees("ب؟")


def test_a_draft_of_another_account_is_never_shown(app: App) -> None:
    person = at_form(app).type("علی")
    app.change(Chat, person.chat.id, account_id=officer(app).account.id)
    person.type("زن")
    assert person.view == Press("home")
    assert person.chat.dialogue is None


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "step without texts": ({"steps": (Step("no_such_field", Text(1, 500)),)}, r"no texts.*bot/texts/fa"),
    "same key twice": ({"steps": (Step("phone", Phone()), Step("phone", Phone()))}, "twice"),
    "secret before another step": ({"steps": (Step("p", Secret(), hidden=True, prompt="؟"), A)}, "secret"),
    "summary without text": ({"summary": "no.such.text"}, "no text"),
    "question for an unknown answer": ({"second_question": "general.saved"}, "field"),
    "audit event without text": ({"events": ("moved_on",)}, r"trail\.moved_on.*bot/texts/fa"),
}


@pytest.mark.parametrize(("mistake", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_declaration_with_a_mistake_does_not_start(app: App, mistake: dict[str, Any], message: str) -> None:
    """What is wrong is named, and where a text is missing, the place for it."""
    with pytest.raises(ValueError, match=message):
        app.use(form(app, **{"summary": None} | mistake))


def test_two_dialogues_of_one_name_do_not_start(app: App) -> None:
    with pytest.raises(ValueError, match="twice"):
        app.use(form(app), form(app))


def test_at_the_summary_an_edit_can_be_given_up_and_other_input_is_for_nobody(app: App) -> None:
    person = at_summary(app).tap("✏️ نام پدر").sees("پاسخ فعلی: علی").sees_not(" از ۴)")
    person.tap("بازگشت").sees("✅ تأیید", "نام پدر: علی")
    person.type("سلام").sees("متوجه پیام شما نشدم", "تأیید").upload("x.pdf").sees(
        "متوجه پیام شما نشدم", "تأیید"
    )


def test_a_dialogue_that_may_not_be_done_now_does_not_open_and_says_why(app: App) -> None:
    """The guard is asked at the start too: whoever opens a dialogue need not ask the same before."""

    def guard(turn: Turn) -> None:
        raise Refusal("error.not_allowed")

    person = at_form(app, guard=guard).sees("ممکن نیست").sees_not("نام پدر")
    assert person.chat.dialogue is None
    assert app.all(select(Draft)) == []
