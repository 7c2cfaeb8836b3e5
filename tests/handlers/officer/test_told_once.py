"""What an officer did is told by the screen of that chat, and by a push to the others; no sentence stands twice."""

import pytest

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.services import payments, qualification
from bot.services.payments import PaymentCheck
from storage.enums import AttemptState, Messenger, PushState
from storage.tables import Push
from tests.support import chat_people as people
from tests.support.chat_driver import NATIONAL_CODE, App, Person


def kinds(person: Person) -> list[str]:
    return [push.kind for push in person.pushes()]


def test_a_final_submission_is_pushed_to_the_other_chats(app: App) -> None:
    sara = people.fill_form(people.officer(app))
    elsewhere = sara.elsewhere()
    sara.tap("ثبت نهایی", "بله، ثبت نهایی").sees("کد رهگیری", "در نوبت بررسی است")
    assert (kinds(sara), kinds(elsewhere)) == ([], ["N3"])


def test_the_screen_of_a_submission_comes_also_after_a_crash(app: App) -> None:
    sara = people.fill_form(people.officer(app)).tap("ثبت نهایی")
    app.delivers = False
    sara.tap("بله، ثبت نهایی")
    app.delivers = True
    sara.refresh().sees("کد رهگیری", "در نوبت بررسی است")


def test_the_end_of_a_cooperation_is_pushed_to_the_other_chats(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.employ(boss, at, sara, people.expert(app))
    elsewhere = sara.elsewhere()
    sara.open("centers").tap("درخواست قطع همکاری").type("پایان قرارداد و جابه‌جایی به شهر دیگر")
    sara.tap("قطع همکاری می‌کنم").sees("نهایی‌شده", "نام شما از اطلاعات این مرکز حذف شد")
    assert "N19" not in kinds(sara)
    assert "N19" in kinds(elsewhere)


def test_a_payment_that_this_chat_asked_for_is_told_here_once(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.tariff(app)
    sara = people.submit(people.officer(app))
    elsewhere = sara.elsewhere()
    people.approve(people.expert(app), sara)
    request = people.request_of(sara)
    people.payment_attempt(app, request, AttemptState.PAID, bank_ref="778")

    async def check(resources: Resources, request_id: int) -> PaymentCheck:
        what = {"request_id": request_id, "now": app.clock(), "actor": SYSTEM, "bank_ref": "778"}
        await resources.database.run(lambda db: qualification.complete_request(db, **what))
        return PaymentCheck.COMPLETED

    monkeypatch.setattr(payments, "check_request", check)
    sara.open("qual.track", request.id).tap("🔄 بررسی پرداخت").sees(
        "🎉 پرداخت انجام شد", "778", "تأیید نهایی"
    )
    assert ("N7" in kinds(sara), "N7" in kinds(elsewhere)) == (False, True)
    # Who was told by a push and asks all the same sees how it stands.
    for push in elsewhere.pushes():
        app.change(Push, push.id, state=PushState.SENT)
    elsewhere.open("qual.track", request.id).open("qual.check_pay", request.id).sees_not("🎉")


def test_a_payment_on_the_page_is_pushed_everywhere(app: App) -> None:
    people.tariff(app)
    sara = people.submit(people.officer(app))
    people.approve(people.expert(app), sara)
    people.complete(app, people.request_of(sara))
    assert "N7" in kinds(sara)


def once(person: Person, sentence: str) -> None:
    person.sees(sentence)
    assert person.text.count(sentence) == 1, person.text


def test_no_refusal_says_its_sentence_twice(app: App) -> None:
    sara = people.submit(people.officer(app))
    once(sara.open("general").open("general.edit", arg="phone"), "تغییر اطلاعات عمومی ذخیره نمی‌شود")
    once(sara.open("centers").open("term.new"), "اکنون با مرکزی همکاری ندارید")
    people.suspend(sara)
    once(sara.open("home").open("qual.new"), "حساب شما غیرفعال شده است")


def test_the_contact_button_goes_with_the_echo_and_never_with_thanks(app: App) -> None:
    sara = app.person(Messenger.BALE).fill_registration(NATIONAL_CODE).share("989121234567")
    assert [screen.text for screen in sara.screens[:-1]] == ["✅ شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷"]
    sara.sees_not("ممنون")
    leila = app.person().fill_registration("۹۹۹۱۲۳۴۵۵۱").type("بازگشت")
    leila.sees("رشته تحصیلی").sees_not("ممنون", "✅ شماره همراه")
    assert not leila.screens[0].rows
    typed = leila.type("مهندسی مکانیک").type("09121234567")
    assert typed.screens[0].text.startswith("✅ شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷")
