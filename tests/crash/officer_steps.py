"""What officers do, from registration to the fee. Each step notes the expected effects once its end was seen."""

import re
from urllib.parse import urlsplit

from demo.seen import Seen
from storage.enums import RequestState
from tests.crash.crowd import Crowd
from tests.crash.officer import Officer, Task, University
from tests.crash.retrying_person import RetryingPerson
from tests.support import files
from tests.support import journey_steps as steps
from tests.support.bot_process import Credentials
from tests.support.identities import next_national_code

#: Answers of whoever stops in the middle: prompt, reply, the answer's key and value («{code}» is the national code). An
#: answer sent twice is refused by the question behind it, so these are all that the draft may hold.
LEFT: list[tuple[str, steps.Reply, str, str]] = [
    ("نام پدر خود را", steps.send("علی"), "father_name", "علی"),
    ("جنسیت خود را", steps.tap("زن"), "gender", "female"),
    ("شماره شناسنامه خود را", steps.tap("برابر با کد ملی"), "birth_cert_no", "{code}"),
    ("استان محل زندگی خود را", steps.send("فارس"), "province", "فارس"),
    ("نام شهر", steps.send("شیراز"), "city", "شیراز"),
]
#: After a kill the menu may be shown again instead of the welcome.
MENU = re.compile("خوش آمدید|گرامی،|کارتابل|مدیریت شعبه‌ها")


async def hears(officer: Officer, wanted: str | re.Pattern[str]) -> Seen:
    """A push on the phone in use, behind those heard before."""
    seen = await officer.here.hears(wanted, since=officer.heard)
    officer.heard = seen.changed
    return seen


async def register(officer: Officer) -> None:
    person, officer.national_code = officer.here, next_national_code()
    replies = steps.registration(
        officer.national_code, officer.first, officer.last, "کارشناسی", steps.tap("📱")
    )
    shown = await steps.fill_registration(person, replies)
    while f"نام خانوادگی: {officer.last}" not in shown.text:
        # The first name, sent again for want of an answer, was taken for the last name.
        await person.tap("نام خانوادگی")
        shown = await steps.walk(person, replies, "اطلاعات زیر درست است")
    await person.tap("✅ تأیید")
    officer.credentials = steps.read_credentials(await person.sees(steps.PASSWORD))
    officer.expect("account.registered")


async def log_in(person: RetryingPerson, credentials: Credentials) -> None:
    await steps.login(person, credentials, MENU)


async def change_messenger(officer: Officer, crowd: Crowd) -> None:
    """From here on the same account is used on the other messenger, and gets pushes on both."""
    other = crowd.phone(officer.first, officer.mobile, not_on=officer.here)
    # A password whose screen may not have been seen is replaced by another one at the next touch.
    newest = [one for one in officer.here.history() if one.from_bot and steps.PASSWORD in one.text][-1]
    officer.credentials = steps.read_credentials(newest)
    await log_in(other, officer.credentials)
    officer.expect("account.logged_in", push="N2")
    officer.phones.append(other)
    officer.here, officer.heard = other, 0


async def open_qualification(officer: Officer, *labels: str) -> None:
    await officer.here.command("menu")
    await steps.follow(officer.here, *((label, None) for label in ("🎓 احراز صلاحیت", *labels)))


async def fill_form(officer: Officer, crowd: Crowd, university: University) -> None:
    """The whole form to its summary; some change the messenger in the middle."""
    await open_qualification(officer, "ثبت درخواست")
    replies = steps.form(province=university.province, city=university.city)
    if officer.scenario == "changes messenger":
        await steps.walk(officer.here, replies, "آدرس محل زندگی خود را کامل")
        await change_messenger(officer, crowd)
        await officer.here.tap("ادامه درخواست")
    await steps.walk(officer.here, replies, steps.SUMMARY)
    officer.expect("qualification.started")


async def send_form(officer: Officer) -> str:
    """From the summary to the tracking code."""
    code = await steps.submit(officer.here)
    # Told by the screen here, by a push on the other phones.
    officer.expect("qualification.submitted", push="N3", rows=len(officer.phones) - 1)
    officer.requests.append(RequestState.SUBMITTED)
    return code


async def hear_approval(officer: Officer, code: str) -> Seen | None:
    """The push with the pay button; None where nothing is to be paid."""
    told = await hears(officer, re.compile(f"درخواست {code} تأیید شد|احراز صلاحیت شما نهایی شد"))
    officer.expect("qualification.approved")
    if "نهایی شد" in told.text:
        officer.expect(push="N7")
        officer.requests[-1] = RequestState.COMPLETED
        return None
    officer.expect(push="N6")
    officer.requests[-1] = RequestState.AWAITING_PAYMENT
    return told


