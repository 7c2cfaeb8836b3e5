"""The staff's desk: experts, alerts, refunds."""

from sqlmodel import col, select

from bot.services.shared import notify
from storage.enums import AttemptState, RequestState
from storage.tables import StaffAlert
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import payment_attempt, request_row, staff

pytestmark = ON_BOTH_DATABASES

SHIRAZ = "دانشگاه علوم پزشکی شیراز"


def at_shiraz(app: App) -> Person:
    """Somebody of the directorate at the experts of Shiraz, which stands on some page of the list."""
    boss = staff(app).sees("میز کار اداره کل", "⚠️ هشدارها (۰)", "↩️ بازگشت وجه (۰)").tap("👥 کارشناسان")
    return boss.tap(boss.find_line(f"{SHIRAZ}:"))


def test_staff_make_an_expert_who_logs_in(app: App) -> None:
    boss = at_shiraz(app)
    boss.sees(f"کارشناسان {SHIRAZ}:", "هنوز کارشناس فعال ندارد").tap("➕ کارشناس جدید", "کارشناس مسئول")
    boss.type("9991234551", "مینا", "رضایی")
    boss.sees("مشخصات کارشناس را بررسی کنید:", "نام خانوادگی: رضایی", "نقش: کارشناس مسئول").tap("✅ تأیید")

    boss.sees("✅ حساب مینا رضایی ساخته شد.", "۱. مینا رضایی، کارشناس مسئول")
    user_code, password = boss.shown_credentials
    app.person().log_in(user_code, password).sees(f"کارتابل {SHIRAZ}").sees_not("رمز عبور شما هنوز")


def test_an_officer_becomes_an_expert_too(app: App) -> None:
    sara, boss = app.person().register(), at_shiraz(app)
    boss.tap("➕ کارشناس جدید", "کارشناس")

    boss.type("9991234561").sees("مشخصات کارشناس").sees_not("نام کارشناس را بفرستید")
    boss.tap("✅ تأیید").sees("پیش‌تر حساب داشت", "۱. سارا کریمی‌نژاد، کارشناس").sees_not("رمز عبور:")

    sara.command("menu").sees("🔁 تغییر نقش")
    boss.tap("➕ کارشناس جدید", "کارشناس").type("9991234561").tap("✅ تأیید").sees("این شخص هم‌اکنون")


def test_dismissing_and_a_new_password(app: App) -> None:
    boss = at_shiraz(app)
    boss.tap("➕ کارشناس جدید", "کارشناس").type("9991234551", "مینا", "رضایی").tap("✅ تأیید")
    user_code, password = boss.shown_credentials
    mina = app.person().log_in(user_code, password)

    boss.tap("۱. مینا رضایی").sees("کد ملی: •••••••۵۵۱", "وضعیت حساب: فعال").tap("🔑 رمز تازه")
    boss.type("کم").sees("لطفاً دلیل را کامل‌تر بنویسید.").type("گوشی گم شده است")
    boss.sees("از همه گفت‌وگوها خارج شد", "وضعیت حساب: فعال").sees_not("رمز این حساب هنوز")
    renewed = boss.line("رمز عبور")
    mina.command("menu").sees("📝 ثبت‌نام").log_in(user_code, renewed).sees("کارتابل")

    boss.tap("غیرفعال کردن").sees("پرونده‌هایی که نزد اوست به صف بازمی‌گردد")
    boss.tap("بله، پایان یابد").sees("دسترسی مینا رضایی بسته شد", "هنوز کارشناس فعال ندارد")

    mina.command("menu").sees("📝 ثبت‌نام")
    mina.log_in(user_code, renewed).sees("برای این حساب نقش فعالی تعریف نشده است")


def test_an_old_button_of_a_dismissed_expert(app: App) -> None:
    boss = at_shiraz(app)
    boss.tap("➕ کارشناس جدید", "کارشناس").type("9991234551", "مینا", "رضایی").tap("✅ تأیید")
    boss.tap("۱. مینا رضایی", "غیرفعال کردن")
    yes = boss.button("بله، پایان یابد")
    boss.press(yes).press(yes).sees("این دکمه دیگر معتبر نیست.")


def test_alerts_are_seen_and_settled(app: App) -> None:
    boss = staff(app)
    app.run(
        lambda db: [notify.alert_staff(db, key=f"k{n}", text=f"هشدار شماره {n}", now=NOW) for n in range(7)]
    )

    boss.command("menu").sees("⚠️ هشدارها (۷)")
    boss.tap("⚠️ هشدارها (۷)").sees("۱. هشدار شماره 0", "۵. هشدار شماره 4").sees_not("هشدار شماره 5")
    boss.tap("بعدی").sees("۷. هشدار شماره 6").tap("۷").sees("⚠️ هشدار شماره 6", "✅ رسیدگی شد")
    settle = boss.button("✅ رسیدگی شد")
    boss.press(settle).sees("هشدار بسته شد.", "هشدار شماره 0").press(settle).sees("این دکمه دیگر معتبر نیست.")

    left = app.all(select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None)))
    assert len(left) == 6


def test_empty_lists_say_so(app: App) -> None:
    boss = staff(app).tap("⚠️ هشدارها (۰)").sees("موردی برای نمایش وجود ندارد.", "🏠 منوی اصلی")
    boss.tap("🏠 منوی اصلی", "↩️ بازگشت وجه (۰)").sees("موردی برای نمایش وجود ندارد.")


def test_a_refund_is_recorded_and_the_payer_told(app: App) -> None:
    sara, boss = app.person().register(), staff(app)
    request = app.add(request_row(sara.account.id, state=RequestState.WITHDRAWN))
    payment_attempt(app, request, AttemptState.REFUND_DUE, bank_ref="777", paid_at=NOW)
    boss.command("menu").sees("↩️ بازگشت وجه (۱)").tap("↩️ بازگشت وجه (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده 140509010001: ۵٬۰۰۰٬۰۰۰ ریال (۵۰۰٬۰۰۰ تومان)", "777")
    boss.tap("ثبت بازگشت ۱").sees("شماره پیگیری بازگشت وجه را بفرستید.")
    boss.type("REF-9").sees("REF-9", "خبر داده می‌شود")
    confirm = boss.button("✅ تأیید")

    boss.tap("✅ تأیید").sees("بازگشت وجه ثبت شد.", "موردی برای نمایش وجود ندارد.")

    assert "REF-9" in sara.pushes()[-1].text
    boss.press(confirm).sees_not("بازگشت وجه ثبت شد.")
