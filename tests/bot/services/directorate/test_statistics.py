"""The figures of the directorate's report: what is counted, where it stands, and from when on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.services.directorate import statistics
from bot.services.qualification import requests
from bot.services.shared import audit
from bot.texts import t
from storage.enums import RejectReason, RequestState
from storage.tables import AuditEvent
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW

S = RequestState


def filed(db: Session, state: RequestState, days: float, university: str | None = "sums") -> None:
    owner, at = officer(db, chat=False), NOW - timedelta(days=days)
    more: dict[str, Any] = {"reviewer_id": owner.account_id} if state is S.IN_REVIEW else {}
    if state is S.REJECTED:
        more = {"reject_reason": RejectReason.OTHER, "reject_text": "ناقص است"}
    if state is not S.DRAFT:
        more["submitted_at"] = at
    add_request(db, owner, state, university_code=university, state_since=at, **more)


def decided(
    db: Session, people: Participants, days: float, event: str = "rejected", *, zahra: bool = False
) -> None:
    who = people.zahra if zahra else people.ali
    at = NOW - timedelta(days=days)
    audit.record(db, now=at, actor=who, event=event, subject=requests.SUBJECT, subject_id=1)


def test_files_are_counted_by_state_university_and_age(db: Session, people: Participants) -> None:
    for state, days, university in [
        (S.SUBMITTED, 0, "sums"),
        (S.SUBMITTED, 2.99, "mui"),
        (S.IN_REVIEW, 3, "mui"),
        (S.DEFICIENT, 9.99, "mui"),
        (S.AWAITING_PAYMENT, 10, "mui"),
        (S.IN_REVIEW, 29, "sums"),
        (S.SUBMITTED, 30, "sums"),
        (S.COMPLETED, 50, "sums"),
        (S.REJECTED, 60, "sums"),
        (S.DRAFT, 70, "sums"),
        (S.DRAFT, 70, None),
    ]:
        filed(db, state, days, university)

    figures = statistics.read_figures(db, actor=people.staff, now=NOW, days=0)

    assert figures.by_state == dict.fromkeys(S, 0) | {
        S.SUBMITTED: 3,
        S.IN_REVIEW: 2,
        S.DEFICIENT: 1,
        S.AWAITING_PAYMENT: 1,
        S.COMPLETED: 1,
        S.REJECTED: 1,
        S.DRAFT: 2,
    }
    assert figures.total == 11
    assert [(open_, every) for _, open_, every in figures.by_university] == [(4, 4), (3, 5)]
    assert "اصفهان" in figures.by_university[0][0]
    assert figures.by_age == [2, 2, 2, 1]


@pytest.mark.parametrize(("days", "rejected"), [(7, 2), (30, 3), (0, 4)])
def test_decisions_of_the_period(db: Session, people: Participants, days: int, rejected: int) -> None:
    for age in (1, 6.9, 29, 400):
        decided(db, people, age)
    decided(db, people, 2, "approved", zahra=True)
    decided(db, people, 2, "claimed", zahra=True)
    audit.record(db, now=NOW, actor=people.ali, event="rejected", subject="cooperation", subject_id=1)

    found = statistics.read_figures(db, actor=people.staff, now=NOW, days=days).decisions

    assert [one.counts for one in found] == [{"rejected": rejected}, {"approved": 1}]
    assert [one.total for one in found] == [rejected, 1]
    assert "علوی" in found[0].expert


def test_the_report_says_what_it_counts_and_for_which_period(db: Session, people: Participants) -> None:
    filed(db, S.SUBMITTED, 1)
    filed(db, S.COMPLETED, 1, "mui")
    decided(db, people, 1)

    report = statistics.report(statistics.read_figures(db, actor=people.staff, now=NOW, days=7))

    states, universities, ages = report.bars
    assert dict(states.rows)[statistics._plain(t("status.SUBMITTED"))] == 1
    assert universities.rows == [("شیراز", 1)]
    assert ages.rows == list(zip(statistics.age_labels(), [1, 0, 0, 0], strict=True))
    assert len(report.tables[0].rows) == 2
    assert [row[1:] for row in report.tables[1].rows] == [(0, 0, 1)]
    assert report.tables[1].title == t("report.decisions", period=t("report.days", n="۷"))
    assert statistics.period(0) == t("report.always")
    assert "۲" in report.subtitle


@pytest.mark.parametrize("label", ["", "بررسی", "⏳", "⏳ در صف بررسی"])
def test_a_status_loses_its_sign_alone(label: str) -> None:
    assert statistics._plain(label) == label.removeprefix("⏳ ")


def test_a_report_that_is_taken_along_is_recorded(db: Session, people: Participants) -> None:
    statistics.note(db, actor=people.staff, now=NOW, kind="xlsx", days=7)
    [event] = db.exec(select(AuditEvent).where(AuditEvent.event == "report_made")).all()
    assert (event.actor_id, event.data) == (people.staff.account_id, {"kind": "xlsx", "days": 7})
