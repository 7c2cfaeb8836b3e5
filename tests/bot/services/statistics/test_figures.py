"""What a report says of a small world, of which every file is known; and whose figures it tells."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.reports.model import Chart, StatisticsReport, Value
from bot.services.statistics import counts, details, durations, reading, scope
from bot.services.statistics.periods import Period
from bot.services.statistics.reading import QUESTIONS, read
from storage.database.database import Database
from storage.enums import AttemptState, RejectReason, RequestState
from storage.tables import AuditEvent, DeficiencyRound, QualificationRequest
from tests.support.factories.people import Participants, end_role, officer, participants
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW
from tests.support.prepared_rows import prepare
from tests.support.services import refused

S, DAY = RequestState, timedelta(days=1)
AUTUMN, SUMMER = "پاییز ۱۴۰۵", "تابستان ۱۴۰۵"


class World:
    """Files as they stand after their course; days are days ago."""

    def __init__(self, db: Session, people: Participants) -> None:
        self.db, self.people = db, people

    def file(
        self,
        state: RequestState,
        filed: float,
        *,
        decided: float | None = None,
        closed: float | None = None,
        university: str = "sums",
        defects: Sequence[tuple[float, list[str]]] = (),
        paid: int | None = None,
        reviewer: Actor | None = None,
    ) -> QualificationRequest:
        more: dict[str, Any] = {}
        owner = officer(self.db, chat=False)
        reviewer = reviewer or (self.people.ali if university == "sums" else self.people.foreign)
        if state is S.REJECTED:
            more |= {"reject_reason": RejectReason.OTHER, "reject_text": "ناقص است"}
        if decided is not None or state is S.IN_REVIEW:
            more["reviewer_id"] = reviewer.account_id
        row = add_request(
            self.db,
            owner,
            state,
            university_code=university,
            tracking_code=f"{1405_0000_0000 + (owner.account_id or 0):012}",
            submitted_at=ago(filed),
            decided_at=ago(decided),
            closed_at=ago(closed),
            round=len(defects),
            **more,
        )
        for number, (declared, items) in enumerate(defects, start=1):
            self.db.add(
                DeficiencyRound(
                    request_id=row.id,
                    round=number,
                    declared_by=reviewer.account_id,
                    items=items,
                    declared_at=ago(declared),
                )
            )
        if paid is not None:
            self.db.add(
                attempt_row(
                    row.id, state=AttemptState.PAID, amount_rial=paid, paid_at=ago(closed), ref=f"A{row.id}"
                )
            )
        self.db.flush()
        return row


def ago(days: float | None) -> datetime | None:
    return None if days is None else NOW - days * DAY


def fill(db: Session) -> Participants:
    people = participants(db)
    world = World(db, people)
    # Shiraz, this autumn (60 days): decided after 2 and 4 days, ended after 3 and 4; one with two rounds, first after 1 day.
    world.file(S.COMPLETED, 20, decided=18, closed=17, paid=1_500_000)
    world.file(S.REJECTED, 10, decided=6, closed=6)
    world.file(
        S.COMPLETED,
        40,
        decided=21,
        closed=20,
        paid=500_000,
        defects=[(39, ["doc.national_card", "phone"]), (30, ["doc.national_card"])],
    )
    # Last summer: one decided and ended after 10 days.
    world.file(S.REJECTED, 100, decided=90, closed=90)
    # Isfahan: slower, and its expert's.
    world.file(S.COMPLETED, 50, decided=30, closed=29, paid=2_000_000, university="mui")
    # Open files.
    world.file(S.SUBMITTED, 0.5)
    world.file(S.IN_REVIEW, 45)
    world.file(S.DEFICIENT, 12, university="mui", defects=[(2, ["doc.degree_certificate"])])
    # Neither a draft, nor a fee that was given back, nor one that an officer withdrew or staff revoked is in the speed.
    add_request(db, officer(db, chat=False), S.DRAFT, university_code="sums")
    back = world.file(S.REVOKED, 30, decided=25, closed=5)
    db.add(attempt_row(back.id, state=AttemptState.REFUNDED, paid_at=ago(24), refund_ref="R1", ref="B1"))
    world.file(S.WITHDRAWN, 9, closed=8)
    return people


@pytest.fixture
async def people(database: Database) -> Participants:
    return await prepare(database, fill)


async def report(database: Database, actor: Actor, *questions: str) -> StatisticsReport:
    return await read(database, actor=actor, questions=questions or tuple(QUESTIONS), now=NOW)


def rows(chart: Chart) -> dict[str, list[Value]]:
    return {label: [series.values[at] for series in chart.series] for at, label in enumerate(chart.labels)}


async def test_filed_decided_and_paid_in_each_week(database: Database, people: Participants) -> None:
    [page] = (await report(database, people.staff, "weeks")).pages
    [chart] = page.charts
    assert [series.name for series in chart.series] == ["ثبت‌شده", "تأیید یا رد", "پرداخت‌شده"]
    weeks = rows(chart)
    assert list(weeks)[-1] == "۱۴۰۵/۰۸/۳۰"
    assert len(weeks) == 13
    # Saturday and Sunday: the file of half a day ago.
    assert weeks["۱۴۰۵/۰۸/۳۰"] == [1, 0, 0]
    # 10 and 9 and 12 days ago; decided 6 days ago is Monday of the week before this one.
    assert weeks["۱۴۰۵/۰۸/۱۶"] == [3, 0, 0]
    assert weeks["۱۴۰۵/۰۸/۲۳"] == [0, 1, 0]
    # 18 and 21 days ago they were decided, 17 and 20 days ago paid, and one was filed 20 days ago.
    assert weeks["۱۴۰۵/۰۸/۰۹"] == [1, 2, 2]
    whole = [sum(value or 0 for value in series.values) for series in chart.series]
    assert whole == [9, 5, 3]


async def test_median_days_by_university_with_the_last_quarter_beside_them(
    database: Database, people: Participants
) -> None:
    first, end = (await report(database, people.staff, "first", "end")).pages
    assert [series.name for series in first.charts[0].series] == [AUTUMN, SUMMER]
    # Shiraz: 2, 4, 1 (deficiencies) and 5 days; Isfahan: 20 and 10.
    assert rows(first.charts[0]) == {
        "همه دانشگاه‌ها": [4.5, 10.0],
        "اصفهان": [15.0, None],
        "شیراز": [3.0, 10.0],
    }
    # Shiraz: 3, 4 and 20; Isfahan 21.
    assert rows(end.charts[0]) == {
        "همه دانشگاه‌ها": [12.0, 10.0],
        "اصفهان": [21.0, None],
        "شیراز": [4.0, 10.0],
    }


async def test_rounds_of_deficiencies_and_what_is_deficient_most(
    database: Database, people: Participants
) -> None:
    [page] = (await report(database, people.staff, "deficiencies")).pages
    rounds, items, reasons = page.charts
    assert reasons.labels == []
    assert rows(rounds) == {
        "بدون نقص": [3, 1],
        "۱ نوبت نقص": [0, 0],
        "۲ نوبت نقص": [1, 0],
        "۳ نوبت نقص یا بیشتر": [0, 0],
    }
    assert next(iter(rows(items).items())) == ("تصویر کارت ملی", [2, 0])
    assert sorted(rows(items).values()) == [[1, 0], [1, 0], [2, 0]]


async def test_reasons_that_are_given_again_and_again_are_told_and_what_is_said_of_one_person_is_not(
    database: Database, people: Participants
) -> None:
    def declare(db: Session) -> None:
        world = World(db, people)
        blurred, own = "تصویر خوانا نیست.", "خانم کریمی، نام پدر را درست کنید."
        given = [(3, "sums", blurred), (4, "sums", f" {blurred}  "), (100, "mui", blurred), (5, "sums", own)]
        for days, university, reason in given:
            row = world.file(S.DEFICIENT, days + 1, university=university, defects=[(days, ["phone"])])
            [declared] = db.exec(select(DeficiencyRound).where(DeficiencyRound.request_id == row.id)).all()
            declared.reasons = {"phone": reason, "email": ""}

    await database.run(declare)
    [page] = (await report(database, people.staff, "deficiencies")).pages
    assert rows(page.charts[2]) == {"تصویر خوانا نیست.": [2, 1]}
    [page] = (await report(database, people.in_charge, "deficiencies")).pages
    assert rows(page.charts[2]) == {}, "what other universities wrote does not count"


async def test_a_report_is_read_in_pieces_beside_the_others(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    reading = database.read

    async def noted(unit: Any, *, large: bool = False) -> Any:
        asked.append(large)
        return await reading(unit, large=large)

    monkeypatch.setattr(database, "read", noted)
    await report(database, people.staff)
    assert all(asked), "a piece was read on the connection that everybody waits for"
    assert len(asked) == 123, "a week, a month, or a few universities each"


async def test_open_and_oldest_files(database: Database, people: Participants) -> None:
    now, oldest = (await report(database, people.staff, "now", "oldest")).pages
    assert list(rows(now.charts[0]).values()) == [[1], [1], [1], [0]]
    assert list(rows(now.charts[1]).values()) == [[1], [0], [1], [1]]
    assert rows(now.charts[2]) == {"شیراز": [2], "اصفهان": [1]}
    labels = rows(oldest.charts[0])
    assert list(labels.values()) == [[45], [12], [0]]
    assert "شیراز" in next(iter(labels))
    assert "اصفهان" in list(labels)[1]


async def test_the_oldest_of_all_universities_come_first(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many universities one unit reads; only so many are shown."""
    assert (reading.PIECE, reading.MONTHS, reading.OLDEST, reading.DAYS) == (8, 12, 10, 30)
    monkeypatch.setattr(reading, "PIECE", 1)
    for most, ages in ((10, [[45], [12], [0]]), (2, [[45], [12]])):
        monkeypatch.setattr(reading, "OLDEST", most)
        [oldest] = (await report(database, people.staff, "oldest")).pages
        assert list(rows(oldest.charts[0]).values()) == ages


