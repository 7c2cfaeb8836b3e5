"""The officer's menu, tracking, papers, paying and withdrawal."""

import pytest

from bot.application.resources import Resources
from bot.services.payments import PaymentCheck
from handlers.officer import qualification as handler
from storage.enums import AttemptState, RejectReason, RequestState
from storage.tables import QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person


def approved(app: App) -> Person:
    """An officer whose fee is due."""
    people.tariff(app)
    sara = people.submit(people.officer(app))
    people.approve(people.expert(app), sara)
    assert people.request_of(sara).state is RequestState.AWAITING_PAYMENT
    return sara


def test_the_menu_before_anything_was_filed_and_over_a_draft(app: App) -> None:
    sara = people.officer(app).open("qual.track").sees("هنوز درخواستی ثبت نکرده‌اید", "ثبت درخواست", "بازگشت")
    sara.open("qual").sees("وضعیت درخواست شما: هنوز ثبت نشده", "نیازی به چاپ", "🏠 منوی اصلی").tap(
        "ثبت درخواست"
    )
    sara.tap("بعداً ادامه می‌دهم").open("qual").sees("📝 پیش‌نویس", "حذف پیش‌نویس").sees_not("ثبت درخواست")
    kept = sara.button("ادامه درخواست")
    sara.tap("حذف پیش‌نویس").sees("مطمئن هستید").tap("خیر").sees("ادامه درخواست")
    sara.tap("حذف پیش‌نویس", "بله، حذف شود").sees("هنوز ثبت نشده", "ثبت درخواست")
    assert sara.notice == "پیش‌نویس حذف شد."
    sara.press(kept).sees("هنوز ثبت نشده", "ثبت درخواست")


def test_tracking_says_what_one_wants_to_know(app: App) -> None:
    people.expert(app)
    sara = people.submit(people.officer(app)).open("qual").sees("⏳ در انتظار بررسی").tap("پیگیری درخواست")
    code = people.request_of(sara).tracking_code or ""
    sara.sees(
        "آخرین وضعیت درخواست شما", "درخواست شما به دانشگاه علوم پزشکی شیراز رسیده و در نوبت بررسی است", code
    )
    sara.sees("ساعت ۱۲:۳۰")
    assert sara.button("کپی کد رهگیری").copy == code
    sara.sees_not("کارشناس فعال ندارد").tap("روند درخواست").sees("ارسال شد", "ساعت ۱۲:۳۰").tap("بازگشت")
    sara.sees("آخرین وضعیت درخواست شما")


def test_own_papers(app: App) -> None:
    sara = people.submit(people.officer(app)).sees(
        "این دانشگاه هنوز کارشناس فعال ندارد. اداره کل مطلع شده است"
    )
    sara.tap("مدارک من").sees("کارت ملی (۱)").tap("کارت ملی (۱)")
    shown = sara.files
    assert [paper.file_id for paper in shown] == people.request_of(sara).snapshot["doc.national_card"]
    assert sara.answer is not None
    assert sara.answer.edit is None, "the pressed message is changed instead"
    sara.sees("دکمه آن را بزنید", "بازگشت").tap("بازگشت").sees("آخرین وضعیت")


def test_somebody_elses_request(app: App) -> None:
    sara, other = people.submit(people.officer(app)), people.officer(app, "رضا")
    request = people.request_of(sara)
    for deed in [
        "track",
        "timeline",
        "documents",
        "withdraw",
        "fix",
        "check_pay",
        "withdraw_do",
        "discard_do",
    ]:
        other.open(f"qual.{deed}", request.id, request.version).sees("دسترسی ندارید")
    other.open("qual.document", request.id, arg="national_card").sees("دسترسی ندارید")
    assert people.request_of(sara).state is RequestState.SUBMITTED


def test_withdrawing_is_asked_twice(app: App) -> None:
    sara = people.submit(people.officer(app)).tap("انصراف از درخواست").sees("مطمئن هستید").tap("خیر")
    sara.sees("⏳ در انتظار بررسی").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    sara.sees("⚪️ انصراف‌داده‌شده", "ثبت دوباره").sees_not("انصراف از درخواست")
    sara.tap("ثبت دوباره").sees("اطلاعات را مرور کنید", "نام پدر: علی")


