"""Colleagues of a university (docs/specification.md 2.9): many files at once, a note, handing over, leave and a deputy."""

from tests.journeys.qualification import JourneySetup, journey
from tests.support.journey_steps import submit


@journey("J24", "کار گروهی: ارجاع گروهی، یادداشت، سپردن و مرخصی")
async def together(setup: JourneySetup) -> None:
    await setup.tariff()
    first, second = await setup.expert(), await setup.expert(name="بهار رستمی")
    chief = (await setup.expert(role="expert-in-charge", name="پروین شریفی")).person
    narges, bahar = first.person, second.person
    sara = await setup.officer_at_summary()
    code = await submit(sara)
    await chief.command("menu").tap("👥 همکاران").sees("در صف: ۱ پرونده")
    await chief.tap("📤 ارجاع گروهی").tap("📥 صف").sees(code)
    await chief.type("۱").sees("موارد انتخاب‌شده: ۱")
    await chief.tap("ادامه").tap("نرگس").sees("موارد انتخاب‌شده: ۱")
    await chief.tap("ادامه").tap("بدون توضیح").sees("نرگس کاظمی: ۱ پرونده")
    await chief.tap("بله، ارجاع شود").sees("نرگس کاظمی: ۱ پرونده (")
    told = await narges.sees("۱ پرونده به شما ارجاع داد", code)
    await narges.tap("پرونده‌های من", on=told).tap("سارا").sees("کارشناس: نرگس کاظمی")
    await narges.tap("📝 یادداشت جدید").type("با دانشگاه محل تحصیل تماس گرفتم").sees("فقط همکاران می‌بینند")
    await narges.tap("بازگشت").tap("🤝 سپردن به همکار").tap("بهار").sees("چرا و چه مانده است")
    await narges.type("از فردا نیستم؛ گواهی دوره مانده است").sees("کارشناس: بهار رستمی")
    told = await bahar.sees("نرگس کاظمی پرونده", "گواهی دوره مانده است")
    await bahar.command("menu").tap("👥 همکاران").tap("🏖 مرخصی و جانشین").tap("➕ ثبت مرخصی")
    await bahar.tap("از امروز").tap("فقط همان روز").tap("نرگس").tap("✅ تأیید").sees("مرخصی شما: از")
    await narges.sees("شما جانشین او هستید")
    await bahar.tap("مشاهده", on=told).sees("با دانشگاه محل تحصیل تماس گرفتم")
    await bahar.tap("⚠️ اعلام نواقص").tap("نام پدر").tap("ارسال نواقص").tap("بله").sees("اعلام شد")
    told = await sara.sees("نواقص زیر اعلام شد")
    await sara.tap("رفع نقص", on=told).type("حسین").tap("توضیحی ندارم").tap("ارسال دوباره").tap("بله")
    await narges.sees("این پرونده تا پایان مرخصی بهار رستمی نزد شماست.")
