"""The staff's desk: experts, alerts, refunds."""

from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.services.shared import notify
from storage.enums import AttemptState, RequestKind, RequestState, Role
from storage.tables import Account, Grant, PaymentAttempt, QualificationRequest, StaffAlert
from tests.support.handler_app import NOW, House, Visitor
from tests.support.handler_people import logs_in, registers, staff


async def open_university(boss: Visitor, name: str) -> None:
    """Through the pages to the university's own screen."""
    await boss.commands("menu")
    await boss.taps("👥 کارشناسان")
    while True:
        for line in boss.text.splitlines():
            number, _, rest = line.partition(". ")
            if rest.startswith(f"{name}:"):
                await boss.taps(number)
                return
        await boss.taps("بعدی")


SHIRAZ = "دانشگاه علوم پزشکی شیراز"


async def test_staff_make_an_expert_who_logs_in(house: House) -> None:
    boss = await staff(house)
    boss.sees("میز کار اداره کل", "⚠️ هشدارها (۰)", "↩️ بازگشت وجه (۰)")
    await open_university(boss, SHIRAZ)
    boss.sees(f"کارشناسان {SHIRAZ}:", "هنوز کارشناس فعال ندارد")
    await boss.taps("➕ کارشناس جدید", "کارشناس مسئول")
    await boss.types("9991234551", "مینا", "رضایی")
    boss.sees("مشخصات کارشناس را بررسی کنید:", "نام خانوادگی: رضایی", "نقش: کارشناس مسئول")

    await boss.taps("✅ تأیید")

    boss.sees("✅ حساب مینا رضایی ساخته شد.", "۱. مینا رضایی، کارشناس مسئول")
    user_code, password = boss.line("کد کاربری"), boss.line("رمز عبور")
    mina = await logs_in(house.visitor(), user_code, password)
    mina.sees(f"کارتابل {SHIRAZ}").sees_not("رمز عبور شما هنوز")


async def test_an_officer_becomes_an_expert_too(house: House) -> None:
    sara = house.visitor()
    await registers(sara)
    boss = await staff(house)
    await open_university(boss, SHIRAZ)
    await boss.taps("➕ کارشناس جدید", "کارشناس")

    (await boss.types("9991234561")).sees("مشخصات کارشناس").sees_not("نام کارشناس را بفرستید")
    (await boss.taps("✅ تأیید")).sees("پیش‌تر حساب داشت", "۱. سارا کریمی‌نژاد، کارشناس").sees_not("رمز عبور:")

    (await sara.commands("menu")).sees("🔁 تغییر نقش")
    await boss.taps("➕ کارشناس جدید", "کارشناس")
    await boss.types("9991234561")
    (await boss.taps("✅ تأیید")).sees("این شخص هم‌اکنون")


async def test_dismissing_and_a_new_password(house: House) -> None:
    boss = await staff(house)
    await open_university(boss, SHIRAZ)
    await boss.taps("➕ کارشناس جدید", "کارشناس")
    await boss.types("9991234551", "مینا", "رضایی")
    await boss.taps("✅ تأیید")
    user_code, password = boss.line("کد کاربری"), boss.line("رمز عبور")
    mina = await logs_in(house.visitor(), user_code, password)

    await boss.taps("۱. مینا رضایی")
    boss.sees("کد ملی: •••••••۵۵۱", "وضعیت حساب: فعال")
    await boss.taps("🔑 رمز تازه")
    (await boss.types("کم")).sees("لطفاً دلیل را کامل‌تر بنویسید.")
    await boss.types("گوشی گم شده است")
    boss.sees("از همه گفت‌وگوها خارج شد", "وضعیت حساب: فعال").sees_not("رمز این حساب هنوز")
    renewed = boss.line("رمز عبور")
    (await mina.commands("menu")).sees("📝 ثبت‌نام")
    (await logs_in(mina, user_code, renewed)).sees("کارتابل")

    await boss.taps("غیرفعال کردن")
    boss.sees("پرونده‌هایی که نزد اوست به صف بازمی‌گردد")
    (await boss.taps("بله، پایان یابد")).sees("دسترسی مینا رضایی بسته شد", "هنوز کارشناس فعال ندارد")

    (await mina.commands("menu")).sees("📝 ثبت‌نام")
    (await logs_in(mina, user_code, renewed)).sees("برای این حساب نقش فعالی تعریف نشده است")


