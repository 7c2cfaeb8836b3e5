"""Cooperation from both sides: managers who choose officers, and what officers do then."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from storage.enums import ContractState, CooperationState
from tests.crash.crowd import Crowd
from tests.crash.officer import Officer, Task, University
from tests.crash.officer_steps import hears
from tests.crash.retrying_person import RetryingPerson
from tests.support.journey_steps import follow

#: How a cooperation may go.
OUTCOMES = ("refuses", "gives up", "is taken back", "is refused", "terminates", "is freed", "stays")
BRANCH = "مرکزی"


@dataclass(slots=True, eq=False)
class Candidate:
    """An officer who may be chosen. Each side waits for the other where a user would be told."""

    officer: Officer
    outcome: str
    manager: Manager | None = None
    picked: asyncio.Event = field(default_factory=asyncio.Event)
    #: Nothing is left to do for the officer; for the manager.
    officer_done: asyncio.Event = field(default_factory=asyncio.Event)
    manager_done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Manager:
    phones: list[RetryingPerson]
    #: The SMS of a termination goes there.
    mobile: str
    #: Whose contract at the branch is in force.
    employed: Officer | None = None
    #: Officers whom this manager has chosen.
    known: list[Officer] = field(default_factory=list)

    @property
    def person(self) -> RetryingPerson:
        return self.phones[0]

    async def work(self, candidates: asyncio.Queue[Candidate | None]) -> None:
        """Choose each candidate, until no more come."""
        while (candidate := await candidates.get()) is not None:
            candidate.manager = self
            self.known.append(candidate.officer)
            await self._pick(candidate.officer)
            candidate.picked.set()
            if candidate.outcome == "is taken back":
                await self._take_back(candidate.officer)
            if candidate.outcome == "is freed":
                await candidate.officer_done.wait()
                await self._free(candidate.officer)
            candidate.manager_done.set()
            await candidate.officer_done.wait()

    async def _pick(self, officer: Officer) -> None:
        await self.person.command("menu")
        await follow(
            self.person, ("👤 انتخاب مسئول فنی", "برای کدام شعبه"), (BRANCH, "کد ملی مسئول فنی را بنویسید")
        )
        await self.person.type(officer.national_code)
        await self.person.sees("به او ارسال شود؟")
        await self.person.tap("بله")
        await self.person.sees(f"درخواست همکاری با {officer.name}")
        officer.expect("cooperation.picked", push="N13")
        officer.cooperations.append(CooperationState.PENDING_OFFICER)

    async def _take_back(self, officer: Officer) -> None:
        await self.person.command("menu")
        await follow(
            self.person,
            ("🏢 شعبه‌ها", "شعبه‌های "),
            (BRANCH, None),
            ("📄 درخواست همکاری", "تاریخ درخواست"),
            ("پس گرفتن درخواست", "پس گرفته شود؟"),
            ("بله، پس می‌گیرم", "پس‌گرفته‌شده"),
        )
        officer.expect("cooperation.withdrawn", push="N24")
        officer.cooperations[-1] = CooperationState.WITHDRAWN

    async def _free(self, officer: Officer) -> None:
        await self.person.command("menu")
        await follow(
            self.person,
            ("🔓 آزاد کردن کد ملی", "کد ملی کدام مسئول فنی آزاد شود؟"),
            (officer.name, "همین حالا پایان می‌یابد و قابل بازگشت نیست"),
            ("بله، آزاد می‌کنم", "مسئول فنی: ندارد"),
        )
        self.contract_ends("contract.freed")

    def contract_ends(self, event: str) -> None:
        """The officer who worked at the branch does no longer, and is told."""
        officer, self.employed = self.employed, None
        assert officer is not None
        officer.expect(event, push="N18")
        officer.contracts[-1] = ContractState.ENDED_BY_DISTRIBUTOR


async def cooperate(officer: Officer, crowd: Crowd, university: University) -> None:
    """A qualified officer is chosen, answers, and sees where it leads. `university` is that of the branches."""
    candidate = Candidate(officer, officer.rng.choice(OUTCOMES))
    await crowd.candidates.put(candidate)
    told = await hears(officer, "شما را برای شعبه")
    await candidate.picked.wait()
    manager = candidate.manager
    assert manager is not None
    if candidate.outcome == "is taken back":
        await hears(officer, "پس گرفته شد")
        await candidate.manager_done.wait()
        candidate.officer_done.set()
        return
    await officer.here.tap("مشاهده", on=told)
    await officer.here.sees("در انتظار پاسخ شما")
    if candidate.outcome == "refuses":
        await _refuse(officer, manager)
    else:
        await _accept(officer, manager)
        if candidate.outcome == "gives up":
            await _give_up(officer, manager)
        else:
            refused = candidate.outcome == "is refused"
            decision = "refuse cooperation" if refused else "approve cooperation"
            await university.put(Task(officer, "", decision))
            await _hear_decision(officer, manager)
    if candidate.outcome == "terminates":
        await _terminate(officer, manager)
    candidate.officer_done.set()
    if candidate.outcome == "is freed":
        await hears(officer, "کد ملی شما آزاد شد")
        await candidate.manager_done.wait()


async def _refuse(officer: Officer, manager: Manager) -> None:
    await follow(officer.here, ("❌ رد همکاری", "دلیل رد را بنویسید"))
    await officer.here.type("محل کار از من دور است")
    await officer.here.sees("گفته و درخواست بسته می‌شود")
    await follow(officer.here, ("بله، رد می‌کنم", "ردشده از سوی شما"))
    officer.expect("cooperation.rejected_by_officer", push="N15", rows=len(manager.phones))
    officer.cooperations[-1] = CooperationState.REJECTED_BY_OFFICER


async def _accept(officer: Officer, manager: Manager) -> None:
    await follow(
        officer.here,
        ("✅ قبول همکاری", "درخواست برای بررسی به دانشگاه فرستاده می‌شود"),
        ("بله، قبول می‌کنم", "وضعیت: ⏳ در انتظار بررسی دانشگاه"),
    )
    officer.expect("cooperation.accepted", push="N14", rows=len(manager.phones))
    officer.cooperations[-1] = CooperationState.PENDING_UNIVERSITY


async def _give_up(officer: Officer, manager: Manager) -> None:
    await follow(officer.here, ("انصراف از همکاری", "مطمئن هستید"), ("بله، انصراف می‌دهم", "ردشده از سوی شما"))
    officer.expect("cooperation.given_up", push="N15", rows=len(manager.phones))
    officer.cooperations[-1] = CooperationState.REJECTED_BY_OFFICER


async def _hear_decision(officer: Officer, manager: Manager) -> None:
    """An approval replaces the officer who worked at the branch before."""
    told = await hears(officer, re.compile("دانشگاه همکاری شما با .* را (تأیید|رد) کرد"))
    both = len(officer.phones) + len(manager.phones)
    if "را رد کرد" in told.text:
        officer.expect("cooperation.rejected_by_university", push="N17", rows=both)
        officer.cooperations[-1] = CooperationState.REJECTED_BY_UNIVERSITY
        return
    if manager.employed is not None:
        manager.contract_ends("contract.replaced")
    officer.expect("cooperation.approved", "contract.contract_started", push="N16", rows=both)
    officer.cooperations[-1] = CooperationState.APPROVED
    officer.contracts.append(ContractState.ACTIVE)
    manager.employed = officer


async def _terminate(officer: Officer, manager: Manager) -> None:
    await officer.here.command("menu")
    await follow(officer.here, ("🤝 مراکز طرف قرارداد", "🟢 فعال"), ("درخواست قطع همکاری", "دست‌کم ۱۰ حرف"))
    await officer.here.type("به شهر دیگری می‌روم.")
    await officer.here.sees("قابل بازگشت نیست")
    await follow(officer.here, ("قطع همکاری می‌کنم", "نهایی‌شده"))
    await hears(officer, "نام شما از اطلاعات این مرکز حذف شد")
    officer.expect(
        "termination.termination_drafted",
        "termination.termination_finalised",
        "contract.terminated",
        push="N19",
        rows=len(officer.phones) - 1 + len(manager.phones) + 1,
    )
    officer.sms.append((manager.mobile, officer.name))
    officer.contracts[-1] = ContractState.ENDED_BY_OFFICER
    manager.employed = None
