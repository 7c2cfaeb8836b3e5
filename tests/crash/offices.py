"""Those who decide: experts of the universities, each working through what lies there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from demo.seen import Seen
from tests.crash.life import File, University
from tests.crash.patient import Patient

CARD = "پرونده {code} —"


@dataclass(eq=False, slots=True)
class Expert:
    person: Patient
    university: University

    async def works(self) -> None:
        """Decide what comes, until nothing will."""
        while (file := await self.university.take(self)) is not None:
            if file.verdict in ("approve bond", "refuse bond"):
                await self._decides_bond(file)
                continue
            await self._opens(file)
            if file.life.rng.random() < 0.3:
                await self._claims(file)
            match file.verdict:
                case "approve":
                    await self._approves()
                case "declare":
                    await self._declares()
                case "reject":
                    await self._rejects("مدارک نامعتبر")
                case "wrong region":
                    await self._rejects("📍 استان/شهر نادرست")

    async def _opens(self, file: File) -> Seen:
        """From the list of new files where it is on the first page, else by its code."""
        person = self.person
        await person.command("menu")
        if file.life.rng.random() < 0.5:
            await person.tap("📥 پرونده‌های جدید")
            listed = await person.sees(re.compile(r"📥 پرونده‌ای در انتظار بررسی نیست|\n۱\. "))
            if listed.button(file.life.name) is not None:
                await person.tap(file.life.name)
                return await person.sees(CARD.format(code=file.code))
            await person.command("menu")
        await person.tap("🔎 جست‌وجو")
        await person.sees("کد رهگیری ۱۲ رقمی")
        await person.send(file.code)
        return await person.sees(CARD.format(code=file.code))

    async def _claims(self, file: File) -> None:
        if self.person.screen().button("📌 بررسی با من") is None:
            return  # it came back to this expert
        await self.person.tap("📌 بررسی با من")
        await self.person.sees("کارشناس: ")
        file.life.did("qualification.claimed")

    async def _approves(self) -> None:
        person = self.person
        await person.tap("✅ تأیید")
        await person.sees("تأیید شود؟")
        await person.tap("بله، تأیید می‌کنم")
        await person.sees(re.compile("✅ پرونده .* تأیید"))

    async def _declares(self) -> None:
        person = self.person
        await person.tap("⚠️ اعلام نواقص")
        await person.sees("موارد ناقص را علامت بزنید")
        await person.tap("نام پدر")
        await person.sees("موارد انتخاب‌شده: ۱")
        await person.tap("مدرک تحصیلی")
        await person.sees("موارد انتخاب‌شده: ۲")
        await person.send("تصویر مدرک خوانا نیست.")
        await person.tap("ارسال نواقص")
        await person.sees("ارسال شود؟")
        await person.tap("بله")
        await person.sees(re.compile("نواقص پرونده .* اعلام شد"))

    async def _rejects(self, reason: str) -> None:
        person = self.person
        await person.tap("❌ رد")
        await person.sees("دلیل رد را انتخاب کنید")
        await person.tap(reason)
        await person.tap("بدون توضیح")
        await person.sees("رد شود؟")
        await person.tap("بله، رد می‌کنم")
        await person.sees(re.compile("❌ پرونده .* رد شد"))

    async def _decides_bond(self, file: File) -> None:
        """A cooperation request, from its list."""
        person = self.person
        await person.command("menu")
        await person.tap("🤝 همکاری‌ها")
        await person.tap(file.life.name)
        await person.sees(re.compile(r"درخواست همکاری \d{12}\n"))
        if file.verdict == "refuse bond":
            await person.tap("❌ رد")
            await person.sees("دلیل رد را انتخاب کنید")
            await person.tap("شعبه خارج از حوزه")
            await person.tap("بدون توضیح")
            await person.sees("رد شود؟")
            await person.tap("بله، رد می‌کنم")
            await person.sees(re.compile("❌ درخواست همکاری .* رد شد"))
            return
        await person.tap("✅ تأیید")
        await person.sees("پس از تأیید، همکاری فعال می‌شود")
        await person.tap("بله، تأیید می‌کنم")
        await person.sees("از امروز فعال است")
