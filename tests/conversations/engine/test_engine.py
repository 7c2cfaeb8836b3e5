"""The engine as a person meets it: on, back, out, again, elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Turn
from bot.core.refusals import InvalidInput, Refusal
from bot.core.screens import Press, Reply
from conversations.engine.declaration import Dialogue, FinishRejected, Step
from conversations.engine.engine import Engine
from conversations.questions import (
    Choice,
    Confirm,
    Documents,
    Email,
    NationalCode,
    PersianName,
    Phone,
    Secret,
    Text,
)
from storage.enums import Messenger
from storage.tables import Draft
from tests.support.dialogue_driver import Person, new_account

GENDERS = (("female", "زن"), ("male", "مرد"))


def form(**changes: Any) -> tuple[Dialogue, list[dict[str, Any]]]:
    """A form with a step that opens for men only, and what it was finished with."""
    finished: list[dict[str, Any]] = []

    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        finished.append(answers)
        return Reply(goto=Press("done"))

    values: dict[str, Any] = {
        "steps": (
            Step("father_name", PersianName()),
            Step("gender", Choice(GENDERS)),
            Step(
                "military",
                Text(2),
                when=lambda turn, a: a.get("gender") == "male",
                prompt="کارت؟",
                label="کارت",
            ),
            Step("phone", Phone()),
            Step("email", Email(), optional=True),
        ),
        "finish": finish,
        "summary": "review.summary",
        "keeps_draft": True,
    }
    return Dialogue("form", **(values | changes)), finished


def officer(db: Session, *dialogues: Dialogue, **options: Any) -> Person:
    return Person(db, Engine(dialogues), options.pop("account", None) or new_account(db), **options)


def fill(person: Person) -> Person:
    person.starts("form").types("علی").taps("زن").taps("تلفن ثابت ندارم").taps("رد کردن")
    return person


def test_a_form_is_filled_by_typing_and_tapping_and_finished_from_the_summary(db: Session) -> None:
    dialogue, finished = form()
    person = officer(db, dialogue)
    person.starts("form").sees("نام پدر", "(۱ از ۴)")
    person.types(" علي ").sees("جنسیت", "(۲ از ۴)", "زن", "مرد")
    person.taps("زن").sees("✅ جنسیت: زن", "(۳ از ۴)")
    person.types("٠٧١٣٢١٢٣٤٥٦").sees("ایمیل", "رد کردن")
    person.taps("رد کردن").sees("نام پدر: علی", "شماره تماس: ۰۷۱۳۲۱۲۳۴۵۶", "ایمیل: ندارد", "✅ تأیید")
    person.taps("تأیید")
    assert person.went == Press("done")
    assert finished == [{"father_name": "علی", "gender": "female", "phone": "07132123456", "email": None}]
    assert person.chat.dialogue is None
    assert db.exec(select(Draft).where(Draft.account_id == person.chat.account_id)).all() == []


@pytest.mark.parametrize("typed", ["مرد", "2", "۲", "٢", " مَرد "])
def test_a_choice_can_be_typed(db: Session, typed: str) -> None:
    person = officer(db, form()[0]).starts("form").types("علی").types(typed)
    assert person.answers["gender"] == "male"


def test_an_answer_opens_and_closes_later_steps(db: Session) -> None:
    dialogue, finished = form()
    person = fill(officer(db, dialogue))
    person.taps("✏️ جنسیت").taps("مرد").sees("کارت؟")
    person.types("معاف").sees("کارت: معاف")
    person.taps("✏️ جنسیت").taps("زن").sees_not("معاف")
    person.taps("تأیید")
    assert "military" not in finished[0]


def test_back_and_forth_keeps_answers(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("علی").taps("زن")
    person.taps("بازگشت").sees("پاسخ فعلی: زن").taps("بازگشت").sees("پاسخ فعلی: علی")
    person.sees_not("بازگشت").types("رضا").sees("(۳ از ۴)")
    person.taps("بازگشت").taps("بدون تغییر").sees("(۳ از ۴)")
    assert person.answers == {"father_name": "رضا", "gender": "female"}


def test_editing_from_the_summary_can_be_given_up(db: Session) -> None:
    person = fill(officer(db, form()[0])).taps("✏️ نام پدر").sees("پاسخ فعلی: علی").sees_not(" از ۴)")
    person.taps("بازگشت").sees("✅ تأیید", "نام پدر: علی")


def test_a_refused_answer_leaves_the_question_open(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("Ali").sees("فقط از حروف فارسی", "نام پدر خود")
    assert person.refused is not None
    assert person.answers == {}
    person.types("علی").sees("جنسیت")


def test_the_wrong_kind_of_message_moves_nothing(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("علی")
    for wrong in (person.sends_a_sticker, lambda: person.uploads("a.pdf"), lambda: person.shares("0912")):
        wrong().sees("به‌صورت متن", "جنسیت")
    person.types("درخت").sees("یکی از گزینه‌ها", "جنسیت")
    assert person.answers == {"father_name": "علی"}


def test_saved_for_later_and_continued_on_the_other_messenger(db: Session) -> None:
    dialogue, _ = form()
    first = officer(db, dialogue).starts("form").types("علی").taps("بعداً ادامه می‌دهم")
    assert first.reply is not None
    assert "ذخیره شد" in first.reply.screens[0].text
    assert first.went == Press("home")
    assert first.chat.dialogue is None
    second = Person(db, first.engine, first.account, messenger=Messenger.BALE)
    offered: list[Any] = []
    second.does(lambda turn: offered.append(first.engine.open_drafts(turn)) or Reply())
    assert offered == [[("form", 0)]]
    second.starts("form").sees("جنسیت", "(۲ از ۴)").taps("مرد").sees("کارت؟")


def test_two_chats_on_one_draft(db: Session) -> None:
    dialogue, finished = form()
    first = officer(db, dialogue).starts("form").types("علی")
    second = Person(db, first.engine, first.account, messenger=Messenger.BALE).starts("form").sees("جنسیت")
    second.taps("مرد").sees("کارت؟")
    first.taps("زن").sees("شماره تماس").taps("تلفن ثابت ندارم").taps("رد کردن")
    old = first.button("تأیید")
    second.starts("form").taps("✏️ نام پدر").types("رضا")
    first.presses(old).sees("دیگر معتبر نیست", "نام پدر: رضا")
    assert finished == []
    first.taps("تأیید")
    assert finished[0]["father_name"] == "رضا"
    assert second.chat.dialogue is None
    second.taps("تأیید")
    assert second.refused is not None
    assert len(finished) == 1


def test_a_button_of_an_earlier_step_gets_the_fresh_screen(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("علی")
    male, female = person.button("مرد"), person.button("زن")
    person.presses(female).presses(male).sees("دیگر معتبر نیست", "شماره تماس")
    assert person.answers["gender"] == "female"
    person.presses(Press("d.choose", 1, 0, "nonsense")).sees("دیگر معتبر نیست")
    person.presses(Press("d.finish")).sees("دیگر معتبر نیست")


def test_a_button_of_an_earlier_step_is_stale_though_both_steps_have_it(db: Session) -> None:
    steps = (
        Step("a", Confirm(), prompt="نخست؟", label="الف"),
        Step("b", Confirm(), prompt="دوم؟", label="ب"),
    )
    dialogue, finished = form(steps=steps, summary=None)
    person = officer(db, dialogue).starts("form").sees("نخست؟")
    yes = person.button("بله")
    person.presses(yes).sees("دوم؟").presses(yes).sees("دیگر معتبر نیست", "دوم؟").taps("خیر")
    assert finished == [{"a": True, "b": False}]


def test_cancel_drops_what_is_not_kept(db: Session) -> None:
    person = (
        officer(db, form(keeps_draft=False)[0]).starts("form").types("علی").sees("انصراف").sees_not("بعداً")
    )
    person.types("انصراف")
    assert person.reply is not None
    assert "متوقف شد" in person.reply.screens[0].text
    assert db.exec(select(Draft).where(Draft.account_id == person.chat.account_id)).all() == []


def test_a_draft_is_discarded_after_a_second_question(db: Session) -> None:
    gone: list[int] = []
    dialogue, _ = form(discard=lambda turn: gone.append(turn.draft.subject_id))
    person = officer(db, dialogue).starts("form", subject_id=7).types("علی").taps("بازگشت")
    person.taps("حذف پیش‌نویس").sees("مطمئن هستید؟").taps("خیر").sees("نام پدر خود")
    person.taps("حذف پیش‌نویس").taps("بله")
    assert gone == [7]
    assert person.went == Press("home")
    assert db.exec(select(Draft).where(Draft.account_id == person.chat.account_id)).all() == []


def test_a_second_question_before_the_end(db: Session) -> None:
    dialogue, finished = form(second_question="submit.confirm", confirm="submit.button")
    person = fill(officer(db, dialogue)).taps("ثبت نهایی").sees("پس از ثبت نهایی", "بله", "خیر")
    person.taps("خیر").sees("نام پدر: علی")
    person.taps("ثبت نهایی").types("بله")
    assert len(finished) == 1


def test_a_refusal_at_the_end_keeps_everything(db: Session) -> None:
    def refuse(turn: Turn, answers: dict[str, Any]) -> Reply:
        turn.chat.view = "spoiled"
        raise Refusal("error.not_allowed")

    person = (
        fill(officer(db, form(finish=refuse)[0])).taps("تأیید").sees("ممکن نیست", "نام پدر: علی", "تأیید")
    )
    assert person.chat.view is None
    assert person.answers["father_name"] == "علی"
    person.taps("تأیید").sees("ممکن نیست")


def test_an_end_that_is_not_satisfied_may_ask_again_and_keep_its_writes(db: Session) -> None:
    def again(turn: Turn, answers: dict[str, Any]) -> FinishRejected:
        turn.chat.view = "counted"
        return FinishRejected("دوباره", forget=("gender",))

    person = fill(officer(db, form(finish=again)[0])).taps("تأیید").sees("دوباره", "جنسیت")
    assert person.chat.view == "counted"
    assert "gender" not in person.answers


def test_a_secret_is_never_written_and_always_wiped(db: Session) -> None:
    seen: list[dict[str, Any]] = []

    def finish(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
        seen.append(answers)
        return Reply(goto=Press("home")) if len(seen) > 1 else FinishRejected("نادرست")

    steps = (Step("user_code", Text(), prompt="کد؟"), Step("password", Secret(), hidden=True, prompt="رمز؟"))
    person = Person(db, Engine([Dialogue("login", steps, finish)])).starts("login").types("12345678")
    assert person.reply is not None
    assert not person.reply.wipe_incoming
    person.types("s3cret").sees("نادرست", "رمز؟")
    assert person.reply.wipe_incoming
    assert person.answers == {"user_code": "12345678"}
    person.types("s3cret2")
    assert [one["password"] for one in seen] == ["s3cret", "s3cret2"]
    assert person.reply.wipe_incoming


def test_commands_in_the_middle(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("علی")
    person.commands("help")
    assert person.went == Press("help")
    assert person.chat.dialogue == "form"
    person.types("زن").sees("شماره تماس")
    person.commands("start")
    assert person.went == Press("home")
    assert person.chat.dialogue is None
    person.starts("form").sees("شماره تماس").commands("nonsense").sees("متوجه نشدم", "شماره تماس")
    person.commands("cancel")
    assert person.went == Press("home")


def test_a_new_form_asks_again_only_what_no_longer_holds(db: Session) -> None:
    old = Dialogue(
        "form",
        (Step("father_name", Text()), Step("gender", Choice((("other", "دیگر"),))), Step("phone", Text())),
        finish=lambda turn, answers: Reply(),
        keeps_draft=True,
        summary="review.summary",
    )
    person = officer(db, old).starts("form").types("علی").taps("دیگر").types("هیچ")
    person.engine = Engine([form(version=2)[0]])
    person.taps("تأیید").sees("دیگر معتبر نیست", "جنسیت")
    person.taps("زن").sees("شماره تماس").taps("تلفن ثابت ندارم").sees("ایمیل")
    assert person.answers == {"father_name": "علی", "gender": "female", "phone": ""}


def test_a_guests_draft_is_dropped_or_moved_at_login(db: Session) -> None:
    account = new_account(db)

    def enter(turn: Turn, answers: dict[str, Any]) -> Reply:
        turn.chat.account_id = account.id
        return Reply(goto=Press("home"))

    login = Dialogue("login", (Step("code", Text(), prompt="کد؟", label="کد"),), enter)
    moved = Dialogue(
        "moved", (Step("a", Text(), prompt="الف؟", label="الف"), Step("b", Text(), prompt="ب؟", label="ب")),
        enter, keeps_draft=True, on_login="move",
    )  # fmt: skip
    dropped, _ = form()
    person = Person(db, Engine([login, moved, dropped]))
    person.starts("moved").types("یک").starts("form").types("علی").starts("login").types("1234")
    assert person.chat.account_id == account.id
    left = db.exec(select(Draft).where(Draft.account_id == account.id)).all()
    assert [one.dialogue for one in left] == ["moved"]
    assert db.exec(select(Draft).where(Draft.guest_chat_id == person.chat_row)).all() == []
    person.starts("moved").sees("ب؟")


def test_a_draft_of_another_account_is_never_shown(db: Session) -> None:
    person = officer(db, form()[0]).starts("form").types("علی")
    stranger = new_account(db)
    chat = person.chat
    chat.account_id = stranger.id
    db.add(chat)
    db.commit()
    person.types("زن")
    assert person.went == Press("home")
    assert person.chat.dialogue is None


def test_declarations_with_mistakes_do_not_start() -> None:
    fine, _ = form()
    with pytest.raises(ValueError, match="twice"):
        Engine([fine, fine])
    with pytest.raises(ValueError, match="no texts"):
        Engine([form(steps=(Step("no_such_field", Text()),))[0]])
    with pytest.raises(ValueError, match="twice"):
        Engine([form(steps=(Step("phone", Phone()), Step("phone", Phone())))[0]])
    with pytest.raises(ValueError, match="secret"):
        Engine(
            [
                form(
                    steps=(Step("password", Secret(), hidden=True, prompt="؟"), Step("phone", Phone())),
                    summary=None,
                )[0]
            ]
        )
    with pytest.raises(ValueError, match="no text"):
        Engine([form(summary="no.such.text")[0]])


def test_documents(db: Session) -> None:
    finished: list[dict[str, Any]] = []

    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        finished.append(answers)
        return Reply(goto=Press("done"))

    dialogue = Dialogue(
        "papers",
        (
            Step("father_name", PersianName()),
            Step(
                "doc.national_card",
                Documents("national_card", "تصویر کارت ملی (رو و پشت)", short_name="کارت ملی"),
            ),
            Step("doc.other", Documents("other", "سایر مدارک"), optional=True),
        ),
        finish,
        summary="review.summary",
        keeps_draft=True,
    )
    person = officer(db, dialogue).starts("papers").sees("نام پدر").sees_not(" از ")
    person.types("علی").sees("📎 «تصویر کارت ملی (رو و پشت)»", "(۱ از ۲)").types("سلام").sees(
        "فایل یا عکس مدرک"
    )
    person.uploads("scan1.jpg", content="a").sees(
        "دریافت شد", "نام فایل را", "⬅️ مدرک بعدی", "➕ فایل دیگر", "🗑 حذف"
    )
    person.uploads("کارت ملی.jpg", content="b", album="x").sees_not("نام فایل را").sees("۲. کارت ملی.jpg")
    assert person.reply is not None
    assert person.reply.quiet
    assert person.reply.screens == ()
    person.uploads(content="b").sees("پیش‌تر فرستاده‌اید")
    assert len(person.answers["doc.national_card"]) == 2
    person.taps("➕ فایل دیگر").sees("فایل بعدی").uploads(content="c").sees_not("فایل دیگر")
    person.uploads(content="d").sees("حداکثر ۳ فایل", "مدرک بعدی")
    person.taps("🗑 حذف").sees("کدام فایل").taps("۱. scan1.jpg").sees("فایل حذف شد")
    assert len(person.answers["doc.national_card"]) == 2
    person.taps("⬅️ مدرک بعدی").sees("«سایر مدارک»", "(۲ از ۲)", "رد کردن")
    person.uploads(content="b").sees("مدرک دیگری").taps("🗑 حذف").sees("فایل حذف شد", "رد کردن").taps(
        "رد کردن"
    )
    person.sees("تصویر کارت ملی (رو و پشت): ۲ فایل", "سایر مدارک: ندارد", "✏️ کارت ملی").taps("تأیید")
    assert len(finished[0]["doc.national_card"]) == 2
    assert finished[0]["doc.other"] == []


def test_input_for_nobody(db: Session) -> None:
    person = fill(officer(db, form()[0])).types("سلام").sees("متوجه نشدم", "تأیید")
    person.uploads("x.pdf").sees("متوجه نشدم", "تأیید")
    assert isinstance(person.refused, InvalidInput)


def test_the_national_code_is_checked(db: Session) -> None:
    dialogue, _ = form(steps=(Step("national_code", NationalCode()), Step("phone", Phone())))
    person = officer(db, dialogue).starts("form").types("9991234562").sees("کد ملی درست نیست")
    person.types("۹۹۹ ۱۲۳۴۵۶-۱").sees("شماره تماس")
    assert person.answers["national_code"] == "9991234561"


def test_a_dialogue_that_may_not_be_done_now_does_not_open_and_says_why(db: Session) -> None:
    """The guard is asked at the start too: whoever opens a dialogue need not ask the same before."""

    def guard(turn: Turn) -> None:
        raise Refusal("error.not_allowed")

    person = officer(db, form(guard=guard)[0]).starts("form").sees("ممکن نیست").sees_not("نام پدر")
    assert person.chat.dialogue is None
    assert db.exec(select(Draft).where(Draft.account_id == person.chat.account_id)).all() == []
