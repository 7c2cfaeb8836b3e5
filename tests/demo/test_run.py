"""`bot.py demo` as a visitor meets it: the real bot, ready accounts, a power cut, and going on another day."""

from pathlib import Path

import pytest

from demo.bot_process import BotProcess
from demo.run import Demo, Options
from demo.users import DemoUser
from tests.support.ports import free_ports


def role(demo: Demo, title: str) -> DemoUser:
    return next(one for one in demo.users.roles if one.title == title)


async def log_in(who: DemoUser) -> None:
    await who.person.start()
    await who.person.tap("ورود")
    await who.person.sees("کد کاربری خود را")
    await who.person.type(who.identity.user_code)
    await who.person.sees("رمز عبور خود را")
    secret = await who.person.type(who.identity.password)
    await who.person.sees_gone(secret)


@pytest.mark.campaign
async def test_ready_accounts_power_cut_and_another_day(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    stranger = folder / "something of the visitor"
    folder.mkdir()
    stranger.write_text("keep")
    options = Options(folder=folder, port=free_ports(3))
    async with Demo(options) as demo:
        expert, staff = role(demo, "کارشناس شیراز"), role(demo, "اداره کل")
        await log_in(expert)
        await expert.person.sees("کارتابل دانشگاه علوم پزشکی شیراز")
        await demo.bot.kill()
        await staff.person.start()
        await demo.bot.start()
        await staff.person.sees("خوش آمدید")
        assert demo.emulators.violations == []
    async with Demo(options) as demo:
        expert = role(demo, "کارشناس شیراز")
        assert any("کارتابل" in one.text for one in expert.person.history())
        await expert.person.start()
        await expert.person.sees("موسوی")
        assert demo.emulators.violations == []
    assert stranger.read_text() == "keep"


@pytest.mark.campaign
async def test_the_bot_started_by_hand_for_a_debugger(tmp_path: Path) -> None:
    """DEMO_DEBUG: `bot.py run` in the demo's folder finds its settings there."""
    options = Options(folder=tmp_path, port=free_ports(3), debug=True)
    async with Demo(options) as demo:
        assert not demo.bot.runs
        by_hand = BotProcess(tmp_path, {})
        await by_hand.start()
        try:
            officer = role(demo, "مسئول فنی").person
            await officer.start()
            await officer.sees("ثبت‌نام")
        finally:
            await by_hand.stop()
