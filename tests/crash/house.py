"""Who is hired before anything happens, and the staff: letters, and the tariff that changes now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tests.crash.bonds import Manager
from tests.crash.crowd import Crowd
from tests.crash.life import Life
from tests.crash.officers import login
from tests.crash.offices import Expert
from tests.crash.patient import Patient
from tests.journeys.plays_cooperation import found
from tests.support.identities import next_mobile
from tests.support.scenes import send, tap, walk

FEE = 1_500_000
#: Seconds for which a tariff stands, the usual one and none.
USUAL, NONE = 45.0, 10.0
#: What comes of registering a distributor.
FOUNDED = ("distributor.distributor_created", "branch.branch_defined", "account.account_created")
#: How often an officer whose life is over is written to.
WRITTEN_TO = 0.3


@dataclass(frozen=True, slots=True)
class Crew:
    experts: Sequence[Expert]
    managers: Sequence[Manager]
    clerk: Patient

    async def works(self, crowd: Crowd, *, hurry: bool) -> None:
        """Until the last life is over."""
        async with asyncio.TaskGroup() as at_work:
            for expert in self.experts:
                at_work.create_task(expert.works())
            for manager in self.managers:
                at_work.create_task(manager.works(crowd.market))
            at_work.create_task(writes_letters(crowd, self.clerk))
            if not hurry:
                at_work.create_task(changes_tariff(crowd))

    async def may_go(self, crowd: Crowd) -> None:
        """No more work will come."""
        for university in crowd.universities:
            await university.close()
        for _ in self.managers:
            await crowd.market.put(None)
        await crowd.at_rest.put(None)


async def hire(crowd: Crowd, *, firms: int) -> Crew:
    """The tariff is set, and everybody is logged in."""
    await set_tariff(crowd, FEE)
    clerk = await _employee(crowd, "staff", "کارمند اداره")
    return Crew(await _experts(crowd), await _managers(crowd, clerk, firms), clerk)


async def _experts(crowd: Crowd) -> list[Expert]:
    """Two at each university."""
    found = []
    for university in crowd.universities:
        for number in ("یک", "دو"):
            person = await _employee(
                crowd, "expert", f"کارشناس {university.province} {number}", university.code
            )
            found.append(Expert(person, university))
    return found


async def _employee(crowd: Crowd, role: str, name: str, university: str | None = None) -> Patient:
    credentials = await crowd.stage.user(role, university=university, name=name)
    person = crowd.phone(name)
    await login(person, credentials)
    crowd.house.deeds.update(["account.account_created", "account.logged_in"])
    return person


async def _managers(crowd: Crowd, resources: Patient, count: int) -> list[Manager]:
    """Each of a firm of one branch; the first of them on both messengers."""
    hired = []
    for number in range(count):
        mobile = next_mobile()
        identity = [
            ("نوع توزیع‌کننده را", tap("واحد صنفی")),
            ("نام توزیع‌کننده را", send(f"صنف {['الف', 'ب', 'پ', 'ت', 'ث', 'ج', 'چ', 'ح'][number] * 2}")),
            ("شماره پروانه کسب", send(f"{70001 + number}")),
        ]
        credentials = await found(resources, identity=identity, manager=("مدیر", "نمونه"), mobile=mobile)
        crowd.house.deeds.update(FOUNDED)
        phones = [crowd.phone("مدیر")]
        if number == 0:
            phones.append(crowd.phone("مدیر", not_on=phones[0]))
            crowd.house.told["N2"] += 1
        for phone in phones:
            await login(phone, credentials)
            crowd.house.deeds["account.logged_in"] += 1
        hired.append(Manager(phones, mobile))
    return hired


async def set_tariff(crowd: Crowd, rial: int) -> None:
    await crowd.stage.command("set-tariff", "--kind", "new", "--rial", str(rial))
    crowd.house.deeds["tariff.tariff_set"] += 1


async def changes_tariff(crowd: Crowd) -> None:
    """Until all kills are done: nothing is to be paid for a while, now and then."""
    while not crowd.killer.over.is_set():
        for rial, seconds in ((FEE, USUAL), (0, NONE)):
            await set_tariff(crowd, rial)
            await asyncio.sleep(seconds)
    await set_tariff(crowd, FEE)


async def writes_letters(crowd: Crowd, resources: Patient) -> None:
    """To some of those whose life is over, until there are no more."""
    while (life := await crowd.at_rest.get()) is not None:
        if crowd.rng.random() < WRITTEN_TO:
            await _writes(resources, life)
            crowd.house.deeds["letter.letter_sent"] += 1
            life.is_told("N9")


async def _writes(resources: Patient, life: Life) -> None:
    await resources.command("menu")
    await resources.tap("✉️ ارسال نامه")
    await resources.tap("نامه جدید")
    await walk(
        resources,
        [
            ("نامه برای چه کسانی", tap("یک نفر")),
            ("کد ملی یا کد کاربری", send(life.credentials.user_code)),
            ("است؟", tap("بله")),
            ("شماره نامه را", send("۶۶۵/۱۲")),
            ("عنوان نامه را", send("دعوت به جلسه")),
            ("متن نامه را", send("جلسه روز شنبه برگزار می‌شود.")),
            ("«پیوست نامه»", tap("رد کردن")),
        ],
        "نامه به این صورت دیده می‌شود",
    )
    await resources.tap("✉️ ارسال نامه")
    await resources.sees("فرستاده شود؟")
    await resources.tap("بله")
    await resources.sees("وضعیت: ")
