"""Money that went back: an archive, a wrong reference corrected, the payer's bank data; a tariff to come is taken back."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from bot.core.screens import Press
from storage.enums import AttemptState, Messenger, RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, PaymentAttempt, Push, Tariff
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import (
    approve,
    expert,
    officer,
    payment_attempt,
    request_of,
    staff,
    submit,
    tariff,
)
from tests.support.factories.qualification import request_row


def returned(app: App) -> tuple[Person, Person, int]:
    """Staff, the payer, and an attempt that was recorded as returned."""
    tariff(app)
    sara, boss = submit(officer(app)), staff(app)
    approve(expert(app), sara)
    attempt = payment_attempt(
        app,
        request_of(sara),
        AttemptState.REFUND_DUE,
        paid_at=NOW - timedelta(days=1),
        bank_ref="778",
        card_masked="603799******1234",
    )
    return boss, sara, attempt.id or 0


@pytest.mark.parametrize("messenger", list(Messenger))
def test_the_archive_and_a_correction(app: App, messenger: Messenger) -> None:
    boss, sara, attempt_id = returned(app)
    boss = boss.elsewhere(messenger).open("home").tap("↩️ بازگشت وجه (۱)").tap("جزئیات ۱")
    boss.sees(
        "پرداخت‌کننده: سارا کریمی‌نژاد", "شماره کارت: 603799******1234", "شماره پیگیری بانک: 778", "درگاه: "
    )
    boss.sees("زمان پرداخت: ۱۴۰۵/۰۸/۳۰")
    boss.tap("✅ ثبت بازگشت وجه").type("R-1").tap("✅ تأیید").sees("بازگشت وجه ثبت شد")
    boss.tap("🗄 آرشیو بازگشت‌ها").sees("بازگشت‌های ثبت‌شده، از جدیدترین: ۱", "شماره پیگیری بازگشت: R-1").tap("۱")
    boss.sees("ثبت‌کننده: رضا اداری").tap("✏️ اصلاح شماره پیگیری").type("R-1", "اشتباه نوشته شد").tap(
        "✅ تأیید"
    )
    boss.sees("این همان شماره ثبت‌شده است").tap("✏️ شماره پیگیری بازگشت").type("R-2").tap("✅ تأیید")
    boss.sees("✅ شماره پیگیری بازگشت اصلاح شد", "شماره پیگیری بازگشت: R-2")
    (event,) = app.events("payment_refund_corrected")
    assert (event.data["was"], event.data["reference"], event.data["reason"]) == (
        "R-1",
        "R-2",
        "اشتباه نوشته شد",
    )
    told = app.newest(Push, Push.kind == "N23")
    assert (told.account_id, "R-2" in told.text) == (sara.account.id, True)
    assert app.get(PaymentAttempt, attempt_id).refund_ref == "R-2"


def test_an_old_button_corrects_nothing(app: App) -> None:
    boss, _, attempt_id = returned(app)
    boss.open("staff.refund_fix", attempt_id, 0).sees("این دکمه دیگر معتبر نیست")
    boss.open("staff.refund_card", 98_765).sees("این دکمه دیگر معتبر نیست")


def test_refunds_leave_as_a_file_from_their_own_screen(app: App) -> None:
    boss, _, _ = returned(app)
    boss.open("staff.refunds").tap("📤 خروجی").sees("📤 خروجی: ↩️ بازگشت وجه", "📗 فایل XLSX")


@pytest.mark.parametrize("messenger", list(Messenger))
def test_a_tariff_to_come_is_taken_back(app: App, messenger: Messenger) -> None:
    tariff(app)
    day = NOW.date() + timedelta(days=30)
    app.add(Tariff(kind=RequestKind.NEW, amount_rial=9_000_000, valid_from=day))
    boss = staff(app).elsewhere(messenger).open("home").tap("💰 تعرفه").sees("از ۱۴۰۵/۱۰/۰۱: ۹٬۰۰۰٬۰۰۰ ریال")
    boss.tap("🗑 حذف ۱۴۰۵/۱۰/۰۱").sees("این تعرفه آینده حذف شود؟").tap("خیر").sees("۹٬۰۰۰٬۰۰۰")
    yes = boss.tap("🗑 حذف ۱۴۰۵/۱۰/۰۱").button("بله، حذف شود")
    boss.press(yes).sees("✅ تعرفه آینده حذف شد").sees_not("۹٬۰۰۰٬۰۰۰").press(yes).sees(
        "این دکمه دیگر معتبر نیست"
    )
    assert [event.data["amount_rial"] for event in app.events("tariff_deleted")] == [9_000_000]
    today = app.one(select(Tariff).where(Tariff.kind == RequestKind.NEW))
    boss.open("staff.tariff_end", today.valid_from.toordinal(), arg="NEW").sees("این دکمه دیگر معتبر نیست")
    assert app.get(Tariff, today.id)


def test_of_former_tariffs_the_newest_three_are_listed(app: App) -> None:
    """Of each kind; the one in force is not among them."""
    for kind in RequestKind:
        for days, rial in (
            (400, 1_000_000),
            (300, 2_000_000),
            (200, 3_000_000),
            (100, 4_000_000),
            (0, 5_000_000),
        ):
            app.add(Tariff(kind=kind, amount_rial=rial, valid_from=NOW.date() - timedelta(days=days)))
    boss = staff(app).open("staff.tariffs").sees_not("تعیین نشده", "۱٬۰۰۰٬۰۰۰ ریال")
    lines = [line.partition(" ریال")[0] for line in boss.text.splitlines() if line.startswith("•")]
    listed = [
        "• اکنون: ۵٬۰۰۰٬۰۰۰",
        "• پیشین، از ۱۴۰۵/۰۵/۲۳: ۴٬۰۰۰٬۰۰۰",
        "• پیشین، از ۱۴۰۵/۰۲/۱۶: ۳٬۰۰۰٬۰۰۰",
        "• پیشین، از ۱۴۰۴/۱۱/۰۶: ۲٬۰۰۰٬۰۰۰",
    ]
    assert lines == listed * 2


@pytest.mark.parametrize("arg", ["NEW", "AMENDMENT", "new", ""])
def test_a_forged_button_takes_back_no_tariff(app: App, arg: str) -> None:
    """Of no kind, of no day, of a day that none begins on."""
    tariff(app)
    day = NOW.date() + timedelta(days=30)
    coming = app.add(Tariff(kind=RequestKind.NEW, amount_rial=9_000_000, valid_from=day))
    boss = staff(app)
    for ordinal in (
        0,
        date.max.toordinal(),
        10**9,
        day.toordinal() + 1,
        *([day.toordinal()] * (arg != "NEW")),
    ):
        for action in ("staff.tariff_ask", "staff.tariff_end"):
            assert boss.open(action, ordinal, arg=arg).text.startswith("این دکمه دیگر معتبر نیست")
    assert app.get(Tariff, coming.id)


def test_what_is_not_known_of_a_payment_is_a_dash(app: App) -> None:
    """And what is not known of a person is left out."""
    sara, boss = officer(app), staff(app)
    app.change(Account, sara.account.id, mobile=None)
    draft = app.add(request_row(sara.account.id, state=RequestState.DRAFT, tracking_code=None))
    due = payment_attempt(app, draft, AttemptState.REFUND_DUE, ref=None)
    boss.open("staff.refunds").sees("سارا کریمی‌نژاد، پرونده –: ۵٬۰۰۰٬۰۰۰ ریال")
    assert boss.text.count("–") == 3, "code, reference and day"
    boss.tap("جزئیات ۱").sees("پرونده: –", "شناسه پرداخت: –", "شماره پیگیری بانک: –", "شماره کارت: –")
    boss.sees("✅ ثبت بازگشت وجه").sees_not("شماره همراه", "زمان پرداخت", "بازگردانده شد", "اصلاح")
    assert boss.button("بازگشت").press == Press("staff.refunds")
    app.change(PaymentAttempt, due.id, state=AttemptState.REFUNDED, refund_ref="R-1", refunded_at=NOW)
    boss.open("staff.refunded").sees("سارا کریمی‌نژاد، پرونده –", "۱۴۰۵/۰۹/۰۱، شماره پیگیری بازگشت: R-1").tap(
        "۱"
    )
    boss.sees("✅ بازگردانده شد: ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰", "ثبت‌کننده: –", "✏️ اصلاح شماره پیگیری")
    boss.sees_not("✅ ثبت بازگشت وجه")
    assert boss.button("بازگشت").press == Press("staff.refunded")
    wrong = payment_attempt(app, draft, AttemptState.UNCERTAIN, ref=None)
    subject = {"subject": "payment_attempt", "subject_id": wrong.id}
    app.add(AuditEvent(event="payment_wrong_amount", actor_role=Role.SYSTEM, **subject))
    boss.open("staff.refunds").sees("موردی برای نمایش").tap("⚠️ مبلغ نادرست (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده –: هزینه ۵٬۰۰۰٬۰۰۰ ریال، شناسه درگاه: –")
    sara.open("home")


def test_the_number_of_wrong_amounts_is_on_the_button_and_without_any_there_is_none(app: App) -> None:
    boss, sara = staff(app).open("staff.refunds").sees_not("مبلغ نادرست"), officer(app)
    request = app.add(request_row(sara.account.id, state=RequestState.AWAITING_PAYMENT))
    for n in range(7):
        wrong = payment_attempt(app, request, AttemptState.UNCERTAIN, ref=f"A{n}")
        subject = {"subject": "payment_attempt", "subject_id": wrong.id}
        app.add(AuditEvent(event="payment_wrong_amount", actor_role=Role.SYSTEM, **subject))
    boss.open("staff.refunds").sees("⚠️ مبلغ نادرست (۷)")
