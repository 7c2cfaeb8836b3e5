"""What the pictures show: who does what in the demo's directorate until the screen is there.

The steps name buttons and words as the bot has them; a step whose words are not found ends `make pictures` with what is on the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from demo.person import Person
from demo.run import Demo
from demo.users import DemoUser

SARA = "مسئول فنی"
EXPERT, HEAD, STAFF = "کارشناس شیراز", "کارشناس مسئول شیراز", "اداره کل"
DEFICIENT, UNPAID, QUALIFIED = (
    "مسئول فنی دارای نقص",
    "مسئول فنی در انتظار پرداخت",
    "مسئول فنی احرازشده",
)
MANAGER = "مدیر شرکت توزیع"


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of one phone."""

    name: str
    #: Of the account on whose phone it is, as the demo calls it.
    title: str
    walk: Callable[[Person], Awaitable[object]]
    #: The picture that the bot sent last is in the middle; else the end of the chat is shown.
    sent: bool = False


async def log_in(user: DemoUser) -> None:
    """The way of everybody who has an account."""
    person, identity = user.person, user.identity
    await person.start()
    seen = await person.sees("")
    if not any("ورود" in label for label in seen.labels):
        return  # logged in already
    await person.tap("ورود")
    await person.sees("کد کاربری خود را")
    await person.type(identity.user_code or "")
    await person.sees("رمز عبور خود را")
    secret = await person.type(identity.password or "")
    await person.sees_gone(secret)


async def _quiet(person: Person) -> None:
    """Until nothing has come for a while: documents of a file are sent one after the other, the screen once more below them."""
    before = -1
    while before != person.state.clock:
        before = person.state.clock
        await asyncio.sleep(4)


def user_of(demo: Demo, title: str) -> DemoUser:
    return next(one for one in demo.users.roles if one.title == title)


async def _welcome(person: Person) -> None:
    await person.start()
    await person.sees("خوش آمدید")


async def _requirements(person: Person) -> None:
    await person.command("requirements").sees("مدارک")


async def _home(person: Person) -> None:
    await person.command("menu").sees("یکی از گزینه‌های زیر را انتخاب کنید")


async def _resolve(person: Person) -> None:
    await person.command("menu").sees("دارای نقص")
    await person.tap("رفع نقص").sees("در نور کافی")


async def _tracking(person: Person) -> None:
    await person.command("status").sees("در انتظار پرداخت")


async def _card(person: Person) -> None:
    await person.command("menu").sees("تأیید نهایی")
    await person.tap("احراز صلاحیت").sees("وضعیت درخواست شما")
    await person.tap("کارت مسئول فنی")
    await person.tap("دریافت کارت").sees("کارت مسئول فنی")


async def _queue(person: Person) -> None:
    await person.command("queue").sees("پرونده در انتظار بررسی است")


async def _file(person: Person) -> None:
    await _queue(person)
    await person.tap("۱. ").sees("متقاضی:")


async def _deficiencies(person: Person) -> None:
    await _file(person)
    await person.tap("برداشتن پرونده").sees("در حال بررسی")
    await _quiet(person)
    await person.tap("اعلام نواقص").sees("موارد ناقص را علامت بزنید")


async def _team(person: Person) -> None:
    await _home(person)
    await person.tap("👥 همکاران").sees("در صف")


async def _chart(person: Person, name: str) -> None:
    await _home(person)
    await person.tap("📊 گزارش").sees("این هفته")
    await person.tap(name)
    await person.sees("نموداری را انتخاب کنید")


async def _head_chart(person: Person) -> None:
    await _chart(person, "هفته به هفته")


async def _staff_chart(person: Person) -> None:
    await _chart(person, "تا نخستین تصمیم")


async def _letters(person: Person) -> None:
    await _home(person)
    await person.tap("✉️ نامه‌ها").sees("یادآوری")


async def _branches(person: Person) -> None:
    await _home(person)
    await person.tap("شعبه‌ها").sees("شعبه‌های")


async def _cooperation(person: Person) -> None:
    await _home(person)
    await person.tap("🗂 درخواست‌ها").sees("شعبه")


#: Scenes of one phone stand in the order in which they happen.
SCENES = (
    Scene("officer-welcome", SARA, _welcome),
    Scene("officer-requirements", QUALIFIED, _requirements),
    Scene("officer-deficient", DEFICIENT, _resolve),
    Scene("officer-payment", UNPAID, _tracking),
    Scene("officer-card", QUALIFIED, _card, sent=True),
    Scene("expert-menu", EXPERT, _home),
    Scene("expert-queue", EXPERT, _queue),
    Scene("expert-file", EXPERT, _file),
    Scene("expert-deficiencies", EXPERT, _deficiencies),
    Scene("head-team", HEAD, _team),
    Scene("head-report", HEAD, _head_chart, sent=True),
    Scene("distributor-menu", MANAGER, _home),
    Scene("distributor-branches", MANAGER, _branches),
    Scene("distributor-requests", MANAGER, _cooperation),
    Scene("staff-menu", STAFF, _home),
    Scene("staff-letters", STAFF, _letters),
    Scene("staff-report", STAFF, _staff_chart, sent=True),
)
#: Phones side by side on the page's own picture, as the last scenes left them.
BESIDE = (UNPAID, EXPERT, STAFF)
