"""The directorate takes back what was decided: an unpaid approval, a qualification, an amendment, from the file card."""

import pytest

from bot.services import payments
from storage.enums import AttemptState, ContractState, Messenger, RequestState
from storage.tables import Contract, Officer
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import (
    approve,
    at_request,
    code_of,
    complete,
    distributor,
    employ,
    expert,
    in_charge,
    officer,
    payment_attempt,
    request_of,
    staff,
    submit,
    tariff,
)
from tests.support.factories.qualification import request_row

FORGED = "گواهی جعلی است"
BOTH = pytest.mark.parametrize("messenger", list(Messenger))


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    tariff(app)


@pytest.fixture
def sara(app: App) -> Person:
    return submit(officer(app))


def qualified(app: App, sara: Person, maryam: Person) -> Person:
    approve(maryam, sara)
    complete(app, request_of(sara))
    return sara


@ON_BOTH_DATABASES
@BOTH
def test_an_unpaid_approval(app: App, sara: Person, messenger: Messenger) -> None:
    maryam, boss = expert(app), staff(app).elsewhere(messenger)
    approve(maryam, sara)
    token = request_of(sara).pay_token or ""
    sara.open("qual.track").sees("💳 تأییدشده، در انتظار پرداخت")
    at_request(boss, sara).tap("↩️ لغو تأیید").sees("دلیل را بنویسید").type("نه").sees(
        "دلیل را کامل‌تر بنویسید"
    )
    boss.type(FORGED)
    code = request_of(sara).tracking_code or ""
    for label in ("بله، لغو شود", "لغو قطعی تأیید"):  # both questions say what follows
        boss.sees(code, "سارا کریمی‌نژاد", "پرونده به مریم رضایی بازمی‌گردد", "دکمه‌های پرداخت", FORGED)
        boss.tap(label)
    boss.sees("🔍 در حال بررسی", FORGED).sees_not("↩️ لغو تأیید")
    assert app.read(lambda db: payments.pay_view(db, token, now=app.clock())) is None
    sara.open("qual.track").sees("🔍 در حال بررسی", "اداره کل تأیید پیشین را لغو کرد", FORGED)
    assert "💳 پرداخت" not in sara.labels
    sara.tap("📋 روند درخواست").sees("اداره کل تأیید را لغو کرد", FORGED)
    at_request(maryam, sara).sees("اداره کل تأیید این پرونده را لغو کرد", FORGED)
    maryam.tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "بله، رد می‌کنم").sees("❌ پرونده")
    assert request_of(sara).state is RequestState.REJECTED


@ON_BOTH_DATABASES
@BOTH
def test_a_qualification(app: App, sara: Person, messenger: Messenger) -> None:
    """Card, contract and home of everybody say so at once."""
    maryam, boss = expert(app), staff(app).elsewhere(messenger)
    qualified(app, sara, maryam)
    (manager, central), head = distributor(app), in_charge(app)
    employ(manager, central, sara, maryam)
    sara.open("qual").sees("✅ تأیید نهایی").tap("🪪 کارت مسئول فنی").tap("🖼 دریافت کارت")
    token = app.get(Officer, sara.account.id).card_token
    at_request(boss, sara).tap("⛔️ ابطال صلاحیت").type(FORGED)
    for label in ("بله، ابطال شود", "ابطال قطعی"):
        boss.sees("صلاحیت سارا کریمی‌نژاد", "همکاری او با «کیان طب» (شعبه «مرکزی») پایان می‌یابد", FORGED)
        boss.sees("کارت و گواهی صلاحیت او دیگر معتبر نیست").tap(label)
    boss.sees("⛔️ ابطال‌شده", FORGED).sees_not("⛔️ ابطال صلاحیت")
    assert request_of(sara).state is RequestState.REVOKED
    assert app.newest(Contract).state is ContractState.ENDED_BY_REVOCATION
    sara.open("home").sees("⛔️ ابطال‌شده")
    assert "ثبت دوباره" in sara.labels
    sara.open("qual").sees_not("🪪 کارت مسئول فنی", "📄 گواهی صلاحیت")
    sara.open("qual.track").sees("احراز صلاحیت شما ابطال شده است", FORGED)
    sara.open("centers").sees_not("🟢")
    manager.open("card.check", arg=token).sees("صلاحیت ابطال‌شده؛ این کارت اکنون معتبر نیست")
    manager.open("dist.branch", central.id).sees("ندارد")
    at_request(head, sara).sees("⛔️ ابطال‌شده", FORGED)
    sara.open("qual.new").sees_not("یک درخواست باز دارید")


