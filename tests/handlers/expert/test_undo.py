"""A decision can be undone for some minutes: nobody hears of it before, and nothing follows from it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import Refusal
from bot.jobs import held_decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import held_decisions as held_service
from storage.enums import CooperationState, Messenger, RequestKind, RequestState, Role
from storage.tables import Contract, CooperationRequest, Push, QualificationRequest, Tariff
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES

MINUTES = 3


@pytest.fixture(autouse=True)
def undoing(app: App) -> None:
    """The service as it is by default; other tests decide at once."""
    people.tariff(app)
    info = app.resources.public_info
    app.resources.public_info = replace(info, decision_undo=timedelta(minutes=MINUTES))


@pytest.fixture
def sara(app: App) -> Person:
    return people.submit(people.officer(app))


@pytest.fixture
def maryam(app: App) -> Person:
    return people.expert(app)


def tick(app: App) -> int:
    """The timer fires."""
    return app.wait(held_decisions.make_due(app.resources))


def time_is_over(app: App) -> int:
    app.clock.passes(minutes=MINUTES, seconds=1)
    return tick(app)


def told(person: Person) -> list[str]:
    """What the outbox holds for this person since the submission."""
    app, account_id = person.app, person.account.id
    rows = app.all(select(Push.kind).where(Push.account_id == account_id).order_by(Push.id))
    return [kind for kind in rows if kind != "N3"]


def decide_all(maryam: Person, how: str) -> None:
    match how:
        case "approve":
            maryam.tap("✅ تأیید", "بله، تأیید می‌کنم")
        case "reject":
            maryam.tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "بله، رد می‌کنم")
        case "declare":
            maryam.tap("⚠️ اعلام نواقص", "▫️ نام پدر", "ارسال نواقص", "بله، ارسال شود")


@ON_BOTH_DATABASES
@pytest.mark.parametrize(
    ("how", "becomes", "kind"),
    [
        ("approve", RequestState.AWAITING_PAYMENT, "N6"),
        ("reject", RequestState.REJECTED, "N5"),
        ("declare", RequestState.DEFICIENT, "N4"),
    ],
)
def test_nobody_hears_of_a_decision_that_may_be_undone(
    app: App, sara: Person, maryam: Person, how: str, becomes: RequestState, kind: str
) -> None:
    decide_all(people.at_decision(maryam, sara), how)
    maryam.sees("می‌توانید این تصمیم را لغو کنید", "↩️ لغو تصمیم")
    assert tick(app) == 0
    assert told(sara) == []
    assert people.request_of(sara).pay_token is None
    sara.open("qual.track", people.request_of(sara).id).sees("🔍 در حال بررسی").sees_not(
        "تأیید", "ردشده", "نقص"
    )
    sara.open("qual.timeline", people.request_of(sara).id).sees_not("تصمیم")
    assert time_is_over(app) == 1
    assert people.request_of(sara).state is becomes
    assert told(sara) == [kind]
    assert time_is_over(app) == 0
    assert told(sara) == [kind]


@ON_BOTH_DATABASES
def test_a_decision_is_undone_from_the_other_messenger(app: App, sara: Person, maryam: Person) -> None:
    """And another one is made, which is the one that the officer hears of."""
    decide_all(people.at_decision(maryam, sara), "reject")
    on_bale = people.at_request(maryam.elsewhere(Messenger.BALE), sara)
    on_bale.sees("🕓 تصمیم: رد", "مریم رضایی").tap("↩️ لغو تصمیم").sees("🔍 در حال بررسی", "✅ تأیید")
    assert on_bale.notice == "تصمیم لغو شد و پرونده نزد شماست."
    maryam.tap("↩️ لغو تصمیم").sees("تصمیم این پرونده را لغو کرده‌اید")
    assert time_is_over(app) == 0
    assert told(sara) == []
    decide_all(people.at_decision(maryam, sara), "approve")
    assert time_is_over(app) == 1
    assert told(sara) == ["N6"]
    people.at_request(maryam, sara).tap("📋 روند پرونده").sees("مریم رضایی تصمیم خود را لغو کرد")


def test_undo_twice_is_answered_once(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "approve")
    maryam.double_tap("↩️ لغو تصمیم")
    assert len(app.events("decision_undone")) == 1
    maryam.sees("🔍 در حال بررسی")


def test_too_late_to_undo(app: App, sara: Person, maryam: Person) -> None:
    """The button is told what was decided, and when; the decision stays."""
    decide_all(people.at_decision(maryam, sara), "approve")
    undo = maryam.button("↩️ لغو تصمیم")
    time_is_over(app)
    maryam.press(undo).sees("خودتان درباره این پرونده تصمیم گرفته‌اید", "تأیید")
    assert people.request_of(sara).state is RequestState.AWAITING_PAYMENT


def test_only_the_decider_undoes(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "approve")
    request = people.request_of(sara)
    for other in (people.expert(app, "رستمی"), people.in_charge(app), people.staff(app)):
        people.at_request(other, sara).sees("🕓 تصمیم: تأیید", "مریم رضایی").sees_not(
            "↩️ لغو تصمیم", "✅ تأیید\n"
        )
        other.open("desk.undo", request.id, request.version)
        assert people.request_of(sara).held_until is not None
    sara.open("desk.undo", request.id, request.version).sees("دسترسی ندارید")
    assert people.request_of(sara).held_until is not None


def test_a_colleague_reads_who_decided_what(app: App, sara: Person, maryam: Person) -> None:
    bahar = people.at_request(people.expert(app, "رستمی"), sara)
    decide_all(people.at_decision(maryam, sara), "reject")
    bahar.tap("📌 برداشتن پرونده").sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،", "رد")


def test_lists_count_a_decided_file_no_more(app: App, sara: Person, maryam: Person) -> None:
    people.at_request(maryam, sara).tap("📌 برداشتن پرونده")
    maryam.open("desk.mine").sees("🗂 ۱ پرونده نزد شماست")
    decide_all(people.at_decision(maryam, sara), "approve")
    maryam.open("desk.mine").sees("پرونده‌ای نزد شما نیست")
    people.in_charge(app).open("desk.all").sees("پرونده‌ای نزد کارشناسان نیست")
    maryam.open("desk.queue").sees("پرونده‌ای در انتظار بررسی نیست")


def test_no_second_decision_while_one_may_be_undone(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "approve")
    people.at_request(maryam, sara).sees("↩️ لغو تصمیم")
    assert not {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص", "↩️ بازگشت به صف"} & set(maryam.labels)
    request = people.request_of(sara)
    maryam.open("desk.approve_do", request.id, request.version).sees("ابتدا «لغو تصمیم» را بزنید")


@ON_BOTH_DATABASES
def test_an_officer_suspended_meanwhile_is_not_approved(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "approve")
    people.suspend(sara, "گزارش جعل مدرک")
    time_is_over(app)
    assert people.request_of(sara).state is RequestState.IN_REVIEW
    assert "N6" not in told(sara)
    assert "اجرا نشد" in maryam.pushes()[-1].text
    maryam.tap_push("مشاهده").sees("گزارش جعل مدرک", "🔍 در حال بررسی")


def test_an_expert_who_was_shut_out_decides_nothing(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "reject")
    people.suspend(maryam)
    time_is_over(app)
    assert people.request_of(sara).state is RequestState.SUBMITTED
    assert told(sara) == []


def test_a_head_may_give_the_file_to_another(app: App, sara: Person, maryam: Person) -> None:
    """That drops the decision, and its expert is told."""
    people.expert(app, "رستمی")
    decide_all(people.at_decision(maryam, sara), "reject")
    people.at_request(people.in_charge(app), sara).tap("ارجاع به کارشناس", "مریم رستمی (۰)")
    assert time_is_over(app) == 0
    assert told(sara) == []
    assert any("اجرا نشد" in push.text for push in maryam.pushes())


def test_what_the_officer_does_meanwhile_counts(app: App, sara: Person, maryam: Person) -> None:
    """A rejection of a file with deficiencies is not made once they are resolved."""
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(0))
    decide_all(people.at_decision(maryam, sara), "declare")
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(minutes=3))
    people.at_request(maryam, sara).tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "بله، رد می‌کنم")
    maryam.sees("↩️ لغو تصمیم")
    sara.open("qual.track").tap("رفع نقص").type("عباس").tap("توضیحی ندارم", "ارسال دوباره", "بله")
    assert time_is_over(app) == 0
    assert people.request_of(sara).state is RequestState.IN_REVIEW
    assert any("اجرا نشد" in push.text for push in maryam.pushes())


def test_the_fee_is_that_of_the_day_of_the_decision(app: App, sara: Person, maryam: Person) -> None:
    decide_all(people.at_decision(maryam, sara), "approve")
    tomorrow = (app.clock() + timedelta(days=1)).date()
    app.add(Tariff(kind=RequestKind.NEW, amount_rial=9_000_000, valid_from=tomorrow))
    app.clock.passes(days=2)  # the service was down
    tick(app)
    assert people.request_of(sara).fee_rial == 1_500_000
    assert people.request_of(sara).decided_at < app.clock() - timedelta(days=1)


def test_nothing_is_held_where_undoing_is_switched_off(app: App, sara: Person, maryam: Person) -> None:
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(0))
    people.approve(maryam, sara).sees("تأیید شد").sees_not("لغو تصمیم")
    assert people.request_of(sara).state is RequestState.AWAITING_PAYMENT
    assert told(sara) == ["N6"]


@ON_BOTH_DATABASES
def test_undo_against_the_timer(app: App, sara: Person, maryam: Person) -> None:
    """Two timers of two processes and the button at one moment: one of them wins, and what is told fits."""
    actor = maryam.read_turn(lambda turn: turn.actor)
    for _ in range(4):
        decide_all(people.at_decision(maryam, sara), "reject")
        app.clock.passes(minutes=MINUTES, seconds=1)
        request = people.request_of(sara)

        def undo(db: Session, version: int = request.version, id_: int = request.id) -> Any:
            how: dict[str, Any] = {"actor": actor, "request_id": id_, "version": version}
            return held_service.undo(db, QUALIFICATION_WORKFLOW, **how, now=app.clock())

        async def race() -> list[Any]:
            return await asyncio.gather(
                held_decisions.make_due(app.resources),
                app.database.run(undo),
                held_decisions.make_due(app.resources),
                return_exceptions=True,
            )

        first, undone, second = app.wait(race())
        rejected = people.request_of(sara).state is RequestState.REJECTED
        assert rejected == isinstance(undone, Refusal), undone
        assert first + second == rejected
        assert told(sara) == ["N5"] * rejected
        if rejected:
            return
        assert people.request_of(sara).held_until is None


@ON_BOTH_DATABASES
def test_a_cooperation_too(app: App, maryam: Person) -> None:
    """No contract begins, and neither side hears, before the time is over."""
    boss, central = people.distributor(app)
    reza = people.eligible(app, "رضا")
    people.pick(boss, central, reza)
    people.accept(reza)
    before = len(told(reza)), len(told(boss))
    at = maryam.open("desk.coop").type("۱")
    at.tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تأیید شد", "↩️ لغو تصمیم")
    assert (len(told(reza)), len(told(boss))) == before
    assert app.all(select(Contract)) == []
    maryam.tap("↩️ لغو تصمیم").tap("❌ رد", "شعبه خارج از حوزه", "بدون توضیح", "بله، رد می‌کنم")
    maryam.sees("رد شد", "↩️ لغو تصمیم").tap("↩️ لغو تصمیم").tap("✅ تأیید", "بله، تأیید می‌کنم")
    assert time_is_over(app) == 1
    request: CooperationRequest = people.cooperation(app)
    assert request.state is CooperationState.APPROVED
    assert len(app.all(select(Contract))) == 1
    assert maryam.chat.role is Role.EXPERT


def test_what_is_due_is_found_by_its_index(app: App) -> None:
    """However many files there are: only those that wait for their time are in it."""
    for row in (QualificationRequest, CooperationRequest):
        name = f"ix_{row.__tablename__}_held"
        plan = app.read(
            lambda db, name=name, row=row: str(
                db.connection()
                .exec_driver_sql(
                    f"EXPLAIN QUERY PLAN SELECT held_until, id FROM {row.__tablename__}"
                    " WHERE held_until <= '2026-01-01' ORDER BY held_until LIMIT 100"
                )
                .all()
            )
        )
        assert name in plan
