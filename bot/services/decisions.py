"""What experts do with a file: claim, pass on, declare deficiencies, reject, approve (SPEC 2.2)."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import InvalidInput, NotAllowed, Refusal
from bot.rules import items as law
from bot.rules.qualification import Action
from bot.screens import Button, button
from bot.services import cases, completion, notify, reference, routing, tariffs, waiting
from bot.services.cases import SUBJECT
from bot.texts import formats, t
from bot.turn import Actor
from storage.states import RejectReason, RequestKind, RequestState
from storage.tables import DeficiencyRound, QualificationRequest


def claim(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> QualificationRequest:
    """Take a file out of the queue (W7). Raises AlreadyDecided where a colleague has it."""
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    values = {"reviewer_id": actor.account_id}
    return cases.change(
        db, request, case, actor=actor, action=Action.CLAIM, now=now, version=version, values=values
    )


def release(
    db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
) -> QualificationRequest:
    """Put a file back into the queue; its expert is told where somebody else did it."""
    request = cases.load(db, request_id)
    holder = request.reviewer_id
    case = cases.case_of(db, request)
    request = cases.change(
        db,
        request,
        case,
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
    """Put every file that this expert is reviewing back into the queue (an expert leaves); say how many.

    Files with deficiencies stay with them until the officer answers or somebody reassigns them (SPEC Q12).
    """
    query = select(QualificationRequest).where(
        QualificationRequest.reviewer_id == expert_id,
        QualificationRequest.state == RequestState.IN_REVIEW,
    )
    released = [
        release(db, actor=actor, request_id=request.id or 0, now=now)
        for request in db.exec(query.order_by(col(QualificationRequest.id))).all()
    ]
    for university in sorted({request.university_code or "" for request in released} - {""}):
        waiting.tell(db, university_code=university, now=now)
    return len(released)


def assign(
    db: Session, *, actor: Actor, request_id: int, expert_id: int, version: int | None = None, now: datetime
) -> QualificationRequest:
    """Give a file to an expert of its university (W7); both experts are told (N22)."""
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    before = request.reviewer_id
    cases.check(db, request, case, actor=actor, action=Action.ASSIGN, version=version)
    if expert_id == request.account_id or not routing.is_active_expert(
        db, expert_id, request.university_code
    ):
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


def declare_deficiencies(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    items: Sequence[str],
    note: str | None = None,
    version: int | None = None,
    now: datetime,
) -> QualificationRequest:
    """Tell the officer what is missing (N4): ticked items, or a note of 5 characters, or both.

    Raises InvalidInput("error.nothing_declared"), InvalidInput("error.not_tickable"), and as `claim`.
    """
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    cases.check(db, request, case, actor=actor, action=Action.DECLARE_DEFICIENCIES, version=version)
    note = (note or "").strip() or None
    codes = [paper.code for paper in reference.papers(db)]
    ticked = list(dict.fromkeys(items))
    if not all(law.can_be_deficient(key, codes) for key in ticked):
        raise InvalidInput("error.not_tickable")
    if not ticked and not law.long_enough(note):
        raise InvalidInput("error.nothing_declared")
    snapshot = request.snapshot
    request = cases.change(
        db,
        request,
        case,
        actor=actor,
        action=Action.DECLARE_DEFICIENCIES,
        now=now,
        version=version,
        values={"reviewer_id": actor.account_id},
        items=ticked,
        round=request.round + 1,
    )
    assert request.id is not None
    assert actor.account_id is not None
    db.add(
        DeficiencyRound(
            request_id=request.id,
            round=request.round + 1,
            declared_by=actor.account_id,
            items=ticked,
            note=note,
            snapshot=snapshot,
            declared_at=now,
        )
    )
    db.flush()
    _tell_officer(
        db,
        request,
        kind="N4",
        event=f"deficient:{request.round + 1}",
        text=_deficiencies(db, request, ticked, note),
        rows=[[button(t("fix.button"), "qual.fix", request.id)]],
        sms=t("push.N4_sms", code=request.tracking_code),
        now=now,
    )
    return request


def _deficiencies(db: Session, request: QualificationRequest, ticked: list[str], note: str | None) -> str:
    lines = [t("push.N4", code=request.tracking_code)]
    lines += [t("push.N4_item", item=label) for label in reference.labels(db, ticked)]
    if note:
        lines.append(t("push.N4_note", note=note))
    return "\n".join(lines)


def reject(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    reason: RejectReason,
    text: str | None = None,
    version: int | None = None,
    now: datetime,
) -> QualificationRequest:
    """Close the request with a reason (N5, N5w); the officer may file again without limit (R24).

    A preset needs no words of the expert's own, OTHER does. Raises InvalidInput("error.short_reason"), and as `claim`.
    """
    own = (text or "").strip()
    if (reason is RejectReason.OTHER or own) and not law.long_enough(own):
        raise InvalidInput("error.short_reason")
    preset = None if reason is RejectReason.OTHER else t(f"reason.{reason}")
    words = "؛ ".join(part for part in (preset, own) if part)
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    request = cases.change(
        db,
        request,
        case,
        actor=actor,
        action=Action.REJECT,
        now=now,
        version=version,
        values={
            "reviewer_id": actor.account_id,
            "reject_reason": reason,
            "reject_text": words,
            "decided_at": now,
            "closed_at": now,
        },
        reason=reason,
    )
    _tell_officer(
        db,
        request,
        kind="N5",
        event="rejected",
        text=_rejection(request, own),
        rows=[
            [button(t("push.again"), "qual.amend" if request.kind is RequestKind.AMENDMENT else "qual.new")]
        ],
        sms=t("push.N5_sms", code=request.tracking_code),
        now=now,
    )
    return request


def _rejection(request: QualificationRequest, own: str) -> str:
    reason = (request.reject_text or "").rstrip(" .")
    if request.kind is RequestKind.AMENDMENT:
        return t("push.N5_amendment", code=request.tracking_code, reason=reason)
    if request.reject_reason is RejectReason.WRONG_REGION:
        text = t("push.N5w", code=request.tracking_code)
        return f"{text}\n{t('push.N4_note', note=own)}" if own else text
    return t("push.N5", code=request.tracking_code, reason=reason)


def approve(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    public_url: str,
    version: int | None = None,
    now: datetime,
    token: str | None = None,
) -> QualificationRequest:
    """Approve at the fee in force today (R27–R29): AWAITING_PAYMENT with the link (N6), or COMPLETED where it is 0.

    Raises Refusal("error.no_tariff"), which alerts the staff, where no tariff is in force (SPEC Q48); and as `claim`.
    """
    request = cases.load(db, request_id)
    case = cases.case_of(db, request)
    cases.check(db, request, case, actor=actor, action=Action.APPROVE, version=version)
    fee = _fee(db, request.kind, now)
    free = fee == 0
    values: dict[str, Any] = {"reviewer_id": actor.account_id, "fee_rial": fee, "decided_at": now}
    if free:
        values["closed_at"] = now
    else:
        values["pay_token"] = token or secrets.token_hex(16)
    case = replace(case, free_of_charge=free)
    request = cases.change(
        db,
        request,
        case,
        actor=actor,
        action=Action.APPROVE,
        now=now,
        version=version,
        values=values,
        fee_rial=fee,
    )
    if free:
        completion.finish(db, request, now=now)
        return request
    amount = formats.number(fee)
    url = f"{public_url.rstrip('/')}/pay/{request.pay_token}"
    _tell_officer(
        db,
        request,
        kind="N6",
        event="approved",
        text=t("push.N6", code=request.tracking_code, amount=amount, toman=formats.toman(fee)),
        rows=[[Button(t("pay.button"), url=url)]],
        sms=t("push.N6_sms", code=request.tracking_code, amount=amount),
        now=now,
    )
    return request


def _fee(db: Session, kind: RequestKind, now: datetime) -> int:
    """The fee in force, in rial."""
    tariff = tariffs.in_force(db, kind=kind, day=now.astimezone(formats.TEHRAN).date())
    if tariff is not None:
        return tariff.amount_rial
    raise Refusal("error.no_tariff", after=lambda session: alert_no_tariff(session, kind=kind, now=now))


def alert_no_tariff(db: Session, *, kind: RequestKind, now: datetime) -> None:
    text = t("alert.no_tariff", kind=t(f"pay.kind.{kind}"))
    notify.alert_staff(db, key=tariffs.no_tariff_key(kind), text=text, now=now)


def _tell_officer(
    db: Session,
    request: QualificationRequest,
    *,
    kind: str,
    event: str,
    text: str,
    rows: notify.Rows,
    sms: str,
    now: datetime,
) -> None:
    notify.push(
        db,
        kind=kind,
        event_key=f"{SUBJECT}:{request.id}:{event}",
        account_id=request.account_id,
        text=text,
        rows=rows,
        sms=sms,
        now=now,
    )


def _tell_expert(
    db: Session, request: QualificationRequest, expert_id: int, what: str, now: datetime, *, see: bool
) -> None:
    """N22: the file came to, or left, this expert."""
    notify.push(
        db,
        kind="N22",
        event_key=f"{SUBJECT}:{request.id}:{what}:{request.version}",
        account_id=expert_id,
        text=t(f"push.N22_{what}", code=request.tracking_code),
        rows=[[button(t("nav.see"), "desk.file", request.id or 0)]] if see else (),
        now=now,
    )
