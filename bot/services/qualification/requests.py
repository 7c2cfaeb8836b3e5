"""Loads qualification requests as the rules see them."""

from sqlmodel import Session, col, select

from bot.rules.qualification import (
    MACHINE,
    QualificationAction,
    QualificationCase,
    QualificationRelation,
    may_see,
)
from bot.services.review import routing
from bot.services.review.review_workflow import ReviewWorkflow
from bot.services.shared.eligibility import is_qualified
from storage.enums import OPEN_REQUEST, AccountState, AttemptState, RequestState
from storage.tables import Account, PaymentAttempt, QualificationRequest

#: Of audit events and of the keys of pushes.
SUBJECT = "qualification"
#: States in which an expert may approve.
_DECIDABLE = (RequestState.SUBMITTED, RequestState.IN_REVIEW)
_UNSETTLED = (AttemptState.UNCERTAIN, AttemptState.VERIFYING)


def current_open(db: Session, account_id: int) -> QualificationRequest | None:
    """The officer's open request, drafts included; there is at most one."""
    query = select(QualificationRequest).where(
        QualificationRequest.account_id == account_id, col(QualificationRequest.state).in_(OPEN_REQUEST)
    )
    return db.exec(query).first()


def case_of(db: Session, request: QualificationRequest) -> QualificationCase:
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
    return QualificationCase(
        state=request.state,
        kind=request.kind,
        owner_id=request.account_id,
        university_code=request.university_code,
        reviewer_id=request.reviewer_id,
        deputy_for_id=request.deputy_for_id,
        reviewer_active=reviewer_active,
        qualified=request.state is RequestState.DRAFT and is_qualified(db, request.account_id),
        held=request.held_until is not None,
        owner_suspended=request.state in _DECIDABLE
        and db.get_one(Account, request.account_id).state is AccountState.SUSPENDED,
        payment_uncertain=uncertain,
    )


QUALIFICATION_WORKFLOW = ReviewWorkflow(
    row=QualificationRequest,
    queue=routing.REQUESTS,
    subject=SUBJECT,
    machine=MACHINE,
    actions=QualificationAction,
    case_of=case_of,
    may_see=may_see,
    open_action="desk.file",
    experts=frozenset({QualificationRelation.EXPERT}),
    review=RequestState.IN_REVIEW,
    conflict_states=frozenset(RequestState) - {RequestState.SUBMITTED, RequestState.WITHDRAWN},
)
