"""Loads cooperation requests as the rules see them, with both sides."""

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.rules.cooperation import MACHINE, CooperationAction, CooperationCase, CooperationRelation, may_see
from bot.services.review import routing
from bot.services.review.review_workflow import ReviewWorkflow
from bot.services.shared import eligibility
from bot.services.shared.permissions import require
from storage.enums import OPEN_COOPERATION, AccountState, CooperationState, Role
from storage.tables import Account, Branch, CooperationRequest, Distributor, Grant

#: Of audit events and of the keys of pushes.
SUBJECT = "cooperation"


def lock_request(db: Session, request_id: int) -> CooperationRequest:
    """The request with its officer's row locked: the cooperation of this officer changes only here until the
    commit."""
    eligibility.lock_account(db, COOPERATION_WORKFLOW.load(db, request_id).account_id)
    return COOPERATION_WORKFLOW.load(db, request_id, lock=True)


def lock_branch(db: Session, branch_id: int) -> Branch:
    """The branch as it is now, locked until the commit. Raises NotAllowed for a forged id."""
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


def manager_accounts(db: Session, distributor_id: int) -> list[Account]:
    """The active managers of a distributor, oldest account first."""
    return [account for _, account in managing_grants(db, distributor_id)]


def managing_grants(db: Session, distributor_id: int) -> list[tuple[Grant, Account]]:
    """The active managers of a distributor with the role they act in, oldest account first."""
    query = (
        select(Grant, Account)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            Grant.distributor_id == distributor_id,
            col(Grant.active).is_(True),
            Account.state == AccountState.ACTIVE,
        )
    )
    return list(db.exec(query.order_by(col(Account.id))))


def managed_distributor(db: Session, actor: Actor) -> Distributor:
    """The distributor that the actor manages. Raises NotAllowed."""
    if actor.role is not Role.DISTRIBUTOR or actor.distributor_id is None:
        raise NotAllowed
    require(db, actor)
    return db.get_one(Distributor, actor.distributor_id)


def require_officer(db: Session, actor: Actor) -> int:
    """account.id of an officer who may act. Raises NotAllowed for others, and while suspended."""
    if actor.role is not Role.OFFICER or actor.account_id is None:
        raise NotAllowed
    require(db, actor)
    return actor.account_id


def case_of(db: Session, request: CooperationRequest) -> CooperationCase:
    return CooperationCase(
        state=request.state,
        officer_id=request.account_id,
        distributor_id=request.distributor_id,
        officer=eligibility.eligibility_of(db, request.account_id),
        university_code=request.university_code,
        reviewer_id=request.reviewer_id,
        deputy_for_id=request.deputy_for_id,
        held=request.held_until is not None,
        managers=frozenset(account.id or 0 for account in manager_accounts(db, request.distributor_id)),
    )


COOPERATION_WORKFLOW = ReviewWorkflow(
    row=CooperationRequest,
    queue=routing.COOPERATIONS,
    subject=SUBJECT,
    machine=MACHINE,
    actions=CooperationAction,
    case_of=case_of,
    may_see=may_see,
    open_action="desk.coop_file",
    experts=frozenset(
        {
            CooperationRelation.EXPERT,
            CooperationRelation.REVIEWER,
            CooperationRelation.COLLEAGUE,
            CooperationRelation.IN_CHARGE,
        }
    ),
    review=CooperationState.PENDING_UNIVERSITY,
    conflict_states=frozenset(
        {
            CooperationState.PENDING_UNIVERSITY,
            CooperationState.APPROVED,
            CooperationState.REJECTED_BY_UNIVERSITY,
        }
    ),
    # It comes into other hands: what waits since then is a new wait.
    new_wait=frozenset(
        {
            CooperationAction.CLAIM,
            CooperationAction.ASSIGN,
            CooperationAction.HAND_OVER,
            CooperationAction.GIVE_BACK,
            CooperationAction.RELEASE,
        }
    ),
    is_blocked=lambda case, stands: CooperationRelation.OFFICER in stands and not case.officer.active,
)
