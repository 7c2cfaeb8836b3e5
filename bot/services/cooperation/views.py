"""One request as each side may see it: the officer everything about the distributor (R39), the university the
officer without documents (docs/specification.md 2.4), the distributor a name and a state (Q44)."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.rules.cooperation import (
    CooperationAction,
    CooperationCase,
    CooperationRelation,
    allowed_actions,
    relations,
)
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review.cautions import Cautions, cautions_of
from bot.services.shared import notify
from bot.services.shared.reference_data import university_name
from bot.texts import formats
from storage.enums import AccountState, ContractState, CooperationState, RequestKind, RequestState
from storage.tables import (
    Account,
    Branch,
    Contract,
    CooperationRequest,
    DegreeLevel,
    Distributor,
    FieldOfStudy,
    Officer,
    QualificationRequest,
)


@dataclass(frozen=True, slots=True)
class OfficerCard:
    request: CooperationRequest
    distributor: Distributor
    branch: Branch
    #: Name of the university that decides, "—" before the acceptance.
    university: str
    actions: frozenset[CooperationAction]


@dataclass(frozen=True, slots=True)
class DistributorCard:
    request: CooperationRequest
    branch: Branch
    officer_name: str
    #: The officer has no live chat: «مسئول فنی هنوز وارد سامانه نشده است».
    unreachable: bool
    university: str
    actions: frozenset[CooperationAction]


@dataclass(frozen=True, slots=True)
class ExpertCard:
    request: CooperationRequest
    distributor: Distributor
    branch: Branch
    officer_name: str
    #: «•••••••۵۶۱»
    masked_code: str
    level: str
    field: str
    #: Name of the university that found the officer qualified, and when; "—" and None for a migrated one.
    qualified_by: str
    qualified_at: datetime | None
    reviewer: Account | None
    #: Who serves at the branch now and would be replaced.
    replaces: tuple[str, ...]
    #: Of the officer: the account may serve now; the qualification holds; +989…, and whether the officer proved to have it; ended contracts.
    active: bool
    qualified: bool
    mobile: str | None
    mobile_verified: bool
    former_contracts: int
    actions: frozenset[CooperationAction] = frozenset()
    cautions: Cautions | None = None

    @property
    def may_decide(self) -> bool:
        """Who decides may call both sides."""
        return bool(self.actions & {CooperationAction.APPROVE, CooperationAction.UNIVERSITY_REJECT})


def _open_request(
    db: Session, actor: Actor, request_id: int, stands: frozenset[CooperationRelation]
) -> tuple[CooperationRequest, CooperationCase, frozenset[CooperationAction]]:
    """The request for an actor with these relations. Raises NotAllowed, Stale."""
    request, case = COOPERATION_WORKFLOW.see(db, request_id, actor=actor)
    if not relations(case, actor) & stands:
        raise NotAllowed
    suspended = CooperationRelation.OFFICER in stands and not case.officer.active
    return request, case, frozenset() if suspended else allowed_actions(case, actor)


def officer_card(db: Session, *, actor: Actor, request_id: int) -> OfficerCard:
    """For the officer who was asked (R39). Raises NotAllowed, Stale."""
    request, _, actions = _open_request(db, actor, request_id, frozenset({CooperationRelation.OFFICER}))
    return OfficerCard(
        request,
        db.get_one(Distributor, request.distributor_id),
        db.get_one(Branch, request.branch_id),
        university_name(db, request.university_code),
        actions,
    )


def distributor_card(db: Session, *, actor: Actor, request_id: int) -> DistributorCard:
    """For a manager of the distributor that asks. Raises NotAllowed, Stale."""
    request, _, actions = _open_request(db, actor, request_id, frozenset({CooperationRelation.DISTRIBUTOR}))
    return DistributorCard(
        request,
        db.get_one(Branch, request.branch_id),
        db.get_one(Account, request.account_id).name,
        unreachable(db, request),
        university_name(db, request.university_code),
        actions,
    )


def unreachable(db: Session, request: CooperationRequest | None) -> bool:
    """The request waits for an officer who has no live chat."""
    return (
        request is not None
        and request.state is CooperationState.PENDING_OFFICER
        and not notify.has_live_chat(db, request.account_id)
    )


_AT_UNIVERSITY = frozenset(
    {
        CooperationRelation.EXPERT,
        CooperationRelation.REVIEWER,
        CooperationRelation.COLLEAGUE,
        CooperationRelation.IN_CHARGE,
        CooperationRelation.STAFF,
    }
)


def expert_card(db: Session, *, actor: Actor, request_id: int) -> ExpertCard:
    """For the experts of the university it was sent to, and for staff. Raises NotAllowed, Stale."""
    request, _, actions = _open_request(db, actor, request_id, _AT_UNIVERSITY)
    return replace(expert_card_of(db, request), actions=actions)


def expert_card_of(db: Session, request: CooperationRequest) -> ExpertCard:
    """The card without `actions`, for a caller that a service has just let act on this request as an
    expert."""
    account = db.get_one(Account, request.account_id)
    officer = db.get_one(Officer, request.account_id)
    level = db.get(DegreeLevel, officer.level_code) if officer.level_code else None
    field = db.get(FieldOfStudy, officer.field_code) if officer.field_code else None
    qualified_by, qualified_at = _qualified(db, officer)
    serving = db.exec(
        select(Account)
        .join(Contract, col(Contract.account_id) == col(Account.id))
        .where(Contract.branch_id == request.branch_id, Contract.state == ContractState.ACTIVE)
        .order_by(col(Contract.id))
    ).all()
    return ExpertCard(
        request,
        db.get_one(Distributor, request.distributor_id),
        db.get_one(Branch, request.branch_id),
        account.name,
        formats.masked(account.national_code or ""),
        level.name if level is not None else "—",
        (officer.field_note or field.name) if field is not None else "—",
        qualified_by,
        qualified_at,
        db.get(Account, request.reviewer_id) if request.reviewer_id is not None else None,
        tuple(account.name for account in serving if account.id != request.account_id),
        account.state is AccountState.ACTIVE,
        officer.legacy_qualified or officer.qualified_at is not None,
        account.mobile,
        account.mobile_verified,
        db.exec(
            select(func.count())
            .select_from(Contract)
            .where(Contract.account_id == account.id, Contract.state != ContractState.ACTIVE)
        ).one(),
        cautions=cautions_of(db, account=account, request=request),
    )


def _qualified(db: Session, officer: Officer) -> tuple[str, datetime | None]:
    first = db.exec(
        select(QualificationRequest)
        .where(
            QualificationRequest.account_id == officer.account_id,
            QualificationRequest.kind == RequestKind.NEW,
            QualificationRequest.state == RequestState.COMPLETED,
        )
        .order_by(col(QualificationRequest.id).desc())
        .limit(1)
    ).first()
    if first is not None:
        return university_name(db, first.university_code), first.closed_at
    return university_name(db, officer.university_code), officer.qualified_at
