"""The demo's directorate has a past: everybody who logs in finds work that others left."""

import re
import sqlite3
from pathlib import Path

import pytest

from demo.bank import Bank
from demo.bank.zarinpal import verify
from demo.run import Demo, Options
from demo.users import DemoUser
from tests.support.ports import free_ports


def role(demo: Demo, title: str) -> DemoUser:
    return next(one for one in demo.users.roles if one.title == title)


async def log_in(demo: Demo, title: str) -> DemoUser:
    who = role(demo, title)
    await who.person.start()
    await who.person.tap("ورود")
    await who.person.sees("کد کاربری خود را")
    await who.person.type(who.identity.user_code)
    await who.person.sees("رمز عبور خود را")
    secret = await who.person.type(who.identity.password)
    await who.person.sees_gone(secret)
    return who


def number(words: str, text: str) -> int:
    """The number behind these words."""
    found = re.search(rf"{words}\D{{0,6}}([۰-۹]+)", text)
    assert found, f"no number behind «{words}» in:\n{text}"
    return int(found[1])


def counts(folder: Path, table: str, column: str = "state") -> dict[str, int]:
    with sqlite3.connect(folder / "bot.db") as database:
        return dict(database.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY 1"))


#: What nobody is waiting for would not be a state that a visitor meets.
EVERY_STATE = {
    "qualification_request": {
        *("DRAFT", "SUBMITTED", "IN_REVIEW", "DEFICIENT", "AWAITING_PAYMENT", "COMPLETED"),
        *("REJECTED", "WITHDRAWN", "REVOKED"),
    },
    "cooperation_request": {
        *("PENDING_OFFICER", "PENDING_UNIVERSITY", "APPROVED", "REJECTED_BY_OFFICER"),
        *("REJECTED_BY_UNIVERSITY", "WITHDRAWN", "CLOSED"),
    },
    "contract": {"ACTIVE", "ENDED_BY_DISTRIBUTOR", "ENDED_BY_OFFICER"},
    "termination": {"DRAFT", "FINALIZED", "CANCELLED"},
    "payment_attempt": {"PAID", "FAILED", "UNCERTAIN", "REFUND_DUE"},
    "account": {"ACTIVE", "SUSPENDED", "ANNULLED"},
}


@pytest.mark.campaign
async def test_each_role_finds_what_others_left(tmp_path: Path) -> None:
    async with Demo(Options(folder=tmp_path, port=free_ports(3), past=True)) as demo:
        for table, states in EVERY_STATE.items():
            assert states <= counts(tmp_path, table).keys(), table
        assert 280 <= sum(counts(tmp_path, "officer", "province IS NULL").values()) <= 340
        waiting = "qualification_request WHERE state = 'SUBMITTED'"
        assert len(counts(tmp_path, waiting, "university_code")) == 4
        ages = (
            "qualification_request WHERE state = 'SUBMITTED'",
            "university_code || ' ' || date(submitted_at)",
        )
        assert len(counts(tmp_path, *ages)) > 20
        assert 2 in counts(tmp_path, "deficiency_round", "round"), "nobody is in the second round"

        expert = await log_in(demo, "کارشناس شیراز")
        menu = await expert.person.sees("کارتابل دانشگاه علوم پزشکی شیراز")
        assert number("در انتظار بررسی", menu.text) >= 10
        assert number("دیرکردها", menu.text) >= 1
        await expert.person.tap("📥 پرونده‌های جدید").sees("پرونده در انتظار بررسی است")
        found = await expert.person.type("نوری‌فرد")
        await expert.person.sees("نوری‌فرد")
        assert found

        head = await log_in(demo, "کارشناس مسئول شیراز")
        await head.person.sees("در انتظار بررسی")
        team = await head.person.tap("👥 همکاران").sees("در صف")
        assert number("در صف", team.text) >= 10

        staff = await log_in(demo, "اداره کل")
        menu = await staff.person.sees("میز کار اداره کل")
        assert any("هشدارها (" in label for label in menu.labels)
        assert any("بازگشت وجه (" in label for label in menu.labels)
        await staff.person.tap("✉️ نامه‌ها").sees("یادآوری تکمیل پرونده‌ها")

        manager = await log_in(demo, "مدیر شرکت توزیع")
        await manager.person.sees("مدیریت شعبه‌ها")
        requests = await manager.person.tap("🗂 درخواست‌ها").sees("شعبه")
        assert len(requests.labels) >= 5

        deficient = await log_in(demo, "مسئول فنی دارای نقص")
        await deficient.person.sees("دارای نقص")
        await deficient.person.tap("رفع نقص").sees("در نور کافی")
        unpaid = await log_in(demo, "مسئول فنی در انتظار پرداخت")
        await unpaid.person.sees("در انتظار پرداخت")
        assert unpaid.person.screen().button("💳 پرداخت")
        qualified = await log_in(demo, "مسئول فنی احرازشده")
        menu = await qualified.person.sees("تأیید نهایی")
        assert any("صندوق پیام‌ها (" in label for label in menu.labels), "no letter is unread"
        assert demo.emulators.violations == []


def test_the_bank_keeps_quiet_about_one_payment() -> None:
    bank = Bank()
    merchant = "11111111-2222-3333-4444-555555555555"
    paid = [
        bank.create(
            "zarinpal",
            merchant=merchant,
            amount=5_600_000,
            callback="http://127.0.0.1/",
            description="",
            order_id=None,
            mobile=None,
        )
        for _ in range(2)
    ]
    bank.silence(paid[0].ref)
    bank.pay(paid[1].ref)
    codes = []
    for one in paid:
        answer = verify(bank, {"merchant_id": merchant, "authority": one.ref, "amount": one.amount})
        content = answer[1] if isinstance(answer, tuple) else answer
        codes.append((content["errors"] or content["data"])["code"])
    assert codes == [-52, 100]
