"""Papers beside the data, kept phrases and reasons, item by item (docs/specification.md 2.2; J31)."""

import re

from tests.journeys.qualification import JourneySetup, journey
from tests.support.journey_steps import open_file, submit

PHRASE, ALSO = "تصویر خوانا نیست؛ لطفاً از اصل مدرک بفرستید.", "نام پدر با کارت ملی یکی نیست."


@journey("J31", "مدارک در کنار داده، متن آماده و دلیل هر مورد")
async def reasons(setup: JourneySetup) -> None:
    sara = await setup.officer_at_summary()
    narges = (await setup.expert()).person
    await narges.command("menu").tap("👥 همکاران").tap("💬 متن‌های آماده").sees("هنوز متنی ذخیره نکرده‌اید")
    await narges.tap("➕ متن جدید").sees("متن را بنویسید")
    await narges.type(PHRASE).sees("۱. تصویر خوانا نیست")
    await submit(sara)

    await open_file(narges, "سارا")
    since = len(narges.history())
    await narges.tap("📌 برداشتن پرونده").sees(re.compile(r"پرونده \d{12} —"))
    captions = [one.text for one in narges.history()[since:] if one.files]
    assert any("کارت ملی" in caption and "کد ملی" in caption for caption in captions), captions
    await narges.tap("⚠️ اعلام نواقص").sees("موارد ناقص را علامت بزنید")
    await narges.tap("مدرک تحصیلی").sees("موارد انتخاب‌شده: ۱")
    await narges.tap("تصویر خوانا نیست").sees("موارد انتخاب‌شده: ۱", "از اصل مدرک")
    await narges.tap("نام پدر").sees("موارد انتخاب‌شده: ۲")
    await narges.type(ALSO).sees("با کارت ملی یکی نیست")
    await narges.tap("ارسال نواقص").sees("ارسال شود؟", "از اصل مدرک", "با کارت ملی")
    await narges.tap("خیر").sees("موارد انتخاب‌شده: ۲")
    await narges.tap("ارسال نواقص").sees("ارسال شود؟")
    await narges.tap("بله").sees("اعلام شد")

    told = await sara.sees("نواقص زیر اعلام شد", "از اصل مدرک", "با کارت ملی یکی نیست")
    await sara.tap("رفع نقص", on=told).sees("با کارت ملی یکی نیست")

    await narges.command("menu").tap("👥 همکاران").tap("💬 متن‌های آماده").sees("۱. تصویر خوانا نیست")
    await narges.tap("۱").sees("از اصل مدرک")
    await narges.tap("🗑 حذف متن").sees("حذف شود؟")
    await narges.tap("بله، حذف شود").sees("هنوز متنی ذخیره نکرده‌اید")
