"""The heads' morning report: what their university's experts have, and once a week what was done.

See docs/specification.md 2.9.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.core.screens import button
from bot.jobs.digest import FROM, UNTIL
from bot.services import team
from bot.services.review import routing
from bot.services.review.working_days import is_working_day, working_days_before
from bot.services.shared import notify
from bot.texts import formats, t
from storage.enums import Role
from storage.tables import Account, Grant, Throttle

#: Colleagues named in one report.
NAMED = 30


def send_team_reports(db: Session, *, now: datetime, overdue_days: int = 7) -> int:
    """Tell every head, once a working day; on the first one of a week with last week's figures. Say how many
    universities were reported."""
    local = now.astimezone(formats.TEHRAN)
    if not is_working_day(local.date()) or not FROM <= local.time() < UNTIL:
        return 0
    heads = (
        select(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(routing.REVIEWS_NOW, Grant.role == Role.IN_CHARGE)
        .order_by(col(Grant.id))
    )
    by_university: dict[str, list[Grant]] = {}
    for grant in db.exec(heads):
        by_university.setdefault(grant.university_code or "", []).append(grant)
    sent = 0
    for code, grants in by_university.items():
        if _first_today(db, code, now):
            figures = team.figures_of(db, code, now, working_days_before(now, overdue_days))
            _report(db, code, grants, figures, now, weekly=_first_of_week(now))
            sent += 1
    return sent


def _first_today(db: Session, university_code: str, now: datetime) -> bool:
    """A push's key makes it unique; this only spares the reading."""
    key = f"team-report:{now.astimezone(formats.TEHRAN).date().isoformat()}:{university_code}"
    if db.exec(select(Throttle.id).where(Throttle.key == key).limit(1)).first() is not None:
        return False
    db.add(Throttle(key=key, at=now))
    return True


def _first_of_week(now: datetime) -> bool:
    day, start = now.astimezone(formats.TEHRAN).date(), team.week_start(now).date()
    return not any(is_working_day(start + timedelta(days=n)) for n in range((day - start).days))


def _report(
    db: Session,
    university_code: str,
    grants: list[Grant],
    figures: team.TeamFigures,
    now: datetime,
    *,
    weekly: bool,
) -> None:
    away = [one.name for one in figures.colleagues if one.on_leave]
    lines = [
        t("team.report", day=formats.jalali_day(now)),
        t("team.queue", n=formats.digits(figures.waiting)),
        t("team.in_hand", n=formats.digits(sum(one.to_decide for one in figures.colleagues))),
        t("team.overdue", n=formats.digits(figures.overdue)),
    ]
    if away:
        lines.append(t("team.away", names="، ".join(away)))
    if weekly:
        decided = sum(one.decided_last_week for one in figures.colleagues)
        received = formats.digits(figures.received_last_week)
        lines += ["", t("team.last_week", received=received, decided=formats.digits(decided))]
        lines += [
            t("team.last_week_line", name=one.name, n=formats.digits(one.decided_last_week))
            for one in figures.colleagues[:NAMED]
        ]
    elif not figures.waiting and not any(one.to_decide for one in figures.colleagues):
        return
    day = now.astimezone(formats.TEHRAN).date().isoformat()
    for grant in grants:
        notify.push(
            db,
            kind="digest",
            event_key=f"team-report:{day}:{university_code}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text="\n".join(lines),
            rows=[[button(t("desk.team"), "desk.team")]],
            now=now,
        )
