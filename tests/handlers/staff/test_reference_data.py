"""The directorate keeps tariffs, levels and fields, documents, universities and coverage."""

import pytest
from sqlmodel import select

from bot.core.screens import Press
from storage.enums import RequestKind, Role
from storage.tables import AuditEvent, ClosedPair, Coverage, DocumentType, FieldOfStudy, Tariff, University
from tests.support.handler_app import House, Visitor
from tests.support.handler_people import registers, staff


async def events(house: House, name: str) -> list[AuditEvent]:
    found = await house.ask(lambda db: db.exec(select(AuditEvent).where(AuditEvent.event == name)).all())
    return list(found)


async def line_of(person: Visitor, name: str) -> str:
    """The number before a line of a paged list, turning pages until it is seen."""
    while True:
        for line in person.text.splitlines():
            number, _, rest = line.partition(". ")
            if name in rest:
                return number
        await person.taps("بعدی")


async def test_a_tariff_from_a_day_to_come(house: House) -> None:
    boss = await staff(house)
    await boss.taps("💰 تعرفه")
    boss.sees("درخواست جدید:", "⚠️ تعیین نشده است")
    await boss.taps("➕ تعرفه جدید", "اصلاحیه")
    (await boss.types("۱۵۰ هزار")).sees("مبلغ درست نیست")
    (await boss.types("150000 تومان")).sees("به ریال بنویسید")
    (await boss.types("999")).sees("مبلغ باید صفر یا از ۱٬۰۰۰")
    (await boss.types("۱٬۵۰۰٬۰۰۰")).sees("این تعرفه از چه روزی")
    (await boss.types("۱۴۰۵/۰۸/۳۰")).sees("تاریخ باید امروز یا")
    (await boss.types("1405/10/01")).sees("۱٬۵۰۰٬۰۰۰ ریال (۱۵۰٬۰۰۰ تومان)", "۱۴۰۵/۱۰/۰۱")
    (await boss.taps("✅ تأیید")).sees("✅ تعرفه ثبت شد.", "از ۱۴۰۵/۱۰/۰۱: ۱٬۵۰۰٬۰۰۰ ریال")
    boss.sees("⚠️ تعیین نشده است")

    (row,) = await house.ask(lambda db: db.exec(select(Tariff)).all())
    assert (row.kind, row.amount_rial) == (RequestKind.AMENDMENT, 1_500_000)
    (event,) = await events(house, "tariff_set")
    assert event.actor_role is Role.STAFF
    assert event.actor_id is not None


async def test_nothing_is_free_of_charge_by_one_tap(house: House) -> None:
    boss = await staff(house)
    await boss.taps("💰 تعرفه", "➕ تعرفه جدید", "درخواست جدید", "رایگان")
    boss.sees("بدون پرداخت تأیید نهایی می‌شوند")
    (await boss.taps("خیر")).sees("مبلغ را به ریال بفرستید")
    await boss.types("0")
    await boss.taps("بله، رایگان باشد", "از امروز")
    assert await house.ask(lambda db: db.exec(select(Tariff)).all()) == []
    (await boss.taps("✅ تأیید")).sees("اکنون: ۰ ریال (۰ تومان)")


