"""Who is on leave, and who stands in (docs/specification.md 2.9)."""

from collections.abc import Set
from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.services.review import routing
from bot.texts import formats
from storage.tables import ExpertLeave

#: A deputy may be on leave too, whose deputy then stands in, and so on.
MOST_DEPUTIES = 5


def today(now: datetime) -> date:
    return now.astimezone(formats.TEHRAN).date()


def leaves_of(db: Session, university_code: str, day: date) -> dict[int, ExpertLeave]:
    """account.id → the leave that this expert of the university is on that day."""
    query = select(ExpertLeave).where(
        ExpertLeave.university_code == university_code,
        col(ExpertLeave.ended_at).is_(None),
        col(ExpertLeave.starts_on) <= day,
        col(ExpertLeave.ends_on) >= day,
    )
    return {leave.account_id: leave for leave in db.exec(query)}


def stand_in(
    db: Session, expert_id: int, university_code: str | None, *, now: datetime, excluded: Set[int]
) -> int:
    """Who gets a file meant for this expert: a deputy while the expert is on leave, else the expert. Nobody in
    `excluded` (whom the file is about) stands in, nor anybody who is no active expert there."""
    if university_code is None:
        return expert_id
    away = leaves_of(db, university_code, today(now))
    if expert_id not in away:
        return expert_id
    active = {grant.account_id for grant in routing.experts(db, university_code)}
    deputy = expert_id
    for _ in range(MOST_DEPUTIES):
        if deputy not in away:
            break
        deputy = away[deputy].deputy_id
    fit = deputy in active and deputy not in away and deputy not in excluded
    return deputy if fit else expert_id
