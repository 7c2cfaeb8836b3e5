"""One messenger is down while the other works; what waited is done when it is back."""

import pytest

from tests.journeys.plays import Scene, play_of
from tests.support.bot_process import Stage
from tests.support.scenes import login, register

pytestmark = pytest.mark.campaign

#: Seconds: the bot asks a messenger that is down ever more seldom.
PATIENCE = 60.0


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "started in it"])
@pytest.mark.parametrize("down", ["telegram", "bale"])
async def test_the_other_messenger_works_on(down: str, restarted: bool, stage: Stage) -> None:
    out, works = stage.town.messengers if down == "telegram" else reversed(stage.town.messengers)
    sara = out.person("سارا", phone="09900000001")
    someone = await register(stage, sara)
    await sara.command("menu")
    await sara.sees("سارا")
    with out.server.outage():
        if restarted:
            assert await stage.stop() == 0
            await stage.start()
        await sara.tap("❓ راهنما")
        elsewhere = works.person("سارا", phone=sara.user.phone)
        await login(elsewhere, someone.credentials)
        await play_of("J1").act(Scene(stage, works, works))
        assert not sara.new()
    # Her own press is answered, and the push of the login elsewhere comes too.
    await sara.sees("راهنما", within=PATIENCE)
    await sara.sees("🔐 ورود جدید به حساب شما", within=PATIENCE)
    await sara.button_rests(within=PATIENCE)
    assert out.server.pending() == 0
