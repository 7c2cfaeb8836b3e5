"""Import from the old system (docs/specification.md 6, J12 and J19)."""

import csv
import re
from pathlib import Path
from typing import Any

from demo.person import Person
from tests.journeys.qualification import JourneySetup, journey
from tests.support.bot_process import Credentials
from tests.support.identities import next_mobile, next_national_code
from tests.support.import_files import COMPANY, officer, write_csv
from tests.support.journey_steps import accept_invitation, login, send, tap, walk
from tests.support.old_hashes import HASHES, OLD_PASSWORD, identity_v3

COUNTS = re.compile(r"خوانده‌شده: (\d+)\nجدید: (\d+)\nبه‌روزشده: (\d+)\nبی‌تغییر: (\d+)\nردشده: (\d+)")


def newcomer(number: int, **said: Any) -> dict[str, Any]:
    """A row of somebody whom no other journey knows."""
    return officer(number, national_code=next_national_code(), mobile=next_mobile()) | said


async def bring_in(setup: JourneySetup, path: Path) -> tuple[tuple[int, ...], list[dict[str, str]]]:
    """Run the import: read, new, updated, unchanged, refused; and the report's lines."""
    said = await setup.bot.command("import", str(path))
    counts = COUNTS.search(said)
    assert counts, said
    with path.with_name(f"{path.name}.report.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(map(int, counts.groups())), list(csv.DictReader(file))


@journey("J12", "کوچ از سامانه قدیم")
async def migration(setup: JourneySetup) -> None:
    rows = [newcomer(n) for n in range(60)]
    for row in rows[:20]:
        row |= COMPANY
    rows[20]["password"] = identity_v3("Old-۱۲۳۴")
    rows[21] |= {
        "password": HASHES["bcrypt 2b"],
        "degree_level": "سابقه کار",
        "field_of_study": "",
        "qualified": "بله",
    }
    rows[30]["birth_date"] = "۱۳۶۵/۱۳/۰۱"
    rows[31]["national_code"] = rows[29]["national_code"]
    rows[32]["first_name"] = "=1+1"
    rows[33]["password"] = "5f4dcc3b5aa765d61d8327deb882cf99"
    path = write_csv(setup.bot.folder / "officers.csv", rows)

    counts, report = await bring_in(setup, path)
    assert counts == (60, 56, 0, 0, 4)
    assert [(one["ردیف"], one["ستون"]) for one in report] == [
        ("32", "تاریخ تولد"),
        ("33", "کد ملی"),
        ("34", "نام"),
        ("35", "رمز عبور"),
    ]
    assert all(one["دلیل"] for one in report)
    again, same = await bring_in(setup, path)
    assert again == (60, 0, 0, 56, 4)
    assert same == report

    # One with a contract, password as it was.
    sara = setup.officer()
    await login(sara, Credentials(rows[0]["user_code"], rows[0]["password"]))
    await sara.command("menu").tap("🤝 مراکز طرف قرارداد").sees("🟢 فعال", "کیان طب", "۱۴۰۰/۰۲/۱۵")
    # One whose hash came, digits typed another way; wrong ones stay out.
    mina = setup.officer("مینا")
    await mina.start().tap("🔑 ورود")
    await walk(mina, [("کد کاربری خود را", send(rows[20]["user_code"]))], "رمز عبور خود را")
    await mina.type("Old-۱۲۳۵").sees("کد کاربری یا رمز عبور درست نیست")
    await login(mina, Credentials(rows[20]["user_code"], "Old-۱۲۳۴"))
    # One on experience alone: what is lacking says so.
    reza = setup.there.person("رضا")
    await login(reza, Credentials(rows[21]["user_code"], OLD_PASSWORD))
    await reza.command("menu").tap("👤 اطلاعات من").sees("بدون مدرک (ثبت قدیمی)")
    # Whoever has come keeps their data, whatever a later file says.
    for number in (21, 22):
        rows[number]["father_name"] = "حسن"
    run_in_background, _ = await bring_in(setup, write_csv(setup.bot.folder / "officers.csv", rows))
    assert run_in_background == (60, 0, 1, 55, 4)
    await open_own(reza, "نام پدر: علی")
    kaveh = setup.officer("کاوه")
    await login(kaveh, Credentials(rows[22]["user_code"], rows[22]["password"]))
    await open_own(kaveh, "نام پدر: حسن")


async def open_own(person: Person, line: str) -> None:
    await person.command("menu").tap("👤 اطلاعات من").sees(line)


@journey("J19", "مسئول فنی سامانه قدیم بی‌گفت‌وگو: پیامک، ورود، پذیرش")
async def reached_by_sms(setup: JourneySetup) -> None:
    sms = setup.bot.emulators.sms
    waiting = newcomer(1, qualified="بله")
    path = write_csv(setup.bot.folder / "officers.csv", [waiting, COMPANY])
    counts, _ = await bring_in(setup, path)
    assert counts == (2, 2, 0, 0, 0)
    manager = await manager_of(setup, "کیان طب")
    await setup.expert()

    await manager.command("menu").tap("👤 انتخاب مسئول فنی").sees("برای کدام شعبه")
    await manager.tap("مرکزی")
    await walk(
        manager,
        [("کد ملی مسئول فنی را", send(waiting["national_code"])), ("به او ارسال شود؟", tap("بله"))],
        "ارسال شد",
    )
    await manager.sees("هنوز وارد سامانه نشده است")

    await sms.sees(waiting["mobile"], "کیان طب")
    sara = setup.here.person("سارا", phone=waiting["mobile"])
    await login(sara, Credentials(waiting["user_code"], waiting["password"]))
    await sara.command("menu").tap("🤝 مراکز طرف قرارداد").tap("درخواست‌های جدید (۱)").tap("کیان طب")
    await sara.sees("شناسه: ")
    await sara.tap("✅ قبول همکاری").sees("ادامه می‌دهید؟")
    await sara.tap("بله، قبول می‌کنم").sees("همکاری را پذیرفتید")
    await manager.sees("✅ سارا کریمی‌نژاد درخواست همکاری")
    assert len(sms.inbox(waiting["mobile"])) == 1


async def manager_of(setup: JourneySetup, distributor: str) -> Person:
    """Staff give a manager to a distributor that came in by the file; the manager comes by the link."""
    resources = (await setup.staff()).person
    await resources.command("menu").tap("🏢 توزیع‌کنندگان").tap(distributor)
    await resources.sees("هنوز مدیری در سامانه ندارد")
    await resources.tap("➕ مدیر دیگر")
    await walk(
        resources,
        [
            ("کد ملی مدیر را", send(next_national_code())),
            ("نام مدیر را بنویسید", send("حسین")),
            ("نام خانوادگی مدیر را", send("رضایی")),
            ("شماره همراه مدیر را", send(next_mobile())),
        ],
        "مشخصات مدیر را بررسی کنید",
    )
    await resources.tap("✅ تأیید")
    message = (await resources.sees("کد یک‌بارمصرف")).text
    manager = setup.here.person("حسین")
    await accept_invitation(manager, message)
    return manager
