"""The journeys of docs/specification.md 6, each a play for one stage.

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
from storage.database.database import open_database
from storage.tables import PaymentAttempt
from storage.tables.column_types import utcnow
from tests.support import files
from tests.support.bot_process import Stage
from tests.support.identities import next_mobile
from tests.support.scenes import (
    SUMMARY,
    Someone,
    approve,
    click_to_bank,
    come_back,
    document,
    fill,
    form,
    login,
    open_file,
    pay_page,
    register,
    send,
    staff_member,
    submit,
    tap,
    walk,
)

FARS, ESFAHAN = "sums", "mui"


@dataclass(slots=True)
class Play:
    number: str
    title: str
    act: Callable[[Scene], Awaitable[None]]


@dataclass(slots=True)
class Scene:
    stage: Stage
    here: EmulatedMessenger
    there: EmulatedMessenger
    #: Nothing is shown twice. Where the bot is killed on the way, a push may be: then the end counts them.
    exact: bool = True

    @classmethod
    def on(cls, stage: Stage, messenger: str, **values: bool) -> Scene:
        """Played on this messenger."""
        here, there = stage.town.messengers if messenger == "telegram" else reversed(stage.town.messengers)
        return cls(stage, here, there, **values)

    def officer(self, name: str = "سارا") -> Person:
        return self.here.person(name, phone=next_mobile())

    async def officer_at_summary(self) -> Person:
        """Registered, with the form of a qualification request filled in."""
        person = self.officer()
        await register(self.stage, person)
        await person.command("menu")
        await fill(person)
        return person

    async def expert(
        self, university: str = FARS, *, role: str = "expert", name: str = "نرگس کاظمی"
    ) -> Someone:
        person = self.here.person(name.split()[0])
        return await staff_member(self.stage, person, role, university=university, name=name)

    async def staff(self) -> Someone:
        return await staff_member(self.stage, self.here.person("رضا"), "staff", name="رضا مرادی")

    async def tariff(self, rial: int = 1_500_000) -> None:
        await self.stage.command("set-tariff", "--kind", "new", "--rial", str(rial))


PLAYS: list[Play] = []
#: The numbers of those that `make journey` and `make test` play.
MAIN = ("J1", "J2", "J3", "J4", "J5", "J6")


def play(number: str, title: str) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    def add(act: Callable[[Scene], Awaitable[None]]) -> None:
        PLAYS.append(Play(number, title, act))

    return add


def play_of(number: str) -> Play:
    return next(one for one in PLAYS if one.number == number)


@play("J1", "ثبت‌نام، خروج و ورود دوباره")
async def registration(scene: Scene) -> None:
    sara = scene.officer()
    someone = await register(scene.stage, sara)
    await sara.command("menu")
    await sara.tap("🚪 خروج")
    await sara.sees("از حساب خود خارج شدید")
    await login(sara, someone.credentials)
    elsewhere = scene.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    told = await sara.sees("🔐 ورود جدید به حساب شما")
    assert any("خروج از آن" in label for label in told.labels)
    await sara.tap("خروج از آن", on=told)
    await sara.button_rests()
    await elsewhere.command("menu")
    await elsewhere.sees("خوش آمدید")


@play("J2", "درخواست احراز صلاحیت با مدارک")
async def request(scene: Scene) -> None:
    sara = scene.officer()
    await register(scene.stage, sara)
    await sara.command("menu")
    await sara.tap("🎓 احراز صلاحیت")
    await sara.tap("ثبت درخواست")
    await sara.sees("نام پدر خود را")
    await sara.send("علی")
    await sara.sees("جنسیت خود را")
    await sara.tap("زن")
    await sara.sees("شماره شناسنامه خود را")
    await sara.tap("بازگشت")
    await sara.sees("جنسیت خود را")
    await sara.tap("بازگشت")
    await sara.sees("نام پدر خود را")
    await sara.send_photo(files.jpeg())
    await sara.sees("به‌صورت متن بفرستید")
    shown = await walk(sara, [("نام پدر خود را", send("حسن")), *form()], SUMMARY)
    assert "حسن" in shown.text
    await sara.tap("نام پدر")
    await sara.sees("نام پدر خود را")
    await sara.send("حسین")
    shown = await sara.sees(SUMMARY)
    assert "حسین" in shown.text
    await submit(sara)
    await sara.sees("شیراز")


@play("J3", "نیمی در یک پیام‌رسان، نیمی در دیگری")
async def moved(scene: Scene) -> None:
    sara = scene.officer()
    someone = await register(scene.stage, sara)
    await sara.command("menu")
    await fill(sara, until="آدرس پستی کامل")
    elsewhere = scene.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    await elsewhere.tap("ادامه پیش‌نویس")
    shown = await walk(elsewhere, form(), SUMMARY)
    assert "علی" in shown.text
    await submit(elsewhere)


@play("J4", "بررسی، اعلام نقص، رفع نقص و تأیید")
async def review(scene: Scene) -> None:
    await scene.tariff()
    sara = await scene.officer_at_summary()
    narges = await scene.expert()
    code = await submit(sara)
    expert = narges.person
    await expert.sees("📥")
    card = await open_file(expert, "سارا")
    assert code in card.text
    await expert.tap("📌 بررسی با من")
    await expert.sees(re.compile(r"پرونده \d{12} —"))
    await expert.tap("📎 مدارک")
    await expert.tap("کارت ملی")
    shown = await expert.sees_file()
    assert shown.file.content[:2] in (b"\xff\xd8", b"\x89P", b"%P")
    await open_mine(expert, "سارا")
    await expert.tap("⚠️ اعلام نواقص")
    await expert.sees("موارد ناقص را علامت بزنید")
    await expert.tap("نام پدر")
    await expert.sees("موارد انتخاب‌شده: ۱")
    await expert.tap("مدرک تحصیلی")
    await expert.sees("موارد انتخاب‌شده: ۲")
    await expert.send("تصویر مدرک خوانا نیست.")
    await expert.tap("ارسال نواقص")
    await expert.sees("ارسال شود؟")
    await expert.tap("بله")
    await expert.sees("اعلام شد")
    told = await sara.sees("نواقص زیر اعلام شد")
    assert code in told.text
    assert "خوانا نیست" in told.text
    await sara.tap("رفع نقص", on=told)
    shown = await walk(
        sara,
        [
            ("نام پدر", send("عباس")),
            ("مدرک تحصیلی", document(file=("مدرک تحصیلی.pdf", files.pdf))),
            ("اگر توضیحی برای کارشناس", send("مدرک خواناتر پیوست شد.")),
        ],
        "پس از بررسی، پرونده را دوباره ارسال کنید",
    )
    await sara.tap("📤 ارسال دوباره")
    await sara.sees("به همان کارشناس بازمی‌گردد")
    await sara.tap("بله")
    back = await expert.sees("🔁 متقاضی نواقص پرونده")
    await expert.tap("مشاهده", on=back)
    card = await expert.sees("عباس")
    await expert.tap("✅ تأیید")
    await expert.sees("تأیید شود؟")
    await expert.tap("بله، تأیید می‌کنم")
    await expert.sees("تأیید شد")
    told = await sara.sees("پرداخت کنید")
    assert "۱٬۵۰۰٬۰۰۰ ریال" in told.text


async def open_mine(expert: Person, name: str) -> None:
    await expert.command("menu")
    await expert.tap("🗂 پرونده‌های من")
    await expert.tap(name)
    await expert.sees(re.compile(r"پرونده \d{12} —"))


@play("J5", "استان نادرست: رد و ثبت دوباره در دانشگاه درست")
async def wrong_region(scene: Scene) -> None:
    sara = await scene.officer_at_summary()
    first, second = await scene.expert(), await scene.expert(ESFAHAN, name="بهار رستمی")
    await submit(sara)
    expert = first.person
    await open_file(expert, "سارا")
    await expert.tap("❌ رد")
    await expert.sees("دلیل رد را انتخاب کنید")
    await expert.tap("📍 استان/شهر نادرست")
    await expert.tap("بدون توضیح")
    await expert.tap("بله، رد می‌کنم")
    await expert.sees("رد شد")
    told = await sara.sees("به دلیل انتخاب نادرست استان")
    await sara.tap("ثبت دوباره", on=told)
    await walk(sara, form(province="اصفهان", city="اصفهان")[3:5], SUMMARY)
    await submit(sara)
    await open_file(second.person, "سارا")


async def to_payment(scene: Scene, *, expert: Someone | None = None) -> tuple[Person, str]:
    """An officer whose request was approved; the link of the pay button."""
    sara = await scene.officer_at_summary()
    expert = expert or await scene.expert()
    await submit(sara)
    await approve(expert.person, "سارا")
    told = await sara.sees("پرداخت کنید")
    return sara, told.url("پرداخت")


@play("J6", "پرداخت هزینه بررسی، با همه اتفاق‌های درگاه")
async def paying(scene: Scene) -> None:
    await scene.tariff()
    expert, bank = await scene.expert(), scene.stage.town.bank
    sara, url = await to_payment(scene, expert=expert)
    assert "۱٬۵۰۰٬۰۰۰" in (await pay_page(url)).text

    bank.faults.down = True
    down = await click_to_bank(url)
    assert "درگاه بانک پاسخ نمی‌دهد" in down.text
    bank.faults.down = False

    await click_to_bank(url)
    await come_back(bank.cancel(bank.last.ref))
    await sara.sees("پرداخت انجام نشد")

    leads = await click_to_bank(url)
    assert leads.status_code == 303
    payment = bank.last
    forged = (
        payment.callback + ("&" if "?" in payment.callback else "?") + f"Authority={payment.ref}&Status=OK"
    )
    page = await come_back(forged)
    assert "پرداخت شد" not in page.text
    sara.does_not_see("🎉")

    await click_to_bank(url)
    way_back = bank.pay(bank.last.ref)
    await come_back(way_back)
    await come_back(way_back)
    done = await sara.sees("🎉 پرداخت انجام شد")
    assert re.search(r"شماره پیگیری بانک: \S+", done.text)
    assert not scene.exact or sum("🎉" in one.text for one in sara.new()) == 1
    await sara.command("menu")
    await sara.tap("🎓 احراز صلاحیت")
    await sara.sees("تأیید نهایی")


@play("J6b", "پرداخت بی‌بازگشت: سامانه خودش از بانک می‌پرسد")
async def never_returns(scene: Scene) -> None:
    await scene.tariff()
    bank = scene.stage.town.bank
    sara, url = await to_payment(scene)
    await click_to_bank(url)
    bank.faults.wrong_amount = 0
    bank.pay(bank.last.ref)
    await sara.command("menu")
    await sara.tap("🎓 احراز صلاحیت")
    await sara.tap("🔎 پیگیری")
    await sara.tap("🔄 بررسی پرداخت")
    await sara.sees("🎉 پرداخت انجام شد")


@play("J13", "دو کارشناس هم‌زمان، دکمه کهنه، دکمه جعلی")
async def races(scene: Scene) -> None:
    await scene.tariff()
    first, second = await scene.expert(), await scene.expert(name="بهار رستمی")
    other = await scene.expert(ESFAHAN, name="کامران اکبری")
    sara = await scene.officer_at_summary()
    await submit(sara)
    asked = []
    for expert in (first, second):
        await open_file(expert.person, "سارا")
        await expert.person.tap("✅ تأیید")
        asked.append(await expert.person.sees("تأیید شود؟"))
    await first.person.tap("بله، تأیید می‌کنم")
    await second.person.tap("بله، تأیید می‌کنم")
    await sara.sees("پرداخت کنید")
    outcomes = [await expert.person.sees(re.compile("تأیید شد|پیش‌تر تصمیم")) for expert in (first, second)]
    assert sum("پیش‌تر تصمیم" in one.text for one in outcomes) == 1, outcomes
    assert sum("پرداخت کنید" in one.text for one in sara.new()) == 1
    # A button of last week, of somebody else's file, and ones that never were.
    late = next(n for n, one in enumerate(outcomes) if "پیش‌تر تصمیم" in one.text)
    loser, yes = (first, second)[late].person, asked[late].button("بله")
    assert yes is not None
    assert yes.data is not None
    await loser.press_raw(yes.data, asked[late])
    await loser.sees_toast("پیش‌تر تصمیم")
    await other.person.press_raw(yes.data)
    await other.person.sees("شما به این پرونده دسترسی ندارید")
    await sara.press_raw(yes.data)
    await sara.sees("شما به این پرونده دسترسی ندارید")
    await other.person.press_raw("nonsense")
    await other.person.sees("این دکمه دیگر معتبر نیست")


@play("J14", "مسدود در یک پیام‌رسان، اعلان در دیگری")
async def blocked(scene: Scene) -> None:
    await scene.tariff()
    sara = scene.officer()
    someone = await register(scene.stage, sara)
    elsewhere = scene.there.person("سارا", phone=sara.user.phone)
    await login(elsewhere, someone.credentials)
    await sara.command("menu")
    await fill(sara)
    expert = await scene.expert()
    await submit(sara)
    await sara.block()
    await elsewhere.command("menu")
    await approve(expert.person, "سارا")
    await elsewhere.sees("پرداخت کنید")


@play("J15", "فراموشی رمز")
async def forgotten(scene: Scene) -> None:
    sara = scene.officer()
    someone = await register(scene.stage, sara)
    await sara.command("menu")
    await sara.tap("🚪 خروج")
    await sara.start()
    await sara.tap("🔑 ورود")
    await sara.tap("فراموشی")
    await walk(sara, [("کد ملی", send(someone.national_code)), ("شماره همراه", tap("📱"))], "رمز عبور:")
    unverified = scene.officer("مینا")
    known = await register(scene.stage, unverified, first="مینا", share=False)
    await unverified.command("menu")
    await unverified.tap("🚪 خروج")
    await unverified.start()
    await unverified.tap("🔑 ورود")
    await unverified.tap("فراموشی")
    await walk(unverified, [("کد ملی", send(known.national_code)), ("شماره همراه", tap("📱"))], "اداره کل")


@play("J16", "ارجاع پرونده به کارشناس دیگر")
async def reassigned(scene: Scene) -> None:
    await scene.tariff()
    first, second = await scene.expert(), await scene.expert(name="بهار رستمی")
    chief = await scene.expert(role="expert-in-charge", name="پروین شریفی")
    sara = await scene.officer_at_summary()
    code = await submit(sara)
    await open_file(first.person, "سارا")
    await first.person.tap("📌 بررسی با من")
    await first.person.sees(re.compile(r"پرونده \d{12} —"))
    await chief.person.command("menu")
    await chief.person.tap("🔎 جست‌وجو")
    await chief.person.sees("کد رهگیری ۱۲ رقمی")
    await chief.person.send(code)
    await chief.person.sees(code)
    await chief.person.tap("ارجاع به کارشناس")
    await chief.person.tap("بهار")
    await first.person.sees("به کارشناس دیگری ارجاع شد")
    told = await second.person.sees("به شما ارجاع شد")
    await second.person.tap("مشاهده", on=told)
    await second.person.tap("✅ تأیید")
    await second.person.tap("بله، تأیید می‌کنم")
    await sara.sees("پرداخت کنید")


@play("J17", "انصراف از درخواست")
async def withdrawn(scene: Scene) -> None:
    await scene.tariff()
    sara, url = await to_payment(scene)
    await sara.command("menu")
    await sara.tap("🎓 احراز صلاحیت")
    await sara.tap("🔎 پیگیری")
    await sara.tap("انصراف از درخواست")
    await sara.sees("مطمئن هستید")
    await sara.tap("بله، انصراف می‌دهم")
    await sara.sees("پس‌گرفته‌شده")
    assert "۱٬۵۰۰٬۰۰۰" not in (await pay_page(url)).text or "انصراف" in (await pay_page(url)).text
    assert (await click_or_none(url)) is None
    await sara.tap("ثبت دوباره")
    await sara.sees(SUMMARY)


async def click_or_none(url: str) -> str | None:
    """Where the pay page's button leads, None where it leads nowhere."""
    answer = await click_to_bank(url)
    return answer.headers.get("location") if answer.status_code == 303 else None


