"""Decisions that may still be undone: noted on the file, made once the time for undoing is over.

Until then nothing follows from one: no state, no message, no fee, no contract. `bot.jobs.held_decisions` makes what is
due; whatever else happens to the file meanwhile drops it (`ReviewWorkflow.change`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.rules.state_machine import A, S, W
from bot.services.review.review_workflow import AuthorizedAction, C, ReviewWorkflow
from bot.services.review.routing import R, ReviewableRow
from storage.enums import Role

NO_UNDO = timedelta(0)


@dataclass(frozen=True, slots=True)
class HeldDecision:
    """Who decided what and when, and the arguments of the service that makes it. `until`: when that is due."""

    action: str
    actor: Actor
    decided_at: datetime
    until: datetime
    given: Mapping[str, Any]


def hold(
    db: Session,
    workflow: ReviewWorkflow[R, S, A, W, C],
    authorized: AuthorizedAction[R, A, C],
    *,
    now: datetime,
    undo: timedelta,
    given: Mapping[str, Any],
) -> R:
    """Note what `check` allowed, to be made `undo` from now with the arguments `given`. A file that nobody had is the
    decider's from now on. Raises AlreadyDecided, Stale as `ReviewWorkflow.change`."""
    request, actor = authorized.request, authorized.actor
    if request.reviewer_id != actor.account_id:
        request = workflow.claim(
            db, actor=actor, request_id=request.id or 0, version=authorized.version, now=now
        )
    holding = workflow.check(db, request, actor=actor, action=workflow.actions("HOLD"))
    decision = {
        "action": str(authorized.action),
        "by": actor.account_id,
        "role": str(actor.role),
        "university": actor.university_code,
        "at": now.isoformat(),
        "given": dict(given),
    }
    values = {"held_until": now + undo, "held_decision": decision}
    return workflow.change(db, holding, now=now, values=values, decision=authorized.action)


def held(request: ReviewableRow) -> HeldDecision | None:
    """The decision about this file that may still be undone, None where there is none."""
    if request.held_until is None:
        return None
    stored = request.held_decision
    actor = Actor(stored["by"], Role(stored["role"]), stored["university"])
    decided_at = datetime.fromisoformat(stored["at"])
    return HeldDecision(stored["action"], actor, decided_at, request.held_until, stored["given"])


def undo(
    db: Session,
    workflow: ReviewWorkflow[R, S, A, W, C],
    *,
    actor: Actor,
    request_id: int,
    version: int | None = None,
    now: datetime,
) -> R:
    """Take a decision back before it is made: the file is its expert's again, and nobody else heard of it.

    Raises AlreadyDecided where the decision was made or taken back meanwhile (who, what and when), NotAllowed."""
    request = workflow.load(db, request_id, lock=True)
    undoing = workflow.check(db, request, actor=actor, action=workflow.actions("UNDO"), version=version)
    return workflow.change(db, undoing, now=now)
