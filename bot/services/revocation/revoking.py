"""Taking an approval, a qualification or an amendment back: one transaction, with everybody told."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.core.refusals import InvalidInput, NotAllowed
from bot.rules.account import REASON_MAX, REASON_MIN
from bot.rules.qualification import QualificationAction, QualificationCase
from bot.rules.request_items import DOCUMENT, changed
from bot.services.cooperation import closing, contracts
from bot.services.qualification import drafts, requests
from bot.services.qualification.completion import COLUMNS, approved_file
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import leaves, routing
from bot.services.review.review_workflow import AuthorizedAction, held_by
from bot.services.revocation import notices
from bot.services.search import index as search_index
from bot.services.shared import eligibility, pay_messages
from bot.services.shared.permissions import require
from storage.enums import RequestKind, RequestState, Role
from storage.tables import Account, Officer, QualificationRequest

_Revoking = AuthorizedAction[QualificationRequest, QualificationAction, QualificationCase]


def revoke(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    reason: str,
    public_info: PublicInfo,
    version: int | None = None,
    now: datetime,
) -> QualificationRequest:
    """Staff take back what was decided about a file: an unpaid approval, or what its completion brought.

    Raises NotAllowed with what the rules say, or "error.revoke_paid" where it was paid meanwhile; InvalidInput for the
    reason; AlreadyDecided, Stale for an old button.
    """
    require(db, actor, Role.STAFF)
    # Before the officer, as everybody does who pays or withdraws.
    request = QUALIFICATION_WORKFLOW.load(db, request_id, lock=True)
    if version not in (None, request.version) and request.state is RequestState.COMPLETED:
        raise NotAllowed("error.revoke_paid")
    case = replace(requests.case_of(db, request), reviewer_active=reviewer_there(db, request, now))
    action = QualificationAction.REVOKE
    revoking = QUALIFICATION_WORKFLOW.check(db, request, case, actor=actor, action=action, version=version)
    reason = reason.strip()
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise InvalidInput("error.short_reason")
    if request.state is RequestState.AWAITING_PAYMENT:
        return _revoke_approval(db, revoking, reason, now)
    return _revoke_completion(db, revoking, reason, public_info, now)


def reviewer_there(db: Session, request: QualificationRequest, now: datetime) -> bool:
    """Whether who approved it is an active expert of its university who is not on leave today."""
    expert, university = request.reviewer_id, request.university_code
    if expert is None or university is None or not routing.is_active_expert(db, expert, university):
        return False
    return expert not in leaves.leaves_of(db, university, leaves.today(now))


def _revoke_approval(db: Session, revoking: _Revoking, reason: str, now: datetime) -> QualificationRequest:
    """Back to who approved it, or into the queue; there is no fee and no pay page any more."""
    request, back = revoking.request, revoking.case.reviewer_active
    values: dict[str, Any] = {
        **held_by(request.reviewer_id if back else None),
        "fee_rial": None,
        "pay_token": None,
        "decided_at": None,
        "received_at": now,
        "revoke_reason": reason,
    }
    told = {"reason": reason, "fee_rial": request.fee_rial, "reviewer": request.reviewer_id}
    request = QUALIFICATION_WORKFLOW.change(db, revoking, now=now, values=values, **told)
    pay_messages.drop_waiting(db, request)
    pay_messages.take_buttons_off(db, request, now=now)
    notices.tell_of_approval(db, request, now=now)
    return request


def _revoke_completion(
    db: Session, revoking: _Revoking, reason: str, public_info: PublicInfo, now: datetime
) -> QualificationRequest:
    """Of a new request the qualification ends, of an amendment the officer's file is what it was before."""
    request = revoking.request
    eligibility.lock_account(db, request.account_id)
    completed_at, data = request.closed_at, {"reason": reason}
    request = QUALIFICATION_WORKFLOW.change(db, revoking, now=now, values={"revoke_reason": reason}, **data)
    account = db.get_one(Account, request.account_id, populate_existing=True)
    officer = db.get_one(Officer, request.account_id, populate_existing=True)
    if request.kind is RequestKind.AMENDMENT:
        _restore(account, officer, request, completed_at)
        account.version += 1
        officer.version += 1
        db.flush()
        search_index.index_account(db, account)
        notices.tell_of_amendment(db, request, public_info, now=now)
    else:
        officer.qualified_at, officer.legacy_qualified = None, False
        # They stay with the request, whose time of retention begins.
        officer.documents = {}
        officer.version += 1
        db.flush()
        dropped = _discard_amendment(db, request.account_id, now)
        contract = closing.officer_unqualified(db, account=account, reason=reason, now=now)
        ended = contracts.details(db, contract) if contract is not None else None
        notices.tell_of_qualification(db, request, ended, public_info, draft_dropped=dropped, now=now)
    return request


def _restore(
    account: Account, officer: Officer, request: QualificationRequest, completed_at: datetime | None
) -> None:
    """Every item that the amendment changed has its former value again, unless its officer has changed it freely since
    (R48)."""
    before, after, now_there = request.before, request.snapshot, approved_file(account, officer)
    for item in changed(before, after):
        if item.startswith(DOCUMENT) or (now_there.get(item) or None) != (after.get(item) or None):
            continue
        if item in COLUMNS:
            setattr(officer, COLUMNS[item], before.get(item))
        elif before.get(item):
            setattr(account, item, before[item])
    officer.documents = {
        key.removeprefix(DOCUMENT): ids for key, ids in before.items() if key.startswith(DOCUMENT)
    }
    # Of an officer of the old system the first amendment was the day of qualification.
    if officer.legacy_qualified and officer.qualified_at == completed_at:
        officer.qualified_at = None


def _discard_amendment(db: Session, account_id: int, now: datetime) -> bool:
    """A draft of an amendment goes: without a qualification it cannot be sent. Whether there was one. Raises Stale where it
    was sent at this moment."""
    draft = requests.current_open(db, account_id)
    if draft is None:
        return False
    drafts.discard(db, actor=SYSTEM, request_id=draft.id or 0, now=now)
    return True
