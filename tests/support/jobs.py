"""Jobs as one unit of a test: what the clock does in many small ones, all of it at once."""

from collections.abc import Callable
from datetime import datetime
from itertools import product

from sqlalchemy import func
from sqlmodel import Session, select

from bot.jobs import digest, inbox_purge, reminders, team_report
from bot.services.review import queue_notices, routing
from bot.services.shared import notify
from storage.enums import RequestKind
from storage.tables import Push


def until_nothing_is_due(work: Callable[[], int]) -> int:
    """Repeat a unit as the job does; how much it did."""
    return sum(units_until_nothing_is_due(work))


def units_until_nothing_is_due(work: Callable[[], int]) -> list[int]:
    """How much each unit did."""
    units = []
    while done := work():
        units.append(done)
    return units


def send_reminders(db: Session, *, now: datetime) -> None:
    for remind in (reminders.remind_officers, reminders.remind_experts):
        until_nothing_is_due(lambda remind=remind: remind(db, now=now))


def abandoned_drafts(db: Session, *, now: datetime) -> tuple[int, int]:
    """How many were announced, and removed."""
    announced = removed = 0
    for kind, noted in product(RequestKind, (False, True)):
        page = reminders.find_abandoned(db, kind=kind, announced=noted, now=now)
        if page.note:
            reminders.note_announced(db, request_ids=page.note)
        announced += sum(reminders.announce_removal(db, request_id=one, now=now) for one in page.announce)
        removed += sum(reminders.remove_abandoned(db, request_id=one, now=now) for one in page.remove)
    db.flush()
    return announced, removed


def alert_where_no_expert(db: Session, *, now: datetime) -> None:
    routing.alert_where_no_expert(db, universities=routing.codes_to_alert(db), now=now)


def raise_alerts(db: Session, *, now: datetime) -> None:
    alert_where_no_expert(db, now=now)
    reminders.watch_tariffs(db, now=now)
    until_nothing_is_due(lambda: notify.repeat_alerts(db, now=now))


def follow_up(db: Session, *, now: datetime) -> int:
    codes = routing.codes_with_unclaimed(db)
    return until_nothing_is_due(lambda: queue_notices.follow_up(db, universities=codes, now=now))


def send_digests(db: Session, *, now: datetime, overdue_days: int = 7) -> int:
    """How many experts were told."""
    return _pushes(db, lambda: digest.send_digests(db, now=now, overdue_days=overdue_days))


def send_team_reports(db: Session, *, now: datetime, overdue_days: int = 7) -> int:
    """How many universities were looked at."""
    looked = 0
    while (code := team_report.next_university(db, now=now)) is not None:
        figures = team_report.read_figures(code, now, overdue_days, db)
        looked += team_report.report(db, code=code, figures=figures, now=now)
    return looked


def purge_inbox(db: Session, *, now: datetime) -> None:
    after: int | None = 0
    while after is not None:
        after = inbox_purge.purge_inbox(db, now=now, after=after).after
    until_nothing_is_due(lambda: inbox_purge.purge_failed(db, now=now))


def _pushes(db: Session, work: Callable[[], int]) -> int:
    """How many recipients the pushes have that were written."""
    last = db.exec(select(func.coalesce(func.max(Push.id), 0))).one()
    until_nothing_is_due(work)
    told = select(func.count(func.distinct(Push.account_id))).where(Push.id > last)
    return db.exec(told).one()
