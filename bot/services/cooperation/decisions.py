"""Decisions of the experts of the branch's university on an accepted request: approve, reject.

See docs/specification.md 2.4. With `undo` a decision is checked and only noted until that time is over
(`bot.services.review.held_decisions`).
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.rules.cooperation import REJECTION_REASON, CooperationAction
from bot.services.cooperation import closing, contracts, notifications, requests
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review import held_decisions
from bot.services.review.held_decisions import NO_UNDO
from bot.texts.written_text import written
from storage.tables import CooperationRequest


def approve(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    version: int | None = None,
    now: datetime,
    undo: timedelta = NO_UNDO,
) -> CooperationRequest:
    """The contract is active from now on; who served at the branch before is replaced (N18), the officer's
    other requests are closed (N24), both sides are told (N16).

    Raises NotAllowed("error.officer_not_free") where the officer is not qualified and free any more.
    """
    request = requests.lock_request(db, request_id)
    approval = COOPERATION_WORKFLOW.check(
        db, request, actor=actor, action=CooperationAction.APPROVE, version=version
    )
    if undo:
        return held_decisions.hold(db, COOPERATION_WORKFLOW, approval, now=now, undo=undo, given={})
    # Only now: at the branch of a closed request a manager may be choosing this officer again, who holds the
    # branch and waits for the officer.
    requests.lock_branch(db, request.branch_id)
    request = COOPERATION_WORKFLOW.change(
        db,
        approval,
        now=now,
        values={"reviewer_id": actor.account_id},
    )
    contracts.replace(db, by=request, now=now)
    contracts.start_contract(db, request=request, now=now)
    closing.close_pending(db, account_id=request.account_id, now=now)
    notifications.notify_approved(db, request, now=now)
    return request


def university_reject(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    reason: str,
    version: int | None = None,
    now: datetime,
    undo: timedelta = NO_UNDO,
) -> CooperationRequest:
    """Close the request with a reason of 5–500 characters, which both sides read (N17).

    Raises InvalidInput("error.short_reason" or "error.long_text").
    """
    reason = written(reason, lines=True)
    shortest, longest = REJECTION_REASON
    if len(reason) < shortest:
        raise InvalidInput("error.short_reason")
    if len(reason) > longest:
        raise validators.too_long(longest)
    request = requests.lock_request(db, request_id)
    rejecting = COOPERATION_WORKFLOW.check(
        db, request, actor=actor, action=CooperationAction.UNIVERSITY_REJECT, version=version
    )
    if undo:
        given = {"reason": reason}
        return held_decisions.hold(db, COOPERATION_WORKFLOW, rejecting, now=now, undo=undo, given=given)
    request = COOPERATION_WORKFLOW.change(
        db,
        rejecting,
        now=now,
        values={"reviewer_id": actor.account_id, "reject_text": reason},
    )
    notifications.notify_rejected_by_university(db, request, now=now)
    return request