def test_withdrawing_from_a_file_that_moved_on(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    sara.tap("انصراف از درخواست")
    people.at_request(maryam, sara).tap("📌 برداشتن پرونده")
    sara.tap("بله، انصراف می‌دهم").sees("دیگر معتبر نیست", "🔍 در حال بررسی")
    assert people.request_of(sara).state is RequestState.IN_REVIEW
    assert "انصراف از درخواست" not in sara.labels


def test_the_fee_with_the_way_to_pay(app: App) -> None:
    sara = approved(app).open("qual.track")
    sara.sees("💳 تأییدشده، در انتظار پرداخت", "درخواست تأیید شد. هزینه بررسی: ۱٬۵۰۰٬۰۰۰ ریال.")
    sara.sees("(۱۵۰٬۰۰۰ تومان)", "وضعیت پرداخت: در انتظار پرداخت", "🔄 بررسی پرداخت", "انصراف از درخواست")
    sara.sees("پیش از پرداخت، فیلترشکن را خاموش کنید")
    assert sara.button("پرداخت").url == f"https://bot.example/pay/{people.request_of(sara).pay_token}"


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        (PaymentCheck.NOT_PAID, "پرداختی ثبت نشده است"),
        (PaymentCheck.UNCERTAIN, "لطفاً دوباره پرداخت نکنید"),
        (PaymentCheck.GATEWAY_DOWN, "درگاه بانک پاسخ نمی‌دهد"),
    ],
)
def test_checking_a_payment(
    app: App, monkeypatch: pytest.MonkeyPatch, checked: PaymentCheck, sentence: str
) -> None:
    asked = answer_checks(monkeypatch, checked)
    sara, other = (
        approved(app).open("qual.track").tap("🔄 بررسی پرداخت").sees("بررسی پرداخت"),
        people.officer(app, "رضا"),
    )
    assert sentence in sara.notice
    other.open("qual.check_pay", people.request_of(sara).id)
    assert asked == [people.request_of(sara).id], "the bank is asked for the owner alone"


def answer_checks(monkeypatch: pytest.MonkeyPatch, checked: PaymentCheck) -> list[int]:
    """The bank's answers; the requests that it was asked about."""
    asked: list[int] = []

    async def check(resources: Resources, request_id: int) -> PaymentCheck:
        asked.append(request_id)
        return checked

    monkeypatch.setattr(handler.payments, "check_request", check)
    return asked


def test_a_payment_that_came(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    sara = approved(app).open("qual.track")
    request = people.request_of(sara)
    people.payment_attempt(app, request, AttemptState.PAID, bank_ref="201", paid_at=NOW)
    people.complete(app, request)
    answer_checks(monkeypatch, PaymentCheck.COMPLETED)
    sara.open("qual.check_pay", request.id)
    sara.sees("✅ تأیید نهایی", "احراز صلاحیت شما انجام شده است", "وضعیت پرداخت: پرداخت‌شده", "201")
    sara.sees_not("🔄 بررسی پرداخت", "انصراف از درخواست").open("qual").sees("✅ تأیید نهایی")
    sara.sees_not("ثبت درخواست")


def test_no_withdrawal_while_the_bank_may_say_paid(app: App) -> None:
    sara = approved(app).open("qual.track")
    kept, request = sara.button("انصراف از درخواست"), people.request_of(sara)
    people.payment_attempt(app, request, AttemptState.UNCERTAIN)
    sara.open("qual.track").sees("نامشخص، در حال پیگیری از بانک").sees_not("انصراف از درخواست")
    sara.press(kept).open("qual.withdraw_do", request.id, request.version)
    sara.sees("نتیجه پرداخت هنوز از بانک نرسیده است")
    assert people.request_of(sara).state is RequestState.AWAITING_PAYMENT


def test_every_state_has_its_words(app: App) -> None:
    """No state of a request leaves its officer without a status, a sentence and a way on."""
    sara = people.submit(people.officer(app))
    request_id = people.request_of(sara).id
    common = {"reviewer_id": sara.account.id, "fee_rial": 10, "pay_token": "t" * 32}
    for state in RequestState:
        reason = RejectReason.OTHER if state is RequestState.REJECTED else None
        common |= {"reject_reason": reason, "reject_text": "مدارک ناقص است"}
        app.change(QualificationRequest, request_id, state=state, **common)
        sara.open("qual").sees("وضعیت درخواست شما: ").open("qual.track", request_id)
        sara.sees("آخرین وضعیت درخواست شما", "🏠 منوی اصلی")


def test_old_pushes_open_the_file_they_speak_of(app: App) -> None:
    sara = people.submit(people.officer(app))
    first = people.request_of(sara).id
    sara.open("qual.withdraw_do", first, people.request_of(sara).version)
    app.clock.passes(days=3)
    sara.open("qual.new").tap("ثبت نهایی", "بله").sees("⏳ در انتظار بررسی")
    sara.open("qual.track", first).sees("⚪️ انصراف‌داده‌شده").open("qual.track").sees("⏳ در انتظار بررسی")
