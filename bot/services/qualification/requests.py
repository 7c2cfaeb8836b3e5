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
from storage.enums import (
    IN_CIRCULATION,
    OPEN_REQUEST,
    AccountState,
    AttemptState,
    RequestKind,
    RequestState,
)
from storage.tables import Account, PaymentAttempt, QualificationRequest

#: Of audit events and of the keys of pushes.
SUBJECT = "qualification"
#: States in which an expert may approve.
_DECIDABLE = (RequestState.SUBMITTED, RequestState.IN_REVIEW)
_UNSETTLED = frozenset({AttemptState.UNCERTAIN, AttemptState.VERIFYING})
#: The money is here.
_RECEIVED = frozenset({AttemptState.PAID, AttemptState.REFUND_DUE})


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
    attempts: set[AttemptState] = set()
    if request.state is RequestState.AWAITING_PAYMENT:
        query = select(col(PaymentAttempt.state)).where(
            PaymentAttempt.request_id == request.id, col(PaymentAttempt.state).in_(_UNSETTLED | _RECEIVED)
        )
        attempts = set(db.exec(query))
    later: set[RequestState] = set()
    if request.state is RequestState.COMPLETED:
        others = select(col(QualificationRequest.state)).where(
            QualificationRequest.account_id == request.account_id,
            col(QualificationRequest.id) > request.id,
            col(QualificationRequest.state).in_(IN_CIRCULATION | {RequestState.COMPLETED}),
        )
        later = set(db.exec(others))
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
        payment_uncertain=bool(attempts & _UNSETTLED),
        payment_received=bool(attempts & _RECEIVED),
        other_open=bool(later & IN_CIRCULATION),
        superseded=RequestState.COMPLETED in later,
        irreversible=request.kind is RequestKind.AMENDMENT and not request.before,
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
