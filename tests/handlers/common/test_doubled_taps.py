"""The second of two quick taps is answered without a word; a button of another time is called what it is."""

from storage.enums import CooperationState, Messenger
from tests.support import chat_people as people
from tests.support.chat_driver import NATIONAL_CODE, App

STALE = "این دکمه دیگر معتبر نیست"


def test_the_password_stays_and_the_second_tap_says_nothing(app: App) -> None:
    sara = app.person(Messenger.BALE).fill_registration(NATIONAL_CODE).share("989121234567")
    sara.double_tap("✅ تأیید").sees("رمز عبور", "ثبت درخواست").sees_not(STALE)
    assert sara.answer is not None
    assert (sara.answer.screens, sara.answer.notice, sara.answer.toast) == ((), None, None)


def test_a_doubled_yes_leaves_what_the_first_one_shows(app: App) -> None:
    sara = people.fill_form(people.officer(app)).tap("ثبت نهایی").double_tap("بله، ثبت نهایی")
    sara.sees("کد رهگیری").sees_not(STALE)
    sara.tap("انصراف از درخواست").double_tap("بله، انصراف می‌دهم").sees("انصراف").sees_not(STALE, "دسترسی")


def test_a_doubled_decision_of_an_expert_and_of_an_officer_who_is_asked(app: App) -> None:
    maryam, sara = people.expert(app), people.submit(people.officer(app))
    people.at_decision(maryam, sara).tap("✅ تأیید").double_tap("بله، تأیید می‌کنم")
    maryam.sees("تأیید").sees_not(STALE, "پیش‌تر تصمیم", "دسترسی")
    (boss, at), leila = people.distributor(app), people.eligible(app)
    people.pick(boss, at, leila)
    leila.open("coop.new").type("1").tap("✅ قبول همکاری").double_tap("بله، قبول می‌کنم")
    leila.sees("در انتظار بررسی دانشگاه").sees_not(STALE)
    assert people.cooperation(app).state is CooperationState.PENDING_UNIVERSITY


def test_a_doubled_answer_of_a_form_is_one_answer(app: App) -> None:
    sara = people.officer(app).open("qual.new").type("علی").double_tap("زن")
    sara.sees("شماره شناسنامه").sees_not(STALE)


def test_an_old_button_is_told_to_be_one(app: App) -> None:
    sara = people.fill_form(people.officer(app)).tap("ثبت نهایی")
    yes = sara.button("بله، ثبت نهایی")
    sara.press(yes, message_id=7).sees("کد رهگیری")
    for _ in range(2):
        sara.command("menu").press(yes, message_id=7).sees(STALE).press(yes, message_id=7).sees(STALE)
        assert sara.answer is not None
        assert sara.answer.screens


def test_the_same_button_an_hour_later_is_an_old_one(app: App) -> None:
    sara = people.fill_form(people.officer(app)).tap("ثبت نهایی")
    yes = sara.button("بله، ثبت نهایی")
    sara.press(yes, message_id=7).sees("کد رهگیری")
    app.clock.passes(hours=1)
    sara.press(yes, message_id=7).sees(STALE)


def test_a_choice_that_is_valid_twice_counts_twice(app: App) -> None:
    """Ticking and taking the tick away is one button."""
    maryam, sara = people.expert(app), people.submit(people.officer(app))
    people.at_decision(maryam, sara).tap("⚠️ اعلام نواقص")
    label = maryam.labels[0]
    ticks = maryam.button(label)
    assert maryam.press(ticks, message_id=7).labels[0] != label
    assert maryam.press(ticks, message_id=7).labels[0] == label
