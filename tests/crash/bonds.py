"""Cooperation from both sides: managers who pick officers, and what officers make of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from storage.enums import ContractState, CooperationState
from tests.crash.crowd import Crowd
from tests.crash.life import File, Life, University
from tests.crash.officers import hears
from tests.crash.patient import Patient

#: How a bond may go.
WAYS = ("refuses", "gives up", "is taken back", "is refused", "terminates", "is freed", "stays")
BRANCH = "مرکزی"
REASON = "به شهر دیگری می‌روم."


@dataclass(slots=True, eq=False)
class Bond:
    """An officer on the market. Each side waits for the other where a person would be told."""

    life: Life
    way: str
    manager: Manager | None = None
    picked: asyncio.Event = field(default_factory=asyncio.Event)
    #: Nothing is left to do for the officer; for the manager.
    officer_done: asyncio.Event = field(default_factory=asyncio.Event)
    manager_done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Manager:
    phones: list[Patient]
    #: The SMS of a termination goes there.
    mobile: str
    #: Whose contract at the branch is in force.
    serving: Life | None = None
    known: list[Life] = field(default_factory=list)

    @property
    def person(self) -> Patient:
        return self.phones[0]

    async def works(self, market: asyncio.Queue[Bond | None]) -> None:
        """Pick whoever comes to the market, until nobody will."""
        while (bond := await market.get()) is not None:
            bond.manager = self
            self.known.append(bond.life)
            await self._picks(bond.life)
            bond.picked.set()
            if bond.way == "is taken back":
                await self._takes_back(bond.life)
            if bond.way == "is freed":
                await bond.officer_done.wait()
                await self._frees(bond.life)
            bond.manager_done.set()
            await bond.officer_done.wait()

    async def _picks(self, life: Life) -> None:
        person = self.person
        await person.command("menu")
        await person.tap("👤 انتخاب مسئول فنی")
        await person.sees("برای کدام شعبه")
        await person.tap(BRANCH)
        await person.sees("کد ملی مسئول فنی را بفرستید")
        await person.send(life.national_code)
        await person.sees(f"درخواست همکاری با {life.name}")
        life.did("cooperation.picked")
        life.is_told("N13")
        life.cooperations.append(CooperationState.PENDING_OFFICER)

    async def _takes_back(self, life: Life) -> None:
        person = self.person
        await person.command("menu")
        await person.tap("🏢 شعبه‌ها")
        await person.sees("شعبه‌های ")
        await person.tap(BRANCH)
        await person.tap("📄 درخواست همکاری")
        await person.sees("تاریخ درخواست")
        await person.tap("پس گرفتن درخواست")
        await person.sees("پس گرفته شود؟")
        await person.tap("بله، پس می‌گیرم")
        await person.sees("پس‌گرفته‌شده")
        life.did("cooperation.withdrawn")
        life.is_told("N24")
        life.cooperations[-1] = CooperationState.WITHDRAWN

    async def _frees(self, life: Life) -> None:
        person = self.person
        await person.command("menu")
        await person.tap("🔓 آزاد کردن کد ملی")
        await person.sees("کد ملی کدام مسئول فنی آزاد شود؟")
        await person.tap(life.name)
        await person.sees("همین حالا پایان می‌یابد و قابل بازگشت نیست")
        await person.tap("بله، آزاد می‌کنم")
        await person.sees("بدون مسئول فنی")
        self.lets_go("contract.freed")

    def lets_go(self, deed: str) -> None:
        """Whoever served at the branch does no longer, and is told."""
        life, self.serving = self.serving, None
        assert life is not None
        life.did(deed)
        life.is_told("N18")
        life.contracts[-1] = ContractState.ENDED_BY_DISTRIBUTOR


async def serves(life: Life, crowd: Crowd, where: University) -> None:
    """A qualified officer is picked, answers, and sees where it leads. `where`: the university of the branches."""
    bond = Bond(life, life.rng.choice(WAYS))
    await crowd.market.put(bond)
    told = await hears(life, "شما را برای شعبه")
    await bond.picked.wait()
    manager = bond.manager
    assert manager is not None
    if bond.way == "is taken back":
        await hears(life, "پس گرفته شد")
        await bond.manager_done.wait()
        bond.officer_done.set()
        return
    await life.here.tap("مشاهده", on=told)
    await life.here.sees("در انتظار پاسخ شما")
    if bond.way == "refuses":
        await _refuses(life, manager)
    else:
        await _accepts(life, manager)
        if bond.way == "gives up":
            await _gives_up(life, manager)
        else:
            await where.put(File(life, "", "refuse bond" if bond.way == "is refused" else "approve bond"))
            await _learns(life, manager)
    if bond.way == "terminates":
        await _terminates(life, manager)
    bond.officer_done.set()
    if bond.way == "is freed":
        await hears(life, "کد ملی شما آزاد شد")
        await bond.manager_done.wait()


async def _refuses(life: Life, manager: Manager) -> None:
    person = life.here
    await person.tap("❌ رد همکاری")
    await person.sees("دلیل رد را بنویسید")
    await person.send("محل کار از من دور است")
    await person.sees("بازگردانده و مختومه می‌شود")
    await person.tap("بله، رد می‌کنم")
    await person.sees("ردشده توسط شما")
    life.did("cooperation.rejected_by_officer")
    life.is_told("N15", rows=len(manager.phones))
    life.cooperations[-1] = CooperationState.REJECTED_BY_OFFICER


async def _accepts(life: Life, manager: Manager) -> None:
    person = life.here
    await person.tap("✅ قبول همکاری")
    await person.sees("اجازه می‌دهید درخواست برای بررسی به دانشگاه ارسال شود")
    await person.tap("بله، قبول می‌کنم")
    await person.sees("وضعیت: ⏳ در انتظار بررسی دانشگاه")
    life.did("cooperation.accepted")
    life.is_told("N14", rows=len(manager.phones))
    life.cooperations[-1] = CooperationState.PENDING_UNIVERSITY


async def _gives_up(life: Life, manager: Manager) -> None:
    person = life.here
    await person.tap("انصراف از همکاری")
    await person.sees("مطمئن هستید")
    await person.tap("بله، انصراف می‌دهم")
    await person.sees("ردشده توسط شما")
    life.did("cooperation.given_up")
    life.is_told("N15", rows=len(manager.phones))
    life.cooperations[-1] = CooperationState.REJECTED_BY_OFFICER


async def _learns(life: Life, manager: Manager) -> None:
    """What the university says of it; with an approval whoever served at the branch before is replaced."""
    told = await hears(life, re.compile("دانشگاه همکاری شما با .* را (تأیید|رد) کرد"))
    both = len(life.phones) + len(manager.phones)
    if "را رد کرد" in told.text:
        life.did("cooperation.rejected_by_university")
        life.is_told("N17", rows=both)
        life.cooperations[-1] = CooperationState.REJECTED_BY_UNIVERSITY
        return
    if manager.serving is not None:
        manager.lets_go("contract.replaced")
    life.did("cooperation.approved", "contract.contract_started")
    life.is_told("N16", rows=both)
    life.cooperations[-1] = CooperationState.APPROVED
    life.contracts.append(ContractState.ACTIVE)
    manager.serving = life


async def _terminates(life: Life, manager: Manager) -> None:
    person = life.here
    await person.command("menu")
    await person.tap("🤝 مراکز طرف قرارداد")
    await person.sees("🟢 فعال")
    await person.tap("درخواست قطع همکاری")
    await person.sees("دست‌کم ۱۰ حرف")
    await person.send(REASON)
    await person.sees("قابل بازگشت نیست")
    await person.tap("نهایی می‌کنم")
    await person.sees("قطع همکاری: ✅ نهایی‌شده")
    await hears(life, "نام شما از اطلاعات این مرکز حذف شد")
    life.did("termination.termination_drafted", "termination.termination_finalised", "contract.terminated")
    life.is_told("N19", rows=len(life.phones) + len(manager.phones) + 1)
    life.sms.append((manager.mobile, life.name))
    life.contracts[-1] = ContractState.ENDED_BY_OFFICER
    manager.serving = None
