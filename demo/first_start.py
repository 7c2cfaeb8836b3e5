"""The first start of a demo: phones, accounts to try, and the directorate's past or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo.bot_process import BotProcess
from demo.users import DemoUser, DemoUsers

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ReadyAccount:
    """Somebody who has an account when the demo starts."""

    messenger: str
    first_name: str
    last_name: str
    mobile: str
    #: What the page calls this phone, and its button «ورود به‌عنوان …».
    title: str
    role: str
    university: str | None = None
    shown: bool = False
    company: str | None = None
    gender: str = "female"
    #: Of an officer with a past: how the request stands, since how many days, after how many rounds of deficiencies.
    story: str = ""
    age: float = 3
    rounds: int = 0


STAFF = (
    ReadyAccount("telegram", "مریم", "موسوی", "09901110002", "کارشناس شیراز", "expert", "sums", shown=True),
    ReadyAccount("bale", "نرگس", "رستمی", "09901110003", "کارشناس مسئول شیراز", "expert-in-charge", "sums"),
    ReadyAccount("bale", "رضا", "احمدی", "09901110004", "کارشناس تهران", "expert", "tums"),
    ReadyAccount("telegram", "حسین", "توکلی", "09901110005", "اداره کل", "staff"),
)
MANAGER = ReadyAccount(
    "bale",
    "کامران",
    "کیانی",
    "09901110007",
    "مدیر شرکت توزیع",
    "distributor",
    "sums",
    company="کیان طب",
)
#: They need a past.
OFFICERS = (
    ReadyAccount(
        *("telegram", "پریسا", "نادری", "09901110008", "مسئول فنی دارای نقص", "officer", "sums"),
        story="deficient",
        rounds=1,
    ),
    ReadyAccount(
        *("bale", "امیر", "حیدری", "09901110009", "مسئول فنی در انتظار پرداخت", "officer", "tums"),
        gender="male",
        story="approved",
    ),
    ReadyAccount(
        *("telegram", "لیلا", "شریفی", "09901110010", "مسئول فنی احرازشده", "officer", "sums"),
        story="completed",
        age=20,
    ),
)


async def settle(bot: BotProcess, users: DemoUsers, *, past: bool, progress: Progress) -> None:
    """Make the phones and the accounts on an empty database. Raises BotFailedError."""
    telegram, bale = users.emulators.messengers
    sara = users.add(telegram, "سارا", "کریمی‌نژاد", mobile="09901110001", shown=True)
    users.add(bale, "سارا", "کریمی‌نژاد", mobile="09901110001", identity=sara.identity, shown=True)
    ready = [(account, _add(users, account)) for account in STAFF]
    ali = users.add(bale, "علی", "رضایی", mobile="09901110006")
    ali.identity.province = ali.identity.city = "تهران"
    ali.identity.address, ali.identity.phone = "تهران، خیابان انقلاب، کوچه ۵، پلاک ۸", "۰۲۱۶۶۱۲۳۴۵۶"
    ready.append((MANAGER, _add(users, MANAGER)))
    if past:
        ready += [(account, _add(users, account)) for account in OFFICERS]
        await _with_past(bot, ready, progress)
    else:
        await _without_past(bot, ready)


def _add(users: DemoUsers, account: ReadyAccount) -> DemoUser:
    messenger = next(one for one in users.emulators.messengers if one.kind == account.messenger)
    return users.add(
        messenger,
        account.first_name,
        account.last_name,
        mobile=account.mobile,
        title=account.title,
        shown=account.shown,
    )


async def _with_past(bot: BotProcess, ready: list[tuple[ReadyAccount, DemoUser]], progress: Progress) -> None:
    players = [_player(account, user) for account, user in ready]

    def heard(line: dict[str, Any]) -> None:
        if "progress" in line:
            progress(line["progress"])
        for user_id, login in line.get("logins", {}).items():
            identity = ready[int(user_id)][1].identity
            identity.user_code, identity.password = login

    for number, player in enumerate(players):
        player["key"] = str(number)
    await bot.play_past(json.dumps(players), heard)


def _player(account: ReadyAccount, user: DemoUser) -> dict[str, Any]:
    player: dict[str, Any] = {
        "role": account.role,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "mobile": account.mobile,
        "university": account.university,
    }
    if account.company is not None:
        player["company"] = account.company
    if account.story:
        player |= {
            "national_code": user.identity.national_code.translate(_LATIN),
            "gender": account.gender,
            "story": account.story,
            "age": account.age,
            "rounds": account.rounds,
        }
    return player


_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


async def _without_past(bot: BotProcess, ready: list[tuple[ReadyAccount, DemoUser]]) -> None:
    """Tariffs, and an account for everybody who is no officer."""
    await bot.command("migrate")
    await bot.command("set-tariff", "--kind", "new", "--rial", "5600000")
    await bot.command("set-tariff", "--kind", "amendment", "--rial", "2800000")
    for account, user in ready:
        name = f"{account.first_name} {account.last_name}"
        arguments = ["create-user", "--role", account.role, "--name", name, "--json"]
        if account.company is not None:
            arguments += ["--company", account.company, "--number", "14009999995", "--mobile", account.mobile]
            arguments += ["--province", "فارس", "--city", "شیراز", "--address", "شیراز، بلوار چمران، پلاک ۲۰"]
        elif account.university is not None:
            arguments += ["--university", account.university]
        made = json.loads(await bot.command(*arguments))
        user.identity.user_code, user.identity.password = made["user_code"], made["password"]
