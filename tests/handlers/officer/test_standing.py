"""Where my file stands: on the first screen with the one thing to do next, and in tracking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.services.review.standing import COUNTED
from storage.enums import RejectReason, RequestKind, RequestState
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories.qualification import request_row
from tests.support.plans import listened

EMPTY_SENTENCE = "یکی از گزینه‌های زیر را انتخاب کنید"


def first_rows(person: Person) -> list[str]:
    """The labels above the menu proper."""
    labels = person.labels
    return labels[: next(place for place, label in enumerate(labels) if "احراز صلاحیت" in label)]


def others(app: App, number: int, **values: Any) -> None:
    """Requests of other officers at Shiraz."""
    for place in range(number):
        made = people.officer(app, f"مینا {place}").account.id
        app.add(request_row(made, **{"tracking_code": f"99990101{place:04}"} | values))


def decisions(app: App, days: list[float], **values: Any) -> None:
    """Requests that the university decided after so many days, the last of them yesterday."""
    for place, span in enumerate(days):
        made = people.officer(app, f"نیلوفر {place}").account.id
        decided = NOW - timedelta(days=1, minutes=place)
        known = {
            "state": RequestState.COMPLETED,
            "decided_at": decided,
            "submitted_at": decided - timedelta(days=span),
            "tracking_code": f"99990202{place:04}",
        }
        app.add(request_row(made, **known | values))


def explained(app: App, statement: str, values: Any) -> list[str]:
    """How SQLite would answer."""

    def unit(db: Session) -> list[str]:
        rows = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row[-1] for row in rows]

    return app.read(unit)


# ── the first screen ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_filed_yet(app: App) -> None:
    sara = (
        people.officer(app)
        .command("menu")
        .sees("سارا کریمی‌نژاد گرامی", "هنوز درخواست احراز صلاحیت ثبت نکرده‌اید")
    )
    assert first_rows(sara) == ["ثبت درخواست"]
    sara.sees_not(EMPTY_SENTENCE).tap("ثبت درخواست").sees("نام پدر")


def test_half_a_form(app: App) -> None:
    sara = people.officer(app).open("qual.new").type("علی").tap("بعداً ادامه می‌دهم").command("menu")
    sara.sees("📝 پیش‌نویس").sees_not(EMPTY_SENTENCE)
    (go_on,) = first_rows(sara)
    sara.tap(go_on).sees("جنسیت")


def test_sent_and_waiting(app: App) -> None:
    people.expert(app)
    sara = people.submit(people.officer(app))
    app.clock.passes(days=3)
    sara.command("menu").sees("⏳ در انتظار بررسی", "از ارسال درخواست ۳ روز می‌گذرد")
    assert first_rows(sara) == ["🔎 پیگیری درخواست"]
    people.at_request(people.expert(app), sara).tap("📌 برداشتن پرونده")
    sara.command("menu").sees("🔍 در حال بررسی").tap("پیگیری درخواست").sees("آخرین وضعیت درخواست شما")


def test_a_deficiency_is_one_tap_away(app: App) -> None:
    sara = people.submit(people.officer(app))
    people.at_decision(people.expert(app), sara).tap("⚠️ اعلام نواقص").tap(
        "آدرس محل زندگی", "ارسال نواقص", "بله، ارسال شود"
    )
    sara.command("menu").sees("⚠️ دارای نقص")
    assert first_rows(sara) == ["رفع نقص"]
    sara.tap("رفع نقص").sees("آدرس")


def test_the_fee_is_one_tap_away(app: App) -> None:
    people.tariff(app)
    sara = people.submit(people.officer(app))
    people.approve(people.expert(app), sara)
    sara.command("menu").sees("💳 تأییدشده، در انتظار پرداخت")
    assert first_rows(sara) == ["💳 پرداخت"]
    assert sara.button("پرداخت").url == f"https://bot.example/pay/{people.request_of(sara).pay_token}"


def test_rejected_begins_again_from_the_menu(app: App) -> None:
    sara = people.officer(app)
    words = {"reject_reason": RejectReason.OTHER, "reject_text": "مدرک ناخوانا است"}
    app.add(request_row(sara.account.id, state=RequestState.REJECTED, **words))
    sara.command("menu").sees("❌ ردشده")
    assert first_rows(sara) == ["ثبت دوباره"]
    sara.tap("ثبت دوباره").sees_not("دسترسی ندارید")


def test_qualified_and_nothing_to_do(app: App) -> None:
    sara = people.eligible(app).command("menu").sees("✅ تأیید نهایی").sees_not(EMPTY_SENTENCE)
    assert first_rows(sara) == []


def test_a_company_waits_for_an_answer(app: App) -> None:
    boss, central = people.distributor(app)
    sara = people.eligible(app)
    people.pick(boss, central, sara)
    sara.command("menu").sees("✅ تأیید نهایی", "درخواست‌های همکاری منتظر پاسخ شما: ۱")
    assert first_rows(sara) == ["درخواست‌های جدید (۱)"]
    sara.tap("درخواست‌های جدید (۱)").sees("کیان طب")


@pytest.mark.parametrize(
    ("state", "word", "next_step"),
    [
        (RequestState.DEFICIENT, "⚠️ دارای نقص", ["رفع نقص"]),
        (RequestState.SUBMITTED, "⏳ در انتظار بررسی", ["🔎 پیگیری درخواست"]),
        (RequestState.REJECTED, "✅ تأیید نهایی", []),
    ],
)
def test_an_amendment_beside_the_qualification(
    app: App, state: RequestState, word: str, next_step: list[str]
) -> None:
    """The officer stays qualified whatever comes of it."""
    sara = people.eligible(app)
    words = {"reject_reason": RejectReason.OTHER, "reject_text": "مدرک ناخوانا است"}
    app.add(request_row(sara.account.id, kind=RequestKind.AMENDMENT, state=state, **words))
    sara.command("menu").sees("✅ تأیید نهایی", word).sees_not("❌ ردشده")
    assert first_rows(sara) == next_step


def test_suspended_sees_the_reason_and_nothing_to_do(app: App) -> None:
    sara = people.submit(people.officer(app))
    people.suspend(sara)
    sara.command("menu").sees("مدارک نادرست")
    assert first_rows(sara) == []


def test_the_menu_reads_the_newest_request_once(app: App) -> None:
    """Instead of the drafts that it read before."""
    sara = people.submit(people.officer(app))
    with listened() as asked:
        sara.command("menu")
    reads = [one.sql for one in asked if one.sql.startswith("SELECT")]
    assert sum("FROM qualification_request" in one for one in reads) == 1
    assert not any("FROM draft" in one for one in reads)


# ── tracking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_age_and_place_in_the_queue(app: App) -> None:
    people.expert(app)
    others(app, 4, submitted_at=NOW - timedelta(days=2))
    others(app, 1, submitted_at=NOW - timedelta(days=1), university_code="mums", tracking_code="999901010099")
    sara = people.submit(people.officer(app)).sees("پیش از درخواست شما ۴ درخواست در صف است")
    others(app, 2, submitted_at=NOW + timedelta(hours=1), tracking_code=None)  # they came later
    app.clock.passes(days=5, hours=3)
    sara.open("qual.track").sees("پیش از درخواست شما ۴ درخواست در صف است", "از ارسال درخواست ۵ روز می‌گذرد")


def test_first_in_the_queue(app: App) -> None:
    people.expert(app)
    people.submit(people.officer(app)).sees("درخواست شما اول صف است", "کمتر از یک ساعت")


def test_a_long_queue_is_not_counted_to_its_end(app: App) -> None:
    people.expert(app)
    others(app, COUNTED + 5, submitted_at=NOW - timedelta(days=2))
    people.submit(people.officer(app)).sees("بیش از ۱۰۰ درخواست در صف است")


def test_under_review_there_is_no_queue(app: App) -> None:
    maryam, sara = people.expert(app), people.submit(people.officer(app))
    people.at_request(maryam, sara).tap("📌 برداشتن پرونده")
    sara.open("qual.track").sees("از ارسال درخواست").sees_not("صف")


def test_what_the_university_usually_needs(app: App) -> None:
    people.expert(app)
    decisions(app, [2, 3, 3, 4, 4.2, 5.5, 6, 7, 40])
    sara = people.submit(people.officer(app)).sees_not("معمولاً")  # nine decisions say little
    decisions(app, [4.6], tracking_code="999903030001")
    sara.open("qual.track").sees("از ارسال تا نتیجه معمولاً ۵ روز طول می‌کشد")  # never rounded down


def test_decisions_of_long_ago_and_of_elsewhere_do_not_count(app: App) -> None:
    people.expert(app)
    decisions(app, [1.0] * 10, university_code="mums")
    long_ago = NOW - timedelta(days=91)
    decisions(app, [1.0] * 10, decided_at=long_ago, tracking_code=None)
    people.submit(people.officer(app)).sees("اول صف").sees_not("معمولاً")


def test_nothing_is_promised_for_a_university_without_experts(app: App) -> None:
    decisions(app, [3.0] * 12)
    people.submit(people.officer(app)).sees("هنوز کارشناس فعال ندارد").sees_not("معمولاً")


def test_both_figures_are_read_by_an_index(app: App) -> None:
    """However many requests there are: no walk over the table."""
    people.expert(app)
    decisions(app, [3.0] * 12)
    with listened() as asked:
        people.submit(people.officer(app)).sees("اول صف", "معمولاً ۳ روز")
    counted = [one for one in asked if "count(*)" in one.sql and "LIMIT" in one.sql]
    decided = [one for one in asked if "decided_at >=" in one.sql]
    plans = [plan for one in counted + decided for plan in explained(app, one.sql, one.values)]
    assert any(
        "ix_qualification_request_queue (university_code=? AND state=? AND submitted_at<" in one
        for one in plans
    )
    assert any("COVERING INDEX ix_qualification_request_decided" in one for one in plans)
