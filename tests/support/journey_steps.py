"""Steps that many journeys share: registering, logging in, filling the form, deciding."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

from demo.person import Person
from demo.seen import Seen, Wanted
from tests.support import files
from tests.support.bot_process import BotProcess, Credentials
from tests.support.identities import next_mobile, next_national_code

Reply = Callable[[Person, Seen], Awaitable[object]]


@dataclass(slots=True)
class Someone:
    """A person of a journey: who they are, and the phone they hold now."""

    person: Person
    national_code: str
    credentials: Credentials
    mobile: str = ""
    name: str = ""


def send(text: str) -> Reply:
    return lambda person, seen: person.type(text)


def tap(label: str) -> Reply:
    return lambda person, seen: person.tap(label)


async def follow(person: Person, *steps: tuple[Wanted, Wanted | None]) -> None:
    """Press each label in turn; wait for the words that must follow, unless they are None."""
    for label, words in steps:
        await person.tap(label)
        if words is not None:
            await person.sees(words)


#: What announces a new password.
PASSWORD = "رمز عبور:"
#: Chosen by who is invited.
OWN_PASSWORD = "گذرواژه-خوب-۷"


def read_credentials(seen: Seen) -> Credentials:
    found = re.search(r"کد کاربری: (\d{8})\s.*?رمز عبور: (\S{8,})", seen.text, re.DOTALL)
    assert found, f"no user code and password in:\n{seen}"
    return Credentials(*found.groups())


async def accept_invitation(person: Person, message: str) -> Credentials:
    """Open the link of an invitation, write its one-time code and an own password."""
    # Bale shows an underscore in an address as %5F.
    token = re.search(r"start=invite_([\w-]+)", unquote(message))
    code = re.search(r"کد یک‌بارمصرف: \D*(\d{6})", message)
    assert token, f"no link in:\n{message}"
    assert code, f"no code in:\n{message}"
    await person.start(f"invite_{token[1]}").sees("دعوت کرده است")
    await person.tap("✅ پذیرفتن دعوت").sees("کد یک‌بارمصرف ۶ رقمی")
    await person.type(code[1]).sees("یک رمز با دست‌کم")
    await person.type(OWN_PASSWORD)
    seen = await person.sees("کد کاربری شما")
    found = re.search(r"کد کاربری شما\D*(\d{8})", seen.text)
    assert found, f"no user code in:\n{seen}"
    return Credentials(found[1], OWN_PASSWORD)


async def walk(person: Person, replies: Sequence[tuple[str, Reply]], until: str) -> Seen:
    """Answer each prompt by the first reply whose words it contains, until the words of `until` are seen."""
    wanted = re.compile("|".join(re.escape(part) for part in (until, *(part for part, _ in replies))))
    for _ in range(80):
        seen = await person.sees(wanted)
        if until in seen.text:
            return seen
        reply = next(reply for part, reply in replies if part in seen.text)
        await reply(person, seen)
    raise AssertionError(f"{person.name} never came to {until!r}")


def registration(
    national_code: str, first: str, last: str, level: str, contact: Reply
) -> list[tuple[str, Reply]]:
    """Replies to every prompt of the registration."""
    return [
        ("کد ملی ۱۰ رقمی", send(national_code)),
        ("تاریخ تولد خود را", send("۱۳۶۵/۰۴/۱۲")),
        ("نام خود را مطابق", send(first)),
        ("نام خانوادگی خود را مطابق", send(last)),
        ("مقطع تحصیلی خود را", send(level)),
        ("نام رشته", send("مهندسی پزشکی")),
        ("ارسال شماره همراه", contact),
    ]


async def fill_registration(person: Person, replies: Sequence[tuple[str, Reply]]) -> Seen:
    """From «hello» to the summary."""
    await person.start().sees("خوش آمدید")
    await person.tap("📝 ثبت‌نام")
    return await walk(person, replies, "اطلاعات زیر درست است")


async def register(
    bot: BotProcess,
    person: Person,
    *,
    first: str = "سارا",
    last: str = "کریمی‌نژاد",
    level: str = "کارشناسی",
    share: bool = True,
) -> Someone:
    """From «hello» to the user code, with the own contact (or the number typed, and so unverified)."""
    code, mobile = next_national_code(), person.user.phone or next_mobile()
    contact = tap("📱") if share else send(mobile)
    shown = await fill_registration(person, registration(code, first, last, level, contact))
    assert first in shown.text
    assert last in shown.text
    await person.tap("✅ تأیید")
    credentials = read_credentials(await person.sees(PASSWORD))
    return Someone(person, code, credentials, mobile, f"{first} {last}")


async def login(person: Person, credentials: Credentials, shown: Wanted = "خوش آمدید") -> Seen:
    """From «hello» to the menu, until the typed password is gone."""
    await person.start()
    await follow(person, ("🔑 ورود", "کد کاربری خود را"))
    await person.type(credentials.user_code).sees("رمز عبور خود را")
    typed = await person.type(credentials.password)
    seen = await person.sees(shown)
    await person.sees_gone(typed)
    return seen


async def staff_member(
    bot: BotProcess,
    person: Person,
    role: str,
    *,
    university: str | None = None,
    name: str = "کارشناس آزمایشی",
) -> Someone:
    credentials = await bot.user(role, university=university, name=name)
    await login(person, credentials)
    return Someone(person, "", credentials, "", name)


def document(album: bool = False, file: tuple[str, Callable[[], bytes]] | None = None) -> Reply:
    """Answer a document's prompt with a photo, a file, or an album of both sides; the next is asked by itself."""

    async def reply(person: Person, seen: Seen) -> None:
        if album:
            await person.send_album([files.jpeg() for _ in range(2)])
        elif file is not None:
            await person.send_file(file[0], file[1]())
        else:
            await person.send_photo(files.jpeg())

    return reply


