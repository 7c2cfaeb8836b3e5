"""Search and lists of an expert and of staff (J30): a half name, pages and rows by number, the way back, a university and a
company by typing."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from bot.services.search import index
from storage.tables.column_types import utcnow
from tests.journeys.qualification import JourneySetup, journey
from tests.support import journey_steps as steps
from tests.support.factories import distributors, people
from tests.support.factories.qualification import request_row


def _filed(db: Session) -> None:
    """Twelve files that came before, and twelve companies."""
    for number in range(12):
        owner = people.officer(db, "مینا", f"پیشین{number}", chat=False).account_id
        at = utcnow() - timedelta(days=30 - number)
        row = {
            "tracking_code": f"14050101{number:04}",
            "submitted_at": at,
            "received_at": at,
            "state_since": at,
        }
        db.add(request_row(owner, **row))
        index.open_to(db, university_code="sums", account_id=owner)
        distributors.distributor(db, f"آوای سلامت {number:02}")


@journey("J30", "جست‌وجو و فهرست‌ها: نام نیمه، صفحه، راه بازگشت، دانشگاه و شرکت با نوشتن")
async def found(setup: JourneySetup) -> None:
    await setup.tariff()
    narges = (await setup.expert()).person
    async with setup.bot.database() as database:
        await database.run(_filed)
    sara = await setup.officer_at_summary()
    code = await steps.submit(sara)
    await narges.command("menu").tap("📥 پرونده‌های جدید").sees("صفحه ۱ از ۲")
    await narges.type("صفحه ۲").sees("صفحه ۲ از ۲", code)
    await narges.type("۳").sees("متقاضی: مینا پیشین2")
    await narges.tap("📥 صف پرونده‌ها").sees("صفحه ۱ از ۲")
    await narges.type("کریمی سار").sees("متقاضی: سارا کریمی‌نژاد", code)
    await narges.type("پیش مینا").sees("۱۲ نتیجه", "صفحه ۱ از ۲")
    await narges.tap("بعدی").sees("۱۲. ")

    reza = (await setup.staff()).person
    await reza.command("menu").tap("🏢 توزیع‌کنندگان").sees("صفحه ۱ از ۲", "توزیع‌کننده دیگر")
    await reza.type("سلام آوا").sees("نتیجه جست‌وجوی «سلام آوا»: ۱۲")
    await reza.type("صفحه ۲").sees("۱۲. ")
    await reza.type("۱۱").sees("آوای سلامت")
    await reza.tap("بازگشت").sees("نتیجه جست‌وجوی «سلام آوا»", "صفحه ۲ از ۲")
    await reza.command("menu").tap("📂 پرونده‌ها").sees("پرونده‌های کدام دانشگاه")
    await reza.type("علوم پزشکی شیراز").sees("کارتابل دانشگاه علوم پزشکی شیراز", "📥 پرونده‌های جدید: ۱۳")
