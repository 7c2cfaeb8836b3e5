"""Actions of the two sides of a cooperation request: pick, accept, reject, give up, withdraw.

See docs/specification.md 2.4.
"""

from datetime import datetime

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Throttled
from bot.rules import validators
from bot.rules.cooperation import OFFICER_REASON_MAX, TABLE, CooperationAction, CooperationCase, refusal
from bot.rules.validators import NationalCode
from bot.services.cooperation import notifications, requests
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review import queue_notices, routing
from bot.services.search import index as search_index
from bot.services.shared import audit, eligibility, rate_limit
from bot.services.shared.rate_limit import LOOKUPS_PER_DISTRIBUTOR
from bot.services.shared.tracking_code import next_code
from bot.texts.written_text import written
from storage.enums import CooperationState
from storage.tables import Branch, CooperationRequest, Distributor


def university_of(db: Session, branch: Branch) -> str | None:
    """Who decides on the branch's requests (W6): its region's university now, else the one it was defined with."""
    settled = routing.resolve_university(
        db, province=branch.province, city=branch.city, chosen=branch.university_code
    )
    return settled or branch.university_code


def look_up(db: Session, *, actor: Actor, national_code: NationalCode, now: datetime) -> int:
    """account.id of the eligible officer whom `pick` would ask, for the question whether that one is meant; counted as
    a look-up. Raises Throttled and NotAllowed("error.not_eligible") as `pick`."""
    distributor = requests.managed_distributor(db, actor)
    assert distributor.id is not None
    return _eligible_officer(db, actor, distributor.id, national_code, now)


def _eligible_officer(
    db: Session,
    actor: Actor,
    distributor_id: int,
    national_code: NationalCode,
    now: datetime,
    *,
    counted: bool = False,
    lock: bool = False,
) -> int:
    """account.id of the officer with this code whom the distributor may ask; one more look-up, unless it is `counted`
    already. `lock`: the account stays as it is until the commit."""
    key = f"pick:distributor:{distributor_id}"
    waits = rate_limit.time_to_wait(db, key=key, limit=LOOKUPS_PER_DISTRIBUTOR, now=now) is not None
    if waits and not counted:
        raise Throttled
    officer_id = eligibility.officer_of(db, national_code)
    if lock:
        eligibility.lock_account(db, officer_id)
    case = CooperationCase(None, officer_id, distributor_id, eligibility.eligibility_of(db, officer_id))
    refused = refusal(case, actor, CooperationAction.PICK)
    if refused is not None:
        raise NotAllowed(refused, after=lambda session: rate_limit.count_try(session, key=key, now=now))
    if not counted:
        rate_limit.count_try(db, key=key, now=now)
    return officer_id


def pick(
    db: Session,
    *,
    actor: Actor,
    branch_id: int,
    national_code: NationalCode,
    counted: bool,
    now: datetime,
) -> CooperationRequest:
    """Ask an eligible officer to serve at a branch (R37, N13); at an occupied branch that is a replacement. `counted`:
    `look_up` counted this code already.

    Raises NotAllowed("error.branch_busy" or "error.branch_no_university"),
    Throttled after 20 look-ups of a day, and one NotAllowed("error.not_eligible") for every other code, after the same
    work: nobody learns who is registered, or why not.
    """
    distributor = requests.managed_distributor(db, actor)
    assert distributor.id is not None
    db.exec(
        select(Distributor.id).where(Distributor.id == distributor.id).with_for_update(key_share=True)
    ).first()
    branch = requests.lock_branch(db, branch_id)
    if branch.distributor_id != distributor.id:
        raise NotAllowed
    if branch.closed_at is not None:
        raise NotAllowed("error.branch_closed")
    if not distributor.active:
        raise NotAllowed("error.distributor_inactive")
    if requests.open_at(db, branch_id) is not None:
        raise NotAllowed("error.branch_busy")
    if university_of(db, branch) is None:
        raise NotAllowed("error.branch_no_university")
    officer_id = _eligible_officer(db, actor, distributor.id, national_code, now, counted=counted, lock=True)
    assert actor.account_id is not None
    request = CooperationRequest(
        branch_id=branch_id,
        distributor_id=distributor.id,
        account_id=officer_id,
        requested_by=actor.account_id,
        tracking_code=next_code(db, now),
        state_since=now,
        created_at=now,
    )
    db.add(request)
    db.flush()
    assert request.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=TABLE[None, CooperationAction.PICK].event,
        subject=requests.SUBJECT,
        subject_id=request.id,
        to_state=request.state,
        branch=branch_id,
        officer=officer_id,
    )
    notifications.notify_picked(db, request, now=now)
    return request


