"""Distributors and officers (docs/specification.md 6, J7, J8, J20 and the cooperation part of J17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.person import Person
from tests.journeys.legacy_import import newcomer
from tests.journeys.qualification import JourneySetup, journey
from tests.support import journey_steps as steps
from tests.support.bot_process import Credentials
from tests.support.identities import next_mobile, next_national_code
from tests.support.import_files import write_csv

FIRM, BRANCH = "کیان طب", "مرکزی"
NOT_ELIGIBLE = "با این کد ملی مسئول فنی واجد شرایطی پیدا نشد"


@dataclass(slots=True)
class Boss:
    """The distributor's manager, and the mobile that the SMS of R33 goes to."""

    person: Person
    mobile: str


async def found(
    resources: Person, *, identity: Sequence[tuple[str, steps.Reply]], manager: tuple[str, str], mobile: str
) -> str:
    """Staff register a distributor by dialogue; the message that they may forward to its manager. `identity` answers the
    questions of kind, name and number."""
    await resources.command("menu").tap("🏢 توزیع‌کنندگان").tap("➕ توزیع‌کننده جدید")
    await steps.walk(
        resources,
        [
            *identity,
            ("کد ملی مدیر را", steps.send(next_national_code())),
            ("نام مدیر را", steps.send(manager[0])),
            ("نام خانوادگی مدیر را", steps.send(manager[1])),
            ("شماره همراه مدیر را", steps.send(mobile)),
            ("تلفن ثابت مرکز را", steps.send("۰۷۱۳۲۱۲۳۴۵۶")),
            ("آدرس کامل مرکز را", steps.send("شیراز، خیابان زند، پلاک ۱۰")),
            ("استان شعبه مرکزی را", steps.send("فارس")),
            ("نام شهر شعبه مرکزی", steps.send("شیراز")),
        ],
        "مشخصات توزیع‌کننده را بررسی کنید",
    )
    await resources.tap("✅ تأیید")
    return (await resources.sees("کد یک‌بارمصرف")).text


async def founded(setup: JourneySetup) -> Boss:
    """A company, and its manager, who comes by the link of the invitation."""
    resources, mobile = (await setup.staff()).person, next_mobile()
    identity = [
        ("نوع توزیع‌کننده را", steps.tap("شرکت")),
        ("نام توزیع‌کننده را", steps.send(f"شرکت {FIRM}")),
        ("شناسه ملی ۱۱ رقمی", steps.send("۱۴۰۰۹۹۹۹۹۹۵")),
    ]
    message = await found(resources, identity=identity, manager=("حمید", "صالحی"), mobile=mobile)
    manager = setup.here.person("حمید")
    await steps.accept_invitation(manager, message)
    await manager.sees(f"مدیریت شعبه‌ها و مسئول فنی {FIRM}")
    return Boss(manager, mobile)


async def qualified(setup: JourneySetup, *names: str) -> list[steps.Someone]:
    """Officers whom the old system had found qualified, logged in."""
    rows: list[dict[str, Any]] = [
        newcomer(900 + n, first_name=name, last_name="نمونه", qualified="بله") for n, name in enumerate(names)
    ]
    await setup.bot.command("import", str(write_csv(setup.bot.folder / "qualified.csv", rows)))
    found = []
    for row in rows:
        person = setup.here.person(row["first_name"], phone=row["mobile"])
        credentials = Credentials(row["user_code"], row["password"])
        await steps.login(person, credentials)
        name = f"{row['first_name']} نمونه"
        found.append(steps.Someone(person, row["national_code"], credentials, row["mobile"], name))
    return found


async def pick(boss: Boss, national_code: str, *, until: str, branch: str = BRANCH) -> None:
    await boss.person.command("menu").tap("👤 انتخاب مسئول فنی").sees("برای کدام شعبه")
    await boss.person.tap(branch)
    await steps.walk(
        boss.person,
        [("کد ملی مسئول فنی را بنویسید", steps.send(national_code)), ("به او ارسال شود؟", steps.tap("بله"))],
        until,
    )


async def open_request(officer: Person) -> None:
    """From the push to the distributor's data."""
    told = await officer.sees("شما را برای شعبه")
    await officer.tap("مشاهده", on=told).sees(
        "در انتظار پاسخ شما", f"{FIRM} (شرکت)", "شناسه: ۱۴۰۰۹۹۹۹۹۹۵", "مدیر: حمید صالحی، ۰۷۱۳۲۱۲۳۴۵۶"
    )


