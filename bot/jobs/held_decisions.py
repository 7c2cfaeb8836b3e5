"""Decisions whose time for undoing is over are made: the state changes, and everybody is told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.core.refusals import Refusal
from bot.services import cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.cooperation.requests import lock_request as lock_cooperation
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review.held_decisions import HeldDecision, held
from bot.services.review.review_workflow import ReviewWorkflow
from bot.services.review.routing import ReviewableRow
from bot.services.shared import audit
from storage.database.unit_of_work import compare_and_set, savepoint
from storage.enums import RejectReason

#: Decisions that one sweep makes at most; the next one comes seconds later.
BATCH = 100

#: (workflow, request, decision, address of our pages, now): what makes a decision.
_Make = Callable[[Session, HeldDecision, dict[str, Any], str], object]


def _approve(db: Session, decision: HeldDecision, common: dict[str, Any], public_url: str) -> object:
    return decisions.approve(db, **common, public_url=public_url, decided_at=decision.decided_at)


def _reject(db: Session, decision: HeldDecision, common: dict[str, Any], public_url: str) -> object:
    given = dict(decision.given)
    reason = RejectReason(given.pop("reason"))
    return decisions.reject(db, **common, reason=reason, **given, decided_at=decision.decided_at)


def _declare(db: Session, decision: HeldDecision, common: dict[str, Any], public_url: str) -> object:
    return decisions.declare_deficiencies(db, **common, **decision.given)


def _approve_cooperation(
    db: Session, decision: HeldDecision, common: dict[str, Any], public_url: str
) -> object:
    return cooperation.approve(db, **common)


def _reject_cooperation(
    db: Session, decision: HeldDecision, common: dict[str, Any], public_url: str
) -> object:
    return cooperation.university_reject(db, **common, **decision.given)


#: Subject of the audit → its workflow, and what makes a decision by its action in the rules.
_KINDS: Mapping[str, tuple[ReviewWorkflow[Any, Any, Any, Any, Any], Mapping[str, _Make]]] = {
    QUALIFICATION_WORKFLOW.subject: (
        QUALIFICATION_WORKFLOW,
        {"APPROVE": _approve, "REJECT": _reject, "DECLARE_DEFICIENCIES": _declare},
    ),
    COOPERATION_WORKFLOW.subject: (
        COOPERATION_WORKFLOW,
        {"APPROVE": _approve_cooperation, "UNIVERSITY_REJECT": _reject_cooperation},
    ),
}


async def make_due(resources: Resources) -> int:
    """Make every decision that is due, each in a unit of its own; how many were made."""
    now, made = resources.clock(), 0
    public_url = resources.public_info.public_url
    for subject, request_id in await resources.database.read(partial(due, now=now)):
        unit = partial(make, subject=subject, request_id=request_id, public_url=public_url, now=now)
        made += await resources.database.run(unit)
    return made


def due(db: Session, *, now: datetime) -> list[tuple[str, int]]:
    """(subject, request) of decisions whose time for undoing is over, the oldest first."""
    found: list[tuple[datetime, str, int]] = []
    for subject, (workflow, _) in _KINDS.items():
        until = col(workflow.row.held_until)
        query = select(until, workflow.row.id).where(until <= now).order_by(until).limit(BATCH)
        found += [(at, subject, request_id) for at, request_id in db.exec(query)]
    return [(subject, request_id) for _, subject, request_id in sorted(found)[:BATCH]]


def make(db: Session, *, subject: str, request_id: int, public_url: str, now: datetime) -> bool:
    """Make a decision that is due, as its expert's; False where it was undone, or another process made it.

    Where the rules refuse it by now (the expert's role ended, the applicant was suspended) it is dropped: the file
    stays with its expert, who is told."""
    workflow, makers = _KINDS[subject]
    if workflow is COOPERATION_WORKFLOW:
        lock_cooperation(db, request_id)
    request: ReviewableRow = workflow.load(db, request_id, lock=True)
    decision = held(request)
    if decision is None or decision.until > now:
        return False
    if not compare_and_set(db, request, {"held_until": None, "held_decision": {}}):
        return False
    common = {"actor": decision.actor, "request_id": request_id, "now": now}
    try:
        with savepoint(db):
            makers[decision.action](db, decision, common, public_url)
    except Refusal as refusal:
        db.refresh(request)
        audit.record(
            db,
            now=now,
            actor=SYSTEM,
            event="decision_dropped",
            subject=subject,
            subject_id=request_id,
            decision=decision.action,
            reason=refusal.key,
        )
        workflow.notify_dropped(db, request, decision.actor.account_id, now=now)
        if refusal.after is not None:
            refusal.after(db)
    return True
