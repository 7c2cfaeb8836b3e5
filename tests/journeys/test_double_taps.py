"""A finger that taps twice: what the first tap did stays on the screen, and what is shown once stays in the chat."""

import asyncio

import pytest

from demo.person import Person
from tests.journeys.qualification import JourneySetup
from tests.journeys.test_journeys import QUICK
from tests.support.bot_process import BotProcess
from tests.support.identities import next_national_code
from tests.support.journey_steps import (
    Someone,
    fill,
    fill_registration,
    follow,
    login,
    read_credentials,
    registration,
    tap,
)
from tests.support.pending import everything_arrives

#: Seconds between the taps.
APART = 0.013
STALE = "این دکمه دیگر معتبر نیست"


async def double_tap(bot: BotProcess, person: Person, label: str) -> tuple[int, str]:
    """Tap twice a button of the message that changed last, and wait for both answers. Which message and button."""
    before = person.screen()
    button = before.button(label)
    assert button is not None, f"no button {label!r} on:\n{before}"
    assert button.data is not None
    await person.press(before.id, button.data, label)
    await asyncio.sleep(APART)
    await person.press(before.id, button.data, label)
    await person.button_rests()
    await everything_arrives(bot.emulators, bot.database_url)
    assert not [seen for seen in person.history() if STALE in seen.text]
    return before.id, button.data


@pytest.mark.campaign
@pytest.mark.parametrize(("messenger", "database_url"), QUICK, indirect=["database_url"])
async def test_a_doubled_tap_covers_nothing(messenger: str, bot: BotProcess) -> None:
    setup = JourneySetup.on(bot, messenger)
    sara = setup.officer()
    code = next_national_code()
    await fill_registration(sara, registration(code, "سارا", "کریمی", "کارشناسی", tap("📱")))
    await double_tap(bot, sara, "✅ تأیید")
    shown = [seen for seen in sara.history() if "رمز عبور:" in seen.text]
    assert len(shown) == 1
    assert sara.screen().button("ثبت درخواست")
    someone = Someone(sara, code, read_credentials(shown[0]), "", "سارا کریمی")

    await follow(sara, ("🏠 منوی اصلی", "سارا"), ("👤 اطلاعات من", "کد ملی"), ("تغییر رمز", "رمز جدید را"))
    await double_tap(bot, sara, "سامانه بسازد")
    first, renewed = [seen for seen in sara.history() if "رمز عبور:" in seen.text]
    assert read_credentials(first) == someone.credentials
    someone.credentials = read_credentials(renewed)
    assert "گرامی" in sara.screen().text

    await fill(sara)
    await sara.tap("📤 ثبت نهایی").sees("پس از ثبت نهایی")
    old = await double_tap(bot, sara, "بله، ثبت نهایی")
    assert "کد رهگیری:" in sara.screen().text

    # The password that was shown last is the one that opens the account; an old button is called what it is.
    elsewhere = setup.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    await sara.command("menu").sees("گرامی")
    await sara.press(*old).sees(STALE)
