"""What officers do, from registration to the fee. Each step notes in the book what was done once its end was seen."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from demo.seen import Seen
from storage.enums import RequestState
from tests.crash.crowd import Crowd
from tests.crash.life import File, Life, University
from tests.crash.patient import Patient
from tests.support import files
from tests.support.bot_process import Credentials
from tests.support.identities import next_national_code
from tests.support.scenes import (
    PASSWORD,
    SUMMARY,
    Reply,
    document,
    form,
    read_credentials,
    registration,
    send,
    submit,
    tap,
    walk,
)

#: What whoever leaves in the middle has answered: prompt, reply, the answer's key and value («{code}» is the national
#: code). An answer sent twice is refused by the question behind it, so these are all that the draft may hold.
LEFT: list[tuple[str, Reply, str, str]] = [
    ("نام پدر خود را", send("علی"), "father_name", "علی"),
    ("جنسیت خود را", tap("زن"), "gender", "female"),
    ("شماره شناسنامه خود را", tap("برابر با کد ملی"), "birth_cert_no", "{code}"),
    ("استان محل زندگی خود را", send("فارس"), "province", "فارس"),
    ("بخشی از نام شهر", send("شیراز"), "city", "شیراز"),
]


async def hears(life: Life, wanted: str | re.Pattern[str]) -> Seen:
    """A push at the phone in hand, behind those heard before."""
    seen = await life.here.hears(wanted, since=life.heard)
    life.heard = seen.changed
    return seen


async def register(life: Life) -> None:
    person, life.national_code = life.here, next_national_code()
    replies = registration(life.national_code, life.first, life.last, "کارشناسی", tap("📱"))
    await person.start()
    await person.sees("خوش آمدید")
    await person.tap("📝 ثبت‌نام")
    shown = await walk(person, replies, "آیا اطلاعات زیر درست است")
    while f"نام خانوادگی: {life.last}" not in shown.text:
        # The first name, sent again for want of an answer, was taken for the last name.
        await person.tap("نام خانوادگی")
        shown = await walk(person, replies, "آیا اطلاعات زیر درست است")
    await person.tap("✅ تأیید")
    life.credentials = read_credentials(await person.sees(PASSWORD))
    life.did("account.registered")


async def login(person: Patient, credentials: Credentials) -> None:
    await person.start()
    await person.tap("🔑 ورود")
    await person.sees("کد کاربری خود را")
    await person.send(credentials.user_code)
    await person.sees("رمز عبور خود را")
    typed = await person.send(credentials.password)
    await person.sees(re.compile("خوش آمدید|یکی از گزینه‌های زیر|کارتابل|مدیریت شعبه‌ها"))
    await person.sees_gone(typed)


async def moves_on(life: Life, crowd: Crowd) -> None:
    """From here on the same account on the other messenger too, which is in hand now."""
    other = crowd.phone(life.first, life.mobile, not_on=life.here)
    # A password whose screen may not have been seen is replaced by another one at the next touch.
    newest = [one for one in life.here.history() if one.from_bot and PASSWORD in one.text][-1]
    life.credentials = read_credentials(newest)
    await login(other, life.credentials)
    life.did("account.logged_in")
    life.is_told("N2")
    life.phones.append(other)
    life.here, life.heard = other, 0


async def open_qualification(life: Life) -> None:
    await life.here.command("menu")
    await life.here.tap("🎓 احراز صلاحیت")


async def begins(life: Life) -> None:
    await open_qualification(life)
    await life.here.tap("ثبت درخواست")


async def fills(life: Life, crowd: Crowd, where: University) -> None:
    """The whole form to its summary; some change the messenger in the middle."""
    await begins(life)
    replies = form(province=where.province, city=where.city)
    if life.kind == "moves":
        await walk(life.here, replies, "آدرس پستی کامل")
        await moves_on(life, crowd)
        await life.here.tap("ادامه پیش‌نویس")
    await walk(life.here, replies, SUMMARY)
    life.did("qualification.started")


async def sends(life: Life) -> str:
    """From the summary to the tracking code."""
    code = await submit(life.here)
    life.did("qualification.submitted")
    life.is_told("N3")
    life.requests.append(RequestState.SUBMITTED)
    return code


async def is_decided(life: Life, code: str) -> Seen | None:
    """Hear of the approval; the push with the pay button, None where nothing is to be paid."""
    told = await hears(life, re.compile(f"درخواست {code} تأیید شد|احراز صلاحیت شما نهایی شد"))
    life.did("qualification.approved")
    if "نهایی شد" in told.text:
        life.is_told("N7")
        life.request_becomes(RequestState.COMPLETED)
        return None
    life.is_told("N6")
    life.request_becomes(RequestState.AWAITING_PAYMENT)
    return told


async def pays(life: Life, crowd: Crowd, told: Seen) -> None:
    """At the bank, with or without a first try that is cancelled; some never come back from there."""
    bank, url = crowd.town.bank, told.url("پرداخت")
    if life.rng.random() < 0.3:
        ref = _ref(await crowd.browser.comes_to_bank(url))
        await crowd.browser.come_back(bank.cancel(ref))
        await hears(life, "پرداخت انجام نشد")
        life.did("payment_attempt.payment_not_paid")
        life.is_told("N8")
    ref = _ref(await crowd.browser.comes_to_bank(url))
    way_back = bank.pay(ref)
    ways = ["returns", "returns", "returns twice", "asks", "never returns"]
    match life.rng.choice(ways[:-1] if crowd.hurry else ways):
        case "returns":
            await crowd.browser.come_back(way_back)
        case "returns twice":
            await crowd.browser.come_back(way_back)
            await crowd.browser.come_back(way_back)
        case "asks":
            await open_qualification(life)
            await life.here.tap("🔎 پیگیری")
            await life.here.tap("🔄 بررسی پرداخت")
    await hears(life, "🎉 پرداخت انجام شد")
    life.did("payment_attempt.payment_paid", "qualification.completed")
    life.is_told("N7")
    life.request_becomes(RequestState.COMPLETED)


def _ref(bank_page: str) -> str:
    return urlsplit(bank_page).path.rsplit("/", 1)[-1]


async def is_qualified(life: Life, crowd: Crowd, where: University, code: str) -> None:
    """The rest of a file that finds approval."""
    await where.put(File(life, code, "approve"))
    told = await is_decided(life, code)
    if told is not None:
        await pays(life, crowd, told)


async def mends(life: Life, where: University, code: str) -> None:
    """Deficiencies are declared, and resolved."""
    file = File(life, code, "declare")
    await where.put(file)
    told = await hears(life, re.compile(f"پرونده {code} نواقص زیر اعلام شد"))
    life.did("qualification.deficiencies_declared")
    life.is_told("N4")
    life.request_becomes(RequestState.DEFICIENT)
    person = life.here
    await person.tap("رفع نقص", on=told)
    await walk(
        person,
        [
            ("نام پدر خود را", send("عباس")),
            ("📎", document(file=("مدرک تحصیلی.pdf", files.pdf))),
            ("اگر توضیحی برای کارشناس", send("مدرک خواناتر پیوست شد.")),
        ],
        "پس از بررسی، پرونده را دوباره ارسال کنید",
    )
    await person.tap("📤 ارسال دوباره")
    await person.sees("به همان کارشناس بازمی‌گردد")
    await person.tap("بله")
    await person.sees("🔍 در حال بررسی")
    life.did("qualification.resolved")
    life.is_told("N11", rows=1)
    life.request_becomes(RequestState.IN_REVIEW)
    await where.put(File(life, code, "approve", expert=file.expert))


async def is_rejected(life: Life, where: University, code: str, verdict: str) -> None:
    """Rejected, and filed anew as far as the summary (or the region, where that was wrong)."""
    await where.put(File(life, code, verdict))
    told = await hears(life, re.compile(f"درخواست {code} .*رد شد"))
    life.did("qualification.rejected")
    life.is_told("N5")
    life.request_becomes(RequestState.REJECTED)
    await life.here.tap("ثبت دوباره", on=told)


async def withdraws(life: Life) -> None:
    person = life.here
    await open_qualification(life)
    await person.tap("🔎 پیگیری")
    await person.tap("انصراف از درخواست")
    await person.sees("مطمئن هستید")
    await person.tap("بله، انصراف می‌دهم")
    await person.sees("پس‌گرفته‌شده")
    life.did("qualification.withdrawn")
    life.request_becomes(RequestState.WITHDRAWN)


async def leaves(life: Life) -> None:
    """Stop in the middle of the form, with or without the button for it."""
    await begins(life)
    count = life.rng.randint(1, len(LEFT))
    prompts = [prompt for prompt, *_ in LEFT] + ["آدرس پستی کامل"]
    await walk(life.here, [(prompt, reply) for prompt, reply, *_ in LEFT[:count]], prompts[count])
    life.did("qualification.started")
    life.requests.append(RequestState.DRAFT)
    life.draft = {key: value.format(code=life.national_code) for *_, key, value in LEFT[:count]}
    if life.rng.random() < 0.5:
        await life.here.tap("💾 بعداً ادامه می‌دهم")
        await life.here.sees("پیش‌نویس")
