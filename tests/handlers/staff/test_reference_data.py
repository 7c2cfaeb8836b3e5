"""The directorate keeps tariffs, levels and fields, documents, universities and coverage."""

import pytest
from sqlmodel import col, select

from bot.core.screens import Press
from bot.texts import formats
from storage.enums import RequestKind, RequestState, Role
from storage.tables import ClosedPair, Coverage, DocumentType, FieldOfStudy, Tariff, University
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import at_documents, in_charge, officer, staff, submit
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES


def test_a_tariff_from_a_day_to_come(app: App) -> None:
    boss = (
        staff(app).tap("💰 تعرفه").sees("درخواست جدید:", "⚠️ تعیین نشده است").tap("➕ تعرفه جدید", "اصلاحیه")
    )
    boss.type("۱۵۰ هزار").sees("مبلغ درست نیست").type("150000 تومان").sees("به ریال بنویسید")
    boss.type("999").sees("مبلغ باید صفر یا از ۱٬۰۰۰").type("۱٬۵۰۰٬۰۰۰").sees("این تعرفه از چه روزی")
    boss.type("۱۴۰۵/۰۸/۳۰").sees("تاریخ باید امروز یا")
    boss.type("1405/10/01").sees("۱٬۵۰۰٬۰۰۰ ریال (۱۵۰٬۰۰۰ تومان)", "۱۴۰۵/۱۰/۰۱")
    boss.tap("✅ تأیید").sees("✅ تعرفه ثبت شد.", "از ۱۴۰۵/۱۰/۰۱: ۱٬۵۰۰٬۰۰۰ ریال").sees("⚠️ تعیین نشده است")

    (row,) = app.all(select(Tariff))
    assert (row.kind, row.amount_rial) == (RequestKind.AMENDMENT, 1_500_000)
    (event,) = app.events("tariff_set")
    assert event.actor_role is Role.STAFF
    assert event.actor_id is not None


def test_a_fee_of_nothing_is_confirmed_anew_from_the_summary_too(app: App) -> None:
    boss = staff(app).tap(
        "💰 تعرفه", "➕ تعرفه جدید", "درخواست جدید", "رایگان", "بله، رایگان باشد", "از امروز"
    )
    change = next(label for label in boss.labels if "مبلغ" in label)
    boss.tap(change).type("0").sees("بدون پرداخت تأیید نهایی می‌شوند").tap("بله، رایگان باشد", change)
    boss.type("1000").sees("۱٬۰۰۰ ریال").tap(change).type("0").sees("بله، رایگان باشد")


def test_nothing_is_free_of_charge_by_one_tap(app: App) -> None:
    boss = staff(app).tap("💰 تعرفه", "➕ تعرفه جدید", "درخواست جدید", "رایگان")
    boss.sees("بدون پرداخت تأیید نهایی می‌شوند").tap("خیر").sees("مبلغ را به ریال بنویسید").type("0")
    boss.tap("بله، رایگان باشد", "بازگشت", "خیر", "رایگان").sees("بله، رایگان باشد")  # asked anew
    boss.tap("خیر").type("1000").sees_not("بله، رایگان باشد").tap("بازگشت", "رایگان", "بله، رایگان باشد")
    boss.tap("از امروز")
    assert app.all(select(Tariff)) == []
    boss.tap("✅ تأیید").sees("اکنون: ۰ ریال (۰ تومان)")
    row = app.one(select(Tariff))
    today = NOW.astimezone(formats.TEHRAN).date()
    assert (row.kind, row.amount_rial, row.valid_from) == (RequestKind.NEW, 0, today)


