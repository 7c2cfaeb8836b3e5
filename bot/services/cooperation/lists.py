"""Lists of cooperation requests: the officer's, the distributor's, the experts'."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.cooperation import requests
from bot.services.review import routing
from bot.services.review.worklists import WorklistPage, Worklists
from bot.services.shared.permissions import require
from storage.enums import OPEN_COOPERATION, CooperationState, Role
from storage.tables import Account, Branch, CooperationRequest, Distributor


@dataclass(frozen=True, slots=True)
class CooperationLine:
    """One request in a list. `since` is when it reached the reader of the list, for the age."""

    request: CooperationRequest
    officer: Account
    distributor: Distributor
    branch: Branch
    since: datetime
    reviewer: Account | None = None


_NEWEST_FIRST = (col(CooperationRequest.id).desc(),)


def _lines(
    db: Session, condition: ColumnElement[bool], order: tuple[Any, ...], offset: int, limit: int
) -> tuple[CooperationLine, ...]:
    query = (
        select(CooperationRequest, Account, Distributor, Branch)
        .join(Account, col(Account.id) == col(CooperationRequest.account_id))
        .join(Distributor, col(Distributor.id) == col(CooperationRequest.distributor_id))
        .join(Branch, col(Branch.id) == col(CooperationRequest.branch_id))
        .where(condition)
        .order_by(*order)
    )
    return tuple(
        CooperationLine(
            request,
            officer,
            distributor,
            branch,
            request.accepted_at or request.created_at,
            db.get(Account, request.reviewer_id) if request.reviewer_id is not None else None,
        )
        for request, officer, distributor, branch in db.exec(query.offset(offset).limit(limit))
    )


def _count(db: Session, condition: ColumnElement[bool]) -> int:
    return db.exec(select(func.count()).select_from(CooperationRequest).where(condition)).one()


# ── the officer ──────────────────────────────────────────────────────────────────────────────────────────────────


def _asked(account_id: int) -> ColumnElement[bool]:
    return (col(CooperationRequest.account_id) == account_id) & (
        col(CooperationRequest.state) == CooperationState.PENDING_OFFICER
    )


def count_new(db: Session, *, actor: Actor) -> int:
    """How many requests wait for the acting officer's answer. Raises NotAllowed."""
    return _count(db, _asked(_officer(db, actor)))


def _officer(db: Session, actor: Actor) -> int:
    require(db, actor, Role.OFFICER, reading=True)
    if actor.account_id is None:
        raise NotAllowed
    return actor.account_id


def new_for_officer(db: Session, *, actor: Actor, offset: int, limit: int) -> WorklistPage[CooperationLine]:
    """Requests that wait for the acting officer's answer (R38), oldest first."""
    condition = _asked(_officer(db, actor))
    order = (col(CooperationRequest.id),)
    return WorklistPage(_lines(db, condition, order, offset, limit), _count(db, condition))


def archive_for_officer(
    db: Session, *, actor: Actor, offset: int, limit: int
) -> WorklistPage[CooperationLine]:
    """All requests of the acting officer (R42), newest first."""
    condition = col(CooperationRequest.account_id) == _officer(db, actor)
    return WorklistPage(_lines(db, condition, _NEWEST_FIRST, offset, limit), _count(db, condition))


def reserved(db: Session, *, actor: Actor) -> CooperationRequest | None:
    """The accepted request of the acting officer that waits for its university; there is at most one. Raises
    NotAllowed."""
    query = select(CooperationRequest).where(
        CooperationRequest.account_id == _officer(db, actor),
        CooperationRequest.state == CooperationState.PENDING_UNIVERSITY,
    )
    return db.exec(query).first()


# ── the distributor ──────────────────────────────────────────────────────────────────────────────────────────────


def for_distributor(
    db: Session,
    *,
    actor: Actor,
    offset: int,
    limit: int,
    branch_id: int | None = None,
    open_only: bool = False,
) -> WorklistPage[CooperationLine]:
    """The requests of the actor's distributor, newest first; of one branch, or only the open ones."""
    condition = col(CooperationRequest.distributor_id) == requests.managed_distributor(db, actor).id
    if branch_id is not None:
        condition &= col(CooperationRequest.branch_id) == branch_id
    if open_only:
        condition &= col(CooperationRequest.state).in_(OPEN_COOPERATION)
    return WorklistPage(_lines(db, condition, _NEWEST_FIRST, offset, limit), _count(db, condition))


# ── the experts ──────────────────────────────────────────────────────────────────────────────────────────────────


LISTS = Worklists(routing.COOPERATIONS, _lines)