async def much_later(scene: Scene) -> None:
    """The links to the bank so far are too old to be handed out again."""
    database = await open_database(scene.stage.database_url)
    try:
        long_ago = utcnow() - timedelta(minutes=11)
        aged = update(PaymentAttempt).values(created_at=long_ago)
        await database.run(lambda db: db.exec(aged.execution_options(synchronize_session=False)))
    finally:
        await database.close()


@play("J18", "پرداخت دوباره در دو صفحه")
async def paid_twice(scene: Scene) -> None:
    await scene.tariff()
    staff, bank = await scene.staff(), scene.stage.town.bank
    sara, url = await to_payment(scene)
    await click_to_bank(url)
    one = bank.last.ref
    await click_to_bank(url)
    assert bank.last.ref == one, "a young payment is handed out again"
    await much_later(scene)
    await click_to_bank(url)
    other = bank.last.ref
    assert one != other
    await come_back(bank.pay(one))
    await sara.sees("🎉")
    await come_back(bank.pay(other))
    await sara.sees("پرداخت تکراری شما")
    resources = staff.person
    await resources.command("menu")
    await resources.tap("↩️ بازگشت وجه")
    await resources.tap("ثبت بازگشت")
    await resources.sees("شماره پیگیری بازگشت وجه را")
    await resources.send("9876543210")
    await resources.sees("ثبت شود؟")
    await resources.tap("✅ تأیید")
    await resources.sees("بازگشت وجه ثبت شد")
    await sara.sees("بازگردانده شد")


@play("J5b", "درگاه پیام‌رسان ناپایدار است")
async def shaky(scene: Scene) -> None:
    """Floods, broken answers and doubled updates: the person notices nothing but a wait."""
    scene.here.faults.add(Fault.flood(1), method="sendMessage")
    sara = scene.officer()
    await register(scene.stage, sara)
    await sara.command("menu")
    await sara.sees("سارا")
