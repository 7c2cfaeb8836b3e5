"""What experts of the branch's university do with an accepted request (SPEC 2.4): claim, pass on, approve, reject."""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.errors import InvalidInput, NotAllowed
from bot.rules import identity
from bot.rules.cooperation import REJECTION_REASON, Action
from bot.screens import button
from bot.services import contracts, notify, routing, waiting
from bot.services.coop import cases, closing, news
from bot.texts import t
from bot.turn import Actor
from storage.states import CooperationState
from storage.tables import CooperationRequest


def claim(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """Take a file out of the queue (W7). Raises AlreadyDecided where a colleague has it."""
    request = cases.load(db, request_id)
    return cases.change(
        db,
        request,
        cases.case_of(db, request),
        actor=actor,
        action=Action.CLAIM,
        now=now,
        version=version,
        values={"reviewer_id": actor.account_id},
    )


def release(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """Put a file back into the queue; its expert is told where somebody else did it."""
    request = cases.load(db, request_id)
    holder = request.reviewer_id
    request = cases.change(
        db,
        request,
        cases.case_of(db, request),
        actor=actor,
        action=Action.RELEASE,
        now=now,
        version=version,
        values={"reviewer_id": None},
        holder=holder,
    )
    if holder is not None and holder != actor.account_id:
        _tell_expert(db, request, holder, "released", now, see=False)
    return request


def release_all(db: Session, *, actor: Actor, expert_id: int, now: datetime) -> int:
    """Put every file in this expert's hands back into the queue (an expert leaves); say how many."""
    query = select(CooperationRequest.id).where(
        CooperationRequest.reviewer_id == expert_id,
        CooperationRequest.state == CooperationState.PENDING_UNIVERSITY,
    )
    released = [
        release(db, actor=actor, request_id=request_id or 0, now=now)
        for request_id in db.exec(query.order_by(col(CooperationRequest.id))).all()
    ]
    for university in sorted({request.university_code or "" for request in released} - {""}):
        waiting.tell(db, university_code=university, now=now)
    return len(released)


def assign(
    db: Session, *, actor: Actor, request_id: int, expert_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """Give a file to an expert of its university (W7); both experts are told (N22).

    Raises NotAllowed("error.not_expert_here") also for somebody who stands on one of the two sides.
    """
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    before = request.reviewer_id
    cases.check(db, request, case, actor=actor, action=Action.ASSIGN, version=version)
    own = {request.account_id} | case.managers
    if expert_id in own or not routing.is_active_expert(db, expert_id, request.university_code):
        raise NotAllowed("error.not_expert_here")
    if expert_id == before:
        raise InvalidInput("error.same_expert")
    request = cases.change(
        db,
        request,
        case,
        actor=actor,
        action=Action.ASSIGN,
        now=now,
        version=version,
        values={"reviewer_id": expert_id},
        expert=expert_id,
        before=before,
    )
    if before is not None and before != actor.account_id:
        _tell_expert(db, request, before, "taken", now, see=False)
    if expert_id != actor.account_id:
        _tell_expert(db, request, expert_id, "given", now, see=True)
    return request


def approve(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """The contract is active from now on; who served at the branch before is replaced (N18), the officer's other
    requests are closed (N24), both sides are told (N16).

    Raises NotAllowed("error.officer_not_free") where the officer is not qualified and free any more.
    """
    cases.hold_branch(db, cases.take(db, request_id).branch_id)
    request = cases.load(db, request_id)
    request = cases.change(
        db,
        request,
        cases.case_of(db, request),
        actor=actor,
        action=Action.APPROVE,
        now=now,
        version=version,
        values={"reviewer_id": actor.account_id},
    )
    contracts.replace(db, by=request, now=now)
    contracts.start(db, request=request, now=now)
    closing.close_pending(db, account_id=request.account_id, now=now)
    news.approved(db, request, now=now)
    return request


def university_reject(
    db: Session, *, actor: Actor, request_id: int, reason: str, version: int | None = None, now: datetime
) -> CooperationRequest:
    """Close the request with a reason of 5–500 characters, which both sides read (N17).

    Raises InvalidInput("error.short_reason" or "error.long_text").
    """
    reason = identity.normalise(reason, lines=True)
    shortest, longest = REJECTION_REASON
    if len(reason) < shortest:
        raise InvalidInput("error.short_reason")
    if len(reason) > longest:
        raise identity.too_long(longest)
    request = cases.take(db, request_id)
    request = cases.change(
        db,
        request,
        cases.case_of(db, request),
        actor=actor,
        action=Action.UNIVERSITY_REJECT,
        now=now,
        version=version,
        values={"reviewer_id": actor.account_id, "reject_text": reason},
    )
    news.rejected_by_university(db, request, now=now)
    return request


def _tell_expert(
    db: Session, request: CooperationRequest, expert_id: int, what: str, now: datetime, *, see: bool
) -> None:
    """N22: the file came to, or left, this expert."""
    notify.push(
        db,
        kind="N22",
        event_key=f"{cases.SUBJECT}:{request.id}:{what}:{request.version}",
        account_id=expert_id,
        text=t(f"push.N22_{what}", code=request.tracking_code),
        rows=[[button(t("nav.see"), "desk.coop_file", request.id or 0)]] if see else (),
        now=now,
    )
