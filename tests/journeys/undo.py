"""A decision that is undone after the bot was killed, from the other messenger; and one that is told (J28)."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlmodel import col, update

from storage.tables import QualificationRequest
from storage.tables.column_types import utcnow
from tests.journeys.qualification import JourneySetup, journey
from tests.support.journey_steps import confirm_approval, fill, open_file, register, submit

#: Longer than the journey.
MINUTES = "60"


@journey("J28", "لغو تصمیم پس از قطع برق و از پیام‌رسان دیگر")
async def undo(setup: JourneySetup) -> None:
    bot = setup.bot
    await bot.kill()
    bot.extra_env["DECISION_UNDO_MINUTES"] = MINUTES
    await bot.start()
    await setup.tariff()
    sara = (await register(bot, setup.officer(), first="سارا")).person
    narges = await setup.expert()
    await fill(sara)
    await submit(sara)
    expert = narges.person
    await open_file(expert, "سارا")
    await confirm_approval(expert)
    await expert.sees("می‌توانید این تصمیم را لغو کنید")
    await bot.kill()
    await bot.start()
    elsewhere = await setup.elsewhere(narges)
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("🔎 پیگیری").sees("🔍 در حال بررسی")
    await expert.tap("↩️ لغو تصمیم").sees("🔍 در حال بررسی")
    await elsewhere.command("menu").tap("🗂 پرونده‌های من").tap("سارا").sees(re.compile(r"پرونده \d{12} —"))
    await confirm_approval(elsewhere)
    await bot.kill()
    async with bot.database() as database:
        due = update(QualificationRequest).where(col(QualificationRequest.held_until).is_not(None))
        await database.run(lambda db: db.exec(due.values(held_until=utcnow() - timedelta(seconds=1))))
    assert not any("پرداخت کنید" in one.text for one in sara.new())
    await bot.start()
    await sara.sees("پرداخت کنید")