async def accept(officer: Person) -> None:
    await open_request(officer)
    await officer.tap("✅ قبول همکاری").sees("درخواست برای بررسی به دانشگاه فرستاده می‌شود")
    await officer.tap("بله، قبول می‌کنم").sees("همکاری را پذیرفتید")
    await officer.sees("وضعیت: ⏳ در انتظار بررسی دانشگاه")


async def decide(expert: Person, name: str) -> None:
    """The branch's university approves."""
    await expert.command("menu").tap("🤝 همکاری‌ها").tap(name).sees("درخواست همکاری ")
    await expert.tap("✅ تأیید").sees("پس از تأیید، همکاری فعال می‌شود")
    await expert.tap("بله، تأیید می‌کنم").sees("از امروز فعال است")


async def employ(boss: Boss, officer: steps.Someone, expert: Person) -> None:
    """The whole way from the national code to the contract."""
    await pick(boss, officer.national_code, until="درخواست همکاری برای")
    await accept(officer.person)
    await decide(expert, officer.name)
    await officer.person.sees("✅ دانشگاه همکاری شما با")
    await boss.person.sees("به تأیید دانشگاه رسید")


async def branch_shows(boss: Boss, words: str) -> None:
    await boss.person.command("menu").tap("🏢 شعبه‌ها").sees("شعبه‌های ")
    await boss.person.tap(BRANCH).sees(words)


async def centers_show(officer: Person, words: str) -> None:
    await officer.command("menu").tap("🤝 مراکز طرف قرارداد").sees(words)


@journey("J7", "انتخاب مسئول فنی: پیش و پس از احراز صلاحیت، رد، پذیرش، تأیید دانشگاه")
async def chosen(setup: JourneySetup) -> None:
    await setup.tariff(0)
    boss = await founded(setup)
    expert = (await setup.expert()).person
    someone = await setup.registered()
    sara = someone.person
    # Registered is not qualified (R25, R26).
    await pick(boss, someone.national_code, until=NOT_ELIGIBLE)
    await boss.person.tap("انصراف")
    await steps.fill(sara)
    await steps.submit(sara)
    await steps.approve(expert, "سارا")
    await sara.sees("اکنون شرکت‌ها و اصناف می‌توانند شما را انتخاب کنند")
    await pick(boss, someone.national_code, until="درخواست همکاری برای سارا")
    await open_request(sara)
    await sara.tap("🏢 مشخصات مرکز").sees("آدرس شعبه")
    await sara.tap("بازگشت").sees("در انتظار پاسخ شما")
    await sara.tap("❌ رد همکاری").sees("دلیل رد را بنویسید")
    await sara.type("محل کار از من دور است").sees("گفته و درخواست بسته می‌شود")
    await sara.tap("بله، رد می‌کنم").sees("ردشده از سوی شما")
    await boss.person.sees("را نپذیرفت", "محل کار از من دور است")
    await employ(boss, someone, expert)
    await branch_shows(boss, "مسئول فنی: سارا کریمی‌نژاد، از")
    await centers_show(sara, f"🟢 فعال: {FIRM}")
    await sara.tap("آرشیو همکاری").sees("همه درخواست‌های همکاری شما", "✅ تأییدشده", "❌ ردشده از سوی شما")


@journey("J8", "قطع همکاری به خواست مسئول فنی، با پیامک به مدیریت")
async def ended(setup: JourneySetup) -> None:
    boss, sms = await founded(setup), setup.bot.emulators.sms
    expert = (await setup.expert()).person
    (sara,) = await qualified(setup, "سارا")
    await employ(boss, sara, expert)
    sms.fail(status=503)
    person = sara.person
    await centers_show(person, "🟢 فعال")
    await person.tap("درخواست قطع همکاری").sees("دست‌کم ۱۰ حرف")
    await person.type("کوتاه").sees("لطفاً دلیل را کامل‌تر بنویسید")
    await person.type("به شهر دیگری می‌روم.").sees(
        "مسئولیت حقوقی استفاده بدون دلیل از این امکان بر عهده شماست", "قابل بازگشت نیست"
    )
    await person.tap("قطع همکاری می‌کنم").sees("نام شما از اطلاعات این مرکز حذف شد")
    told = await boss.person.sees("به همکاری خود با شعبه")
    assert told.button("👤 انتخاب مسئول فنی") is not None
    assert "به شهر دیگری" not in told.text
    await branch_shows(boss, "مسئول فنی: ندارد")
    await sms.sees(boss.mobile, f"مدیریت محترم {FIRM}؛ سارا نمونه، مسئول فنی شعبه {BRANCH}")
    assert len([one for one in sms.inbox(boss.mobile) if "مدیریت محترم" in one.text]) == 1
    await centers_show(person, "اکنون با مرکزی همکاری ندارید")
    await person.tap("آرشیو قطع همکاری").sees("✅ نهایی‌شده")
    # Eligible again.
    await pick(boss, sara.national_code, until="درخواست همکاری برای")


