"""The SMS gateway is down for an hour, then asks for patience, then loses an answer: one SMS all the same, and nobody waits."""

import json
from functools import partial
from typing import Any

import pytest
from sqlmodel import select

from storage.enums import PushChannel, PushState
from storage.tables import Push
from tests.journeys.cooperation import branch_shows, centers_show, employ, founded, pick, qualified
from tests.journeys.qualification import JourneySetup
from tests.support.bot_process import BotProcess
from tests.trouble.test_clock import set_clock
from tests.trouble.watching import everything_done, lines, until

#: Longer than any pause between two tries, in seconds.
PAUSE = 1000


def of_sms(bot: BotProcess) -> list[dict[str, Any]]:
    """Every line of the log that has to do with an SMS or its gateway."""
    words = ("sms", "kavenegar", bot.emulators.sms.url)
    return [one for one in lines(bot) if any(word in json.dumps(one).lower() for word in words)]


def tried_often(bot: BotProcess, times: int) -> bool:
    return len(of_sms(bot)) >= times


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_sms_of_a_termination_is_sent_once_in_the_end(clocked: BotProcess) -> None:
    bot, sms = clocked, clocked.emulators.sms
    setup = JourneySetup(bot, *bot.emulators.messengers)
    tries = 0

    async def tried(times: int) -> None:
        """So many more tries were in vain; the pauses between them are passed by the clock."""
        nonlocal tries
        for _ in range(times):
            tries += 1
            await until(partial(tried_often, bot, earlier + tries), what=f"try {tries}")
            set_clock(bot, tries * PAUSE)

    await bot.start()
    boss = await founded(setup)
    expert = (await setup.expert()).person
    (sara,) = await qualified(setup, "سارا")
    await employ(boss, sara, expert)
    await everything_done(bot)

    def invited() -> bool:
        return any(one["event"] in ("push sent", "push skipped") for one in of_sms(bot))

    # The invitation goes before, by the gateway as it is; or not at all where its reader was quicker.
    await until(invited, what="the end of the invitation's SMS")
    earlier, calls, sent, read = (
        len(one) for one in (of_sms(bot), sms.calls, sms.sent, sms.inbox(boss.mobile))
    )
    sms.fail(status=503, times=None)
    await centers_show(sara.person, "🟢 فعال")
    await sara.person.tap("درخواست قطع همکاری").sees("دست‌کم ۱۰ حرف")
    await sara.person.type("به شهر دیگری می‌روم.").sees(
        "مسئولیت حقوقی استفاده بدون دلیل از این امکان بر عهده شماست"
    )
    await sara.person.tap("قطع همکاری می‌کنم").sees("نام شما از اطلاعات این مرکز حذف شد")
    await boss.person.sees("به همکاری خود با شعبه")
    await tried(2)
    # Neither of them waits for it.
    await branch_shows(boss, "مسئول فنی: ندارد")
    await centers_show(sara.person, "اکنون با مرکزی همکاری ندارید")
    await tried(3)
    sms.recover()
    sms.fail(status=429, times=1)
    sms.fail(code=451, times=2)
    await tried(3)
    assert len(sms.sent) == sent
    sms.fail(status=503, done=True)  # the next try is due from now on
    await pick(boss, sara.national_code, until="درخواست همکاری برای")
    await tried(1)
    await until(lambda: len(sms.calls) == calls + tries + 1, what="the last try")
    await sara.person.command("menu").sees("سارا")
    await everything_done(bot)

    async def settled() -> bool:
        # An invitation is not sent any more where it was accepted before.
        states = select(Push.state).where(Push.channel == PushChannel.SMS, Push.kind != "N27")
        return set(await bot.read(lambda db: db.exec(states).all())) == {PushState.SENT}

    await until(settled, what="the SMS is noted as sent")
    await until(partial(tried_often, bot, earlier + tries + 1), what="a line of the log for it")
    assert len(sms.inbox(boss.mobile)) - read == len(sms.sent) - sent == 1
    # One line a try, which says why.
    told = [(one["event"], one["note"]) for one in of_sms(bot)[earlier:]]
    why = [
        *5 * ["HTTP 503 without JSON"],
        "HTTP 429 without JSON",
        *2 * ["status 451"],
        "HTTP 503 without JSON",
    ]
    assert told == [*(("push put off", one) for one in why), ("push sent", None)]