def accept(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """The officer permits the request to go to the branch's university (R40, N14, N10) and is reserved.

    Raises NotAllowed("error.accept_while_employed", "error.accept_while_reserved" or "error.accept_no_university"), Stale.
    """
    request = requests.lock_request(db, request_id)
    acceptance = COOPERATION_WORKFLOW.check(
        db, request, actor=actor, action=CooperationAction.ACCEPT, version=version
    )
    university = university_of(db, db.get_one(Branch, request.branch_id))
    if university is None:
        raise NotAllowed("error.accept_no_university")
    request = COOPERATION_WORKFLOW.change(
        db,
        acceptance,
        now=now,
        values={"university_code": university, "accepted_at": now},
        university=university,
    )
    search_index.open_to(
        db,
        university_code=university,
        account_id=request.account_id,
        distributor_id=request.distributor_id,
    )
    notifications.notify_accepted(db, request, now=now)
    queue_notices.notify_waiting(db, university_code=university, now=now)
    return request


def _reason(text: str | None) -> str | None:
    """The officer's own words, None where there are none (R41: optional)."""
    reason = written(text or "", lines=True)
    if len(reason) > OFFICER_REASON_MAX:
        raise validators.too_long(OFFICER_REASON_MAX)
    return reason or None


def reject(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    reason: str | None = None,
    version: int | None = None,
    now: datetime,
) -> CooperationRequest:
    """The officer does not want it: returned to the distributor and closed (R41, N15)."""
    return _refuse(db, actor, request_id, CooperationAction.REJECT, reason, version, now)


def give_up(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    reason: str | None = None,
    version: int | None = None,
    now: datetime,
) -> CooperationRequest:
    """«انصراف از همکاری»: the officer takes the acceptance back before the university decided (Q21, N15)."""
    return _refuse(db, actor, request_id, CooperationAction.GIVE_UP, reason, version, now)


def _refuse(
    db: Session,
    actor: Actor,
    request_id: int,
    action: CooperationAction,
    reason: str | None,
    version: int | None,
    now: datetime,
) -> CooperationRequest:
    values = {"officer_reason": _reason(reason)}
    request = requests.lock_request(db, request_id)
    refusing = COOPERATION_WORKFLOW.check(db, request, actor=actor, action=action, version=version)
    request = COOPERATION_WORKFLOW.change(db, refusing, now=now, values=values)
    notifications.notify_refused_by_officer(
        db, request, given_up=action is CooperationAction.GIVE_UP, now=now
    )
    return request


def withdraw(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> CooperationRequest:
    """The distributor takes the request back, in either pending state (N24)."""
    request = requests.lock_request(db, request_id)
    waited = request.state is CooperationState.PENDING_UNIVERSITY
    withdrawal = COOPERATION_WORKFLOW.check(
        db, request, actor=actor, action=CooperationAction.WITHDRAW, version=version
    )
    request = COOPERATION_WORKFLOW.change(db, withdrawal, now=now)
    notifications.notify_withdrawn(db, request, now=now)
    if waited and request.university_code is not None:
        routing.alert_if_no_expert(db, university_code=request.university_code, now=now)
    return request