async def test_fees_by_month_are_what_was_kept(database: Database, people: Participants) -> None:
    [page] = (await report(database, people.staff, "fees")).pages
    toman, number = page.charts
    # 17, 20 and 29 days ago are in Aban; nothing yet in Azar.
    assert rows(toman)["آبان ۱۴۰۵"] == [400_000]
    assert rows(toman)["آذر ۱۴۰۵"] == [0]
    assert sum(values[0] or 0 for values in rows(number).values()) == 3


async def test_decisions_of_experts_in_thirty_days(database: Database, people: Participants) -> None:
    [page] = (await report(database, people.staff, "experts")).pages
    assert list(rows(page.charts[0]).values()) == [[3, 1, 1], [1, 1, 0]]
    assert "علوی" in page.charts[0].labels[0]

    def decide(db: Session) -> None:
        for days in (0, 30, 30 + timedelta(seconds=1) / DAY):
            World(db, people).file(S.REJECTED, days + 1, decided=days, closed=days)

    await database.run(decide)
    [page] = (await report(database, people.staff, "experts")).pages
    assert list(rows(page.charts[0]).values()) == [[3, 1, 3], [1, 1, 0]], "from thirty days ago until now"


async def test_a_head_reads_the_own_university_and_no_other(database: Database, people: Participants) -> None:
    made = await report(database, people.in_charge)
    charts = {chart.title: rows(chart) for page in made.pages for chart in page.charts}
    told = str([(page, charts) for page in made.pages])
    assert "اصفهان" not in told
    assert "همه دانشگاه‌ها" not in told
    assert all("دانشگاه علوم پزشکی شیراز" in page.subtitle for page in made.pages)
    weeks, first, end, deficiencies, oldest, fees, experts = made.pages[1:]
    assert [sum(value or 0 for value in one.values) for one in weeks.charts[0].series] == [7, 4, 2]
    assert rows(first.charts[0]) == {"شیراز": [3.0, 10.0]}
    assert rows(end.charts[0]) == {"شیراز": [4.0, 10.0]}
    assert list(rows(deficiencies.charts[0]).values()) == [[2, 1], [0, 0], [1, 0], [0, 0]]
    assert "تصویر مدرک تحصیلی" not in rows(deficiencies.charts[1])
    assert list(rows(oldest.charts[0]).values()) == [[45], [0]]
    assert rows(fees.charts[0])["آبان ۱۴۰۵"] == [200_000]
    assert list(rows(experts.charts[0]).values()) == [[3, 1, 1]]