def test_levels_fields_and_pairs(app: App) -> None:
    boss = staff(app).tap("🎓 رشته و مقطع", "کاردانی", "⛔️ بستن")
    yes = boss.button("بله، انجام شود")
    boss.tap("بله، انجام شود").sees("مقطع کاردانی: بسته").press(yes).sees("این دکمه دیگر معتبر نیست.")
    boss.tap("بازگشت", "📚 رشته‌ها").tap(boss.find_line("داروسازی")).tap("✅ کارشناسی ارشد", "بله، انجام شود")
    boss.sees("⛔️ کارشناسی ارشد", "✅ کارشناسی")
    assert app.all(select(ClosedPair.level_code, ClosedPair.field_code)) == [("master", "pharmacy")]
    boss.tap("بازگشت", "➕ رشته جدید").type("داروسازی").sees("آیا متقاضی باید")
    boss.tap("خیر").sees("رشته زیر افزوده شود؟").tap("✅ تأیید").sees("این نام پیش‌تر ثبت شده است")
    boss.command("menu").tap("🎓 رشته و مقطع", "📚 رشته‌ها", "➕ رشته جدید").type("مهندسی رباتیک")
    boss.tap("خیر", "✅ تأیید").sees("رشته مهندسی رباتیک: مجاز")
    last = app.one(select(FieldOfStudy).where(FieldOfStudy.name == "مهندسی رباتیک"))
    assert last.code == "added_1"

    sara = app.person().command("start").tap("ثبت‌نام").type("۹۹۹۱۲۳۴۵۶۱", "۱۳۶۵/۰۴/۱۲", "سارا", "کریمی")
    sara.sees("کارشناسی").sees_not("کاردانی").tap("کارشناسی ارشد").type("داروسازی").sees("مجاز نیست")


def test_documents(app: App) -> None:
    boss = staff(app).tap("📎 مدارک لازم").sees("۱. تصویر کارت ملی (رو و پشت) — الزامی")
    boss.tap(boss.find_line("بازآموزی"))
    old = boss.button("الزامی")
    boss.tap("الزامی", "بله، انجام شود").sees("نوع: الزامی")
    boss.press(old).sees("نوع: الزامی").sees_not("بله، انجام شود")
    forged = Press("staff.document_do", 0, old.press.version, "retraining:required:no")
    boss.press(forged).sees("این دکمه دیگر معتبر نیست.", "نوع: الزامی").tap("بازگشت")
    boss.tap(boss.find_line("بازآموزی")).tap("⬆️ بالاتر").tap(boss.find_line("بازآموزی")).tap("✏️ تغییر نام")
    boss.type("گواهی بازآموزی سالانه", "بازآموزی سالانه")
    boss.tap("✅ تأیید").sees("گواهی بازآموزی سالانه", "نام روی دکمه: بازآموزی سالانه")
    boss.tap("⛔️ خواسته نشود", "بله، انجام شود").sees("این مدرک اکنون خواسته نمی‌شود")
    boss.tap("بازگشت", "➕ مدرک جدید").type("پروانه مطب", "پروانه").tap("اختیاری", "۲ فایل", "✅ تأیید")
    boss.sees("پروانه مطب", "حداکثر ۲ فایل")
    rows = {one.code: one for one in app.all(select(DocumentType))}
    assert (rows["retraining"].required, rows["retraining"].active) == ("yes", False)
    assert rows["retraining"].position == rows["no_addiction"].position - 1  # one place up
    assert len({one.position for one in rows.values()}) == len(rows)


@pytest.fixture
def boss(app: App) -> Person:
    return staff(app)


def test_a_province_is_never_left_alone(app: App, boss: Person) -> None:
    boss.tap("🏛 دانشگاه‌ها").tap(boss.find_line("فارس")).sees("دانشگاه‌های استان فارس:", "پیش‌فرض استان")
    boss.tap("۱. شیراز", "⛔️ غیرفعال کردن", "بله، انجام شود").sees("این دانشگاه پیش‌فرض استان است")
    fars = select(University.code).where(University.province == "فارس")
    default = col(University.province_default)
    other = app.first(fars.where(col(University.regional), ~default))
    boss.press(Press("staff.university_data", arg=other)).tap("⭐️ پیش‌فرض استان", "بله، انجام شود")
    boss.sees("پیش‌فرض استان")
    assert app.all(fars.where(default)) == [other]
    assert len(app.events("university_made_default")) == 1


