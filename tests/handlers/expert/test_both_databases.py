"""A request on the officer's and the expert's screens, on both databases."""

from storage.enums import RequestState
from tests.support.chat_driver import App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, in_charge, officer, request_of, submit, tariff


@ON_BOTH_DATABASES
def test_from_the_form_to_the_fee(app: App) -> None:
    tariff(app)
    sara, maryam = officer(app), expert(app)
    chief = in_charge(app)
    submit(sara).sees("⏳ در انتظار بررسی")
    code = request_of(sara).tracking_code or ""
    maryam.open("desk.queue").sees("📥 ۱ پرونده", code).tap("۱. سارا کریمی‌نژاد", "📌 بررسی با من")
    maryam.tap("📎 مدارک", "📎 همه مدارک", "📄 پرونده", "📋 روند پرونده", "بازگشت")
    maryam.tap("⚠️ اعلام نواقص", "▫️ نام پدر").type("نام پدر ناخوانا است").tap("ارسال نواقص")
    maryam.tap("بله، ارسال شود").sees("اعلام شد")
    sara.open("qual.track").tap("رفع نقص").type("عباس").tap("رد کردن", "ارسال دوباره", "بله")
    sara.sees("🔍 در حال بررسی")
    chief.open("desk.search").type(sara.account.national_code or "").tap("ارجاع به کارشناس")
    chief.tap("مریم احمدی (۰)" if "مریم احمدی (۰)" in chief.labels else "بازگشت")
    chief.open("desk.all").sees("👥 ۱ پرونده").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تأیید شد")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    sara.open("qual.track").sees("💳 تأییدشده").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    sara.tap("ثبت دوباره", "حذف پیش‌نویس", "بله").sees("پس‌گرفته‌شده", "ثبت دوباره")