async def test_a_paid_file_that_was_revoked_later_keeps_its_fee_also_for_the_head(
    database: Database, people: Participants
) -> None:
    def pay(db: Session) -> None:
        row = World(db, people).file(S.REVOKED, 60, decided=50, closed=3)
        db.add(attempt_row(row.id, state=AttemptState.PAID, amount_rial=700_000, paid_at=ago(45), ref="B2"))

    await database.run(pay)
    for actor, toman in ((people.staff, 70_000), (people.in_charge, 70_000)):
        [page] = (await report(database, actor, "fees")).pages
        assert rows(page.charts[0])["مهر ۱۴۰۵"] == [toman]


async def test_nothing_is_there_yet(database: Database, people: Participants) -> None:
    later = NOW - timedelta(days=4000)
    made = await read(database, actor=people.staff, questions=tuple(QUESTIONS), now=later)
    charts = [chart for page in made.pages for chart in page.charts if page.title != made.pages[0].title]
    assert all(chart.empty for chart in charts if chart.title != "روز از زمان ثبت")


async def test_others_and_roles_that_ended_read_nothing(database: Database, people: Participants) -> None:
    for actor in (people.sara, people.ali, Actor(people.ali.account_id, people.in_charge.role, "sums")):
        with refused(NotAllowed):
            await report(database, actor, "now")
    stranger = Actor(people.in_charge.account_id, people.in_charge.role, "mui")
    with refused(NotAllowed):
        await report(database, stranger, "now")
    await database.run(lambda db: end_role(db, people.in_charge))
    with refused(NotAllowed):
        await report(database, people.in_charge, "weeks")


