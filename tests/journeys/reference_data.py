"""The officer's own data: edited freely, amended, shown (docs/specification.md 6, J9 and J10)."""

from demo.person import Person
from tests.journeys.qualification import ESFAHAN, JourneySetup, journey, to_payment
from tests.support import files
from tests.support import journey_steps as steps

IN_CIRCULATION = "تا پایان بررسی و پرداخت، تغییر اطلاعات عمومی ذخیره نمی‌شود"
GENERAL = "این موارد بدون نیاز به تأیید دانشگاه تغییر می‌کنند"


async def open_general(person: Person) -> None:
    await person.command("menu").tap("🎓 احراز صلاحیت").tap("ویرایش اطلاعات عمومی")


@journey("J9", "ویرایش اطلاعات عمومی")
async def general_data(setup: JourneySetup) -> None:
    await setup.tariff()
    someone = await setup.registered()
    sara = someone.person
    elsewhere = await setup.elsewhere(someone)
    # Free while no request is open.
    await open_general(sara)
    await sara.sees(GENERAL)
    await sara.tap("نام پدر")
    await steps.walk(sara, [("نام پدر خود را", steps.send("حسن"))], "تغییر «نام پدر» ذخیره شد")
    await sara.tap("ایمیل")
    await steps.walk(sara, [("ایمیل خود را", steps.send("sara@example.com"))], "تغییر «ایمیل» ذخیره شد")
    await sara.tap("شماره همراه")
    await steps.walk(
        sara,
        [("«📱 ارسال شماره همراه» را در پایین صفحه", steps.send("09351112233"))],
        "شماره همراه شما ذخیره شد",
    )
    await sara.sees("۰۹۳۵۱۱۱۲۲۳۳", "تأییدنشده")
    await elsewhere.sees("شماره همراه حساب شما تغییر کرد")
    # Never, and only by an amendment.
    await sara.tap("🔒 کد ملی").sees("کد ملی و تاریخ تولد قابل تغییر نیست")
    await sara.tap("سایر موارد").sees("را در درخواست احراز صلاحیت ویرایش کنید")
    # Not while a request is in circulation, also not through a list that was opened before.
    await open_general(elsewhere)
    opened = await elsewhere.sees(GENERAL)
    await setup.expert()
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("ثبت درخواست")
    shown = await steps.walk(sara, steps.form(), steps.SUMMARY)
    assert "حسن" in shown.text
    await steps.submit(sara)
    await elsewhere.tap("نام پدر", on=opened).sees(IN_CIRCULATION)
    await open_general(sara)
    await sara.sees(IN_CIRCULATION)
    await sara.tap("🔎 پیگیری درخواست").sees("در انتظار بررسی")
    # Free again when it is over.
    await sara.tap("انصراف از درخواست").tap("بله، انصراف می‌دهم").sees("انصراف‌داده‌شده")
    await open_general(sara)
    await sara.sees(GENERAL)
    await sara.tap("نام پدر")
    await steps.walk(sara, [("نام پدر خود را", steps.send("عباس"))], "تغییر «نام پدر» ذخیره شد")
    await sara.command("menu").tap("👤 اطلاعات من").sees("مشخصات ثبت‌شده شما", "نام پدر: عباس")


@journey("J10", "اصلاحیه: نام و مدرک تحصیلی")
async def amendment(setup: JourneySetup) -> None:
    await setup.tariff()
    await setup.bot.command("set-tariff", "--kind", "amendment", "--rial", "2800000")
    first, second = await setup.expert(), await setup.expert(ESFAHAN, name="بهار رستمی")
    bank = setup.bot.emulators.bank
    sara, url = await to_payment(setup, expert=first)
    await steps.click_to_bank(url)
    await steps.come_back(bank.pay(bank.last.ref))
    await sara.sees("🎉")

    await sara.command("menu").tap("🎓 احراز صلاحیت").sees("تأیید نهایی")
    await sara.tap("ثبت اصلاحیه").sees(steps.SUMMARY)
    await sara.tap("📤 ثبت نهایی").sees("چیزی تغییر نکرده است")
    await sara.tap("نام خانوادگی")
    await steps.walk(
        sara, [("نام خانوادگی خود را", steps.send("محمدی"))], "نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی"
    )
    await sara.tap("مقطع تحصیلی")
    await steps.walk(
        sara,
        [("مقطع تحصیلی خود را", steps.tap("کارشناسی ارشد"))],
        "مقطع تحصیلی — قبلی: کارشناسی / جدید: کارشناسی ارشد",
    )
    await sara.tap("⬅️ مدارک").tap("مدرک تحصیلی").sees("فایل‌های فرستاده‌شده")
    await sara.tap("🔁 جایگزینی").sees("جای این فایل‌ها را می‌گیرد")
    await sara.send_file("مدرک تحصیلی.pdf", files.pdf()).sees("تصویر مدرک تحصیلی — فایل جدید")
    # Another province: its university reviews.
    await sara.tap("⬅️ نشانی و تماس").tap("استان")
    await steps.walk(
        sara,
        [("استان محل زندگی خود را", steps.send("اصفهان")), ("نام شهر", steps.send("اصفهان"))],
        "استان — قبلی: فارس / جدید: اصفهان",
    )
    code = await steps.submit(sara)

    expert = second.person
    card = await steps.open_file(expert, "سارا")
    assert code in card.text
    assert "نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی" in card.text
    assert "مقطع تحصیلی — قبلی: کارشناسی / جدید: کارشناسی ارشد" in card.text
    assert "نام پدر" not in card.text
    old = await expert.tap("📎 مدارک").tap("قبلی: مدرک تحصیلی").sees_file()
    new = await expert.tap("مدرک تحصیلی (۱)").sees_file()
    assert old.file.content != new.file.content
    await steps.approve(expert, "سارا")

    told = await sara.sees("پرداخت کنید", "۲٬۸۰۰٬۰۰۰ ریال")
    shown = await sara.command("menu").tap("👤 اطلاعات من").sees("مشخصات ثبت‌شده شما")
    assert "نام خانوادگی: کریمی‌نژاد" in shown.text  # nothing is applied before the payment
    assert "مقطع تحصیلی: کارشناسی\n" in shown.text
    await steps.click_to_bank(told.url("پرداخت"))
    await steps.come_back(bank.pay(bank.last.ref))
    await sara.sees("✅ پرداخت انجام شد و اطلاعات جدید شما (اصلاحیه")
    await (
        sara.command("menu")
        .tap("👤 اطلاعات من")
        .sees("مشخصات ثبت‌شده شما", "نام خانوادگی: محمدی", "مقطع تحصیلی: کارشناسی ارشد")
    )
    await sara.tap("📎 مدارک من").tap("مدرک تحصیلی")
    assert (await sara.sees_file()).file.content == new.file.content
