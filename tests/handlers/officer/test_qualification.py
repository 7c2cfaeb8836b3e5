"""The officer's menu, tracking, papers, paying and withdrawal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.core.incoming import Incoming
from bot.core.screens import Press
from bot.services import qualification
from bot.services.payments import PaymentCheck
from handlers.officer import qualification as room
from storage.enums import AttemptState, Messenger, RequestState
from storage.tables import PaymentAttempt, Push, QualificationRequest
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import NOW, Visitor, expert, officer, submit


def approved(db: Session) -> Visitor:
    """An officer whose fee is due."""
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    return sara


def test_menu_before_anything_was_filed(db: Session) -> None:
    sara = officer(db).opens("qual")
    sara.sees("وضعیت صلاحیت شما: ثبت نشده", "نیازی به چاپ", "ثبت درخواست", "🏠 منوی اصلی")
    sara.opens("qual.track").sees("هنوز درخواستی ثبت نکرده‌اید", "ثبت درخواست", "بازگشت")


def test_menu_over_a_draft(db: Session) -> None:
    sara = officer(db).opens("qual.new").taps("بعداً ادامه می‌دهم").opens("qual")
    sara.sees("📝 پیش‌نویس", "ادامه پیش‌نویس", "حذف پیش‌نویس").sees_not("ثبت درخواست")
    sara.taps("حذف پیش‌نویس").sees("مطمئن هستید").taps("خیر").sees("ادامه پیش‌نویس")
    sara.taps("حذف پیش‌نویس").taps("بله، حذف شود").sees("ثبت نشده", "ثبت درخواست")
    assert sara.notice == "پیش‌نویس حذف شد."


def test_an_old_button_of_a_discarded_draft(db: Session) -> None:
    sara = officer(db).opens("qual.new").taps("بعداً ادامه می‌دهم")
    kept = sara.button("ادامه پیش‌نویس")
    sara.taps("حذف پیش‌نویس").taps("بله، حذف شود").presses(kept).sees("ثبت نشده", "ثبت درخواست")


def test_tracking_says_what_one_wants_to_know(db: Session) -> None:
    expert(db)
    sara = submit(officer(db)).opens("qual").sees("⏳ در انتظار بررسی").taps("پیگیری درخواست")
    code = request_of(sara).tracking_code or ""
    sara.sees(
        "آخرین وضعیت درخواست شما", "درخواست در کارتابل دانشگاه علوم پزشکی شیراز است", code, "ساعت ۱۱:۳۰"
    )
    assert sara.button("کپی کد رهگیری").copy == code
    sara.sees_not("کارشناس فعال ندارد").taps("روند پرونده").sees("ارسال شد", "ساعت ۱۱:۳۰").taps("بازگشت")
    sara.sees("آخرین وضعیت درخواست شما")


def test_tracking_without_any_expert(db: Session) -> None:
    submit(officer(db)).sees("این دانشگاه هنوز کارشناس فعال ندارد. اداره کل مطلع شده است")


def test_own_papers(db: Session) -> None:
    sara = submit(officer(db)).taps("مدارک من").sees("کارت ملی (۱)").taps("کارت ملی (۱)")
    shown = [file for screen in sara.decided.screens for file in screen.attachments]
    assert [paper.file_id for paper in shown] == request_of(sara).snapshot["doc.national_card"]
    assert sara.decided.send_as_new
    sara.sees("روی آن بزنید", "بازگشت").taps("بازگشت").sees("آخرین وضعیت")


def test_somebody_elses_request(db: Session) -> None:
    sara, other = submit(officer(db)), officer(db, "رضا")
    request = request_of(sara)
    for action in (
        "qual.track",
        "qual.timeline",
        "qual.documents",
        "qual.withdraw",
        "qual.fix",
        "qual.check_pay",
    ):
        other.opens(action, request.id or 0, request.version).sees("شما به این پرونده دسترسی ندارید")
    other.opens("qual.document", request.id or 0, arg="national_card").sees("دسترسی ندارید")
    other.opens("qual.withdraw_do", request.id or 0, request.version).sees("دسترسی ندارید")
    other.opens("qual.discard_do", request.id or 0, request.version).sees("دسترسی ندارید")
    assert request_of(sara).state is RequestState.SUBMITTED


def test_withdrawing_is_asked_twice(db: Session) -> None:
    sara = (
        submit(officer(db))
        .taps("انصراف از درخواست")
        .sees("مطمئن هستید")
        .taps("خیر")
        .sees("⏳ در انتظار بررسی")
    )
    sara.taps("انصراف از درخواست").taps("بله، انصراف می‌دهم")
    sara.sees("⚪️ پس‌گرفته‌شده", "ثبت دوباره").sees_not("انصراف از درخواست")
    sara.taps("ثبت دوباره").sees("لطفاً اطلاعات را با دقت بررسی کنید", "نام پدر: علی")


def test_withdrawing_from_a_file_that_moved_on(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    sara.taps("انصراف از درخواست")
    maryam.opens("desk.file", request_of(sara).id or 0).taps("📌 بررسی با من")
    sara.taps("بله، انصراف می‌دهم").sees("دیگر معتبر نیست", "🔍 در حال بررسی")
    assert request_of(sara).state is RequestState.IN_REVIEW
    assert "انصراف از درخواست" not in sara.labels


def test_the_fee_with_the_way_to_pay(db: Session) -> None:
    sara = approved(db).opens("qual.track")
    sara.sees("💳 تأییدشده، در انتظار پرداخت", "درخواست تأیید شد. هزینه بررسی: ۱٬۵۰۰٬۰۰۰ ریال.")
    sara.sees("(۱۵۰٬۰۰۰ تومان)", "وضعیت پرداخت: در انتظار پرداخت", "🔄 بررسی پرداخت", "انصراف از درخواست")
    assert sara.button("پرداخت").url == f"https://bot.example/pay/{request_of(sara).pay_token}"


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        (PaymentCheck.NOT_PAID, "پرداختی ثبت نشده است"),
        (PaymentCheck.UNCERTAIN, "لطفاً دوباره پرداخت نکنید"),
        (PaymentCheck.GATEWAY_DOWN, "درگاه بانک پاسخ نمی‌دهد"),
    ],
)
def test_checking_a_payment(db: Session, checked: PaymentCheck, sentence: str) -> None:
    sara = approved(db).opens("qual.track")
    sara.learns(checked, Press("qual.check_pay", request_of(sara).id or 0)).sees("بررسی پرداخت")
    assert sentence in (sara.notice or "")


def test_a_payment_that_came(db: Session) -> None:
    sara = approved(db).opens("qual.track")
    request = request_of(sara)
    assert request.id is not None
    paid = PaymentAttempt(
        request_id=request.id,
        gateway="zarinpal",
        ref="A1",
        amount_rial=1_500_000,
        state=AttemptState.PAID,
        bank_ref="201",
        paid_at=NOW,
    )
    db.add(paid)
    db.flush()
    qualification.complete_request(db, request_id=request.id, now=NOW, actor=SYSTEM, bank_ref="201")
    db.commit()
    sara.learns(PaymentCheck.COMPLETED, Press("qual.check_pay", request.id))
    sara.sees("✅ تأیید نهایی", "احراز صلاحیت شما انجام شده است", "وضعیت پرداخت: پرداخت‌شده", "201")
    sara.sees_not("🔄 بررسی پرداخت", "انصراف از درخواست").opens("qual").sees("✅ تأیید نهایی").sees_not(
        "ثبت درخواست"
    )


def test_no_withdrawal_while_the_bank_may_say_paid(db: Session) -> None:
    sara = approved(db).opens("qual.track")
    kept, request = sara.button("انصراف از درخواست"), request_of(sara)
    db.add(
        PaymentAttempt(
            request_id=request.id or 0,
            gateway="zarinpal",
            ref="A2",
            amount_rial=1,
            state=AttemptState.UNCERTAIN,
        )
    )
    db.commit()
    sara.opens("qual.track").sees("نامشخص، در حال پیگیری از بانک").sees_not("انصراف از درخواست")
    sara.presses(kept).opens("qual.withdraw_do", request.id or 0, request.version)
    sara.sees("نتیجه پرداخت هنوز از بانک نرسیده است")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT


async def test_the_bank_is_asked_for_the_owner_only(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sara, other = approved(db), officer(db, "رضا")
    request_id = request_of(sara).id or 0
    asked: list[int] = []

    async def check(resources: Resources, id: int) -> PaymentCheck:
        asked.append(id)
        return PaymentCheck.NOT_PAID

    class _Database:
        async def read(self, unit):  # type: ignore[no-untyped-def]
            return unit(db)

    class _Desk:
        database = _Database()

    monkeypatch.setattr(room.payments, "check_request", check)
    press = Press("qual.check_pay", request_id)
    for person in (sara, other):
        incoming = Incoming(Messenger.TELEGRAM, 1, person.chat_id, press=press, pressed=True)
        await room.prepare_payment_check(_Desk(), incoming, press)  # type: ignore[arg-type]
    assert asked == [request_id]


def test_a_rejection_tells_why_and_opens_the_way(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("❌ رد").types("مدارک ناخوانا است.")
    maryam.taps("بله، رد می‌کنم")
    sara.opens("qual.track").sees(
        "❌ ردشده", "│ مدارک ناخوانا است.\n└ کارشناس", "می‌توانید بدون محدودیت", "ثبت دوباره"
    )
    told = db.exec(select(Push).where(col(Push.account_id) == sara.account.id, Push.kind == "N5")).one()
    assert "مدارک ناخوانا است" in told.text


def test_every_state_has_its_words(db: Session) -> None:
    """No state of a request leaves its officer without a status, a sentence and a way on."""
    sara = submit(officer(db))
    request_id = request_of(sara).id
    for state in RequestState:
        request = db.get(QualificationRequest, request_id)
        assert request is not None
        request.state, request.reviewer_id = state, sara.account.id
        request.reject_reason, request.reject_text = None, "مدارک ناقص است"
        if state is RequestState.REJECTED:
            from storage.enums import RejectReason

            request.reject_reason = RejectReason.OTHER
        request.fee_rial, request.pay_token = 10, "t" * 32
        db.add(request)
        db.commit()
        sara.opens("qual").sees("وضعیت صلاحیت شما: ").opens("qual.track", request_id or 0)
        sara.sees("آخرین وضعیت درخواست شما", "🏠 منوی اصلی")


def test_old_pushes_open_the_file_they_speak_of(db: Session) -> None:
    sara = submit(officer(db))
    first = request_of(sara).id or 0
    sara.opens("qual.withdraw_do", first, request_of(sara).version)
    sara.now += timedelta(days=3)
    sara.opens("qual.new").taps("ثبت نهایی").taps("بله").sees("⏳ در انتظار بررسی")
    sara.opens("qual.track", first).sees("⚪️ پس‌گرفته‌شده")
    sara.opens("qual.track").sees("⏳ در انتظار بررسی")
