"""Code and password in one message: a secret, wherever it is written. It is wiped, and at the login it logs in."""

import pytest
from sqlmodel import col, select

from bot.messengers.processing import inbox_store
from storage.enums import InboxState, Messenger
from storage.tables import Account, InboxUpdate
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES

FORMS = (
    "{code} {password}",
    "{password} {code}",
    "{code}\n{password}",
    "{password}\r\n\r\n{code}",
    "کد کاربری: {code}\nرمز عبور: {password}",
    "رمز {password} کد {code}",
    "{code}:{password}",
    "{code}/{password}",
    "{code} - {password}",
    "user {code} pass {password}",
    "  {code}\u200f   {password} ",
    "{persian} {password}",
)
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def is_gone(person: Person, password: str) -> None:
    """Deleted from the chat, wiped from the inbox."""
    assert person.deleted, "the message stands in the chat"
    assert password not in person.stored()
    assert password not in person.text


@pytest.mark.parametrize("form", FORMS)
def test_it_logs_in_where_either_is_asked_and_is_wiped_everywhere(app: App, form: str) -> None:
    user_code, password = app.person().register().credentials
    secret = form.format(code=user_code, password=password, persian=user_code.translate(PERSIAN))

    asked_for_code = app.person(Messenger.BALE).command("start").tap("ورود").type(secret)
    asked_for_password = app.person().log_in(user_code, secret)
    not_asked = app.person().command("start").type(secret)

    asked_for_code.sees("سارا کریمی‌نژاد گرامی، خوش آمدید.")
    asked_for_password.sees("خوش آمدید")
    not_asked.sees("برای حفظ امنیت شما حذف شد", "🔑 ورود").sees_not("سارا کریمی‌نژاد گرامی")
    for person in (asked_for_code, asked_for_password, not_asked):
        is_gone(person, password)
    not_asked.tap("ورود").sees("کد کاربری خود را بنویسید.")


def test_a_wrong_one_is_wiped_counted_and_asked_again(app: App) -> None:
    user_code, password = app.person().register().credentials
    other = app.person().command("start").tap("ورود")
    for number in range(5):
        other.type(f"{user_code} wrong-guess-{number}")
        other.sees("کد کاربری یا رمز عبور درست نیست.", "کد کاربری خود را بنویسید.")

    other.type(f"{user_code} {password}")

    other.sees("به دلیل تلاش‌های ناموفق، ورود تا ۱۵ دقیقه دیگر ممکن نیست.").sees_not("خوش آمدید")
    assert len(other.deleted) == 6
    kept = other.stored()
    assert password not in kept
    assert "wrong-guess" not in kept


@pytest.mark.parametrize("at", ["forgot", "registration", "menu of an officer", "command", "edited message"])
def test_at_any_other_step_it_is_wiped(app: App, at: str) -> None:
    phone = app.person().register()
    user_code, password = phone.credentials
    other = phone if at == "menu of an officer" else app.person()
    other.command("menu")
    if at == "forgot":
        other.tap("ورود", "فراموشی کد یا رمز")
    elif at == "registration":
        other.tap("ثبت‌نام")
    prefix = "/login " if at == "command" else ""
    other.send(text=f"{prefix}{user_code} {password}", edited=at == "edited message")
    is_gone(other, password)


def test_where_something_of_ours_breaks_it_is_wiped(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    user_code, password = app.person().register().credentials
    other = app.person().command("start")
    monkeypatch.delattr(inbox_store, "load_turn")
    with pytest.raises(AssertionError, match="the update failed"):
        other.type(f"{user_code} {password}")
    assert app.first(select(InboxUpdate.state).order_by(col(InboxUpdate.id).desc())) is InboxState.FAILED
    assert password not in other.stored()


def test_a_code_of_the_old_system_has_letters(app: App) -> None:
    sara = app.person().register()
    _, password = sara.credentials
    app.change(Account, sara.account.id, user_code="s.karimi")
    other = app.person().command("start").type(f"s.karimi {password}")
    is_gone(other, password)
    other.tap("ورود").type(f"s.karimi {password}").sees("خوش آمدید")


def test_what_is_no_secret_stays(app: App) -> None:
    guest = app.person().command("start")
    words = ("سلام، چطور ثبت‌نام کنم؟", "12345678", "کد من ۱۲۳۴۵۶۷۸ است", "12345678 را فراموش کردم", "/foo")
    for text in words:
        guest.type(text).sees_not("حذف شد")
    assert guest.deleted == []

    guest.command("menu").tap("ورود").type("کد کاربری: ۱۲۳۴۵۶۷۸").sees("رمز عبور خود را بنویسید")
    assert guest.deleted == []
