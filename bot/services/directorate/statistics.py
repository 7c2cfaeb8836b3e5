"""The figures of the directorate's reports, read at one instant (docs/specification.md 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.reports.model import Bars, ReportTable, StatisticsReport
from bot.services.qualification import requests
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.formats import digits, jalali_time, number
from storage.enums import IN_CIRCULATION, RequestState, Role
from storage.tables import Account, AuditEvent, QualificationRequest, University

#: Days of a period that can be asked for; 0: since the beginning.
PERIODS = (7, 30, 90, 0)
#: Decisions of an expert, in the order of the columns.
DECISIONS = ("approved", "deficiencies_declared", "rejected")
#: Upper ends of the ages of open files, in days; the last has none.
AGES = (3, 10, 30)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What one expert decided in a period."""

    expert: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Figures:
    now: datetime
    days: int
    by_state: dict[RequestState, int]
    #: (university, open files, all files), the most open ones first
    by_university: list[tuple[str, int, int]]
    #: Open files since their last submission, by AGES.
    by_age: list[int]
    decisions: list[Decisions]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


def read_figures(db: Session, *, actor: Actor, now: datetime, days: int) -> Figures:
    """All figures; decisions are those of the last `days` days (0: all). Drafts count in their state only."""
    require(db, actor, Role.STAFF)
    request = QualificationRequest
    states = dict(db.exec(select(col(request.state), func.count()).group_by(col(request.state))).all())
    return Figures(
        now,
        days,
        {state: states.get(state, 0) for state in RequestState},
        _by_university(db),
        _by_age(db, now),
        _decisions(db, now - timedelta(days=days) if days else None),
    )


def _by_university(db: Session) -> list[tuple[str, int, int]]:
    request = QualificationRequest
    by_university: dict[str, list[int]] = {}
    for code, state, count in db.exec(
        select(col(request.university_code), col(request.state), func.count())
        .where(col(request.university_code).is_not(None), request.state != RequestState.DRAFT)
        .group_by(col(request.university_code), col(request.state))
    ):
        counts = by_university.setdefault(code or "", [0, 0])
        counts[0] += count if state in IN_CIRCULATION else 0
        counts[1] += count
    names = dict(db.exec(select(University.code, University.name)).all())
    rows = [(names.get(code, code), open_, every) for code, (open_, every) in by_university.items()]
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))


def _by_age(db: Session, now: datetime) -> list[int]:
    request = QualificationRequest
    ends = [now - timedelta(days=days) for days in AGES]
    counts = []
    for younger, older in zip([None, *ends], [*ends, None], strict=True):
        query = select(func.count()).select_from(request).where(col(request.state).in_(IN_CIRCULATION))
        if younger is not None:
            query = query.where(col(request.submitted_at) <= younger)
        if older is not None:
            query = query.where(col(request.submitted_at) > older)
        counts.append(db.exec(query).one())
    return counts


def _decisions(db: Session, since: datetime | None) -> list[Decisions]:
    query = (
        select(col(AuditEvent.actor_id), col(AuditEvent.event), func.count())
        .where(AuditEvent.subject == requests.SUBJECT, col(AuditEvent.event).in_(DECISIONS))
        .group_by(col(AuditEvent.actor_id), col(AuditEvent.event))
    )
    if since is not None:
        query = query.where(AuditEvent.at >= since)
    by_account: dict[int, dict[str, int]] = {}
    for actor_id, event, count in db.exec(query):
        if actor_id is not None:
            by_account.setdefault(actor_id, {})[event] = count
    names = {
        account.id: account.name
        for account in db.exec(select(Account).where(col(Account.id).in_(list(by_account))))
    }
    rows = [Decisions(names.get(actor_id, "–"), counts) for actor_id, counts in by_account.items()]
    return sorted(rows, key=lambda decisions: (-decisions.total, decisions.expert))


def age_labels() -> list[str]:
    pairs = pairwise(AGES)
    between = [t("report.between", low=digits(low), high=digits(high)) for low, high in pairs]
    return [
        t("report.under", days=digits(AGES[0])),
        *between,
        t("report.over", days=digits(AGES[-1])),
    ]


def period(days: int) -> str:
    return t("report.days", n=digits(days)) if days else t("report.always")


def report(figures: Figures) -> StatisticsReport:
    """The figures as what is drawn and written."""
    states = [(_plain(t(f"status.{state}")), count) for state, count in figures.by_state.items()]
    universities = [
        (name.removeprefix("دانشگاه علوم پزشکی "), open_) for name, open_, _ in figures.by_university if open_
    ]
    unit = t("report.files")
    bars = [
        Bars(t("report.by_state"), states, unit),
        Bars(t("report.by_university"), universities, unit),
        Bars(t("report.by_age"), list(zip(age_labels(), figures.by_age, strict=True)), unit),
    ]
    title = t("report.decisions", period=period(figures.days))
    tables = [
        ReportTable(
            t("report.universities"),
            (t("report.university"), t("report.open"), t("report.every")),
            figures.by_university,
        ),
        ReportTable(
            title,
            (t("report.expert"), *(t(f"report.{event}") for event in DECISIONS)),
            [
                (decision.expert, *(decision.counts.get(event, 0) for event in DECISIONS))
                for decision in figures.decisions
            ],
        ),
    ]
    subtitle = t("report.subtitle", time=jalali_time(figures.now), n=number(figures.total))
    return StatisticsReport(t("report.title"), subtitle, bars, tables)


def _plain(status: str) -> str:
    """A status without the sign it begins with."""
    return status.split(" ", 1)[1] if " " in status and not status[0].isalpha() else status


def note(db: Session, *, actor: Actor, now: datetime, kind: str, days: int) -> None:
    """Record that a report left as a file. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    audit.record(
        db, now=now, actor=actor, event="report_made", subject="report", subject_id=0, kind=kind, days=days
    )
