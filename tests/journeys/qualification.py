"""The journeys of docs/specification.md 6, each a function of a JourneySetup.

`here` is the messenger it is played on, `there` the other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import update

from demo.botapi.faults import Fault
from demo.emulators import EmulatedMessenger
from demo.person import Person
from storage.tables import PaymentAttempt
from storage.tables.column_types import utcnow
from tests.support import files
from tests.support import journey_steps as steps
from tests.support.bot_process import BotProcess
from tests.support.identities import next_mobile
from tests.support.pending import until

FARS, ESFAHAN = "sums", "mui"


@dataclass(slots=True)
class Journey:
    number: str
    title: str
    act: Callable[[JourneySetup], Awaitable[None]]


@dataclass(slots=True)
class JourneySetup:
    bot: BotProcess
    here: EmulatedMessenger
    there: EmulatedMessenger

    @classmethod
    def on(cls, bot: BotProcess, messenger: str) -> JourneySetup:
        """Played on this messenger."""
        here, there = (
            bot.emulators.messengers if messenger == "telegram" else reversed(bot.emulators.messengers)
        )
        return cls(bot, here, there)

    def officer(self, name: str = "سارا") -> Person:
        return self.here.person(name, phone=next_mobile())

    async def registered(
        self, name: str = "سارا", *, there: bool = False, share: bool = True
    ) -> steps.Someone:
        """A new officer; `there`: on the other messenger."""
        messenger = self.there if there else self.here
        return await steps.register(
            self.bot, messenger.person(name, phone=next_mobile()), first=name, share=share
        )

    async def elsewhere(self, someone: steps.Someone) -> Person:
        """Their phone on the other messenger, logged in."""
        person = self.there.person(someone.person.user.first_name, phone=someone.person.user.phone)
        await steps.login(person, someone.credentials)
        return person

    async def officer_at_summary(self) -> Person:
        """Registered, with the form of a qualification request filled in."""
        person = (await self.registered()).person
        await steps.fill(person)
        return person

    async def expert(
        self, university: str = FARS, *, role: str = "expert", name: str = "نرگس کاظمی"
    ) -> steps.Someone:
        person = self.here.person(name.split()[0])
        return await steps.staff_member(self.bot, person, role, university=university, name=name)

    async def staff(self) -> steps.Someone:
        return await steps.staff_member(self.bot, self.here.person("رضا"), "staff", name="رضا مرادی")

    async def tariff(self, rial: int = 1_500_000) -> None:
        await self.bot.command("set-tariff", "--kind", "new", "--rial", str(rial))


JOURNEYS: list[Journey] = []
#: The numbers of those that `make journey` and `make test` run.
MAIN = ("J1", "J2", "J3", "J4", "J5", "J6")


def journey(number: str, title: str) -> Callable[[Callable[[JourneySetup], Awaitable[None]]], None]:
    def add(act: Callable[[JourneySetup], Awaitable[None]]) -> None:
        JOURNEYS.append(Journey(number, title, act))

    return add


def find_journey(number: str) -> Journey:
    return next(one for one in JOURNEYS if one.number == number)


@journey("J1", "ثبت‌نام، خروج و ورود دوباره")
async def registration(setup: JourneySetup) -> None:
    someone = await setup.registered()
    sara = someone.person
    await sara.command("menu").tap("🚪 خروج").sees("از حساب خود خارج شدید")
    await steps.login(sara, someone.credentials)
    elsewhere = await setup.elsewhere(someone)
    told = await sara.sees("🔐 ورود جدید به حساب شما")
    assert any("بستن این" in label for label in told.labels)
    await sara.tap("بستن این", on=told).button_rests()
    await elsewhere.command("menu").sees("خوش آمدید")


@journey("J2", "درخواست احراز صلاحیت با مدارک")
async def request(setup: JourneySetup) -> None:
    sara = (await setup.registered()).person
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("ثبت درخواست").sees("نام پدر خود را")
    await sara.type("علی").sees("جنسیت خود را")
    await sara.tap("زن").sees("شماره شناسنامه خود را")
    await sara.tap("بازگشت").sees("جنسیت خود را")
    await sara.tap("بازگشت").sees("نام پدر خود را")
    await sara.send_photo(files.jpeg()).sees("یکی از دکمه‌ها را بزنید یا پاسخ را بنویسید")
    shown = await steps.walk(sara, [("نام پدر خود را", steps.send("حسن")), *steps.form()], steps.SUMMARY)
    assert "حسن" in shown.text
    await sara.tap("نام پدر").sees("نام پدر خود را")
    await sara.type("حسین").sees(steps.SUMMARY, "حسین")
    await steps.submit(sara)
    await sara.sees("شیراز")


@journey("J3", "نیمی در یک پیام‌رسان، نیمی در دیگری")
async def moved(setup: JourneySetup) -> None:
    someone = await setup.registered()
    sara = someone.person
    await steps.fill(sara, until="آدرس محل زندگی خود را کامل")
    elsewhere = await setup.elsewhere(someone)
    await elsewhere.tap("ادامه درخواست")
    shown = await steps.walk(elsewhere, steps.form(), steps.SUMMARY)
    assert "علی" in shown.text
    await steps.submit(elsewhere)


@journey("J4", "بررسی، اعلام نقص، رفع نقص و تأیید")
async def review(setup: JourneySetup) -> None:
    await setup.tariff()
    sara = await setup.officer_at_summary()
    narges = await setup.expert()
    code = await steps.submit(sara)
    expert = narges.person
    await expert.sees("📥")
    card = await steps.open_file(expert, "سارا")
    assert code in card.text
    await expert.tap("📌 برداشتن پرونده").sees(re.compile(r"پرونده \d{12} —"))
    shown = await expert.tap("📎 مدارک").tap("کارت ملی").sees_file()
    assert shown.file.content[:2] in (b"\xff\xd8", b"\x89P", b"%P")
    await open_mine(expert, "سارا")
    await expert.tap("⚠️ اعلام نواقص").sees("موارد ناقص را علامت بزنید")
    await expert.tap("نام پدر").sees("موارد انتخاب‌شده: ۱")
    await expert.tap("مدرک تحصیلی").sees("موارد انتخاب‌شده: ۲")
    await expert.type("تصویر مدرک خوانا نیست.").tap("ارسال نواقص").sees("ارسال شود؟")
    await expert.tap("بله").sees("اعلام شد")
    told = await sara.sees("نواقص زیر اعلام شد", code, "خوانا نیست")
    await sara.tap("رفع نقص", on=told)
    shown = await steps.walk(
        sara,
        [
            ("نام پدر", steps.send("عباس")),
            ("📎 «تصویر مدرک تحصیلی", steps.document(file=("مدرک تحصیلی.pdf", files.pdf))),
            ("اگر توضیحی برای کارشناس", steps.send("مدرک خواناتر پیوست شد.")),
        ],
        "اصلاح‌ها را مرور کنید",
    )
    await sara.tap("📤 ارسال دوباره").sees("به همان کارشناس بازمی‌گردد")
    await sara.tap("بله")
    back = await expert.sees("🔁 متقاضی نواقص پرونده")
    card = await expert.tap("مشاهده", on=back).sees("عباس")
    await expert.tap("✅ تأیید").sees("تأیید شود؟")
    await expert.tap("بله، تأیید می‌کنم").sees("تأیید شد")
    await sara.sees("پرداخت کنید", "۱٬۵۰۰٬۰۰۰ ریال")


async def open_mine(expert: Person, name: str) -> None:
    await expert.command("menu").tap("🗂 پرونده‌های من").tap(name).sees(re.compile(r"پرونده \d{12} —"))


@journey("J5", "استان نادرست: رد و ثبت دوباره در دانشگاه درست")
async def wrong_region(setup: JourneySetup) -> None:
    sara = await setup.officer_at_summary()
    first, second = await setup.expert(), await setup.expert(ESFAHAN, name="بهار رستمی")
    await steps.submit(sara)
    expert = first.person
    await steps.open_file(expert, "سارا")
    await expert.tap("📌 برداشتن پرونده").sees("🔍 در حال بررسی")
    await expert.tap("❌ رد").sees("دلیل رد را انتخاب کنید")
    await expert.tap("📍 استان/شهر نادرست").tap("بدون توضیح").tap("بله، رد می‌کنم").sees("رد شد")
    told = await sara.sees("به دلیل انتخاب نادرست استان")
    await sara.tap("ثبت دوباره", on=told)
    await steps.walk(sara, steps.form(province="اصفهان", city="اصفهان")[3:5], steps.SUMMARY)
    await steps.submit(sara)
    await steps.open_file(second.person, "سارا")


async def to_payment(setup: JourneySetup, *, expert: steps.Someone | None = None) -> tuple[Person, str]:
    """An officer whose request was approved; the link of the pay button."""
    sara = await setup.officer_at_summary()
    expert = expert or await setup.expert()
    await steps.submit(sara)
    await steps.approve(expert.person, "سارا")
    told = await sara.sees("پرداخت کنید")
    return sara, told.url("پرداخت")


async def no_pay_button(setup: JourneySetup, *people: Person) -> None:
    """No message of these people, however old, leads to the pay page any more."""
    await until(lambda: not [url for person in people for url in person.links() if "/pay/" in url])


@journey("J6", "پرداخت هزینه بررسی، با همه اتفاق‌های درگاه")
async def paying(setup: JourneySetup) -> None:
    await setup.tariff()
    expert, bank = await setup.expert(), setup.bot.emulators.bank
    sara, url = await to_payment(setup, expert=expert)
    assert "۱٬۵۰۰٬۰۰۰" in (await steps.pay_page(url)).text

    bank.faults.down = True
    down = await steps.click_to_bank(url)
    assert "درگاه بانک پاسخ نمی‌دهد" in down.text
    bank.faults.down = False

    await steps.click_to_bank(url)
    await steps.come_back(bank.cancel(bank.last.ref))
    await sara.sees("پرداخت انجام نشد")

    leads = await steps.click_to_bank(url)
    assert leads.status_code == 303
    payment = bank.last
    forged = (
        payment.callback + ("&" if "?" in payment.callback else "?") + f"Authority={payment.ref}&Status=OK"
    )
    page = await steps.come_back(forged)
    assert "پرداخت شد" not in page.text
    sara.sees_not("🎉")

    await steps.click_to_bank(url)
    way_back = bank.pay(bank.last.ref)
    await steps.come_back(way_back)
    await steps.come_back(way_back)
    done = await sara.sees("🎉 پرداخت انجام شد")
    assert re.search(r"شماره پیگیری بانک: \S+", done.text)
    assert sum("🎉" in one.text for one in sara.new()) == 1
    await no_pay_button(setup, sara)
    await sara.command("menu").tap("🎓 احراز صلاحیت").sees("تأیید نهایی")
    await sara.tap("🧾 رسیدهای پرداخت").sees("رسید کدام پرداخت")
    receipt = await sara.tap("۱. ").sees("🧾 رسید پرداخت")
    assert receipt.file.mime == "application/pdf"
    assert receipt.file.content.startswith(b"%PDF")


@journey("J6b", "پرداخت بی‌بازگشت: سامانه خودش از بانک می‌پرسد")
async def never_returns(setup: JourneySetup) -> None:
    await setup.tariff()
    bank = setup.bot.emulators.bank
    someone = await setup.registered()
    sara = someone.person
    await steps.fill(sara)
    elsewhere = await setup.elsewhere(someone)
    expert = await setup.expert()
    await steps.submit(sara)
    await steps.approve(expert.person, "سارا")
    url = (await sara.sees("پرداخت کنید")).url("پرداخت")
    await elsewhere.sees("پرداخت کنید")
    await steps.click_to_bank(url)
    bank.faults.wrong_amount = 0
    bank.pay(bank.last.ref)
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("🔎 پیگیری").tap("🔄 بررسی پرداخت")
    await sara.sees("🎉 پرداخت انجام شد")
    await elsewhere.sees("🎉 پرداخت انجام شد")
    await no_pay_button(setup, sara, elsewhere)
    await sara.command("menu").tap("🎓 احراز صلاحیت").sees("تأیید نهایی")


@journey("J13", "دو کارشناس هم‌زمان، دکمه کهنه، دکمه جعلی")
async def races(setup: JourneySetup) -> None:
    await setup.tariff()
    first, second = await setup.expert(), await setup.expert(name="بهار رستمی")
    other = await setup.expert(ESFAHAN, name="کامران اکبری")
    sara = await setup.officer_at_summary()
    await steps.submit(sara)
    for expert in (first, second):
        await steps.open_file(expert.person, "سارا")
    await first.person.tap("📌 برداشتن پرونده")
    await second.person.tap("📌 برداشتن پرونده")
    taken = [await expert.person.sees(re.compile("وضعیت: 🔍|این پرونده نزد")) for expert in (first, second)]
    assert sum("این پرونده نزد" in one.text for one in taken) == 1, taken
    late = next(n for n, one in enumerate(taken) if "این پرونده نزد" in one.text)
    winner, loser = (first, second)[1 - late].person, (first, second)[late].person
    asked = await winner.tap("✅ تأیید").sees("تأیید شود؟")
    await winner.tap("بله، تأیید می‌کنم")
    await sara.sees("پرداخت کنید")
    assert sum("پرداخت کنید" in one.text for one in sara.new()) == 1
    # A button of another's, of somebody else's file, and ones that never were.
    yes = asked.button("بله")
    assert yes is not None
    assert yes.data is not None
    await loser.press_raw(yes.data).sees("پیش‌تر تصمیم")
    await other.person.press_raw(yes.data).sees("شما به این پرونده دسترسی ندارید")
    await sara.press_raw(yes.data).sees("شما به این پرونده دسترسی ندارید")
    await other.person.press_raw("nonsense").sees("این دکمه دیگر معتبر نیست")


@journey("J14", "مسدود در یک پیام‌رسان، اعلان در دیگری")
async def blocked(setup: JourneySetup) -> None:
    await setup.tariff()
    someone = await setup.registered()
    sara = someone.person
    elsewhere = await setup.elsewhere(someone)
    await steps.fill(sara)
    expert = await setup.expert()
    await steps.submit(sara)
    await sara.block()
    await elsewhere.command("menu")
    await steps.approve(expert.person, "سارا")
    await elsewhere.sees("پرداخت کنید")


@journey("J15", "فراموشی رمز")
async def forgotten(setup: JourneySetup) -> None:
    someone = await setup.registered()
    sara = someone.person
    await sara.command("menu").tap("🚪 خروج").start().tap("🔑 ورود").tap("فراموشی")
    await steps.walk(
        sara,
        [("کد ملی", steps.send(someone.national_code)), ("شماره همراهی را که", steps.tap("📱"))],
        "رمز عبور:",
    )
    unverified = await setup.registered("مینا", share=False)
    mina = unverified.person
    await mina.command("menu").tap("🚪 خروج").start().tap("🔑 ورود").tap("فراموشی")
    await steps.walk(
        mina,
        [("کد ملی", steps.send(unverified.national_code)), ("شماره همراهی را که", steps.tap("📱"))],
        "اداره کل",
    )


@journey("J16", "ارجاع پرونده به کارشناس دیگر")
async def reassigned(setup: JourneySetup) -> None:
    await setup.tariff()
    first, second = await setup.expert(), await setup.expert(name="بهار رستمی")
    chief = await setup.expert(role="expert-in-charge", name="پروین شریفی")
    sara = await setup.officer_at_summary()
    code = await steps.submit(sara)
    await steps.open_file(first.person, "سارا")
    await first.person.tap("📌 برداشتن پرونده").sees(re.compile(r"پرونده \d{12} —"))
    await chief.person.command("menu").tap("🔎 جست‌وجو").sees("کد رهگیری")
    await chief.person.type(code).sees(code)
    await chief.person.tap("ارجاع به کارشناس").tap("بهار")
    await first.person.sees("به کارشناس دیگری ارجاع شد")
    told = await second.person.sees("به شما ارجاع شد")
    await second.person.tap("مشاهده", on=told).tap("✅ تأیید").tap("بله، تأیید می‌کنم")
    await sara.sees("پرداخت کنید")


@journey("J17", "انصراف از درخواست")
async def withdrawn(setup: JourneySetup) -> None:
    await setup.tariff()
    sara, url = await to_payment(setup)
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("🔎 پیگیری").tap("انصراف از درخواست")
    await sara.sees("مطمئن هستید")
    await sara.tap("بله، انصراف می‌دهم").sees("انصراف‌داده‌شده")
    assert "۱٬۵۰۰٬۰۰۰" not in (await steps.pay_page(url)).text or "انصراف" in (await steps.pay_page(url)).text
    assert (await steps.click_to_bank(url)).status_code != 303
    await no_pay_button(setup, sara)
    await sara.tap("ثبت دوباره").sees(steps.SUMMARY)


async def much_later(setup: JourneySetup) -> None:
    """The links to the bank so far are too old to be handed out again."""
    aged = update(PaymentAttempt).values(created_at=utcnow() - timedelta(minutes=11))
    async with setup.bot.database() as database:
        await database.run(lambda db: db.exec(aged.execution_options(synchronize_session=False)))


@journey("J18", "پرداخت دوباره در دو صفحه")
async def paid_twice(setup: JourneySetup) -> None:
    await setup.tariff()
    staff, bank = await setup.staff(), setup.bot.emulators.bank
    sara, url = await to_payment(setup)
    await steps.click_to_bank(url)
    one = bank.last.ref
    await steps.click_to_bank(url)
    assert bank.last.ref == one, "a young payment is handed out again"
    await much_later(setup)
    await steps.click_to_bank(url)
    other = bank.last.ref
    assert one != other
    await steps.come_back(bank.pay(one))
    await sara.sees("🎉")
    await steps.come_back(bank.pay(other))
    await sara.sees("پرداخت تکراری شما")
    resources = staff.person
    await resources.command("menu").tap("↩️ بازگشت وجه").tap("ثبت بازگشت")
    await resources.sees("شماره پیگیری بازگشت وجه را")
    await resources.type("9876543210").sees("ثبت شود؟")
    await resources.tap("✅ تأیید").sees("بازگشت وجه ثبت شد")
    await sara.sees("بازگردانده شد")


@journey("J5b", "درگاه پیام‌رسان ناپایدار است")
async def shaky(setup: JourneySetup) -> None:
    """Floods, broken answers and doubled updates: the person notices nothing but a wait."""
    setup.here.faults.add(Fault.flood(1), method="sendMessage")
    sara = (await setup.registered()).person
    await sara.command("menu").sees("سارا")