async def pay(officer: Officer, crowd: Crowd, told: Seen) -> None:
    """At the bank, with or without a first try that is cancelled; some never come back from there."""
    bank, browser, url = crowd.emulators.bank, crowd.browser, told.url("پرداخت")
    if officer.rng.random() < 0.3:
        await browser.come_back(bank.cancel(_ref(await browser.open_bank(url))))
        await hears(officer, "پرداخت انجام نشد")
        officer.expect("payment_attempt.payment_not_paid", push="N8")
    way_back = bank.pay(_ref(await browser.open_bank(url)))
    ways = ["returns", "returns", "returns twice", "asks", "never returns"]
    way = officer.rng.choice(ways[:-1] if crowd.hurry else ways)
    for _ in range({"returns": 1, "returns twice": 2}.get(way, 0)):
        await browser.come_back(way_back)
    if way == "asks":
        await open_qualification(officer, "🔎 پیگیری", "🔄 بررسی پرداخت")
    told = await hears(officer, "🎉 پرداخت انجام شد")
    # The screen of who asked says it in the place of a push.
    rows = len(officer.phones) - told.edited
    officer.expect("payment_attempt.payment_paid", "qualification.completed", push="N7", rows=rows)
    officer.requests[-1] = RequestState.COMPLETED


def _ref(bank_page: str) -> str:
    return urlsplit(bank_page).path.rsplit("/", 1)[-1]


async def be_qualified(officer: Officer, crowd: Crowd, university: University, code: str) -> None:
    """The rest of a request that is approved."""
    await university.put(Task(officer, code, "approve"))
    told = await hear_approval(officer, code)
    if told is not None:
        await pay(officer, crowd, told)


async def resolve_deficiencies(officer: Officer, university: University, code: str) -> None:
    """Deficiencies are declared, and resolved."""
    task = Task(officer, code, "declare")
    await university.put(task)
    told = await hears(officer, re.compile(f"درخواست {code} نواقص زیر اعلام شد"))
    officer.expect("qualification.deficiencies_declared", push="N4")
    officer.requests[-1] = RequestState.DEFICIENT
    person = officer.here
    await person.tap("رفع نقص", on=told)
    await steps.walk(
        person,
        [
            ("نام پدر خود را", steps.send("عباس")),
            ("📎", steps.document(file=("مدرک تحصیلی.pdf", files.pdf))),
            ("اگر توضیحی برای کارشناس", steps.send("مدرک خواناتر پیوست شد.")),
        ],
        "اصلاح‌ها را مرور کنید",
    )
    await steps.follow(person, ("📤 ارسال دوباره", "به همان کارشناس بازمی‌گردد"), ("بله", "🔍 در حال بررسی"))
    officer.expect("qualification.resolved", push="N11", rows=1)
    officer.requests[-1] = RequestState.IN_REVIEW
    await university.put(Task(officer, code, "approve", expert=task.expert))


async def be_rejected(officer: Officer, university: University, code: str, decision: str) -> None:
    """Rejected, and begun anew as far as the summary (or the region, where that was wrong)."""
    await university.put(Task(officer, code, decision))
    told = await hears(officer, re.compile(f"درخواست {code} .*رد شد"))
    officer.expect("qualification.rejected", push="N5")
    officer.requests[-1] = RequestState.REJECTED
    await officer.here.tap("ثبت دوباره", on=told)


async def withdraw(officer: Officer) -> None:
    await open_qualification(officer, "🔎 پیگیری")
    await steps.follow(
        officer.here, ("انصراف از درخواست", "مطمئن هستید"), ("بله، انصراف می‌دهم", "انصراف‌داده‌شده")
    )
    officer.expect("qualification.withdrawn")
    officer.requests[-1] = RequestState.WITHDRAWN


async def leave_draft(officer: Officer) -> None:
    """Stop in the middle of the form, with or without the button for it."""
    await open_qualification(officer, "ثبت درخواست")
    count = officer.rng.randint(1, len(LEFT))
    prompts = [prompt for prompt, *_ in LEFT] + ["آدرس محل زندگی خود را کامل"]
    await steps.walk(officer.here, [(prompt, reply) for prompt, reply, *_ in LEFT[:count]], prompts[count])
    officer.expect("qualification.started")
    officer.requests.append(RequestState.DRAFT)
    officer.draft = {key: value.format(code=officer.national_code) for *_, key, value in LEFT[:count]}
    if officer.rng.random() < 0.5:
        await steps.follow(officer.here, ("💾 بعداً ادامه می‌دهم", "پیش‌نویس"))
