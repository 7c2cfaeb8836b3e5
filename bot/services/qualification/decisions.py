"""Experts' decisions on a qualification request: declare deficiencies, reject, approve.

See docs/specification.md 2.2. With `undo` a decision is checked and only noted; it is made once that time is over, as of
`decided_at` (`bot.services.review.held_decisions`).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, Refusal
from bot.core.screens import Button, button
from bot.rules import request_items
from bot.rules.qualification import QualificationAction
from bot.services.qualification import completion, fees
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, SUBJECT
from bot.services.review import held_decisions, rejection
from bot.services.review.held_decisions import NO_UNDO
from bot.services.shared import notify, reference_data
from bot.texts import formats, quoted, t
from storage.enums import RejectReason, RequestKind
from storage.tables import DeficiencyRound, QualificationRequest


def declare_deficiencies(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    items: Sequence[str],
    reasons: Mapping[str, str] | None = None,
    note: str | None = None,
    version: int | None = None,
    now: datetime,
    undo: timedelta = NO_UNDO,
) -> QualificationRequest:
    """Tell the officer what is missing (N4): ticked items, or a note of 5 characters, or both. `reasons` says why each
    item is deficient; those of items that are not ticked are left out.

    Raises InvalidInput("error.nothing_declared"), InvalidInput("error.not_tickable"), and as `cases.change`.
    """
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    declaration = QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.DECLARE_DEFICIENCIES, version=version
    )
    note = (note or "").strip() or None
    codes = [document_rule.code for document_rule in reference_data.document_rules(db)]
    ticked = list(dict.fromkeys(items))
    if not all(request_items.can_be_deficient(key, codes) for key in ticked):
        raise InvalidInput("error.not_tickable")
    if not ticked and not request_items.long_enough(note):
        raise InvalidInput("error.nothing_declared")
    why = {key: text.strip() for key, text in (reasons or {}).items() if key in ticked and text.strip()}
    if undo:
        given = {"items": ticked, "reasons": why, "note": note}
        return held_decisions.hold(db, QUALIFICATION_WORKFLOW, declaration, now=now, undo=undo, given=given)
    snapshot = request.snapshot
    request = QUALIFICATION_WORKFLOW.change(
        db,
        declaration,
        now=now,
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
            reasons=why,
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
        text=_deficiencies(db, request, ticked, why, note),
        rows=[[button(t("fix.button"), "qual.fix", request.id)]],
        sms=t("push.N4_sms", code=request.tracking_code),
        now=now,
    )
    return request


def _deficiencies(
    db: Session, request: QualificationRequest, ticked: list[str], why: Mapping[str, str], note: str | None
) -> str:
    lines = [t("push.N4", code=request.tracking_code)]
    by = _expert(db, request)
    for key, label in zip(ticked, reference_data.labels(db, ticked), strict=True):
        reason = quoted(why.get(key), by)
        lines.append(
            t("push.N4_item_reason", item=label, reason=reason)
            if reason.text
            else t("push.N4_item", item=label)
        )
    if note:
        lines.append(_checked_note(db, request, note))
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
    undo: timedelta = NO_UNDO,
    decided_at: datetime | None = None,
) -> QualificationRequest:
    """Close the request with a reason (N5, N5w); the officer may file again without limit (R24).

    A preset needs no words of the expert's own, OTHER does. Raises InvalidInput("error.short_reason"), and as
    `cases.change`.
    """
    own = (text or "").strip()
    if (reason is RejectReason.OTHER or own) and not request_items.long_enough(own):
        raise InvalidInput("error.short_reason")
    preset = None if reason is RejectReason.OTHER else t(f"reason.{reason}")
    words = rejection.reason_and_note(preset, own)
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    rejecting = QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.REJECT, version=version
    )
    if undo:
        given = {"reason": reason, "text": own or None}
        return held_decisions.hold(db, QUALIFICATION_WORKFLOW, rejecting, now=now, undo=undo, given=given)
    request = QUALIFICATION_WORKFLOW.change(
        db,
        rejecting,
        now=now,
        values={
            "reviewer_id": actor.account_id,
            "reject_reason": reason,
            "reject_text": words,
            "decided_at": decided_at or now,
        },
        reason=reason,
    )
    _tell_officer(
        db,
        request,
        kind="N5",
        event="rejected",
        text=_rejection(db, request, own),
        rows=[
            [button(t("push.again"), "qual.amend" if request.kind is RequestKind.AMENDMENT else "qual.new")]
        ],
        sms=t("push.N5_sms", code=request.tracking_code),
        now=now,
    )
    return request


def _expert(db: Session, request: QualificationRequest) -> str:
    """What the officer calls the deciding expert."""
    return t("who.expert", university=reference_data.university_name(db, request.university_code))


def _checked_note(db: Session, request: QualificationRequest, note: str) -> str:
    return t("push.N4_note", note=quoted(note, _expert(db, request)))


def _rejection(db: Session, request: QualificationRequest, own: str) -> str:
    reason = rejection.of_request(request, by=_expert(db, request))
    if request.kind is RequestKind.AMENDMENT:
        return t("push.N5_amendment", code=request.tracking_code, reason=reason)
    if request.reject_reason is RejectReason.WRONG_REGION:
        text = t("push.N5w", code=request.tracking_code)
        return f"{text}\n{_checked_note(db, request, own)}" if own else text
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
    undo: timedelta = NO_UNDO,
    decided_at: datetime | None = None,
) -> QualificationRequest:
    """Approve at the fee in force on the day of the decision (R27–R29): AWAITING_PAYMENT with the link (N6), or COMPLETED where it
    is 0.

    Raises Refusal("error.no_tariff"), which alerts the staff, where no tariff is in force (Q48); and as
    `cases.change`.
    """
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    approval = QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.APPROVE, version=version
    )
    fee = _fee(db, request.kind, decided_at or now)
    if undo:
        return held_decisions.hold(db, QUALIFICATION_WORKFLOW, approval, now=now, undo=undo, given={})
    free = fee == 0
    values: dict[str, Any] = {
        "reviewer_id": actor.account_id,
        "fee_rial": fee,
        "decided_at": decided_at or now,
    }
    if not free:
        values["pay_token"] = token or secrets.token_hex(16)
    approval = replace(approval, case=replace(approval.case, free_of_charge=free))
    request = QUALIFICATION_WORKFLOW.change(
        db,
        approval,
        now=now,
        values=values,
        fee_rial=fee,
    )
    if free:
        completion.apply_snapshot(db, request, now=now)
        return request
    amount = formats.number(fee)
    url = f"{public_url.rstrip('/')}/pay/{request.pay_token}"
    _tell_officer(
        db,
        request,
        kind="N6",
        event=f"approved:{request.version}",
        text=t("push.N6", code=request.tracking_code, amount=amount, toman=formats.toman(fee)),
        rows=[[Button(t("pay.button"), url=url, pays=request.id)]],
        sms=t("push.N6_sms", code=request.tracking_code, amount=amount),
        now=now,
    )
    return request


def _fee(db: Session, kind: RequestKind, now: datetime) -> int:
    """The fee in force, in rial."""
    tariff = fees.in_force(db, kind=kind, day=now.astimezone(formats.TEHRAN).date())
    if tariff is not None:
        return tariff.amount_rial
    raise Refusal("error.no_tariff", after=lambda session: alert_no_tariff(session, kind=kind, now=now))


def alert_no_tariff(db: Session, *, kind: RequestKind, now: datetime) -> None:
    text = t("alert.no_tariff", kind=t(f"pay.kind.{kind}"))
    notify.alert_staff(db, key=fees.no_tariff_key(kind), text=text, now=now)


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
