"""Staff take back an approval before it is paid, and later the qualification (docs/specification.md 2.2, J29)."""

from __future__ import annotations

import re

from tests.journeys.qualification import JourneySetup, journey, no_pay_button, to_payment
from tests.support import journey_steps as steps

WHY = "گواهی جعلی است"


async def at_reason(staff: steps.Someone, code: str, label: str) -> None:
    """From anywhere to the file card by its tracking code, and past the reason to the first question."""
    boss = staff.person
    await boss.command("menu").tap("🔎 جست‌وجو").sees("بنویسید")
    await boss.type(code).sees(f"پرونده {code} —")
    await boss.tap(label).sees("دلیل را بنویسید")
    await boss.type(WHY).sees(code, WHY)


@journey("J29", "لغو تأیید پیش از پرداخت، و ابطال صلاحیت پس از آن")
async def revocation(setup: JourneySetup) -> None:
    await setup.tariff()
    expert, staff = await setup.expert(), await setup.staff()
    sara, url = await to_payment(setup, expert=expert)
    boss = staff.person
    tracked = await sara.command("menu").tap("🎓 احراز صلاحیت").tap("🔎 پیگیری").sees(re.compile(r"\d{12}"))
    found = re.search(r"\d{12}", tracked.text)
    assert found is not None
    code = found[0]

    await at_reason(staff, code, "↩️ لغو تأیید")
    await steps.follow(boss, ("بله، لغو شود", "بار دوم"), ("لغو قطعی تأیید", "🔍 در حال بررسی"))
    await sara.sees("لغو کرد", "پرداختی لازم نیست", WHY)
    assert "صفحه پیدا نشد" in (await steps.pay_page(url)).text
    await no_pay_button(setup, sara)

    back = await expert.person.sees("لغو کرد", WHY)
    await expert.person.tap("مشاهده", on=back).sees("اداره کل تأیید این پرونده را لغو کرد")
    await steps.confirm_approval(expert.person)
    told = await sara.sees("پرداخت کنید")
    assert told.url("پرداخت") != url
    await steps.click_to_bank(told.url("پرداخت"))
    bank = setup.bot.emulators.bank
    await steps.come_back(bank.pay(bank.last.ref))
    await sara.sees("🎉 پرداخت انجام شد")

    await at_reason(staff, code, "⛔️ ابطال صلاحیت")
    await steps.follow(boss, ("بله، ابطال شود", "بار دوم"), ("ابطال قطعی", "⛔️ ابطال‌شده"))
    await sara.sees("ابطال شد", WHY)
    await expert.person.sees("ابطال کرد", WHY)
    seen = await sara.command("menu").tap("🎓 احراز صلاحیت").sees("⛔️ ابطال‌شده")
    assert "ثبت دوباره" in seen.labels
