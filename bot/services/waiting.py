"""N10: experts are told of waiting files, at most once an hour each (SPEC 2.2)."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from bot.screens import button
from bot.services import notify, routing
from bot.texts import formats, t
from storage.states import RequestState
from storage.tables import Grant, QualificationRequest

#: Between two N10 of one expert.
PAUSE = timedelta(hours=1)


def tell(db: Session, *, university_code: str, now: datetime, since: datetime | None = None) -> int:
    """Tell the university's experts how many files wait, except those told within the hour; say how many were told.

    With `since`, only those not told since then. Staff are alerted where there is no expert.
    """
    waiting = select(func.count(), func.min(QualificationRequest.submitted_at)).where(
        QualificationRequest.university_code == university_code,
        QualificationRequest.state == RequestState.SUBMITTED,
    )
    count, oldest = db.exec(waiting).one()
    routing.watch(db, university_code=university_code, now=now)
    if not count or oldest is None:
        return 0
    text = t("push.N10", n=formats.digits(count), age=formats.age(now - oldest))
    told = 0
    for grant in routing.experts(db, university_code):
        knows = since is not None and grant.told_waiting_at is not None and grant.told_waiting_at >= since
        if knows or not _due(db, grant, now):
            continue
        notify.push(
            db,
            kind="N10",
            event_key=f"waiting:{university_code}:{int(now.timestamp())}",
            account_id=grant.account_id,
            text=text,
            rows=[[button(t("nav.see"), "desk.queue")]],
            now=now,
        )
        told += 1
    return told


def _due(db: Session, grant: Grant, now: datetime) -> bool:
    """Take this expert's turn to be told, if it is due; of several processes one wins."""
    return (
        db.exec(
            update(Grant)
            .where(
                col(Grant.id) == grant.id,
                or_(col(Grant.told_waiting_at).is_(None), col(Grant.told_waiting_at) <= now - PAUSE),
            )
            .values(told_waiting_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        > 0
    )


def follow_up(db: Session, *, now: datetime) -> int:
    """Tell whoever was told less than an hour before a file came, once their hour is over."""
    newest = (
        select(QualificationRequest.university_code, func.max(QualificationRequest.state_since))
        .where(QualificationRequest.state == RequestState.SUBMITTED)
        .group_by(col(QualificationRequest.university_code))
    )
    return sum(
        tell(db, university_code=code, now=now, since=came)
        for code, came in db.exec(newest).all()
        if code is not None
    )
