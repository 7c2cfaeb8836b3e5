"""What follows if a file is revoked now: for the questions before it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules import request_items
from bot.rules.qualification import TABLE, QualificationAction, refusal
from bot.services.cooperation import contracts
from bot.services.cooperation.contracts import ContractDetails
from bot.services.qualification import requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.revocation.revoking import reviewer_there
from bot.services.shared.permissions import require
from storage.enums import OPEN_COOPERATION, AttemptState, RequestKind, RequestState, Role
from storage.tables import Account, CooperationRequest, PaymentAttempt, QualificationRequest


@dataclass(frozen=True, slots=True)
class Consequences:
    request: QualificationRequest
    officer: Account
    #: Of an approval: who gets the file back; None: the queue.
    returns_to: Account | None = None
    #: Of a new request: the cooperation that ends, requests for one that are closed, a draft that goes. Of an amendment
    #: the contract stays.
    contract: ContractDetails | None = None
    open_cooperations: int = 0
    draft_goes: bool = False
    #: Of an amendment: the items that get their former values.
    restored: tuple[str, ...] = ()
    #: What was paid for it, in rial.
    paid_rial: int | None = None


def consequences_of(db: Session, *, actor: Actor, request_id: int, now: datetime) -> Consequences:
    """Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    request, _ = QUALIFICATION_WORKFLOW.see(db, request_id, actor=actor)
    officer = db.get_one(Account, request.account_id)
    if request.state is RequestState.AWAITING_PAYMENT:
        back = reviewer_there(db, request, now)
        return Consequences(request, officer, db.get(Account, request.reviewer_id) if back else None)
    paid = db.exec(
        select(PaymentAttempt.amount_rial).where(
            PaymentAttempt.request_id == request.id, PaymentAttempt.state == AttemptState.PAID
        )
    ).first()
    contract = contracts.active(db, request.account_id)
    serves = contracts.details(db, contract) if contract is not None else None
    if request.kind is RequestKind.AMENDMENT:
        items = tuple(request_items.changed(request.before, request.snapshot))
        return Consequences(request, officer, contract=serves, restored=items, paid_rial=paid)
    asked = db.exec(
        select(func.count())
        .select_from(CooperationRequest)
        .where(
            CooperationRequest.account_id == request.account_id,
            col(CooperationRequest.state).in_(OPEN_COOPERATION),
        )
    ).one()
    draft = requests.current_open(db, request.account_id)
    return Consequences(
        request,
        officer,
        contract=serves,
        open_cooperations=asked,
        draft_goes=draft is not None and draft.state is RequestState.DRAFT,
        paid_rial=paid,
    )


def refused_because(db: Session, *, actor: Actor, request: QualificationRequest) -> str | None:
    """The text key of why staff cannot revoke a file now that could be revoked in this state; None where they can, in
    other states, and for others."""
    row = (request.state, QualificationAction.REVOKE)
    if actor.role is not Role.STAFF or row not in TABLE:
        return None
    return refusal(requests.case_of(db, request), actor, QualificationAction.REVOKE)
