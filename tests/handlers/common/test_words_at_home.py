"""Outside a form: greetings, calls for help, and messages in which nothing is read."""

import pytest

from bot.core.incoming import OfferedFile
from tests.support.chat_driver import App
from tests.support.chat_people import expert, officer


@pytest.mark.parametrize("text", ["سلام", "سلام وقت بخیر", "درود بر شما", "سلاااام"])
def test_a_greeting_is_answered_with_the_menu(app: App, text: str) -> None:
    app.person().command("start").type(text).sees("سلام. به سامانه", "ثبت‌نام").sees_not("متوجه")
    officer(app).type(text).sees("سلام، وقت شما بخیر", "احراز صلاحیت").sees_not("متوجه")


@pytest.mark.parametrize("text", ["کمک", "پشتیبانی", "راهنمایی لطفا", "بلد نیستم", "سؤال دارم", "؟"])
def test_help_words(app: App, text: str) -> None:
    app.person().command("start").type(text).sees("پشتیبانی اداره کل", "021-1234")
    officer(app).type(text).sees("پشتیبانی اداره کل")


@pytest.mark.parametrize("text", ["منو", "منوی اصلی", "شروع", "لغو"])
def test_the_menu(app: App, text: str) -> None:
    officer(app).open("help").type(text).sees("احراز صلاحیت", "خروج").sees_not("متوجه")


def test_back_and_thanks(app: App) -> None:
    officer(app).open("me").type("برگرد").sees("احراز صلاحیت").type("ممنون").sees("در خدمت شما هستیم")


def test_nonsense_is_still_not_understood(app: App) -> None:
    officer(app).type("قیسبلاذ").sees("متوجه پیام شما نشدم")


@pytest.mark.parametrize(
    ("unread", "sentence"),
    [
        ("voice", "پیام صوتی شنیده نمی‌شود"),
        ("sticker", "برچسب"),
        ("location", "موقعیت مکانی"),
        ("video", "ویدئو"),
    ],
)
def test_what_is_not_read_is_named(app: App, unread: str, sentence: str) -> None:
    app.person().command("start").send(unread=unread).sees(sentence, "ثبت‌نام").sees_not("متوجه")
    officer(app).send(unread=unread).sees(sentence, "احراز صلاحیت")


def test_a_file_at_home_leads_to_where_it_is_taken(app: App) -> None:
    file = OfferedFile("h", "شناسنامه.jpg", 9, is_photo=False)
    app.person().command("start").send(file=file).sees("ابتدا ثبت‌نام کنید", "ورود").tap("ورود").sees(
        "کد کاربری"
    )
    officer(app).send(file=file).sees("ابتدا «🎓 احراز صلاحیت»").tap("🎓 احراز صلاحیت").sees("درخواست")
    expert(app).send(file=file).sees("فایلی دریافت نمی‌شود")
