"""A stranger who knows a user code guesses; its owner gets in all the same (2.1)."""

import pytest

from bot.core.context import Actor
from bot.services import accounts
from storage.enums import Messenger, Role
from tests.support.chat_driver import NATIONAL_CODE, NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import staff

pytestmark = ON_BOTH_DATABASES

MOBILE = "989121234567"
LOCKED = "به دلیل تلاش‌های ناموفق"


def guesses(app: App, user_code: str) -> Person:
    """Wrong passwords from five chats, until nobody may try any more; the last stranger."""
    for _ in range(4):
        stranger = app.person().log_in(user_code, "wrong-guess-1")
        stranger.type(*(f"wrong-guess-{number}" for number in range(2, 6)))
    return app.person().log_in(user_code, "wrong-guess-1").sees(LOCKED, "۶۰ دقیقه")


def test_a_phone_that_was_logged_in_before_gets_in(app: App) -> None:
    phone, bale = app.person().register(), app.person(Messenger.BALE)
    user_code, password = phone.credentials
    bale.log_in(user_code, password).tap("🚪 خروج")
    guesses(app, user_code)

    bale.log_in(user_code, password).sees("خوش آمدید")

    app.person().log_in(user_code, password).sees(LOCKED).sees_not("خوش آمدید")


def test_the_own_phone_has_a_budget_of_its_own(app: App) -> None:
    phone = app.person().register()
    user_code, password = phone.credentials
    phone.command("menu").tap("🚪 خروج")
    guesses(app, user_code)
    phone.log_in(user_code, "mistyped-1").sees("کد کاربری یا رمز عبور درست نیست.")
    phone.type("mistyped-2", "mistyped-3", "mistyped-4", "mistyped-5").type(password).sees(LOCKED, "۱۵ دقیقه")

    app.clock.passes(minutes=16)
    phone.type(password).sees("خوش آمدید")


def test_a_proven_mobile_gets_in_from_a_new_phone(app: App) -> None:
    user_code, password = app.person().register(phone=MOBILE).credentials
    guesses(app, user_code)
    new = app.person(Messenger.BALE).log_in(user_code, password)
    new.sees(LOCKED, "شماره همراه تأییدشده خود را با دکمه «📱 ارسال شماره همراه» بفرستید")
    assert new.screens[-1].ask_contact

    new.share(MOBILE).sees("شماره همراه شما تأیید شد")
    assert new.screens[-1].ask_contact is None

    new.type(password).sees("خوش آمدید")


@pytest.mark.parametrize("case", ["foreign card", "other number", "unverified", "nobody"])
def test_another_mobile_opens_nothing_and_tells_nothing(app: App, case: str) -> None:
    user_code, password = app.person().register(phone=None if case == "unverified" else MOBILE).credentials
    if case == "nobody":
        user_code = "00000000"
    stranger = guesses(app, user_code)

    stranger.share("989129999999" if case == "other number" else MOBILE, own=case != "foreign card")

    said = "شماره خودتان را با دکمه" if case == "foreign card" else "با این شماره نمی‌توان ادامه داد"
    stranger.sees(said, "شماره همراه تأییدشده خود را با دکمه")
    stranger.type(password).sees(LOCKED).sees_not("خوش آمدید")


def test_numbers_are_tried_five_times_a_day(app: App) -> None:
    user_code, _ = app.person().register().credentials
    stranger = guesses(app, user_code)
    for number in range(5):
        stranger.share(f"98912999999{number}").sees("با این شماره نمی‌توان ادامه داد")

    stranger.share(MOBILE).sees("امروز").sees_not("تأیید شد")


def test_the_lock_of_a_code_that_nobody_has_looks_the_same(app: App) -> None:
    user_code, _ = app.person().register().credentials
    known, unknown = guesses(app, user_code), guesses(app, "00000000")

    assert known.text == unknown.text
    assert known.labels == unknown.labels
    assert [one.ask_contact for one in known.screens] == [one.ask_contact for one in unknown.screens]
    app.person().log_in("11111111", "wrong-guess-1").sees_not(LOCKED)


def test_access_is_recovered_while_the_code_is_locked(app: App) -> None:
    user_code, _ = app.person().register(phone=MOBILE).credentials
    guesses(app, user_code)
    new = app.person(Messenger.BALE).command("start").tap("ورود", "فراموشی کد یا رمز").type(NATIONAL_CODE)
    assert new.share(MOBILE).line("کد کاربری") == user_code


def test_a_chat_that_was_signed_out_is_foreign_again(app: App) -> None:
    phone, thief = app.person().register(), app.person(Messenger.BALE)
    user_code, password = phone.credentials
    thief.log_in(user_code, password)
    phone.tap_push("بستن این ورود")
    guesses(app, user_code)

    thief.log_in(user_code, password).sees(LOCKED)


def test_access_given_anew_forgets_the_old_phones(app: App) -> None:
    phone, actor = app.person().register(), Actor(staff(app).account.id, Role.STAFF)
    user_code, account_id = phone.credentials[0], phone.account.id or 0
    given = {"password_hash": "-", "reason": "گوشی گم شده است", "now": NOW}
    app.run(lambda db: accounts.reset_access(db, actor=actor, account_id=account_id, **given))
    guesses(app, user_code)

    phone.log_in(user_code, "anything-else").sees(LOCKED)
