"""The working day of staff and companies (docs/specification.md 6, J26)."""

import re
from io import BytesIO

from openpyxl import load_workbook

from tests.journeys.cooperation import founded
from tests.journeys.qualification import JourneySetup, journey
from tests.support.identities import next_mobile

PASSWORD = "گذرواژه-خوب-۷"


@journey("J26", "دعوت کارشناس با پیامک و پیوند، خروجی سطر به سطر، بستن شعبه")
async def desk(setup: JourneySetup) -> None:
    mobile = next_mobile()
    staff = (await setup.staff()).person
    await staff.command("menu").tap("👥 کارشناسان").sees("دانشگاه را انتخاب کنید")
    shown = await staff.sees("دانشگاه را انتخاب کنید")
    while "دانشگاه علوم پزشکی شیراز" not in shown.text:
        shown = await staff.tap("بعدی").sees("کارشناس")
    line = next(line for line in shown.text.splitlines() if "دانشگاه علوم پزشکی شیراز" in line)
    await staff.tap(line.split(".")[0]).sees("کارشناسان دانشگاه علوم پزشکی شیراز")
    await staff.tap("➕ کارشناس جدید").sees("نقش او را")
    await staff.tap("کارشناس مسئول").sees("کد ملی کارشناس")
    await staff.tap("کد ملی را نمی‌دانم").sees("نام کارشناس")
    await staff.type("مینا").sees("نام خانوادگی")
    await staff.type("رضایی").sees("شماره همراه کارشناس")
    await staff.type(mobile).sees("مشخصات کارشناس")
    await staff.tap("✅ تأیید").sees("مینا رضایی، کارشناس مسئول: دعوت‌شده")

    await setup.bot.emulators.sms.sees(mobile, "کد یک‌بارمصرف")
    (received,) = setup.bot.emulators.sms.inbox(mobile)
    sms = received.text
    token, code = re.search(r"start=invite_([\w-]+)", sms), re.search(r"کد یک‌بارمصرف: \D*(\d{6})", sms)
    assert token is not None
    assert code is not None
    mina = setup.there.person("مینا", phone=mobile)
    await mina.start(f"invite_{token[1]}").sees("مینا رضایی گرامی")
    await mina.tap("✅ پذیرفتن دعوت").sees("کد یک‌بارمصرف ۶ رقمی")
    await mina.type(code[1]).sees("کد ملی ۱۰ رقمی خود را")
    await mina.type("9991234551").sees("یک رمز با دست‌کم")
    await mina.type(PASSWORD).sees("خوش آمدید")
    await staff.sees("دعوت شما را پذیرفت")

    await mina.command("menu").tap("📤 خروجی").sees("کدام فهرست")
    await mina.tap("📁 پرونده‌ها").sees("📤 خروجی: 📁 پرونده‌ها")
    await mina.tap("📗 فایل XLSX")
    sheet = load_workbook(BytesIO((await mina.sees_file()).file.content)).active
    assert sheet is not None
    assert sheet["A1"].value == "پرونده‌ها"

    boss = (await founded(setup)).person
    await boss.command("menu").tap("➕ شعبه جدید").sees("نام شعبه را بنویسید")
    await boss.type("مرودشت").sees("استان شعبه را")
    await boss.type("فارس").sees("نام شهر شعبه")
    await boss.type("مرودشت").sees("آدرس کامل شعبه")
    await boss.type("مرودشت، خیابان امام، پلاک ۱۲").sees("کد ملی مسئول فنی این شعبه")
    await boss.tap("بعداً انتخاب می‌کنم").sees("مشخصات شعبه")
    await boss.tap("✅ تأیید").sees("شعبه «مرودشت» ثبت شد")
    await boss.command("menu").tap("🏢 شعبه‌ها").sees("بدون مسئول فنی: ۲")
    await boss.tap("مرودشت").sees("محل: فارس، مرودشت")
    await boss.tap("⛔️ بستن شعبه").sees("بسته شود؟")
    await boss.tap("بله، بسته شود").sees("شعبه «مرودشت» بسته شد")
