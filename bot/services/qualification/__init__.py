"""Qualification requests: drafts, submission, decisions, completion (docs/specification.md 2.2, R4–R24)."""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.rules.qualification import QualificationAction, may_see
from bot.services.qualification import requests
from bot.services.qualification.completion import approved_of, complete_request
from bot.services.qualification.drafts import discard, may_start, prefill, start_draft
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, current_open
from bot.services.qualification.submission import (
    check_resolution,
    check_submission,
    open_round,
    resolve,
    submit,
)
from bot.services.shared import pay_messages
from bot.services.shared.eligibility import is_qualified
from bot.services.shared.permissions import require
from storage.enums import IN_CIRCULATION, OPEN_REQUEST, RequestKind, Role
from storage.tables import (
    QualificationRequest,
)

__all__ = [
    "approved_of",
    "check_resolution",
    "check_submission",
    "complete_request",
    "current_open",
    "discard",
    "in_circulation",
    "is_qualified",
    "latest",
    "may_start",
    "open_round",
    "own",
    "prefill",
    "resolve",
    "start_draft",
    "submit",
    "withdraw",
]


def own(db: Session, *, actor: Actor, request_id: int) -> QualificationRequest:
    """A request of the acting officer. Raises NotAllowed for another's, and where there is none."""
    require(db, actor, Role.OFFICER, reading=True)
    request = db.get(QualificationRequest, request_id)
    if request is None or not may_see(requests.case_of(db, request), actor):
        raise NotAllowed
    return request


def latest(db: Session, *, actor: Actor) -> QualificationRequest | None:
    """The acting officer's newest request, whatever its state; once the qualification was revoked, amendments that have
    ended are none. Raises NotAllowed."""
    require(db, actor, reading=True)
    query = (
        select(QualificationRequest)
        .where(QualificationRequest.account_id == actor.account_id)
        .order_by(col(QualificationRequest.id).desc())
        .limit(1)
    )
    newest = db.exec(query).first()
    if newest is None or newest.kind is RequestKind.NEW or newest.state in OPEN_REQUEST:
        return newest
    if is_qualified(db, actor.account_id or 0):
        return newest
    return db.exec(query.where(QualificationRequest.kind == RequestKind.NEW)).first() or newest


def in_circulation(db: Session, account_id: int) -> bool:
    """R11: general data are not saved while this is true."""
    request = current_open(db, account_id)
    return request is not None and request.state in IN_CIRCULATION


def withdraw(
    db: Session, *, actor: Actor, request_id: int, now: datetime, version: int | None = None
) -> QualificationRequest:
    """The officer gives the request up. Raises NotAllowed("error.payment_uncertain") while the bank may say "paid"."""
    request = QUALIFICATION_WORKFLOW.load(db, request_id, lock=True)
    withdrawal = QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.WITHDRAW, version=version
    )
    QUALIFICATION_WORKFLOW.change(db, withdrawal, now=now)
    pay_messages.take_buttons_off(db, request, now=now)
    return request