async def test_levels_fields_and_pairs(house: House) -> None:
    boss = await staff(house)
    await boss.taps("🎓 رشته و مقطع", "کاردانی", "⛔️ بستن")
    yes = boss.button("بله، انجام شود").press
    (await boss.taps("بله، انجام شود")).sees("مقطع کاردانی: بسته")
    assert yes is not None
    (await boss.presses(yes)).sees("این دکمه دیگر معتبر نیست.")
    await boss.taps("بازگشت", "📚 رشته‌ها")
    await boss.taps(await line_of(boss, "داروسازی"))
    await boss.taps("✅ کارشناسی ارشد", "بله، انجام شود")
    boss.sees("⛔️ کارشناسی ارشد", "✅ کارشناسی")
    assert await house.ask(
        lambda db: [(p.level_code, p.field_code) for p in db.exec(select(ClosedPair))]
    ) == [("master", "pharmacy")]
    await boss.taps("بازگشت", "➕ رشته جدید")
    (await boss.types("داروسازی")).sees("آیا متقاضی باید")
    (await boss.taps("خیر")).sees("رشته زیر افزوده شود؟")
    (await boss.taps("✅ تأیید")).sees("این نام پیش‌تر ثبت شده است")
    await boss.commands("menu")
    await boss.taps("🎓 رشته و مقطع", "📚 رشته‌ها", "➕ رشته جدید")
    await boss.types("مهندسی رباتیک")
    await boss.taps("خیر", "✅ تأیید")
    boss.sees("رشته مهندسی رباتیک: مجاز")
    last = await house.ask(
        lambda db: db.exec(select(FieldOfStudy).where(FieldOfStudy.name == "مهندسی رباتیک")).one()
    )
    assert last.code == "added_1"

    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types("۹۹۹۱۲۳۴۵۶۱", "۱۳۶۵/۰۴/۱۲", "سارا", "کریمی")
    sara.sees("کارشناسی").sees_not("کاردانی")
    await sara.taps("کارشناسی ارشد")
    (await sara.types("داروسازی")).sees("مجاز نیست")


async def test_documents(house: House) -> None:
    boss = await staff(house)
    await boss.taps("📎 مدارک لازم")
    boss.sees("۱. تصویر کارت ملی (رو و پشت) — الزامی")
    await boss.taps(await line_of(boss, "بازآموزی"))
    old = boss.button("الزامی").press
    await boss.taps("الزامی", "بله، انجام شود")
    boss.sees("نوع: الزامی")
    assert old is not None
    (await boss.presses(old)).sees("نوع: الزامی").sees_not("بله، انجام شود")
    forged = Press("staff.document_do", 0, old.version, "retraining:required:no")
    (await boss.presses(forged)).sees("این دکمه دیگر معتبر نیست.", "نوع: الزامی")
    await boss.taps("بازگشت")
    await boss.taps(await line_of(boss, "بازآموزی"))
    await boss.taps("⬆️ بالاتر")
    await boss.taps(await line_of(boss, "بازآموزی"))
    await boss.taps("✏️ تغییر نام")
    await boss.types("گواهی بازآموزی سالانه", "بازآموزی سالانه")
    (await boss.taps("✅ تأیید")).sees("گواهی بازآموزی سالانه", "نام روی دکمه: بازآموزی سالانه")
    await boss.taps("⛔️ خواسته نشود", "بله، انجام شود")
    boss.sees("این مدرک اکنون خواسته نمی‌شود")
    await boss.taps("بازگشت", "➕ مدرک جدید")
    await boss.types("پروانه مطب", "پروانه")
    await boss.taps("اختیاری", "۲ فایل", "✅ تأیید")
    boss.sees("پروانه مطب", "حداکثر ۲ فایل")
    rows = await house.ask(lambda db: {one.code: one for one in db.exec(select(DocumentType))})
    assert (rows["retraining"].required, rows["retraining"].active) == ("yes", False)
    assert rows["retraining"].position == rows["no_addiction"].position - 1  # one place up
    assert len({one.position for one in rows.values()}) == len(rows)


@pytest.fixture
async def boss(house: House) -> Visitor:
    return await staff(house)


async def test_a_province_is_never_left_alone(house: House, boss: Visitor) -> None:
    await boss.taps("🏛 دانشگاه‌ها")
    await boss.taps(await line_of(boss, "فارس"))
    boss.sees("دانشگاه‌های استان فارس:", "پیش‌فرض استان")
    await boss.taps("۱. شیراز", "⛔️ خاموش کردن", "بله، انجام شود")
    boss.sees("این دانشگاه پیش‌فرض استان است")
    other = await house.ask(
        lambda db: db.exec(
            select(University).where(
                University.province == "فارس",
                University.regional == True,  # noqa: E712
                University.province_default == False,  # noqa: E712
            )
        ).first()
    )
    assert other is not None
    await boss.presses(Press("staff.university_data", arg=other.code))
    await boss.taps("⭐️ پیش‌فرض استان", "بله، انجام شود")
    boss.sees("پیش‌فرض استان")
    defaults = await house.ask(
        lambda db: [
            one.code
            for one in db.exec(select(University).where(University.province == "فارس"))
            if one.province_default
        ]
    )
    assert defaults == [other.code]
    assert len(await events(house, "university_made_default")) == 1