def test_the_screen_counts_to_a_bound(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    people = fill(db)
    figures = counts.screen_figures(db, actor=people.staff, now=NOW)
    assert figures.now.by_age == [1, 0, 1, 1]
    assert (figures.this_week.filed, figures.last_week) == (1, counts.PeriodCounts(0, 1, 0))
    assert counts.screen_figures(db, actor=people.in_charge, now=NOW).now.by_age == [1, 0, 0, 1]
    assert counts.MOST_SHOWN == 999
    monkeypatch.setattr(counts, "MOST_SHOWN", 0)
    db.exec(delete(DeficiencyRound))
    World(db, people).file(S.SUBMITTED, 0.1)
    World(db, people).file(S.SUBMITTED, 0.2)
    assert counts.screen_figures(db, actor=people.staff, now=NOW).now.by_state[S.SUBMITTED] == 1


def test_who_decided_most_comes_first_and_equals_by_name(db: Session) -> None:
    people = participants(db)
    ali, zahra, head = (one.account_id or 0 for one in (people.ali, people.zahra, people.in_charge))
    decided = {(ali, "approved"): 2, (zahra, "approved"): 1, (zahra, "rejected"): 1, (10**6, "rejected"): 1}
    found = details.by_expert(db, Counter({**decided, (head, "approved"): 3}))
    assert [(one.name, one.total) for one in found] == [
        ("کارشناس مسئولی", 3),
        ("کارشناس زارعی", 2),
        ("کارشناس علوی", 2),
        ("–", 1),
    ]


def test_a_report_that_is_taken_along_is_recorded(db: Session) -> None:
    people = participants(db)
    scope.note(db, actor=people.in_charge, now=NOW, kind="pdf", questions=["now"])
    [event] = db.exec(select(AuditEvent).where(AuditEvent.event == "report_made")).all()
    assert event.actor_id == people.in_charge.account_id
    assert event.data == {"kind": "pdf", "questions": ["now"], "university": "sums"}


def test_a_period_holds_its_first_instant_and_not_its_end(db: Session) -> None:
    """Everything happened to four files a second before the period and at its begin, a second before its end and at it."""
    people = participants(db)
    world, second = World(db, people), timedelta(seconds=1) / DAY
    for days in (20 + second, 20, 10 + second, 10):
        world.file(S.COMPLETED, days, decided=days, closed=days, paid=500_000)
        deficient = world.file(S.DEFICIENT, days, defects=[(days, ["phone"])])
        [declared] = db.exec(select(DeficiencyRound).where(DeficiencyRound.request_id == deficient.id)).all()
        declared.reasons = {"phone": "خوانا نیست."}
    db.flush()
    period, codes = Period("", "", NOW - 20 * DAY, NOW - 10 * DAY), ["sums"]
    for actor in (people.staff, people.in_charge):
        here = scope.scope_of(db, actor=actor)
        assert counts.period_counts(db, here, period) == counts.PeriodCounts(filed=4, decided=2, paid=2)
        assert counts.fees(db, here, period) == (2, 1_000_000)
        assert details.deficient_items(db, here, period) == {"phone": 2}
        assert details.given_reasons(db, here, period) == {"خوانا نیست.": 2}
        ali = people.ali.account_id or 0
        decided = {(ali, "approved"): 2, (ali, "deficiencies_declared"): 2}
        assert details.expert_decisions(db, here, period) == decided
        assert durations.until_first_deficiencies(db, here, period) == {"sums": {0: 2}}
    assert durations.until_end(db, codes, period) == {"sums": {0: 2}}
    assert durations.until_only_decision(db, codes, period) == {"sums": {0: 2}}
    assert durations.rounds_of_ended(db, codes, period) == {0: 2}


def test_the_age_of_a_file_on_the_day_on_which_it_becomes_older(db: Session) -> None:
    people = participants(db)
    world, second = World(db, people), timedelta(seconds=1) / DAY
    for days in counts.AGES:
        world.file(S.SUBMITTED, days - second)
        world.file(S.SUBMITTED, days)
    found = counts.open_files(db, scope.scope_of(db, actor=people.staff), NOW)
    assert found.by_age == [1, 2, 2, 1]
