"""The experts' morning digest: once a working day, the requests that wait and those under the expert's
review.

See docs/specification.md 7.
"""

from datetime import date, datetime, time

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Button, button
from bot.services import cooperation
from bot.services.qualification import review
from bot.services.review import routing
from bot.services.review.working_days import is_working_day, working_days_before
from bot.services.review.worklists import ListName
from bot.services.shared import notify
from bot.texts import formats, t
from storage.tables import Account, Grant

#: In Tehran. Experts who could not be told in these hours (a downtime) are told the next morning.
FROM, UNTIL = time(8), time(11)
#: Experts that one unit looks at.
BATCH = 1


def send_digests(db: Session, *, now: datetime, overdue_days: int) -> int:
    """Tell the next experts who have something waiting and were not looked at this morning; say how many were looked
    at. A job repeats it until that is nobody."""
    local = now.astimezone(formats.TEHRAN)
    if not is_working_day(local.date()) or not FROM <= local.time() < UNTIL:
        return 0
    queues = dict[str, routing.UnclaimedRequests]()
    grants = _grants_due(db, local.date())
    for grant in grants:
        code = grant.university_code or ""
        if code not in queues:
            queues[code] = routing.unclaimed_requests(db, code)
        _push_digest(db, grant, queues[code], local.date(), now, overdue_days)
    return len(grants)


def _not_sent_today(day: date) -> ColumnElement[bool]:
    """Not "before": the last one may bear a date of a clock that was wrong."""
    return or_(col(Grant.digest_on).is_(None), col(Grant.digest_on) != day)


def _grants_due(db: Session, day: date) -> list[Grant]:
    query = (
        select(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(routing.REVIEWS_NOW, _not_sent_today(day))
        .limit(BATCH)
    )
    return list(db.exec(query))


def _push_digest(
    db: Session,
    grant: Grant,
    queue: routing.UnclaimedRequests,
    day: date,
    now: datetime,
    overdue_days: int,
) -> None:
    """Take this expert's morning, where no other process was faster, and tell what there is."""
    taken = db.exec(
        update(Grant)
        .where(col(Grant.id) == grant.id, _not_sent_today(day))
        .values(digest_on=day)
        .execution_options(synchronize_session=False)
    ).rowcount
    if not taken:
        return
    requests, cooperations = (
        lists.counts(
            db,
            ListName.MINE,
            ListName.RETURNED,
            ListName.OVERDUE,
            actor=Actor(grant.account_id, grant.role, grant.university_code),
            now=now,
            overdue_before=working_days_before(now, overdue_days),
        )
        for lists in (review.LISTS, cooperation.LISTS)
    )
    mine, coop_mine = requests[ListName.MINE], cooperations[ListName.MINE]
    if not mine and not coop_mine and not queue.total:
        return
    lines, rows = [t("digest.title", day=formats.jalali_day(now))], list[list[Button]]()

    def told(key: str, number: int, label: str, action: str) -> None:
        if number:
            lines.append(t(key, n=formats.digits(number)))
            rows.append([button(t(label), action)])

    told("digest.requests", queue.requests, "desk.new", "desk.queue")
    told("digest.cooperations", queue.cooperations, "desk.coop", "desk.coop")
    if queue.oldest is not None:
        lines.append(t("digest.oldest", age=formats.age(now - queue.oldest)))
    told("digest.mine", mine, "desk.mine", "desk.mine")
    told("digest.returned", requests[ListName.RETURNED], "desk.list_returned", "desk.returned")
    told("digest.coop_mine", coop_mine, "desk.coop_mine", "desk.coop_mine")
    told("digest.overdue", requests[ListName.OVERDUE], "desk.list_overdue", "desk.overdue")
    told("digest.coop_overdue", cooperations[ListName.OVERDUE], "desk.coop_list_overdue", "desk.coop_overdue")
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
