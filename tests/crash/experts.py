"""Experts of the universities, each working through its queue."""

import re
from dataclasses import dataclass

from tests.crash.officer import Task, University
from tests.crash.retrying_person import RetryingPerson
from tests.support.journey_steps import confirm_approval, follow

CARD = "پرونده {code} —"
REASONS = {"reject": "مدارک نامعتبر", "wrong region": "📍 استان/شهر نادرست"}


@dataclass(eq=False, slots=True)
class Expert:
    person: RetryingPerson
    university: University

    async def work(self) -> None:
        """Decide what comes, until no more does."""
        while (task := await self.university.take(self)) is not None:
            if task.decision.endswith("cooperation"):
                await self._decide_cooperation(task)
                continue
            await self._open(task)
            await self._claim(task)
            if task.decision == "approve":
                await confirm_approval(self.person)
            elif task.decision == "declare":
                await self._declare_deficiencies()
            else:
                await self._reject(REASONS[task.decision])

    async def _open(self, task: Task) -> None:
        """From the list of new files where it is on the first page, else by its code."""
        person, card = self.person, CARD.format(code=task.code)
        await person.command("menu")
        if task.officer.rng.random() < 0.5:
            await person.tap("📥 پرونده‌های جدید")
            listed = await person.sees(re.compile(r"📥 پرونده‌ای در انتظار بررسی نیست|\n۱\. "))
            if listed.button(task.officer.name) is not None:
                await follow(person, (task.officer.name, card))
                return
            await person.command("menu")
        await follow(person, ("🔎 جست‌وجو", "کد رهگیری"))
        await person.type(task.code)
        await person.sees(card)

    async def _claim(self, task: Task) -> None:
        if self.person.screen().button("📌 برداشتن پرونده") is None:
            return  # it came back to this expert
        await follow(self.person, ("📌 برداشتن پرونده", "🔍 در حال بررسی"))
        task.officer.expect("qualification.claimed")

    async def _declare_deficiencies(self) -> None:
        await follow(
            self.person,
            ("⚠️ اعلام نواقص", "موارد ناقص را علامت بزنید"),
            ("نام پدر", "موارد انتخاب‌شده: ۱"),
            ("مدرک تحصیلی", "موارد انتخاب‌شده: ۲"),
        )
        await self.person.type("تصویر مدرک خوانا نیست.")
        await follow(
            self.person, ("ارسال نواقص", "ارسال شود؟"), ("بله", re.compile("نواقص پرونده .* اعلام شد"))
        )

    async def _reject(self, reason: str) -> None:
        await follow(
            self.person,
            ("❌ رد", "دلیل رد را انتخاب کنید"),
            (reason, None),
            ("بدون توضیح", "رد شود؟"),
            ("بله، رد می‌کنم", re.compile("❌ (پرونده|درخواست همکاری) .* رد شد")),
        )

    async def _decide_cooperation(self, task: Task) -> None:
        """A cooperation request, from its list."""
        await self.person.command("menu")
        await follow(
            self.person, ("🤝 همکاری‌ها", None), (task.officer.name, re.compile(r"درخواست همکاری \d{12}\n"))
        )
        if task.decision == "refuse cooperation":
            await self._reject("شعبه خارج از حوزه")
            return
        await follow(
            self.person,
            ("✅ تأیید", "پس از تأیید، همکاری فعال می‌شود"),
            ("بله، تأیید می‌کنم", "از امروز فعال است"),
        )