def test_a_university_takes_no_new_files_for_a_while(app: App, boss: Person) -> None:
    fars = (University.province == "فارس", ~col(University.province_default), col(University.regional))
    code = app.first(select(University.code).where(*fars))
    boss.press(Press("staff.university_data", arg=code)).tap("پرونده جدید نگیرد", "بله، انجام شود")
    boss.sees("بیرون از استان‌بندی").sees_not("پرونده جدید نگیرد")
    assert not app.get(University, code).regional
    boss.tap("پرونده جدید بگیرد", "بله، انجام شود").sees("در استان‌بندی").sees_not("بیرون از استان‌بندی")
    assert app.get(University, code).regional


def test_a_university_says_how_many_depend_on_it(app: App, boss: Person) -> None:
    """Its own files that are in circulation, and experts who are at work."""
    in_charge(app)
    files = (
        (RequestState.SUBMITTED, "sums"),
        (RequestState.AWAITING_PAYMENT, "sums"),
        (RequestState.COMPLETED, "sums"),
        (RequestState.DRAFT, "sums"),
        (RequestState.SUBMITTED, "tums"),
        (RequestState.DEFICIENT, "tums"),
        (RequestState.SUBMITTED, "tums"),
    )
    for number, (state, university) in enumerate(files):
        given = {"state": state, "university_code": university, "tracking_code": f"{number:012}"}
        app.add(request_row(officer(app).account.id, **given))
    for code, count in (
        ("sums", "کارشناس فعال: ۱، پرونده در گردش: ۲"),
        ("tums", "کارشناس فعال: ۰، پرونده در گردش: ۳"),
    ):
        boss.press(Press("staff.university_data", arg=code)).sees(count)


@pytest.mark.parametrize(
    ("page", "edit", "name"),
    [
        (Press("staff.document", arg="birth_certificate"), "✏️ تغییر نام", "تصویر شناسنامه"),
        (Press("staff.university_data", arg="sums"), "✏️ تغییر نام", "دانشگاه علوم پزشکی شیراز"),
        (Press("staff.university_data", arg="sums"), "☎️ نشانی و تماس", "دانشگاه علوم پزشکی شیراز"),
        (Press("staff.faq_entry", arg="visit"), "✏️ ویرایش", "خیر. ثبت درخواست"),
    ],
    ids=lambda one: one.action if isinstance(one, Press) else "",
)
def test_who_gives_a_change_up_is_back_where_it_began(
    boss: Person, page: Press, edit: str, name: str
) -> None:
    boss.press(page).sees(name).tap(edit, "انصراف").sees(name, edit).sees_not("دیگر معتبر نیست")


def test_a_field_that_is_not_listed_is_the_general_one(app: App, boss: Person) -> None:
    """Also where staff ask for a description of a field of their own, whatever its place in the list."""
    for name in ("آ رشته نخست", "ی رشته آخر"):
        boss.open("staff.new_field").type(name).tap("بله", "✅ تأیید")
    sara = app.person().command("start").tap("ثبت‌نام").type("۹۹۹۱۲۳۴۵۶۱", "۱۳۶۵/۰۴/۱۲", "سارا", "کریمی")
    sara.tap("کارشناسی").type("ناموجود").tap("رشته من در فهرست نیست")
    assert sara.answers["field_of_study"] == "other"


