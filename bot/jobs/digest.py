"""The experts' morning digest: once a working day, the requests that wait and those under the expert's
review.

See docs/specification.md 7.
"""

from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import Session, col, select

from bot.core.screens import Button, button
from bot.jobs.daytime import is_working_day
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import routing
from bot.services.shared import notify
from bot.texts import formats, t
from storage.tables import Account, Grant

#: In Tehran. Experts who could not be told in these hours (a downtime) are told the next morning.
FROM, UNTIL = time(8), time(11)
#: A file under review counts as late after so many days (Q8).
LATE = 10


def send_digests(db: Session, *, now: datetime) -> int:
    """Tell every expert who has something waiting and was not told this morning; say how many were told."""
    local = now.astimezone(formats.TEHRAN)
    if not is_working_day(local.date()) or not FROM <= local.time() < UNTIL:
        return 0
    sent, queues = 0, dict[str, routing.UnclaimedRequests]()
    for grant in _grants_due(db, local.date()):
        code = grant.university_code or ""
        if code not in queues:
            queues[code] = routing.unclaimed_requests(db, code)
        sent += _push_digest(db, grant, queues[code], local.date(), now)
    return sent


def _not_sent_today(day: date) -> ColumnElement[bool]:
    """Not "before": the last one may bear a date of a clock that was wrong."""
    return or_(col(Grant.digest_on).is_(None), col(Grant.digest_on) != day)


def _grants_due(db: Session, day: date) -> list[Grant]:
    query = (
        select(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(routing.REVIEWS_NOW, _not_sent_today(day))
        .order_by(col(Grant.id))
    )
    return list(db.exec(query))


def _push_digest(
    db: Session, grant: Grant, queue: routing.UnclaimedRequests, day: date, now: datetime
) -> bool:
    """Take this expert's morning; False where another process was faster, or there is nothing to say."""
    taken = db.exec(
        update(Grant)
        .where(col(Grant.id) == grant.id, _not_sent_today(day))
        .values(digest_on=day)
        .execution_options(synchronize_session=False)
    ).rowcount
    if not taken:
        return False
    mine, oldest = _in_hand(db, grant)
    if not mine and not queue.total:
        return False
    lines, rows = [t("digest.title", day=formats.jalali_day(now))], list[list[Button]]()
    if queue.requests:
        lines.append(t("digest.requests", n=formats.digits(queue.requests)))
        rows.append([button(t("desk.new"), "desk.queue")])
    if queue.cooperations:
        lines.append(t("digest.cooperations", n=formats.digits(queue.cooperations)))
        rows.append([button(t("desk.coop"), "desk.coop")])
    if queue.oldest is not None:
        lines.append(t("digest.oldest", age=formats.age(now - queue.oldest)))
    if mine:
        lines.append(t("digest.mine", n=formats.digits(mine)))
        rows.append([button(t("desk.mine"), "desk.mine")])
    if oldest is not None and (now - oldest).days >= LATE:
        lines.append(t("digest.late", days=formats.digits((now - oldest).days)))
    notify.push(
        db,
        kind="digest",
        event_key=f"digest:{day.isoformat()}:{grant.university_code}",
        account_id=grant.account_id,
        grant_id=grant.id,
        text="\n".join(lines),
        rows=rows,
        now=now,
    )
    return True


def _in_hand(db: Session, grant: Grant) -> tuple[int, datetime | None]:
    """Files that wait for this expert's own decision, and since when the oldest does."""
    counts = [
        db.exec(
            select(func.count(), func.min(kind.row.state_since)).where(
                col(kind.row.reviewer_id) == grant.account_id,
                col(kind.row.university_code) == grant.university_code,
                col(kind.row.state) == kind.review,
            )
        ).one()
        for kind in (QUALIFICATION_WORKFLOW, COOPERATION_WORKFLOW)
    ]
    return sum(count for count, _ in counts), min((since for _, since in counts if since), default=None)
