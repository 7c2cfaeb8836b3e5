"""One messenger is down while the other works; what waited is done when it is back."""

import pytest

from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import login, register

pytestmark = pytest.mark.campaign

#: Seconds: the bot asks a messenger that is down ever more seldom.
PATIENCE = 180.0


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "started in it"])
@pytest.mark.parametrize("down", ["telegram", "bale"])
async def test_the_other_messenger_works_on(down: str, restarted: bool, bot: BotProcess) -> None:
    out, works = bot.emulators.messengers if down == "telegram" else reversed(bot.emulators.messengers)
    sara = out.person("سارا", phone="09900000001")
    someone = await register(bot, sara)
    await sara.command("menu").sees("سارا")
    with out.server.outage():
        if restarted:
            assert await bot.stop() == 0
            await bot.start()
        await sara.tap("❓ راهنما")
        elsewhere = works.person("سارا", phone=sara.user.phone)
        await login(elsewhere, someone.credentials)
        await find_journey("J1").act(JourneySetup(bot, works, works))
        assert not sara.new()
    # Her own press is answered, and the push of the login elsewhere comes too.
    await sara.sees("راهنما", within=PATIENCE).sees("🔐 ورود جدید به حساب شما", within=PATIENCE)
    await sara.button_rests(within=PATIENCE)
    assert out.server.pending() == 0
