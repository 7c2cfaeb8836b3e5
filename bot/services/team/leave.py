"""An expert's leave: from, to, and the colleague who gets the files that come back in those days.

See docs/specification.md 2.9. That a leave began is a matter of the date; its end gives the files back, by a sweep.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select, update

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.core.screens import button
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import leaves, routing
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from bot.texts import formats, t
from storage.enums import Role
from storage.tables import Account, ExpertLeave

#: Days of one leave, and days ahead at which one may begin.
LONGEST, AHEAD = 90, 365
#: Tracking codes named in one push.
NAMED = 50
#: Files that one unit gives back.
GIVEN_BACK = 8


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """A leave that has not ended, with the names of who is away and who stands in."""

    leave: ExpertLeave
    expert: str
    deputy: str


def take_leave(
    db: Session, *, actor: Actor, starts_on: date, ends_on: date, deputy_id: int, now: datetime
) -> ExpertLeave:
    """The acting expert will be away. Deputy and heads are told (N25).

    Raises NotAllowed("error.not_expert_here"), InvalidInput("error.leave_days", "error.leave_taken",
    "error.leave_giving_back", "error.deputy_away").
    """
    require(db, actor, *routing.REVIEWERS)
    assert actor.account_id is not None
    assert actor.university_code is not None
    check_days(starts_on, ends_on, today=leaves.today(now))
    if own_leave(db, actor=actor) is not None:
        raise InvalidInput("error.leave_taken")
    if _is_giving_back(db, actor):
        raise InvalidInput("error.leave_giving_back")
    check_deputy(db, actor=actor, deputy_id=deputy_id, starts_on=starts_on, ends_on=ends_on)
    leave = ExpertLeave(
        account_id=actor.account_id,
        university_code=actor.university_code,
        deputy_id=deputy_id,
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=now,
    )
    db.add(leave)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="leave_taken",
        subject="account",
        subject_id=actor.account_id,
        leave=leave.id,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat(),
        deputy=deputy_id,
    )
    names = {
        "name": db.get_one(Account, actor.account_id).name,
        "deputy": db.get_one(Account, deputy_id).name,
        "first": formats.jalali_day(starts_on),
        "last": formats.jalali_day(ends_on),
    }
    for grant in routing.experts(db, actor.university_code):
        deputises = grant.account_id == deputy_id
        if grant.account_id == actor.account_id or not (deputises or grant.role is Role.IN_CHARGE):
            continue
        notify.push(
            db,
            kind="N25",
            event_key=f"leave:{leave.id}:taken",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=t("push.N25_deputy" if deputises else "push.N25_head", **names),
            now=now,
        )
    return leave


def _is_giving_back(db: Session, actor: Actor) -> bool:
    """Files of the expert's last leave are still with the deputies."""
    query = select(ExpertLeave.id).where(
        ExpertLeave.university_code == actor.university_code,
        ExpertLeave.account_id == actor.account_id,
        col(ExpertLeave.giving_back).is_not(None),
    )
    return db.exec(query).first() is not None


def check_days(starts_on: date, ends_on: date, *, today: date) -> None:
    """Raises InvalidInput("error.leave_days")."""
    begins = today <= starts_on <= today + timedelta(days=AHEAD)
    if not begins or not starts_on <= ends_on < starts_on + timedelta(days=LONGEST):
        raise InvalidInput("error.leave_days", max=formats.digits(LONGEST))


def check_deputy(db: Session, *, actor: Actor, deputy_id: int, starts_on: date, ends_on: date) -> None:
    """Raises NotAllowed("error.not_expert_here") for anyone but a colleague, InvalidInput("error.deputy_away") for one
    who is away on some of these days."""
    require(db, actor, *routing.REVIEWERS)
    if deputy_id == actor.account_id or not routing.is_active_expert(db, deputy_id, actor.university_code):
        raise NotAllowed("error.not_expert_here")
    query = select(ExpertLeave).where(
        ExpertLeave.university_code == actor.university_code,
        ExpertLeave.account_id == deputy_id,
        col(ExpertLeave.ended_at).is_(None),
        col(ExpertLeave.starts_on) <= ends_on,
        col(ExpertLeave.ends_on) >= starts_on,
    )
    if db.exec(query).first() is not None:
        raise InvalidInput("error.deputy_away", name=db.get_one(Account, deputy_id).name)


def own_leave(db: Session, *, actor: Actor) -> ExpertLeave | None:
    """The leave of the acting expert that has not ended, also one that is to come."""
    require(db, actor, *routing.REVIEWERS)
    query = select(ExpertLeave).where(
        ExpertLeave.university_code == actor.university_code,
        ExpertLeave.account_id == actor.account_id,
        col(ExpertLeave.ended_at).is_(None),
    )
    return db.exec(query).first()


