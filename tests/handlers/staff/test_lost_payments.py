"""«پول من کم شده است»: staff find each attempt to pay on the person's card, on the file's card and in its course, also one whose
end nobody knows yet; and an operator by the code of the file."""

from datetime import timedelta

import pytest

from bot.cli.tariffs import _lines
from bot.core.context import SYSTEM
from bot.services.shared import audit
from storage.enums import AttemptState, Messenger
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import (
    approve,
    expert,
    officer,
    payment_attempt,
    request_of,
    staff,
    submit,
    tariff,
)


@pytest.fixture
def asked(app: App) -> tuple[Person, Person]:
    """Staff, and a payer who tried twice: the first failed, of the second the bank says nothing."""
    tariff(app)
    sara, boss = submit(officer(app)), staff(app)
    approve(expert(app), sara)
    request = request_of(sara)
    payment_attempt(app, request, AttemptState.FAILED, ref="A-1", created_at=NOW - timedelta(hours=2))
    lost = payment_attempt(app, request, AttemptState.UNCERTAIN, ref="A-2", card_masked="603799******1234")

    def unit(db: object) -> None:
        audit.record(
            db,  # type: ignore[arg-type]
            now=NOW,
            actor=SYSTEM,
            event="payment_no_answer",
            subject="payment_attempt",
            subject_id=lost.id or 0,
            to_state=AttemptState.UNCERTAIN,
        )

    app.run(unit)
    return boss, sara


@pytest.mark.parametrize("messenger", list(Messenger))
def test_on_the_card_of_the_person(app: App, asked: tuple[Person, Person], messenger: Messenger) -> None:
    boss, sara = asked
    boss = boss.elsewhere(messenger)
    boss.open("staff.find_account").type(sara.account.user_code)
    boss.sees("💳 پرداخت‌ها: ۲ بار، آخرین: نامشخص، در حال پیگیری از بانک")
    boss.tap("💳 پرداخت‌ها")
    boss.sees(
        "از جدیدترین",
        "۱. ",
        "نامشخص",
        "شناسه پرداخت: A-2",
        "603799******1234",
        "۲. ",
        "ناموفق",
        "شناسه پرداخت: A-1",
    )
    boss.sees(f"پرونده {request_of(sara).tracking_code}")


def test_on_the_card_of_the_file_and_in_its_course(app: App, asked: tuple[Person, Person]) -> None:
    boss, sara = asked
    file = request_of(sara).id or 0
    boss.open("desk.file", file).sees("💳 پرداخت‌ها: ۲ بار، آخرین: نامشخص")
    boss.tap("💳 پرداخت‌ها").sees("شناسه پرداخت: A-2", "شناسه پرداخت: A-1")
    boss.open("desk.timeline", file).sees("پرداخت شماره", "نامشخص، در حال پیگیری از بانک")


def test_nobody_else_reads_of_payments(app: App, asked: tuple[Person, Person]) -> None:
    _, sara = asked
    file = request_of(sara).id or 0
    ali = expert(app)
    ali.open("desk.file", file).sees_not("پرداخت‌ها")
    ali.open("desk.timeline", file).sees_not("پرداخت شماره")
    sara.open("staff.file_payments", file).sees_not("A-2")


def test_an_operator_finds_it_by_the_code(app: App, asked: tuple[Person, Person]) -> None:
    _, sara = asked
    code = request_of(sara).tracking_code or ""
    told = "\n".join(app.read(lambda db: _lines(db, code)) or [])
    assert f"file {code}: AWAITING_PAYMENT" in told
    assert "2 attempts to pay" in told
    assert "UNCERTAIN" in told
    assert "its reference there A-2" in told
    assert "no_answer → UNCERTAIN" in told
    assert app.read(lambda db: _lines(db, "140101010001")) is None