async def test_an_old_button_of_a_dismissed_expert(house: House) -> None:
    boss = await staff(house)
    await open_university(boss, SHIRAZ)
    await boss.taps("➕ کارشناس جدید", "کارشناس")
    await boss.types("9991234551", "مینا", "رضایی")
    await boss.taps("✅ تأیید")
    await boss.taps("۱. مینا رضایی", "غیرفعال کردن")
    yes = boss.button("بله، پایان یابد").press
    assert yes is not None
    await boss.presses(yes)

    (await boss.presses(yes)).sees("این دکمه دیگر معتبر نیست.")


async def test_nobody_but_staff_opens_the_desk(house: House) -> None:
    sara, expert = house.visitor(), await staff(house, Role.IN_CHARGE, "sums")
    await registers(sara)
    guest = house.visitor()
    grant = await house.ask(lambda db: db.exec(select(Grant.id).where(Grant.role == Role.IN_CHARGE)).one())
    for person in (sara, expert, guest):
        for press in (
            Press("staff.experts"),
            Press("staff.expert", grant),
            Press("staff.dismiss_do", grant),
            Press("staff.new_expert", arg="sums"),
            Press("staff.reset", grant),
            Press("staff.alerts"),
            Press("staff.refund", 1),
        ):
            (await person.presses(press)).sees_not("میز کار", "کارشناسان دانشگاه", "رمز عبور:")
    grants = await house.ask(lambda db: db.exec(select(Grant).where(Grant.role == Role.IN_CHARGE)).all())
    assert [one.active for one in grants] == [True]
    assert await house.ask(lambda db: len(db.exec(select(Account)).all())) == 2


async def test_alerts_are_seen_and_settled(house: House) -> None:
    boss = await staff(house)
    await house.database.run(
        lambda db: [notify.alert_staff(db, key=f"k{n}", text=f"هشدار شماره {n}", now=NOW) for n in range(7)]
    )

    (await boss.commands("menu")).sees("⚠️ هشدارها (۷)")
    (await boss.taps("⚠️ هشدارها (۷)")).sees("۱. هشدار شماره 0", "۵. هشدار شماره 4").sees_not("هشدار شماره 5")
    (await boss.taps("بعدی")).sees("۷. هشدار شماره 6")
    (await boss.taps("۷")).sees("⚠️ هشدار شماره 6", "✅ رسیدگی شد")
    settle = boss.button("✅ رسیدگی شد").press
    assert settle is not None
    (await boss.presses(settle)).sees("هشدار بسته شد.", "هشدار شماره 0")
    (await boss.presses(settle)).sees("این دکمه دیگر معتبر نیست.")

    left = await house.ask(
        lambda db: db.exec(select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))).all()
    )
    assert len(left) == 6


async def test_empty_lists_say_so(house: House) -> None:
    boss = await staff(house)

    (await boss.taps("⚠️ هشدارها (۰)")).sees("موردی برای نمایش وجود ندارد.", "🏠 منوی اصلی")
    await boss.taps("🏠 منوی اصلی")
    (await boss.taps("↩️ بازگشت وجه (۰)")).sees("موردی برای نمایش وجود ندارد.")


async def test_a_refund_is_recorded_and_the_payer_told(house: House) -> None:
    sara, boss = house.visitor(), await staff(house)
    user_code, _ = await registers(sara)

    def twice_paid(db: Session) -> None:
        owner = db.exec(select(Account.id).where(Account.user_code == user_code)).one()
        request = QualificationRequest(
            account_id=owner or 0,
            kind=RequestKind.NEW,
            state=RequestState.WITHDRAWN,
            tracking_code="140509010001",
            state_since=NOW,
        )
        db.add(request)
        db.flush()
        db.add(
            PaymentAttempt(
                request_id=request.id or 0,
                gateway="zarinpal",
                ref="A1",
                amount_rial=5_000_000,
                state=AttemptState.REFUND_DUE,
                bank_ref="777",
                paid_at=NOW,
            )
        )

    await house.database.run(twice_paid)
    (await boss.commands("menu")).sees("↩️ بازگشت وجه (۱)")
    await boss.taps("↩️ بازگشت وجه (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده 140509010001: ۵٬۰۰۰٬۰۰۰ ریال (۵۰۰٬۰۰۰ تومان)", "777")
    await boss.taps("ثبت بازگشت ۱")
    boss.sees("شماره پیگیری بازگشت وجه را بفرستید.")
    (await boss.types("REF-9")).sees("REF-9", "خبر داده می‌شود")
    confirm = boss.button("✅ تأیید").press

    (await boss.taps("✅ تأیید")).sees("بازگشت وجه ثبت شد.", "موردی برای نمایش وجود ندارد.")

    assert "REF-9" in (await sara.pushes())[-1].text
    assert confirm is not None
    (await boss.presses(confirm)).sees_not("بازگشت وجه ثبت شد.")