def team_leaves(db: Session, *, actor: Actor) -> list[LeaveLine]:
    """Who of the actor's university is away or will be, by date; for its experts."""
    require(db, actor, *routing.REVIEWERS)
    query = (
        select(ExpertLeave)
        .where(ExpertLeave.university_code == actor.university_code, col(ExpertLeave.ended_at).is_(None))
        .order_by(col(ExpertLeave.starts_on), col(ExpertLeave.id))
    )
    rows = list(db.exec(query))
    people = {row.account_id for row in rows} | {row.deputy_id for row in rows}
    names = {one.id: one.name for one in db.exec(select(Account).where(col(Account.id).in_(people)))}
    return [LeaveLine(row, names.get(row.account_id, "–"), names.get(row.deputy_id, "–")) for row in rows]


def end_leave(db: Session, *, actor: Actor, leave_id: int, now: datetime) -> ExpertLeave:
    """End a leave now, or call off one to come: one's own, or as the head of the university. The first files go back at
    once, the rest by `end_past_leaves`. Raises NotAllowed, Stale."""
    require(db, actor, *routing.REVIEWERS)
    leave = db.get(ExpertLeave, leave_id, populate_existing=True)
    if leave is None or leave.university_code != actor.university_code:
        raise NotAllowed
    if leave.account_id != actor.account_id and actor.role is not Role.IN_CHARGE:
        raise NotAllowed
    if not _end(db, leave, actor=actor, now=now):
        raise Stale
    return leave


def end_past_leaves(db: Session, *, now: datetime) -> int:
    """Give the next files back of an expert whose leave has ended, else end the next leave whose last day is over; say
    how many leaves that were. A job repeats it."""
    ended = select(ExpertLeave).where(col(ExpertLeave.giving_back).is_not(None))
    for leave in db.exec(ended.limit(1).with_for_update(skip_locked=True)).all():
        db.refresh(leave)
        if leave.giving_back is not None:
            _give_back(db, leave, actor=SYSTEM, now=now)
        return 1
    over = select(ExpertLeave).where(
        col(ExpertLeave.ended_at).is_(None), col(ExpertLeave.ends_on) < leaves.today(now)
    )
    some = over.order_by(col(ExpertLeave.ends_on)).limit(1)
    return sum(_end(db, leave, actor=SYSTEM, now=now) for leave in db.exec(some).all())


def _end(db: Session, leave: ExpertLeave, *, actor: Actor, now: datetime) -> bool:
    """False where another process was faster."""
    won = db.exec(
        update(ExpertLeave)
        .where(col(ExpertLeave.id) == leave.id, col(ExpertLeave.ended_at).is_(None))
        .values(ended_at=now, giving_back={})
        .execution_options(synchronize_session=False)
    ).rowcount
    if not won:
        return False
    audit.record(
        db,
        now=now,
        actor=actor,
        event="leave_ended",
        subject="account",
        subject_id=leave.account_id,
        leave=leave.id,
    )
    db.refresh(leave)
    _give_back(db, leave, actor=actor, now=now)
    return True


def _give_back(db: Session, leave: ExpertLeave, *, actor: Actor, now: datetime) -> None:
    """The next files go back; after the last ones everybody is told."""
    gone: dict[str, list[str]] = {key: list(codes) for key, codes in (leave.giving_back or {}).items()}
    room = GIVEN_BACK
    for workflow in (QUALIFICATION_WORKFLOW, COOPERATION_WORKFLOW):
        back = workflow.give_back(
            db, expert_id=leave.account_id, university_code=leave.university_code, most=room, now=now
        )
        room -= len(back)
        for deputy, code in back:
            if deputy is not None:
                gone.setdefault(str(deputy), []).append(code)
        if not room:
            break
    # Where it was just enough the next unit finds nothing, and tells it.
    leave.giving_back = None if room else gone
    db.add(leave)
    db.flush()
    if leave.giving_back is not None:
        return
    expert = db.get_one(Account, leave.account_id).name
    every = [code for codes in gone.values() for code in codes]
    _tell(db, leave, leave.account_id, "push.N25_back", every, expert, actor, now)
    for key, codes in gone.items():
        _tell(db, leave, int(key), "push.N25_given_back", codes, expert, actor, now)


def _tell(
    db: Session,
    leave: ExpertLeave,
    account_id: int,
    key: str,
    codes: list[str],
    name: str,
    actor: Actor,
    now: datetime,
) -> None:
    """One push with the list; nothing to who ended a leave of no files on this very screen."""
    grant_id = routing.grant_of(db, account_id, leave.university_code)
    if grant_id is None or (not codes and account_id == actor.account_id):
        return
    text = t(key, name=name, n=formats.digits(len(codes)))
    if codes:
        text = "\n".join([text, *(t("push.N22_line", code=code) for code in codes[:NAMED])])
    notify.push(
        db,
        kind="N25",
        event_key=f"leave:{leave.id}:ended",
        account_id=account_id,
        grant_id=grant_id,
        text=text if codes else t("push.N25_over"),
        rows=[[button(t("desk.mine"), "desk.mine")]] if key == "push.N25_back" and codes else (),
        now=now,
    )
