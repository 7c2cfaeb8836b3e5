"""Accounts that exist before the first kill, and the work of staff: letters, and the tariff that changes now and then."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tests.crash.cooperation import Manager
from tests.crash.crowd import Crowd
from tests.crash.experts import Expert
from tests.crash.officer import Officer
from tests.crash.officer_steps import log_in
from tests.crash.retrying_person import RetryingPerson
from tests.support.identities import next_mobile
from tests.support.journey_steps import follow, send, tap, walk

FEE = 1_500_000
#: Seconds for which a tariff stands, the usual one and none.
USUAL, NONE = 45.0, 10.0
#: What comes of registering a distributor.
REGISTERED = ("distributor.distributor_created", "branch.branch_defined", "account.account_created")
#: How often a letter is written to an officer who has finished.
LETTERS = 0.3


@dataclass(frozen=True, slots=True)
class Employees:
    experts: Sequence[Expert]
    managers: Sequence[Manager]
    clerk: RetryingPerson

    async def work(self, crowd: Crowd, *, hurry: bool) -> None:
        """Until `finish`."""
        async with asyncio.TaskGroup() as tasks:
            for expert in self.experts:
                tasks.create_task(expert.work())
            for manager in self.managers:
                tasks.create_task(manager.work(crowd.candidates))
            tasks.create_task(write_letters(crowd, self.clerk))
            if not hurry:
                tasks.create_task(change_tariff(crowd))

    async def finish(self, crowd: Crowd) -> None:
        """No more work will come."""
        for university in crowd.universities:
            await university.close()
        for _ in self.managers:
            await crowd.candidates.put(None)
        await crowd.finished.put(None)


async def create(crowd: Crowd, *, distributors: int) -> Employees:
    """The tariff is set, and everybody is logged in."""
    await set_tariff(crowd, FEE)
    clerk = await _employee(crowd, "staff", "کارمند اداره")
    return Employees(await _experts(crowd), await _managers(crowd, distributors), clerk)


async def _experts(crowd: Crowd) -> list[Expert]:
    """Two at each university."""
    return [
        Expert(await _employee(crowd, "expert", f"کارشناس {one.province} {number}", one.code), one)
        for one in crowd.universities
        for number in ("یک", "دو")
    ]


async def _employee(crowd: Crowd, role: str, name: str, university: str | None = None) -> RetryingPerson:
    credentials = await crowd.bot.user(role, university=university, name=name)
    person = crowd.phone(name)
    await log_in(person, credentials)
    crowd.other_effects.events.update(["account.account_created", "account.logged_in"])
    return person


async def _managers(crowd: Crowd, count: int) -> list[Manager]:
    """Each of a distributor with one branch; the first of them on both messengers."""
    managers = []
    for number in range(count):
        mobile = next_mobile()
        credentials = await crowd.bot.user("distributor", name="مدیر نمونه", **_guild(number, mobile))
        crowd.other_effects.events.update(REGISTERED)
        phones = [crowd.phone("مدیر")]
        if number == 0:
            phones.append(crowd.phone("مدیر", not_on=phones[0]))
            crowd.other_effects.pushes["N2"] += 1
        for phone in phones:
            await log_in(phone, credentials)
            crowd.other_effects.events["account.logged_in"] += 1
        managers.append(Manager(phones, mobile))
    return managers


def _guild(number: int, mobile: str) -> dict[str, str]:
    """Of a new distributor in Shiraz."""
    return {
        "guild": f"صنف {'ابپتثجچح'[number] * 2}",
        "number": f"{70001 + number}",
        "province": "فارس",
        "city": "شیراز",
        "address": "شیراز، خیابان زند، پلاک ۱۰",
        "mobile": mobile,
    }


async def set_tariff(crowd: Crowd, rial: int) -> None:
    await crowd.bot.command("set-tariff", "--kind", "new", "--rial", str(rial))
    crowd.other_effects.events["tariff.tariff_set"] += 1


async def change_tariff(crowd: Crowd) -> None:
    """Until all kills are done: nothing is to be paid for a while, now and then."""
    while not crowd.killer.over.is_set():
        for rial, seconds in ((FEE, USUAL), (0, NONE)):
            await set_tariff(crowd, rial)
            await asyncio.sleep(seconds)
    await set_tariff(crowd, FEE)


async def write_letters(crowd: Crowd, clerk: RetryingPerson) -> None:
    """To some of the officers who have finished, until there are no more."""
    while (officer := await crowd.finished.get()) is not None:
        if crowd.rng.random() < LETTERS:
            await _write_letter(clerk, officer)
            crowd.other_effects.events["letter.letter_sent"] += 1
            officer.expect(push="N9")


async def _write_letter(clerk: RetryingPerson, officer: Officer) -> None:
    await clerk.command("menu")
    await follow(clerk, ("✉️ نامه‌ها", None), ("نامه جدید", None))
    await walk(
        clerk,
        [
            ("نامه برای چه کسانی", tap("یک نفر")),
            ("کد ملی یا کد کاربری", send(officer.credentials.user_code)),
            ("است؟", tap("بله")),
            ("شماره نامه را", send("۶۶۵/۱۲")),
            ("عنوان نامه را", send("دعوت به جلسه")),
            ("متن نامه را", send("جلسه روز شنبه برگزار می‌شود.")),
            ("«پیوست نامه»", tap("بدون پیوست")),
        ],
        "نامه به این صورت دیده می‌شود",
    )
    await follow(clerk, ("✉️ ارسال نامه", "فرستاده شود؟"), ("بله", "وضعیت: "))
