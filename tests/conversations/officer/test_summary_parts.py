"""The summary of a long form: three parts, each a screen; an edit shows what it changed."""

from tests.support.chat_driver import NATIONAL_CODE, App
from tests.support.chat_people import fill_form, officer, request_of, submit

LATER = "💾 بعداً ادامه می‌دهم"


def test_each_part_is_a_screen_with_a_way_to_the_others_and_to_the_end(app: App) -> None:
    sara = fill_form(officer(app)).sees("بخش ۱ از ۳: مشخصات", "نام پدر: علی", "جنسیت: زن", "ثبت نهایی")
    sara.sees_not("آدرس", "کارت ملی", "ایمیل")
    sara.tap("⬅️ نشانی و تماس").sees("بخش ۲ از ۳: نشانی و تماس", "پلاک ۷", "استان: فارس", "ثبت نهایی")
    sara.sees_not("نام پدر", "کارت ملی")
    sara.tap("⬅️ مدارک").sees("بخش ۳ از ۳: مدارک", "کارت ملی", "ثبت نهایی").sees_not("پلاک ۷", "نام پدر")
    sara.tap("⬅️ مشخصات").sees("نام پدر: علی").tap("ثبت نهایی", "بله، ثبت نهایی").sees("کد رهگیری")


def test_a_correction_shows_what_it_changed_and_the_way_on(app: App) -> None:
    sara = fill_form(officer(app)).tap("✏️ نام پدر").type("حسن")
    sara.sees("نام پدر: حسن", "ثبت نهایی").sees_not("جنسیت: زن", "استان: فارس", "کارت ملی")
    sara.tap("⬅️ نشانی و تماس", "✏️ استان").type("اصفهان").sees("شهر محل زندگی").type("اصفهان")
    sara.sees("استان: اصفهان", "شهر محل زندگی: اصفهان", "ثبت نهایی").sees_not("نام پدر: حسن", "پلاک ۷")
    sara.tap("⬅️ مشخصات").sees("نام پدر: حسن", "جنسیت: زن")
    sara.tap("⬅️ نشانی و تماس", "✏️ آدرس محل زندگی", "بازگشت").sees("بخش ۲ از ۳", "پلاک ۷")
    sara.tap("ثبت نهایی", "بله، ثبت نهایی").sees("کد رهگیری")
    assert request_of(sara).snapshot["father_name"] == "حسن"


def test_what_nobody_asked_for_is_not_there_yet_and_what_was_refused_is_none(app: App) -> None:
    sara = officer(app).open("general")
    sara.sees("جنسیت: ثبت نشده", "نام پدر: ثبت نشده", "ایمیل: ثبت نشده").sees_not("ندارد")
    submit(sara)
    sara.open("qual.track").open("general").sees("ایمیل: ثبت نشده")


def test_who_says_to_have_none_reads_none(app: App) -> None:
    fill_form(officer(app)).tap("⬅️ نشانی و تماس").sees("تلفن ثابت: ندارد", "ایمیل: ثبت نشده")


def test_the_first_screen_of_the_registration_is_left_without_a_draft_of_nothing(app: App) -> None:
    sara = app.person().command("start").tap("ثبت‌نام").sees("انصراف").sees_not(LATER)
    sara.tap("انصراف").sees_not("نیمه‌کاره", "ذخیره")
    for way in ("menu", "start", "cancel"):
        sara.command("start").tap("ثبت‌نام").command(way).sees_not("نیمه‌کاره", "ذخیره")
    sara.command("start").sees("📝 ثبت‌نام").tap("ثبت‌نام").type(NATIONAL_CODE).sees(LATER)
    sara.command("menu").sees("ثبت‌نام شما نیمه‌کاره")
