"""Requests as the law sees them, and the one way to change their state: rule, compare-and-set, audit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import AlreadyDecided, NotAllowed, Refusal, Stale
from bot.rules.qualification import TABLE, Action, Case, Standing, refusal, standings
from bot.services import audit, routing
from bot.services.eligibility import is_qualified
from bot.services.reference import university_name
from bot.services.swap import swap
from bot.texts import formats, t
from bot.turn import Actor
from storage.states import OPEN_REQUEST, AccountState, AttemptState, RequestState, Role
from storage.tables import Account, AuditEvent, Grant, PaymentAttempt, QualificationRequest

#: Subject of the audit events of a request.
SUBJECT = "qualification"

_UNSETTLED = (AttemptState.UNCERTAIN, AttemptState.VERIFYING)
#: Roles that live in a grant alone.
_GRANTED = frozenset({Role.EXPERT, Role.IN_CHARGE, Role.STAFF, Role.DISTRIBUTOR})
_BY_EXPERTS = ("claimed", "assigned", "deficiencies_declared", "rejected", "approved")


def load(db: Session, request_id: int, *, lock: bool = False) -> QualificationRequest:
    """The request as it is now, with `lock` held until the commit. Raises Stale where there is none (a discarded
    draft, a forged button)."""
    request = db.get(QualificationRequest, request_id, populate_existing=True, with_for_update=lock or None)
    if request is None:
        raise Stale
    return request


def current_open(db: Session, account_id: int) -> QualificationRequest | None:
    """The officer's open request, drafts included; there is at most one."""
    query = select(QualificationRequest).where(
        QualificationRequest.account_id == account_id, col(QualificationRequest.state).in_(OPEN_REQUEST)
    )
    return db.exec(query).first()


def case_of(db: Session, request: QualificationRequest) -> Case:
    """The facts of a request; `changed` and `free_of_charge` are for the services that know them."""
    reviewer_active = True
    if request.reviewer_id is not None and request.state is RequestState.DEFICIENT:
        reviewer_active = routing.is_active_expert(db, request.reviewer_id, request.university_code)
    uncertain = False
    if request.state is RequestState.AWAITING_PAYMENT:
        attempts = select(PaymentAttempt.id).where(
            PaymentAttempt.request_id == request.id, col(PaymentAttempt.state).in_(_UNSETTLED)
        )
        uncertain = db.exec(attempts).first() is not None
    return Case(
        state=request.state,
        kind=request.kind,
        owner_id=request.account_id,
        university_code=request.university_code,
        reviewer_id=request.reviewer_id,
        reviewer_active=reviewer_active,
        qualified=request.state is RequestState.DRAFT and is_qualified(db, request.account_id),
        payment_uncertain=uncertain,
    )


def check_grant(db: Session, actor: Actor) -> None:
    """Refuse an expert, manager or staff member whose role was taken away, or whose account is not active."""
    if actor.role not in _GRANTED:
        return
    query = (
        select(Grant.id)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            Grant.account_id == actor.account_id,
            Grant.role == actor.role,
            Grant.university_code == actor.university_code,
            Grant.distributor_id == actor.distributor_id,
            col(Grant.active).is_(True),
            Account.state == AccountState.ACTIVE,
        )
    )
    if db.exec(query).first() is None:
        raise NotAllowed


def check(
    db: Session,
    request: QualificationRequest,
    case: Case,
    *,
    actor: Actor,
    action: Action,
    version: int | None,
) -> None:
    """Raise NotAllowed for a stranger, Stale or AlreadyDecided for an old button, else what the law says."""
    check_grant(db, actor)
    if not standings(case, actor):
        raise NotAllowed
    if version is not None and version != request.version:
        raise _outrun(db, request, actor)
    key = refusal(case, actor, action)
    if key is None:
        return
    if key == "error.stale" or (key == "error.not_yours" and Standing.EXPERT in standings(case, actor)):
        raise _outrun(db, request, actor, otherwise=NotAllowed() if key == "error.not_yours" else None)
    raise NotAllowed(key)


def change(
    db: Session,
    request: QualificationRequest,
    case: Case,
    *,
    actor: Actor,
    action: Action,
    now: datetime,
    version: int | None = None,
    values: Mapping[str, Any] | None = None,
    **data: Any,
) -> QualificationRequest:
    """Do `action`: check the law, change the row by compare-and-set, append the event with `data`.

    `values` are further columns. Raises as `check`; whoever loses a race gets AlreadyDecided or Stale.
    """
    check(db, request, case, actor=actor, action=action, version=version)
    row = TABLE[case.state, action]
    target = row.leads_to(case)
    assert target is not None
    assert request.id is not None
    moved: dict[str, Any] = {}
    if target is not request.state:
        moved = {"state": target, "state_since": now, "reminders": 0}
    source = request.state
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
    db: Session, request: QualificationRequest, actor: Actor, *, otherwise: Refusal | None = None
) -> Refusal:
    """Why an expert's button is too late: somebody else has the file, or decided. Officers get the fresh screen."""
    if actor.role not in (Role.EXPERT, Role.IN_CHARGE, Role.STAFF):
        return otherwise or Stale()
    events = (
        select(AuditEvent)
        .where(
            AuditEvent.subject == SUBJECT,
            AuditEvent.subject_id == request.id,
            col(AuditEvent.event).in_(_BY_EXPERTS),
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    )
    last = db.exec(events).first()
    if last is None or request.state is RequestState.SUBMITTED or last.actor_id == actor.account_id:
        return otherwise or Stale()
    time = formats.jalali_time(last.at)
    if request.state is RequestState.IN_REVIEW:
        if request.reviewer_id == actor.account_id:
            return otherwise or Stale()
        holder = db.get(Account, request.reviewer_id)
        return AlreadyDecided("error.already_claimed", by=holder.name if holder else "—", time=time)
    return AlreadyDecided(by=decider(db, last, request.university_code), time=time)


def decider(db: Session, event: AuditEvent, university_code: str | None) -> str:
    """Whose decision this was, for a colleague to read."""
    if event.actor_role is Role.STAFF:
        return t("who.staff")
    account = db.get(Account, event.actor_id) if event.actor_id is not None else None
    return account.name if account is not None else university_name(db, university_code)
