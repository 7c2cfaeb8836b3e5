"""Code and password in one message: a secret, wherever it is written. It is wiped, and at the login it logs in."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from bot.services import accounts
from storage.enums import Messenger
from tests.support.handler_app import House, Visitor
from tests.support.handler_people import logs_in, registers

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
)


async def is_gone(visitor: Visitor, password: str) -> None:
    """Deleted from the chat, wiped from the inbox."""
    assert visitor.deleted, "the message stands in the chat"
    assert password not in "\n".join(await visitor.stored())
    assert password not in visitor.text


@pytest.mark.parametrize("form", FORMS)
async def test_where_the_code_is_asked_it_logs_in(house: House, form: str) -> None:
    user_code, password = await registers(house.visitor())
    other = house.visitor(Messenger.BALE)
    await other.commands("start")
    await other.taps("ورود")

    await other.types(form.format(code=user_code, password=password))

    other.sees("سارا کریمی‌نژاد گرامی، خوش آمدید.")
    await is_gone(other, password)


@pytest.mark.parametrize("form", FORMS)
async def test_where_the_password_is_asked_it_logs_in(house: House, form: str) -> None:
    user_code, password = await registers(house.visitor())

    other = await logs_in(house.visitor(), user_code, form.format(code=user_code, password=password))

    other.sees("خوش آمدید")
    await is_gone(other, password)


@pytest.mark.parametrize("form", FORMS)
async def test_where_nobody_asks_it_is_deleted_and_the_way_is_shown(house: House, form: str) -> None:
    user_code, password = await registers(house.visitor())
    other = house.visitor()
    await other.commands("start")

    await other.types(form.format(code=user_code, password=password))

    other.sees("برای حفظ امنیت شما حذف شد", "🔑 ورود").sees_not("سارا کریمی‌نژاد گرامی")
    await is_gone(other, password)
    (await other.taps("ورود")).sees("کد کاربری خود را بفرستید.")


async def test_persian_digits_are_digits(house: House) -> None:
    user_code, password = await registers(house.visitor())
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    other = house.visitor()
    await other.commands("start")

    await other.types(f"{user_code.translate(persian)} {password}")

    await is_gone(other, password)


async def test_a_wrong_one_is_wiped_counted_and_asked_again(house: House) -> None:
    user_code, password = await registers(house.visitor())
    other = house.visitor()
    await other.commands("start")
    await other.taps("ورود")
    for number in range(5):
        await other.types(f"{user_code} wrong-guess-{number}")
        other.sees("کد کاربری یا رمز عبور درست نیست.", "کد کاربری خود را بفرستید.")

    await other.types(f"{user_code} {password}")

    other.sees("به دلیل تلاش‌های ناموفق، ورود تا ۱۵ دقیقه دیگر ممکن نیست.").sees_not("خوش آمدید")
    assert len(other.deleted) == 6
    kept = "\n".join(await other.stored())
    assert password not in kept
    assert "wrong-guess" not in kept


@pytest.mark.parametrize("way", ["forgot", "registration", "menu of an officer", "command"])
async def test_at_any_other_step_it_is_wiped(house: House, way: str) -> None:
    phone = house.visitor()
    user_code, password = await registers(phone)
    other = phone if way == "menu of an officer" else house.visitor()
    await other.commands("menu")
    if way == "forgot":
        await other.taps("ورود", "فراموشی کد یا رمز")
    elif way == "registration":
        await other.taps("ثبت‌نام")

    prefix = "/login " if way == "command" else ""
    await other.types(f"{prefix}{user_code} {password}")

    await is_gone(other, password)


async def test_an_edited_message_is_wiped_too(house: House) -> None:
    user_code, password = await registers(house.visitor())
    other = house.visitor()
    await other.commands("start")

    await other._sends(text=f"{user_code} {password}", edited=True)

    await is_gone(other, password)


async def test_a_code_of_the_old_system_has_letters(house: House) -> None:
    user_code, password = await registers(house.visitor())

    def unit(db: Session) -> None:
        account = accounts.by_user_code(db, user_code)
        assert account is not None
        account.user_code = "s.karimi"
        db.add(account)

    await house.database.run(unit)
    other = house.visitor()
    await other.commands("start")
    await other.types(f"s.karimi {password}")
    await is_gone(other, password)
    await other.taps("ورود")
    (await other.types(f"s.karimi {password}")).sees("خوش آمدید")


async def test_what_is_no_secret_stays(house: House) -> None:
    guest = house.visitor()
    await guest.commands("start")
    for text in (
        "سلام، چطور ثبت‌نام کنم؟",
        "12345678",
        "کد من ۱۲۳۴۵۶۷۸ است",
        "12345678 را فراموش کردم",
        "/foo",
    ):
        (await guest.types(text)).sees_not("حذف شد")
    assert guest.deleted == []

    await guest.taps("ورود")
    (await guest.types("کد کاربری: ۱۲۳۴۵۶۷۸")).sees("رمز عبور خود را بفرستید")
    assert guest.deleted == []
