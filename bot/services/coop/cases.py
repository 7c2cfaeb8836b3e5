"""Cooperation requests as the law sees them, and the one way to change their state: rule, compare-and-set, audit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import AlreadyDecided, NotAllowed, Refusal, Stale
from bot.rules.cooperation import TABLE, TERMINAL, Action, Case, Standing, refusal, standings
from bot.services import audit, eligibility
from bot.services.cases import check_grant, decider
from bot.services.swap import swap
from bot.texts import formats
from bot.turn import Actor
from storage.states import OPEN_COOPERATION, AccountState, CooperationState, Role
from storage.tables import Account, AuditEvent, Branch, CooperationRequest, Distributor, Grant

#: Subject of the audit events of a request.
SUBJECT = "cooperation"

EXPERTS = (Role.EXPERT, Role.IN_CHARGE, Role.STAFF)
_BY_EXPERTS = ("claimed", "assigned", "approved", "rejected_by_university")
_AT_UNIVERSITY = frozenset({Standing.EXPERT, Standing.REVIEWER, Standing.COLLEAGUE, Standing.IN_CHARGE})
#: It comes into other hands: what waits since then is a new wait.
_HANDED_ON = frozenset({Action.CLAIM, Action.ASSIGN, Action.RELEASE})


def load(db: Session, request_id: int, *, lock: bool = False) -> CooperationRequest:
    """The request as it is now, with `lock` held until the commit. Raises Stale where there is none."""
    request = db.get(CooperationRequest, request_id, populate_existing=True, with_for_update=lock or None)
    if request is None:
        raise Stale
    return request


def take(db: Session, request_id: int) -> CooperationRequest:
    """The request with its officer held: nobody else changes the cooperation of this officer until the commit."""
    eligibility.hold(db, load(db, request_id).account_id)
    return load(db, request_id, lock=True)


def hold_branch(db: Session, branch_id: int) -> Branch:
    """The branch as it is now, kept from everybody else until the commit. Raises NotAllowed for a forged id."""
    query = select(Branch).where(Branch.id == branch_id).with_for_update(key_share=True)
    branch = db.exec(query.execution_options(populate_existing=True)).first()
    if branch is None:
        raise NotAllowed
    return branch


def open_at(db: Session, branch_id: int) -> CooperationRequest | None:
    """The open request of a branch; there is at most one."""
    query = select(CooperationRequest).where(
        CooperationRequest.branch_id == branch_id, col(CooperationRequest.state).in_(OPEN_COOPERATION)
    )
    return db.exec(query).first()


def managers(db: Session, distributor_id: int) -> list[Account]:
    """The active managers of a distributor, oldest account first."""
    query = (
        select(Account)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            Grant.distributor_id == distributor_id,
            col(Grant.active).is_(True),
            Account.state == AccountState.ACTIVE,
        )
    )
    return list(db.exec(query.order_by(col(Account.id))))


def managed(db: Session, actor: Actor) -> Distributor:
    """The distributor that the actor manages. Raises NotAllowed."""
    check_grant(db, actor)
    if actor.role is not Role.DISTRIBUTOR or actor.distributor_id is None:
        raise NotAllowed
    return db.get_one(Distributor, actor.distributor_id)


def need_officer(db: Session, actor: Actor) -> int:
    """account.id of an officer who may act. Raises NotAllowed for anybody else, and while suspended."""
    if (
        actor.role is not Role.OFFICER
        or actor.account_id is None
        or not eligibility.of(db, actor.account_id).active
    ):
        raise NotAllowed
    return actor.account_id


def case_of(db: Session, request: CooperationRequest) -> Case:
    return Case(
        state=request.state,
        officer_id=request.account_id,
        distributor_id=request.distributor_id,
        officer=eligibility.of(db, request.account_id),
        university_code=request.university_code,
        reviewer_id=request.reviewer_id,
        managers=frozenset(account.id or 0 for account in managers(db, request.distributor_id)),
    )


def check(
    db: Session,
    request: CooperationRequest,
    case: Case,
    *,
    actor: Actor,
    action: Action,
    version: int | None,
) -> None:
    """Raise NotAllowed for a stranger, Stale or AlreadyDecided for an old button, else what the law says."""
    check_grant(db, actor)
    stands = standings(case, actor)
    if not stands or (Standing.OFFICER in stands and not case.officer.active):
        raise NotAllowed
    if version is not None and version != request.version:
        raise _outrun(db, request, actor)
    key = refusal(case, actor, action)
    if key is None:
        return
    if key == "error.stale" or (key == "error.not_yours" and stands & _AT_UNIVERSITY):
        raise _outrun(db, request, actor, otherwise=NotAllowed() if key == "error.not_yours" else None)
    raise NotAllowed(key)


def change(
    db: Session,
    request: CooperationRequest,
    case: Case,
    *,
    actor: Actor,
    action: Action,
    now: datetime,
    version: int | None = None,
    values: Mapping[str, Any] | None = None,
    **data: Any,
) -> CooperationRequest:
    """Do `action`: check the law, change the row by compare-and-set, append the event with `data`.

    `values` are further columns. Raises as `check`; whoever loses a race gets AlreadyDecided or Stale.
    """
    check(db, request, case, actor=actor, action=action, version=version)
    source, row = request.state, TABLE[case.state, action]
    target = row.leads_to(case)
    assert target is not None
    assert request.id is not None
    moved: dict[str, Any] = {}
    if target is not source or action in _HANDED_ON:
        moved = {"state": target, "state_since": now, "reminders": 0}
    if target in TERMINAL:
        moved["closed_at"] = now
    if not swap(db, request, moved | dict(values or {})):
        raise _outrun(db, request, actor)
    audit.record(
        db,
        now=now,
        actor=actor,
        event=row.event,
        subject=SUBJECT,
        subject_id=request.id,
        from_state=source,
        to_state=target,
        **data,
    )
    return request


def _outrun(
    db: Session, request: CooperationRequest, actor: Actor, *, otherwise: Refusal | None = None
) -> Refusal:
    """Why an expert's button is too late: somebody else has the file, or decided. Everybody else gets the fresh
    screen."""
    if actor.role not in EXPERTS or request.state not in (
        CooperationState.PENDING_UNIVERSITY,
        CooperationState.APPROVED,
        CooperationState.REJECTED_BY_UNIVERSITY,
    ):
        return otherwise or Stale()
    last = db.exec(
        select(AuditEvent)
        .where(
            AuditEvent.subject == SUBJECT,
            AuditEvent.subject_id == request.id,
            col(AuditEvent.event).in_(_BY_EXPERTS),
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    ).first()
    if last is None or last.actor_id == actor.account_id:
        return otherwise or Stale()
    time = formats.jalali_time(last.at)
    if request.state is CooperationState.PENDING_UNIVERSITY:
        if request.reviewer_id is None or request.reviewer_id == actor.account_id:
            return otherwise or Stale()
        holder = db.get(Account, request.reviewer_id)
        return AlreadyDecided("error.already_claimed", by=holder.name if holder else "—", time=time)
    return AlreadyDecided(by=decider(db, last, request.university_code), time=time)
