"""A request on the officer's and the expert's screens, on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session

from storage.database.database import Database
from storage.enums import RequestKind, RequestState, Role
from storage.migrations.seed import seed
from storage.tables import Tariff
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import Visitor, expert, officer, submit


async def test_from_the_form_to_the_fee(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visitor, "commits", False)
    await database.run(_way_of_a_file)


def _way_of_a_file(db: Session) -> None:
    seed(db)
    db.add(Tariff(kind=RequestKind.NEW, amount_rial=1_500_000, valid_from=date(2026, 1, 1)))
    sara, maryam = officer(db), expert(db)
    chief = expert(db, "احمدی", role=Role.IN_CHARGE)
    submit(sara).sees("⏳ در انتظار بررسی")
    code = request_of(sara).tracking_code or ""
    maryam.opens("desk.queue").sees("📥 ۱ پرونده", code).taps("۱. سارا کریمی‌نژاد").taps("📌 بررسی با من")
    maryam.taps("📎 مدارک").taps("📎 همه مدارک").taps("📄 پرونده").taps("📋 روند پرونده").taps("بازگشت")
    maryam.taps("⚠️ اعلام نواقص").taps("▫️ نام پدر").types("نام پدر ناخوانا است").taps("ارسال نواقص")
    maryam.taps("بله، ارسال شود").sees("اعلام شد")
    sara.opens("qual.track").taps("رفع نقص").types("عباس").taps("رد کردن").taps("ارسال دوباره").taps("بله")
    sara.sees("🔍 در حال بررسی")
    chief.opens("desk.search").types(sara.account.national_code or "").taps("ارجاع به کارشناس")
    chief.taps("مریم احمدی (۰)" if "مریم احمدی (۰)" in chief.labels else "بازگشت")
    chief.opens("desk.all").sees("👥 ۱ پرونده").types("۱").taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    chief.sees("تأیید شد")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    sara.opens("qual.track").sees("💳 تأییدشده").taps("انصراف از درخواست").taps("بله، انصراف می‌دهم")
    sara.taps("ثبت دوباره").taps("حذف پیش‌نویس").taps("بله").sees("پس‌گرفته‌شده", "ثبت دوباره")
