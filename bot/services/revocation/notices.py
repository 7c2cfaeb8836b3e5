"""N29: who is told that something was taken back: its officer, and the university that had decided."""

from datetime import datetime

from sqlmodel import Session

from bot.core.context import PublicInfo
from bot.core.screens import Button, button
from bot.services.cooperation.contracts import ContractDetails
from bot.services.qualification.requests import SUBJECT
from bot.services.review import routing
from bot.services.shared import notify
from bot.texts import Quoted, quoted, t
from storage.enums import RequestState, Role
from storage.tables import Account, QualificationRequest


def tell_of_approval(db: Session, request: QualificationRequest, *, now: datetime) -> None:
    """The officer has nothing to pay; who approved it has the file again, or everybody who may take it is told."""
    code, reason = request.tracking_code, _reason(request)
    track = button(t("qual.track"), "qual.track", request.id or 0)
    text = t("push.N29_approval", code=code, reason=reason)
    _tell_officer(db, request, text, track, t("push.N29_approval_sms", code=code), now)
    queued = request.state is RequestState.SUBMITTED
    key = "push.N29_queued" if queued else "push.N29_back"
    _tell_university(db, request, t(key, code=code, name=_name(db, request), reason=reason), now)


def tell_of_qualification(
    db: Session,
    request: QualificationRequest,
    ended: ContractDetails | None,
    public_info: PublicInfo,
    *,
    draft_dropped: bool,
    now: datetime,
) -> None:
    """The officer is told which contract ended with it. The distributors are told by the closing of their cooperation."""
    code, reason = request.tracking_code, _reason(request)
    lines = [t("push.N29_qualification", code=code, reason=reason)]
    if ended is not None:
        names = {"distributor": ended.distributor.name, "branch": ended.branch.name}
        lines.append(t("push.N29_contract", **names))
    if draft_dropped:
        lines.append(t("push.N29_draft"))
    lines.append(t("push.N29_onward", contact=public_info.support_contact))
    again = button(t("qual.track"), "qual.track", request.id or 0)
    sms = t("push.N29_qualification_sms", code=code)
    _tell_officer(db, request, "\n".join(lines), again, sms, now)
    text = t("push.N29_university", code=code, name=_name(db, request), reason=reason)
    _tell_university(db, request, text, now)


def tell_of_amendment(
    db: Session, request: QualificationRequest, public_info: PublicInfo, *, now: datetime
) -> None:
    code, reason = request.tracking_code, _reason(request)
    lines = [t("push.N29_amendment", code=code, reason=reason)]
    lines.append(t("push.N29_onward_amendment", contact=public_info.support_contact))
    track = button(t("qual.track"), "qual.track", request.id or 0)
    sms = t("push.N29_amendment_sms", code=code)
    _tell_officer(db, request, "\n".join(lines), track, sms, now)
    text = t("push.N29_university_amendment", code=code, name=_name(db, request), reason=reason)
    _tell_university(db, request, text, now)


def _reason(request: QualificationRequest) -> Quoted:
    return quoted(request.revoke_reason, t("role.staff"))


def _name(db: Session, request: QualificationRequest) -> str:
    return db.get_one(Account, request.account_id).name


def _tell_officer(
    db: Session, request: QualificationRequest, text: str, onward: Button, sms: str, now: datetime
) -> None:
    notify.push(
        db,
        kind="N29",
        event_key=f"{SUBJECT}:{request.id}:revoked:{request.version}",
        account_id=request.account_id,
        text=text,
        rows=[[onward]],
        sms=sms,
        now=now,
    )


def _tell_university(db: Session, request: QualificationRequest, text: str, now: datetime) -> None:
    """Its reviewer and the experts in charge; all experts where it is in the queue, or none of these is there. Whom the
    file is about hears of it as its officer only."""
    university = request.university_code or ""
    experts = [grant for grant in routing.experts(db, university) if grant.account_id != request.account_id]
    closest = [
        grant for grant in experts if grant.role is Role.IN_CHARGE or grant.account_id == request.reviewer_id
    ]
    if request.state is RequestState.SUBMITTED:
        routing.alert_if_no_expert(db, university_code=university, now=now)
        closest = experts
    for grant in closest or experts:
        notify.push(
            db,
            kind="N29",
            event_key=f"{SUBJECT}:{request.id}:revoked_expert:{request.version}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=text,
            rows=[[button(t("nav.see"), "desk.file", request.id or 0)]],
            now=now,
        )
