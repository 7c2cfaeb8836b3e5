"""A stranger who knows a user code guesses; its owner gets in all the same (2.1)."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.services import accounts
from storage.enums import Messenger, Role
from tests.support.handler_app import NOW, House, Visitor
from tests.support.handler_people import logs_in, registers, staff

MOBILE = "989121234567"
LOCKED = "به دلیل تلاش‌های ناموفق"


async def guesses(house: House, user_code: str) -> Visitor:
    """Wrong passwords from five chats, until nobody may try any more; the last stranger."""
    for _ in range(4):
        stranger = await logs_in(house.visitor(), user_code, "wrong-guess-1")
        await stranger.types(*(f"wrong-guess-{number}" for number in range(2, 6)))
    stranger = await logs_in(house.visitor(), user_code, "wrong-guess-1")
    stranger.sees(LOCKED, "۶۰ دقیقه")
    return stranger


async def test_a_phone_that_was_logged_in_before_gets_in(house: House) -> None:
    phone, bale = house.visitor(), house.visitor(Messenger.BALE)
    user_code, password = await registers(phone)
    await logs_in(bale, user_code, password)
    await bale.taps("🚪 خروج")
    await guesses(house, user_code)

    (await logs_in(bale, user_code, password)).sees("خوش آمدید")

    (await logs_in(house.visitor(), user_code, password)).sees(LOCKED).sees_not("خوش آمدید")


async def test_the_own_phone_has_a_budget_of_its_own(house: House) -> None:
    phone = house.visitor()
    user_code, password = await registers(phone)
    await phone.commands("menu")
    await phone.taps("🚪 خروج")
    await guesses(house, user_code)
    await logs_in(phone, user_code, "mistyped-1")
    phone.sees("کد کاربری یا رمز عبور درست نیست.")
    await phone.types("mistyped-2", "mistyped-3", "mistyped-4", "mistyped-5")

    (await phone.types(password)).sees(LOCKED, "۱۵ دقیقه")

    house.clock.passes(minutes=16)
    (await phone.types(password)).sees("خوش آمدید")


async def test_a_proven_mobile_gets_in_from_a_new_phone(house: House) -> None:
    user_code, password = await registers(house.visitor(), phone=MOBILE)
    await guesses(house, user_code)
    new = await logs_in(house.visitor(Messenger.BALE), user_code, password)
    new.sees(LOCKED, "شماره همراه تأییدشده خود را با دکمه زیر ارسال کنید")
    assert new.screens[-1].ask_contact

    (await new.shares(MOBILE)).sees("شماره همراه شما تأیید شد")
    assert new.screens[-1].ask_contact is None

    (await new.types(password)).sees("خوش آمدید")


@pytest.mark.parametrize("case", ["foreign card", "other number", "unverified", "nobody"])
async def test_another_mobile_opens_nothing_and_tells_nothing(house: House, case: str) -> None:
    user_code, password = await registers(house.visitor(), phone=None if case == "unverified" else MOBILE)
    if case == "nobody":
        user_code = "00000000"
    stranger = await guesses(house, user_code)

    await stranger.shares("989129999999" if case == "other number" else MOBILE, own=case != "foreign card")

    said = "با دکمه ارسال کنید" if case == "foreign card" else "با این شماره نمی‌توان ادامه داد"
    stranger.sees(said, "شماره همراه تأییدشده خود را با دکمه زیر")
    (await stranger.types(password)).sees(LOCKED).sees_not("خوش آمدید")


async def test_numbers_are_tried_five_times_a_day(house: House) -> None:
    user_code, _ = await registers(house.visitor())
    stranger = await guesses(house, user_code)
    for number in range(5):
        (await stranger.shares(f"98912999999{number}")).sees("با این شماره نمی‌توان ادامه داد")

    (await stranger.shares(MOBILE)).sees("امروز").sees_not("تأیید شد")


async def test_the_lock_of_a_code_that_nobody_has_looks_the_same(house: House) -> None:
    user_code, _ = await registers(house.visitor())
    known, unknown = await guesses(house, user_code), await guesses(house, "00000000")

    assert known.text == unknown.text
    assert known.labels == unknown.labels
    assert [one.ask_contact for one in known.screens] == [one.ask_contact for one in unknown.screens]


async def test_a_chat_that_was_signed_out_is_foreign_again(house: House) -> None:
    phone, thief = house.visitor(), house.visitor(Messenger.BALE)
    user_code, password = await registers(phone)
    await logs_in(thief, user_code, password)
    await phone.taps_push("خروج از آن گفت‌وگو")
    await guesses(house, user_code)

    (await logs_in(thief, user_code, password)).sees(LOCKED)


async def test_access_given_anew_forgets_the_old_phones(house: House) -> None:
    phone, boss = house.visitor(), await staff(house)
    user_code, _ = await registers(phone)

    def unit(db: Session) -> None:
        account = accounts.by_user_code(db, user_code)
        chat = accounts.chat_of(db, messenger=boss.messenger, chat_id=boss.chat_id)
        assert account is not None
        assert chat is not None
        accounts.reset_access(
            db,
            actor=Actor(chat.account_id, Role.STAFF),
            account_id=account.id or 0,
            password_hash="-",
            reason="گوشی گم شده است",
            now=NOW,
        )

    await house.database.run(unit)
    await guesses(house, user_code)

    (await logs_in(phone, user_code, "anything-else")).sees(LOCKED)