@BOTH
def test_saying_no_changes_nothing(app: App, sara: Person, messenger: Messenger) -> None:
    boss = staff(app).elsewhere(messenger)
    qualified(app, sara, expert(app))
    for answers in (("خیر",), ("بله، ابطال شود", "خیر")):
        at_request(boss, sara).tap("⛔️ ابطال صلاحیت").type(FORGED)
        for answer in answers:
            boss.tap(answer)
        boss.sees("✅ تأیید نهایی", "⛔️ ابطال صلاحیت")
    assert request_of(sara).state is RequestState.COMPLETED


def test_that_the_fee_is_not_given_back_is_said_before(app: App, sara: Person) -> None:
    boss = staff(app)
    qualified(app, sara, expert(app))
    at_request(boss, sara).tap("⛔️ ابطال صلاحیت").type(FORGED).sees_not("هزینه پرداخت‌شده").tap("خیر")
    payment_attempt(app, request_of(sara), AttemptState.PAID, amount_rial=1_500_000)
    boss.tap("⛔️ ابطال صلاحیت").type(FORGED)
    boss.sees("هزینه پرداخت‌شده (۱٬۵۰۰٬۰۰۰ ریال) خودکار بازگردانده نمی‌شود")


@ON_BOTH_DATABASES
def test_it_was_paid_while_staff_wrote(app: App, sara: Person) -> None:
    """Nobody's money is lost: the question that is open then changes nothing, and says why."""
    boss = staff(app)
    approve(expert(app), sara)
    at_request(boss, sara).tap("↩️ لغو تأیید").type(FORGED).tap("بله، لغو شود")
    complete(app, request_of(sara))
    boss.tap("لغو قطعی تأیید").sees("در این فاصله هزینه پرداخت", "✅ تأیید نهایی")
    assert request_of(sara).state is RequestState.COMPLETED


def test_buttons_of_long_ago(app: App, sara: Person) -> None:
    """Of another member of staff who was faster, and of an expert who would still decide."""
    boss, other, maryam = staff(app), staff(app), expert(app)
    qualified(app, sara, maryam)
    kept = at_request(other, sara).button("⛔️ ابطال صلاحیت")
    at_request(boss, sara).tap("⛔️ ابطال صلاحیت").type(FORGED).tap("بله، ابطال شود", "ابطال قطعی")
    other.press(kept).sees("لغو تأیید یا ابطال", "اداره کل")
    request = request_of(sara)
    for who in (maryam, in_charge(app), sara, officer(app, "رضا")):
        who.open("desk.revoke", request.id, request.version)
    assert request_of(sara).version == request.version


def test_why_not_now_is_on_the_card(app: App) -> None:
    maryam, boss = expert(app), staff(app)
    first = request_of(qualified(app, submit(officer(app, "مینا")), maryam))
    mina = first.account_id
    boss.open("desk.file", first.id).sees_not("ابطال یا لغو تأیید ممکن نیست")
    app.add(request_row(mina, kind="AMENDMENT", state="SUBMITTED", tracking_code="140509010009"))
    boss.open("desk.file", first.id).sees("ممکن نیست: اصلاحیه‌ای از همین شخص در گردش است")
    assert "⛔️ ابطال صلاحیت" not in boss.labels
    maryam.open("desk.file", first.id).sees_not("ممکن نیست")


def test_the_next_expert_reads_that_something_was_revoked(app: App, sara: Person) -> None:
    maryam, boss = expert(app), staff(app)
    qualified(app, sara, maryam)
    at_request(boss, sara).tap("⛔️ ابطال صلاحیت").type(FORGED).tap("بله، ابطال شود", "ابطال قطعی")
    sara.open("qual.new").tap("ثبت نهایی", "بله")
    assert request_of(sara).state is RequestState.SUBMITTED
    at_request(maryam, sara).sees("⛔️ ابطال‌شده پیش از این برای همین شخص: ۱ بار")
    boss.open("staff.find_account").type(code_of(sara)).sees("⛔️ صلاحیت ابطال‌شده")