@journey("J17b", "انصراف از همکاری: توزیع‌کننده در هر دو حالت، مسئول فنی پس از پذیرش")
async def taken_back(setup: JourneySetup) -> None:
    boss = await founded(setup)
    expert = (await setup.expert()).person
    (sara,) = await qualified(setup, "سارا")
    for accepted in (False, True):
        await pick(boss, sara.national_code, until="درخواست همکاری برای")
        if accepted:
            await accept(sara.person)
            await boss.person.sees("را پذیرفت و درخواست برای")
        else:
            await open_request(sara.person)
        await branch_shows(boss, "در انتظار")
        await boss.person.tap("📄 درخواست همکاری").sees("تاریخ درخواست")
        await boss.person.tap("پس گرفتن درخواست").sees("پس گرفته شود؟")
        await boss.person.tap("بله، پس می‌گیرم").sees("پس‌گرفته‌شده")
        await sara.person.sees("پس گرفته شد")
    await pick(boss, sara.national_code, until="درخواست همکاری برای")
    await accept(sara.person)
    await sara.person.tap("انصراف از همکاری").sees("مطمئن هستید")
    await sara.person.tap("بله، انصراف می‌دهم").sees("ردشده از سوی شما")
    await boss.person.sees("انصراف داد")
    await expert.command("menu").tap("🤝 همکاری‌ها").sees("در انتظار بررسی نیست")
    await pick(boss, sara.national_code, until="درخواست همکاری برای")


@journey("J20", "جایگزینی مسئول فنی و آزاد کردن کد ملی")
async def replaced(setup: JourneySetup) -> None:
    boss = await founded(setup)
    expert = (await setup.expert()).person
    sara, mina = await qualified(setup, "سارا", "مینا")
    await employ(boss, sara, expert)
    await branch_shows(boss, "مسئول فنی: سارا نمونه")
    await boss.person.tap("👤 جایگزینی")
    await steps.walk(
        boss.person,
        [
            ("سارا نمونه اکنون مسئول فنی این شعبه است", steps.send(mina.national_code)),
            ("به او ارسال شود؟", steps.tap("بله")),
        ],
        "درخواست همکاری برای مینا",
    )
    await accept(mina.person)
    await centers_show(sara.person, "🟢 فعال")
    await decide(expert, mina.name)
    await sara.person.sees("به همکاری شما در شعبه", "کد ملی شما آزاد شد")
    await mina.person.sees("✅ دانشگاه همکاری شما با")
    await branch_shows(boss, "مسئول فنی: مینا نمونه")
    await centers_show(sara.person, "اکنون با مرکزی همکاری ندارید")
    await boss.person.command("menu").tap("🔓 آزاد کردن کد ملی").sees("کد ملی کدام مسئول فنی آزاد شود؟")
    await boss.person.tap("مینا").sees("همین حالا پایان می‌یابد و قابل بازگشت نیست")
    await boss.person.tap("بله، آزاد می‌کنم").sees("کد ملی مینا نمونه آزاد شد")
    await mina.person.sees("کد ملی شما آزاد شد")
    await branch_shows(boss, "مسئول فنی: ندارد")
    # Nobody's SMS: that is for whoever ends it alone (Q20).
    # The invitation's is not sent either where he was quicker to accept.
    told = [sms.text for sms in setup.bot.emulators.sms.inbox(boss.mobile)]
    assert ["دعوت کرده است" in text for text in told] in ([True], [])
