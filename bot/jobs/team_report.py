"""The heads' morning report: what their university's experts have, and once a week what was done.

See docs/specification.md 2.9.
"""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import literal
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.screens import button
from bot.jobs.digest import FROM, UNTIL
from bot.services import team
from bot.services.review import routing
from bot.services.review.working_days import is_working_day, working_days_before
from bot.services.shared import notify, rate_limit
from bot.texts import formats, t
from storage.enums import Role
from storage.tables import Account, Grant, Throttle

#: Colleagues named in one report.
NAMED = 30


async def send_team_reports(resources: Resources, *, overdue_days: int) -> None:
    """Tell every head, once a working day; on the first one of a week with last week's figures. The figures of a
    university are read beside the loop."""
    while True:
        now = resources.clock()
        code = await resources.database.read(partial(next_university, now=now))
        if code is None:
            return
        figures = await resources.database.read(partial(read_figures, code, now, overdue_days), large=True)
        if not await resources.database.run(partial(report, code=code, figures=figures, now=now)):
            return


def next_university(db: Session, *, now: datetime) -> str | None:
    """One whose heads were not told today; None where all were, or it is not the time for it."""
    local = now.astimezone(formats.TEHRAN)
    if not is_working_day(local.date()) or not FROM <= local.time() < UNTIL:
        return None
    noted = select(Throttle.id).where(
        col(Throttle.key) == literal(_key("", now)) + col(Grant.university_code)
    )
    of_heads = (
        select(Grant.university_code)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(routing.REVIEWS_NOW, Grant.role == Role.IN_CHARGE, ~noted.exists())
    )
    return db.exec(of_heads.limit(1)).first()


def _key(university_code: str, now: datetime) -> str:
    return f"team-report:{now.astimezone(formats.TEHRAN).date().isoformat()}:{university_code}"


def read_figures(university_code: str, now: datetime, overdue_days: int, db: Session) -> team.TeamFigures:
    return team.figures_of(db, university_code, now, working_days_before(now, overdue_days))


def report(db: Session, *, code: str, figures: team.TeamFigures, now: datetime) -> bool:
    """Tell the heads of a university; False where another process is at it. A push's key makes it unique, the note only
    spares the reading."""
    if not rate_limit.first_time(db, key=_key(code, now), now=now):
        return False
    heads = [grant for grant in routing.experts(db, code) if grant.role is Role.IN_CHARGE]
    _report(db, code, heads, figures, now, weekly=_first_of_week(now))
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