def test_tehran_keeps_one_university_and_no_default(app: App, boss: Person) -> None:
    tehran = (University.province == "تهران", col(University.regional), col(University.active))
    codes = app.all(select(University.code).where(*tehran))
    for code in codes[:-1]:
        boss.press(Press("staff.university_data", arg=code)).sees_not("⭐️")
        boss.tap("⛔️ غیرفعال کردن", "بله، انجام شود").sees("غیرفعال")
    boss.press(Press("staff.university_data", arg=codes[-1]))
    boss.tap("⛔️ غیرفعال کردن", "بله، انجام شود").sees("تنها دانشگاه فعال استان")
    boss.press(Press("staff.university_data", arg=codes[-1]))
    forged = boss.button("⛔️ غیرفعال کردن")
    default = Press("staff.university_do", 0, forged.press.version, f"{codes[-1]}:default:1")
    boss.press(default).sees("پیش‌فرض تعیین نمی‌شود")


def test_staff_say_which_document_has_two_sides(app: App, boss: Person) -> None:
    sara = officer(app).open("qual.new")
    boss.press(Press("staff.document", arg="birth_certificate")).sees("یک‌رو").tap("دو رو", "بله، انجام شود")
    boss.sees("دو رو؛ پشت آن هم خواسته می‌شود")
    assert len(app.events("document_sides_set")) == 1
    at_documents(sara).upload().upload().sees("📎 «تصویر شناسنامه»").upload().sees(
        "پشت «شناسنامه» را هم بفرستید"
    )


def test_coverage(app: App, boss: Person) -> None:
    boss.tap("🏛 دانشگاه‌ها").tap(boss.find_line("تهران"))
    boss.tap(next(label for label in boss.labels if label.startswith("🗺")), "➕ ردیف جدید").type("تهران")
    boss.sees("کدام منطقه شهرداری؟", "منطقه ۲۲", "کل شهر").tap("کل شهر").type("ایران").sees("ایران")
    boss.tap(next(label for label in boss.labels if "ایران" in label))
    boss.tap("✅ تأیید").sees("استان تهران، تهران", "وضعیت: فعال").tap("⛔️ غیرفعال کردن", "بله، انجام شود")
    boss.sees("وضعیت: غیرفعال")
    whole_city = (Coverage.city == "تهران", col(Coverage.district).is_(None))
    assert app.one(select(Coverage.active).where(*whole_city)) is False
    boss.tap("بازگشت", "➕ ردیف جدید").type("تهران").tap("کل شهر").type("ایران")
    boss.tap(next(label for label in boss.labels if "ایران" in label))
    boss.tap("✅ تأیید").sees("برای این محل پیش‌تر ردیفی ثبت شده است")


def test_phone_hours_and_address_of_a_university(app: App, boss: Person) -> None:
    sara = submit(officer(app)).open("qual.track").sees_not("تلفن دانشگاه")
    boss.press(Press("staff.university_data", arg="sums")).sees("نشانی و تماس: ثبت نشده").tap(
        "☎️ نشانی و تماس"
    )
    boss.type("071-32123456").type("شنبه تا چهارشنبه، ۸ تا ۱۴").type("شیراز، خیابان زند، ساختمان مرکزی").tap(
        "✅ تأیید"
    )
    boss.sees("☎️ تلفن دانشگاه: ۰۷۱-۳۲۱۲۳۴۵۶", "📍 نشانی: شیراز، خیابان زند")
    sara.open("qual.track").sees(
        "☎️ تلفن دانشگاه: ۰۷۱-۳۲۱۲۳۴۵۶", "🕘 ساعت پاسخ‌گویی: شنبه تا چهارشنبه", "📍 نشانی: شیراز"
    )
    boss.tap("☎️ نشانی و تماس", "✏️ ساعت پاسخ‌گویی", "حذف پاسخ", "✅ تأیید").sees_not("ساعت پاسخ‌گویی")
    sara.open("qual.track").sees("☎️ تلفن دانشگاه").sees_not("ساعت پاسخ‌گویی")
    assert len(app.events("university_contact_set")) == 2


def test_the_provinces_stand_on_four_pages(app: App) -> None:
    boss = staff(app).tap("🏛 دانشگاه‌ها")
    for _ in range(3):
        boss.tap("بعدی")
    assert "بعدی" not in boss.labels
