"""N10: experts are told of waiting files, at most once an hour each (docs/specification.md 2.2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from bot.core.screens import Button, button
from bot.services.review import leaves, routing
from bot.services.shared import notify
from bot.texts import formats, t
from storage.tables import CooperationRequest, Grant

#: Between two N10 of one expert.
PAUSE = timedelta(hours=1)


def notify_waiting(db: Session, *, university_code: str, now: datetime, since: datetime | None = None) -> int:
    """Tell the university's experts how many files wait, except those told within the hour and those on leave
    (unless all are); say how many were told, EXPERTS_AT_ONCE at most.

    With `since`, only those not told since then. Staff are alerted where there is no expert.
    """
    unclaimed = routing.unclaimed_requests(db, university_code)
    routing.alert_if_no_expert(db, university_code=university_code, now=now)
    if unclaimed.oldest is None:
        return 0
    text = t("push.N10", n=unclaimed.told, age=formats.age(now - unclaimed.oldest))
    rows = _worklist_buttons(db, university_code, unclaimed)
    experts = routing.experts(db, university_code)
    away = leaves.leaves_of(db, university_code, leaves.today(now))
    notified = 0
    for grant in [one for one in experts if one.account_id not in away] or experts:
        knows = (
            since is not None and grant.waiting_notified_at is not None and grant.waiting_notified_at >= since
        )
        if knows or not _claim_notice(db, grant, now):
            continue
        notify.push(
            db,
            kind="N10",
            event_key=f"waiting:{university_code}:{int(now.timestamp())}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=text,
            rows=rows,
            now=now,
        )
        notified += 1
        if notified == routing.EXPERTS_AT_ONCE:
            break
    return notified


def _worklist_buttons(
    db: Session, university_code: str, unclaimed: routing.UnclaimedRequests
) -> list[list[Button]]:
    """To the queue, and to the oldest cooperation file where some wait."""
    rows = [[button(t("nav.see"), "desk.queue")]] if unclaimed.requests else []
    if unclaimed.cooperations:
        oldest = db.exec(
            select(CooperationRequest.id)
            .where(CooperationRequest.university_code == university_code, routing.COOPERATIONS.unclaimed)
            .order_by(col(CooperationRequest.accepted_at), col(CooperationRequest.id))
            .limit(1)
        ).one()
        label = t("push.N10_cooperations") if rows else t("nav.see")
        rows.append([button(label, "desk.coop_file", oldest or 0)])
    return rows


def _claim_notice(db: Session, grant: Grant, now: datetime) -> bool:
    """Take this expert's turn to be told, if it is due; of several processes one wins."""
    return (
        db.exec(
            update(Grant)
            .where(
                col(Grant.id) == grant.id,
                or_(col(Grant.waiting_notified_at).is_(None), col(Grant.waiting_notified_at) <= now - PAUSE),
            )
            .values(waiting_notified_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        > 0
    )


def follow_up(db: Session, *, universities: Sequence[str], now: datetime) -> int:
    """Tell experts of these universities who were told less than an hour before a request came, once their hour is
    over."""
    arrivals = {code: routing.newest_arrival(db, code) for code in universities}
    return sum(
        notify_waiting(db, university_code=code, now=now, since=came)
        for code, came in arrivals.items()
        if came is not None and _somebody_to_tell(db, code, came, now)
    )


def _somebody_to_tell(db: Session, university_code: str, since: datetime, now: datetime) -> bool:
    """Whether an expert there was not told since then and may be told by now, or there is none at all."""
    experts = routing.experts(db, university_code)
    return not experts or any(
        told is None or (told < since and told <= now - PAUSE)
        for told in (grant.waiting_notified_at for grant in experts)
    )
