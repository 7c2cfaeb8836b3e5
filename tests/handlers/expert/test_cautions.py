"""What must not be overlooked stands at the top of the file card: the account's state, open alerts, earlier rejections."""

import pytest

from bot.services import payments
from bot.texts import t
from storage.enums import AttemptState, PushChannel, PushState, RequestState
from storage.tables import CooperationRequest, Push, StaffAlert
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.factories.qualification import request_row

FORGED = "گزارش جعل مدرک"


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    people.tariff(app)


@ON_BOTH_DATABASES
def test_a_suspended_officers_file_is_not_approved_unknowingly(app: App) -> None:
    """The card says why at its top, and offers no approval; an old button is refused."""
    sara = people.submit(people.officer(app))
    maryam = people.at_decision(people.expert(app), sara)
    kept = maryam.button("✅ تأیید")
    ask = maryam.tap("✅ تأیید").button("بله، تأیید می‌کنم")
    people.suspend(sara, FORGED)
    for one in (maryam, people.in_charge(app), people.staff(app)):
        people.at_request(one, sara).sees("حساب متقاضی غیرفعال است", FORGED)
        assert one.text.startswith("⛔️")
        assert "✅ تأیید" not in one.labels
    assert "❌ رد" in people.at_request(maryam, sara).labels
    maryam.press(kept).sees_not("تأیید شود؟")
    maryam.press(ask).sees("حساب متقاضی غیرفعال است و تا فعال شدن آن، درخواست او تأیید نمی‌شود")
    assert people.request_of(sara).state is RequestState.IN_REVIEW


def test_a_claimed_file_too(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.at_request(maryam, sara).tap("📌 برداشتن پرونده")
    people.suspend(sara, FORGED)
    ask = people.request_of(sara)
    maryam.open("desk.approve_do", ask.id, ask.version).sees("درخواست او تأیید نمی‌شود")
    assert people.request_of(sara).state is RequestState.IN_REVIEW


@ON_BOTH_DATABASES
def test_a_suspended_officer_pays_nothing(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.approve(maryam, sara)
    token = people.request_of(sara).pay_token or ""

    def page() -> payments.PageState:
        view = app.read(lambda db: payments.pay_view(db, token, now=app.clock()))
        assert view is not None
        return view.state

    assert page() is payments.PageState.PAYABLE
    people.suspend(sara, FORGED)
    assert page() is payments.PageState.HELD
    assert "متوقف" in t("pay.held.title")


def test_open_alerts_are_on_the_card(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.at_request(maryam, sara).sees_not("هشدار باز")
    request = people.request_of(sara)
    attempt = people.payment_attempt(app, request, AttemptState.REFUND_DUE)
    alert: StaffAlert = app.add(StaffAlert(key=f"refund:{attempt.id}", text="…"))
    lost = {"kind": "N4", "channel": PushChannel.CHAT, "state": PushState.GIVEN_UP, "text": "…"}
    push: Push = app.add(Push(key="lost", account_id=sara.account.id, **lost))
    app.add(StaffAlert(key=f"push.given_up:{push.id}", text="…"))
    people.at_request(maryam, sara).sees(
        "بازگشت وجه به این متقاضی هنوز انجام نشده", "پیام سامانه به این متقاضی نرسیده"
    )
    app.change(StaffAlert, alert.id, resolved_at=NOW)
    people.at_request(maryam, sara).sees_not("بازگشت وجه").sees("نرسیده")


@ON_BOTH_DATABASES
def test_earlier_rejections_here_and_elsewhere(app: App) -> None:
    """Here with day and reason; of other universities the number alone."""
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.at_request(maryam, sara).sees_not("ردشده پیش از این")
    rejected = {"state": RequestState.REJECTED, "closed_at": NOW, "reject_reason": "OTHER"}
    for number, (university, text) in enumerate(
        (("sums", "مهر مدرک جعلی است"), ("mui", "راز اصفهان"), ("mui", "باز هم"))
    ):
        more = {"university_code": university, "reject_text": text, "tracking_code": f"14050101{number:04}"}
        app.add(request_row(sara.account.id, **rejected, **more))
    people.at_request(maryam, sara).sees(
        "در همین دانشگاه: ۱ بار", "مهر مدرک جعلی است", "دانشگاه‌های دیگر: ۲ بار"
    )
    maryam.sees_not("راز اصفهان", "باز هم").tap("📌 برداشتن پرونده", "✅ تأیید").sees(
        "در همین دانشگاه: ۱ بار"
    )


def test_a_rejection_does_not_warn_of_itself(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.at_decision(maryam, sara).tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "بله، رد می‌کنم")
    people.at_request(maryam, sara).sees("❌ ردشده").sees_not("ردشده پیش از این")


def test_a_cooperation_card_has_the_banner(app: App) -> None:
    boss, central = people.distributor(app)
    sara, maryam = people.eligible(app), people.expert(app)
    rejected = {"state": RequestState.REJECTED, "closed_at": NOW, "reject_reason": "OTHER"}
    app.add(request_row(sara.account.id, **rejected, reject_text="مهر مدرک جعلی است"))
    people.pick(boss, central, sara)
    people.accept(sara)
    request: CooperationRequest = people.cooperation(app)
    maryam.open("desk.coop_file", request.id).sees("در همین دانشگاه: ۱ بار", "مهر مدرک جعلی است")
    people.suspend(sara, FORGED)
    maryam.open("desk.coop_file", request.id).sees("حساب متقاضی غیرفعال است", FORGED)
    assert maryam.text.count("غیرفعال است") == 1, "said twice"
    maryam.tap("🪪 کارت مسئول فنی").sees("⛔️ غیرفعال؛ این کارت اکنون معتبر نیست.")
    assert maryam.text.count("غیرفعال") == 1, "said twice"


def test_the_person_is_one(app: App) -> None:
    other: Person = people.submit(people.officer(app, "رضا"))
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.suspend(other, FORGED)
    people.at_request(maryam, sara).sees_not("غیرفعال", FORGED)