async def test_tehran_keeps_one_university_and_no_default(house: House, boss: Visitor) -> None:
    codes = await house.ask(
        lambda db: [
            one.code
            for one in db.exec(select(University).where(University.province == "تهران"))
            if one.regional and one.active
        ]
    )
    for code in codes[:-1]:
        await boss.presses(Press("staff.university_data", arg=code))
        boss.sees_not("⭐️")
        await boss.taps("⛔️ خاموش کردن", "بله، انجام شود")
        boss.sees("خاموش")
    await boss.presses(Press("staff.university_data", arg=codes[-1]))
    (await boss.taps("⛔️ خاموش کردن", "بله، انجام شود")).sees("تنها دانشگاه فعال استان")
    await boss.presses(Press("staff.university_data", arg=codes[-1]))
    forged = boss.button("⛔️ خاموش کردن").press
    assert forged is not None
    default = Press("staff.university_do", 0, forged.version, f"{codes[-1]}:default:1")
    (await boss.presses(default)).sees("پیش‌فرض تعیین نمی‌شود")


async def test_coverage(house: House, boss: Visitor) -> None:
    await boss.taps("🏛 دانشگاه‌ها")
    await boss.taps(await line_of(boss, "تهران"))
    await boss.taps(next(label for label in boss.labels if label.startswith("🗺")), "➕ ردیف جدید")
    await boss.types("تهران")
    boss.sees("کدام منطقه شهرداری؟", "منطقه ۲۲", "کل شهر")
    await boss.taps("کل شهر")
    (await boss.types("ایران")).sees("ایران")
    await boss.taps(next(label for label in boss.labels if "ایران" in label))
    (await boss.taps("✅ تأیید")).sees("استان تهران، تهران", "وضعیت: روشن")
    await boss.taps("⛔️ خاموش کردن", "بله، انجام شود")
    boss.sees("وضعیت: خاموش")
    row = await house.ask(
        lambda db: db.exec(select(Coverage).where(Coverage.city == "تهران", Coverage.district == None)).one()  # noqa: E711
    )
    assert not row.active
    await boss.taps("بازگشت", "➕ ردیف جدید")
    await boss.types("تهران")
    await boss.taps("کل شهر")
    await boss.types("ایران")
    await boss.taps(next(label for label in boss.labels if "ایران" in label))
    (await boss.taps("✅ تأیید")).sees("برای این محل پیش‌تر ردیفی ثبت شده است")


async def test_nobody_else_keeps_anything(house: House) -> None:
    sara, expert = house.visitor(), await staff(house, Role.IN_CHARGE, "sums")
    await registers(sara)
    guest = house.visitor()
    presses = [
        Press("staff.tariffs"),
        Press("staff.new_tariff"),
        Press("staff.level_do", 0, 0, "bachelor"),
        Press("staff.field_do", 0, 0, "nursing"),
        Press("staff.pair_do", 0, 0, "nursing:master"),
        Press("staff.document_do", 0, 1, "retraining:active:0"),
        Press("staff.document_move", 1, 1, "retraining"),
        Press("staff.university_do", 0, 1, "sums:active:0"),
        Press("staff.cover_do", 1, 1, "1"),
        Press("staff.new_cover", 1),
    ]
    for person in (sara, expert, guest):
        for press in presses:
            (await person.presses(press)).sees_not("💰 تعرفه بررسی", "مبلغ را به ریال", "بخشی از نام شهر")
    kept = {"tariff", "level", "field", "document_type", "university", "coverage"}
    seen = await house.ask(lambda db: set(db.exec(select(AuditEvent.subject))))
    assert not seen & kept
