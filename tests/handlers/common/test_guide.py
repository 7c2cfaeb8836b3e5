"""The help: one button a question, found by words, with documents and fees as they are in force."""

from datetime import date

import pytest

from storage.enums import RequestKind
from storage.tables import DocumentType, FaqEntry, Tariff
from tests.support.chat_driver import App
from tests.support.chat_people import officer


def test_each_question_has_its_button_in_the_help(app: App) -> None:
    guest = (
        app.person()
        .command("help")
        .sees("پرسش خود را بنویسید", "مدارک لازم", "هزینه و زمان پرداخت", "فراموشی رمز یا کد")
    )
    guest.tap("هزینه و زمان پرداخت").sees("❓ هزینه بررسی چقدر است", "هنوز تعیین نشده است").tap(
        "پرسش‌های دیگر"
    )
    guest.tap("مراجعه حضوری").sees("خیر. ثبت درخواست").tap("منوی اصلی").sees("ثبت‌نام")
    guest.type("رمزم یادم رفته").tap("فراموشی کد یا رمز").sees("کد ملی")
    officer(app).type("چطور قطع همکاری کنم").tap("مراکز طرف قرارداد").sees("همکاری")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("مدارک لازم چیه؟", "تصویر شناسنامه"),
        ("هزینه چقدره", "هزینه بررسی چقدر است"),
        ("رمزم یادم رفته", "021-1234"),
        ("کجا بررسی میشه؟", "استان محل زندگی"),
        ("چقدر طول می‌کشه", "۱۵ دقیقه"),
        ("مدارک", "تصویر شناسنامه"),
    ],
)
def test_a_typed_question_finds_its_answer(app: App, text: str, seen: str) -> None:
    app.person().command("start").type(text).sees(seen, "پرسش‌های دیگر").sees_not("متوجه")
    officer(app).type(text).sees(seen)


def test_a_question_that_nothing_answers_leads_to_the_help(app: App) -> None:
    officer(app).type("هوا چطوره؟").sees("با پشتیبانی تماس بگیرید", "مدارک لازم")


def test_an_answer_says_what_is_in_force_now(app: App) -> None:
    app.add(Tariff(kind=RequestKind.NEW, amount_rial=1_500_000, valid_from=date(2026, 1, 1)))
    app.change(DocumentType, "national_card", name="کارت ملی هوشمند")
    guest = app.person().command("start").type("هزینه").sees("۱٬۵۰۰٬۰۰۰ ریال (۱۵۰٬۰۰۰ تومان)")
    guest.type("مدارک لازم").sees("کارت ملی هوشمند", "کارت پایان خدمت").sees_not("{")


def test_a_hidden_question_is_neither_shown_nor_found(app: App) -> None:
    guest = app.person().command("help")
    old = guest.button("مراجعه حضوری")
    app.change(FaqEntry, "visit", active=False)
    guest.command("help").sees_not("مراجعه حضوری").press(old).sees("این دکمه دیگر معتبر نیست")
    guest.type("حضوری").sees("متوجه پیام شما نشدم")


def test_a_question_in_a_form_is_answered_and_the_form_goes_on(app: App) -> None:
    sara = (
        app.person()
        .command("start")
        .tap("ثبت‌نام")
        .sees("کد ملی")
        .type("هزینه چقدره؟")
        .sees("هنوز تعیین نشده است")
    )
    sara.tap("بازگشت به پرسش").sees("کد ملی").type("۹۹۹۱۲۳۴۵۶۱").sees("تاریخ تولد").type("۱۳۶۵/۰۴/۱۲")
    sara.type("مدارک لازم چیه؟").sees("تصویر شناسنامه").tap("بازگشت به پرسش").sees("نام خود را")
    sara.type("مدارک لازم چیه").sees("منظورتان پاسخ این پرسش است؟").tap("❓ راهنما", "مدارک لازم").sees(
        "تصویر شناسنامه"
    )
    sara.tap("بازگشت به پرسش").sees("نام خود را")
    sara.type("سارا").sees("نام خانوادگی")


def test_words_that_fit_two_questions_offer_both(app: App) -> None:
    for position, (code, word) in enumerate((("a", "یک"), ("b", "دو")), 50):
        told = {"question": f"پرسش {word}؟", "short_name": word, "answer": f"پاسخ {word}"}
        app.add(FaqEntry(code=code, search_words="زعفران", position=position, **told))
    officer(app).type("زعفران").sees("کدام پرسش منظور شماست؟", "یک", "دو").tap("دو").sees("پاسخ دو")


def test_documents_and_fees_before_registering(app: App) -> None:
    app.add(Tariff(kind=RequestKind.NEW, amount_rial=5_600_000, valid_from=date(2026, 1, 1)))
    app.change(DocumentType, "no_addiction", active=False)
    guest = app.person().command("start").tap("📋 مدارک و هزینه")
    guest.sees(
        "• تصویر شناسنامه",
        "برای آقایان:",
        "• کارت پایان خدمت",
        "درخواست جدید ۵٬۶۰۰٬۰۰۰ ریال",
        "اصلاحیه هنوز تعیین نشده",
    )
    guest.sees("استان محل زندگی", "مراجعه حضوری لازم نیست", "حدود ۱۵ دقیقه").sees_not("عدم اعتیاد")
    guest.tap("📝 ثبت‌نام").sees("کد ملی").command("requirements").sees("تصویر شناسنامه").tap(
        "بازگشت به پرسش"
    ).sees("کد ملی")
    officer(app).open("home").tap("📋 مدارک و هزینه").sees("تصویر شناسنامه").tap("🎓 احراز صلاحیت").sees(
        "ثبت درخواست"
    )