def form(
    *, province: str = "فارس", city: str = "شیراز", gender: str = "زن", university: str | None = None
) -> list[tuple[str, Reply]]:
    """Replies to every prompt of the qualification form."""
    return [
        ("نام پدر خود را", send("علی")),
        ("جنسیت خود را", tap(gender)),
        ("شماره شناسنامه خود را", tap("برابر با کد ملی")),
        ("استان محل زندگی خود را", send(province)),
        ("نام شهر", send(city)),
        ("درخواست شما در کدام دانشگاه", send(university or "")),
        ("آدرس محل زندگی خود را کامل", send(f"{city}، خیابان دانشگاه، کوچه ۳، پلاک ۱۲")),
        ("تلفن ثابت", send("۰۷۱۳۲۱۲۳۴۵۶")),
        ("این مدارک اختیاری است", tap("هیچ‌کدام را ندارم")),
        ("همین فایل را برای", tap("🗑 حذف این فایل")),
        # A photo that was sent again for want of an answer may have been taken for the document asked for next.
        ("این فایل کدام مدرک است؟", tap("🗑 حذف این فایل")),
        ("📎 «تصویر کارت ملی", document(album=True)),
        ("📎 «تصویر مدرک تحصیلی", document(file=("مدرک تحصیلی.pdf", files.pdf))),
        ("📎", document()),
    ]


SUMMARY = "اطلاعات را مرور کنید"


async def fill(person: Person, *, until: str = SUMMARY, **where: str) -> Seen:
    """From anywhere to the form's summary, or to an earlier question."""
    await person.command("menu").tap("🎓 احراز صلاحیت").tap("ثبت درخواست")
    return await walk(person, form(**where), until)


async def submit(person: Person) -> str:
    """From the summary to the tracking code."""
    await person.tap("📤 ثبت نهایی").sees("پس از ثبت نهایی")
    seen = await person.tap("بله").sees("کد رهگیری:")
    found = re.search(r"کد رهگیری: (\d{12})", seen.text)
    assert found, f"no tracking code in:\n{seen}"
    return found.group(1)


async def open_file(expert: Person, name: str) -> Seen:
    """From anywhere to the card of a waiting file."""
    await expert.command("menu").tap("📥 پرونده‌های جدید").tap(name)
    return await expert.sees(re.compile(r"پرونده \d{12} —"))


async def approve(expert: Person, name: str) -> None:
    await open_file(expert, name)
    await confirm_approval(expert)


async def confirm_approval(expert: Person) -> None:
    """From the card of a file, which is taken where nobody has it."""
    approved = re.compile("✅ پرونده .* تأیید")
    if any("برداشتن پرونده" in label for shown in expert.new() for label in shown.labels):
        await follow(expert, ("📌 برداشتن پرونده", "🔍 در حال بررسی"))
    await follow(expert, ("✅ تأیید", "تأیید شود؟"), ("بله، تأیید می‌کنم", approved))


async def pay_page(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=90) as browser:
        return await browser.get(url)


async def click_to_bank(url: str) -> httpx.Response:
    """Open our pay page and press its button, as a browser does; the answer that leads to the bank."""
    async with httpx.AsyncClient(trust_env=False, timeout=90) as browser:
        page = await browser.get(url)
        assert page.status_code == 200, page.text
        return await browser.post(url, follow_redirects=False)


async def come_back(way_back: str) -> httpx.Response:
    """The browser's return from the bank to our result page."""
    async with httpx.AsyncClient(trust_env=False, timeout=90) as browser:
        return await browser.get(way_back)
