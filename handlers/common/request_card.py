"""A request as text: what its officer reads in tracking, what an expert reads on the file card.

See docs/specification.md 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from operator import itemgetter
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.services.payments import history
from bot.services.qualification import timeline as tracking_service
from bot.services.review import rejection
from bot.services.review.held_decisions import HeldDecision
from bot.services.review.standing import COUNTED, Standing
from bot.texts import Quoted, formats, quoted, t
from bot.texts.quality import quality_in_short
from conversations.common.labels import Wording, is_document
from handlers.common import request_documents
from handlers.common.navigation import truncate_lines
from handlers.common.payment_lines import change_text
from storage.enums import RejectReason, RequestKind, RequestState, Role
from storage.tables import Account, DeficiencyRound, Officer, PaymentAttempt, QualificationRequest

#: Completed, also where staff have taken it back since: the fee was paid.
_COMPLETED = (RequestState.COMPLETED, RequestState.REVOKED)
#: Where a file is again once staff have taken its approval back.
_AT_UNIVERSITY = (RequestState.SUBMITTED, RequestState.IN_REVIEW)


class Extent(Enum):
    """How much of a file its card says."""

    #: Who, what and how long it waits: for an expert who may take it.
    HEADING = auto()
    #: What no caption of its documents says (`request_documents.said_in_captions`): below them, for its reviewer.
    BESIDE_DOCUMENTS = auto()
    #: Everything; of an amendment, only what it changes.
    CARD = auto()
    #: Everything, also of an amendment.
    WHOLE = auto()


def tracking_text(
    words: Wording,
    request: QualificationRequest,
    *,
    last_round: DeficiencyRound | None,
    attempt: PaymentAttempt | None,
    expert_missing: bool,
    standing: Standing | None,
    now: datetime,
) -> str:
    """Everything that an officer wants to know of a request (R7)."""
    university = words.university(request.university_code)
    lines = [t("qual.track_intro"), t(f"status.{request.state}"), *_state_lines(request, university)]
    if request.revoke_reason and request.state in _AT_UNIVERSITY:
        lines.append(t("sentence.approval_revoked", reason=_revoke_reason(request)))
    if standing is not None:
        lines += _standing_lines(request, standing, expert_missing=expert_missing, now=now)
    lines.append("")
    if request.tracking_code:
        lines += [
            t("qual.code", code=request.tracking_code),
            t("qual.university", university=university),
        ]
    if request.submitted_at:
        lines.append(t("qual.submitted", time=formats.jalali_time(request.submitted_at)))
    if request.kind is RequestKind.AMENDMENT and request.submitted_at:
        lines += ["", *_change_lines(words, request.before, request.snapshot, title="desk.amended")]
    if expert_missing and request.state is RequestState.SUBMITTED:
        lines += ["", t("sentence.no_expert")]
    if last_round is not None and request.state is RequestState.DEFICIENT:
        lines += ["", *deficiency_lines(words, last_round)]
    if request.fee_rial and request.state in (RequestState.AWAITING_PAYMENT, *_COMPLETED):
        lines += ["", *_fee_lines(request, attempt)]
    return truncate_lines(_without_empty_end(lines))


def _standing_lines(
    request: QualificationRequest, standing: Standing, *, expert_missing: bool, now: datetime
) -> list[str]:
    lines = age_line(request, now)
    if standing.before is not None:
        n = formats.digits(min(standing.before, COUNTED))
        key = "in_queue" if standing.before else "first_in_queue"
        lines.append(t(f"qual.{'far_in_queue' if standing.before > COUNTED else key}", n=n))
    if standing.usual is not None and not expert_missing:  # nobody is there to keep it
        lines.append(t("qual.usual", age=formats.age(_whole_days(standing.usual))))
    return lines


def age_line(request: QualificationRequest, now: datetime) -> list[str]:
    """How long the university has had a request; nothing in other states."""
    if request.state not in (RequestState.SUBMITTED, RequestState.IN_REVIEW) or request.submitted_at is None:
        return []
    return [t("qual.age", age=formats.age(now - request.submitted_at))]


def _whole_days(span: timedelta) -> timedelta:
    """Rounded up: nobody is promised less than it takes."""
    day = timedelta(days=1)
    return span if span < day else -(-span // day) * day


def _without_empty_end(lines: Iterable[str]) -> list[str]:
    """Without an empty line at the end."""
    tidy = list(lines)
    while tidy and not tidy[-1]:
        tidy.pop()
    return tidy


def _revoke_reason(request: QualificationRequest) -> Quoted:
    return quoted(request.revoke_reason, t("role.staff"))


def _state_lines(request: QualificationRequest, university: str) -> list[str]:
    if request.state is RequestState.REVOKED:
        amendment = request.kind is RequestKind.AMENDMENT
        key = "sentence.REVOKED_AMENDMENT" if amendment else "sentence.REVOKED"
        return [t(key, reason=_revoke_reason(request))]
    if request.state is RequestState.AWAITING_PAYMENT:
        return [t("sentence.AWAITING_PAYMENT", amount=formats.number(request.fee_rial or 0))]
    if request.state is RequestState.COMPLETED and request.kind is RequestKind.AMENDMENT:
        return [t("sentence.COMPLETED_AMENDMENT")]
    reason = rejection.of_request(request, by=t("who.expert", university=university))
    return [t(f"sentence.{request.state}", university=university, reason=reason)]


def _fee_lines(request: QualificationRequest, attempt: PaymentAttempt | None) -> list[str]:
    assert request.fee_rial is not None
    amount, toman = formats.number(request.fee_rial), formats.toman(request.fee_rial)
    if request.state in _COMPLETED:
        lines = [t("qual.fee", amount=amount, toman=toman)]
    else:
        lines = [t("pay.info", amount=amount, toman=toman)]
    state = attempt.state if attempt is not None else "CREATED"
    lines.append(t("qual.payment", state=t(f"pay.state.{state}")))
    if attempt is not None and attempt.bank_ref:
        lines.append(t("pay.state.bank_ref", ref=attempt.bank_ref))
    return lines


def deficiency_lines(words: Wording, deficiency_round: DeficiencyRound) -> list[str]:
    """The expert's items and note of one round, as the officer reads them."""
    lines: list[str] = []
    if deficiency_round.items:
        lines.append(t("qual.defects"))
        lines += item_reason_lines(words, deficiency_round.items, deficiency_round.reasons, t("role.expert"))
    if deficiency_round.note:
        lines.append(t("qual.note", note=quoted(deficiency_round.note, t("role.expert"))))
    return lines


def decision_lines(words: Wording, decision: HeldDecision) -> list[str]:
    """What an expert wrote for a decision that is not made yet."""
    given, lines = decision.given, list[str]()
    if given.get("items"):
        lines.append(t("qual.defects"))
        lines += item_reason_lines(words, given["items"], given.get("reasons") or {}, t("role.expert"))
    if given.get("note"):
        lines.append(t("qual.note", note=quoted(given["note"], t("role.expert"))))
    if given.get("reason"):
        preset = None if given["reason"] == RejectReason.OTHER else t(f"reason.{given['reason']}")
        reason = quoted(given.get("text"), t("role.expert"), preset or "")
        lines.append(t("desk.outcome_reason", reason=reason))
    return lines


def item_reason_lines(words: Wording, items: Iterable[str], reasons: Mapping[str, str], by: str) -> list[str]:
    """Deficient items, each with why, where `by` wrote it."""
    lines = []
    for item in items:
        label, reason = words.label(item), quoted(reasons.get(item), by)
        lines.append(
            t("qual.defect_reason", item=label, reason=reason)
            if reason.text
            else t("qual.defect", item=label)
        )
    return lines


def request_text(
    words: Wording,
    request: QualificationRequest,
    *,
    owner: Account,
    officer: Officer | None,
    reviewer: Account | None,
    rounds: Sequence[DeficiencyRound],
    full_code: bool,
    now: datetime,
    extent: Extent = Extent.CARD,
    quality_warnings: Mapping[int, str] | None = None,
) -> str:
    """The file: every item by its label, and what happened in the last round; `extent` says how much of it. Of an
    amendment, what it changes, old → new."""
    code = owner.national_code or ""

    def seen(items: dict[str, Any]) -> dict[str, Any]:
        """«برابر با کد ملی» must not show what is masked above."""
        if full_code or not code or items.get("birth_cert_no") != code:
            return items
        return items | {"birth_cert_no": formats.masked(code)}

    data = seen(request.snapshot)
    lines = [
        t("desk.title", code=request.tracking_code or "", kind=t(f"desk.kind_{request.kind}")),
        t("desk.state", state=t(f"status.{request.state}")),
    ]
    if request.state is RequestState.SUBMITTED:
        lines.append(t("desk.waiting", age=formats.age(now - request.state_since)))
    if reviewer is not None and extent is not Extent.BESIDE_DOCUMENTS:
        lines.append(t("desk.reviewer", name=reviewer.name))
    match extent:
        case Extent.HEADING:
            lines += _heading_lines(words, request, data, owner, full_code=full_code)
        case Extent.BESIDE_DOCUMENTS:
            lines += _beside_documents(words, data, owner, officer, full_code=full_code)
        case _:
            lines += ["", *_identity_lines(owner, officer, full_code=full_code)]
    if request.kind is RequestKind.AMENDMENT:
        if extent in (Extent.CARD, Extent.WHOLE):
            lines.append(t("desk.applicant", name=owner.name))
        lines += ["", *_change_lines(words, seen(request.before), data, title="desk.amended")]
    if extent is Extent.WHOLE or (extent is Extent.CARD and request.kind is RequestKind.NEW):
        lines += ["", *item_lines(words, data, migrated=owner.migrated)]
    lines += _quality_lines(words, data, quality_warnings or {})
    if rounds:
        last = rounds[-1]
        lines += ["", *round_lines(words, last)]
        if last.resolved_at is not None:
            lines += _change_lines(words, seen(last.snapshot), data, title="desk.changes")
    return truncate_lines(lines + _closing_lines(request))


def _code_of(owner: Account, *, full: bool) -> str:
    code = owner.national_code or ""
    return formats.digits(code) if full else formats.masked(code)


def _heading_lines(
    words: Wording, request: QualificationRequest, data: dict[str, Any], owner: Account, *, full_code: bool
) -> list[str]:
    """Whose file it is, as far as it helps to choose it, and how many documents come with it."""
    chosen = (("degree_level", "field_of_study"), ("province", "city"))
    parts = [
        "، ".join(words.value(key, data[key]) for key in keys if data.get(key))
        for keys in (chosen if request.kind is RequestKind.NEW else ())
    ]
    documents = [files for key, files in data.items() if is_document(key) and files]
    return [
        t("desk.applicant_code", name=owner.name, code=_code_of(owner, full=full_code)),
        *([" — ".join(filter(None, parts))] if any(parts) else []),
        t(
            "desk.heading_documents",
            n=formats.digits(len(documents)),
            files=formats.digits(sum(map(len, documents))),
        ),
    ]


def _beside_documents(
    words: Wording, data: dict[str, Any], owner: Account, officer: Officer | None, *, full_code: bool
) -> list[str]:
    """Whose file it is, and the items that stand below none of its documents."""
    said = request_documents.said_in_captions(data)
    applicant = t("desk.applicant_code", name=owner.name, code=_code_of(owner, full=full_code))
    lines = [t("desk.applicant", name=owner.name) if "national_code" in said else applicant]
    if officer is not None and "birth_date" not in said:
        lines.append(_item_line("birth_date", formats.jalali_day(officer.birth_date)))
    if not owner.mobile_verified:
        lines += _mobile_lines(owner)
    lived = [words.value(key, data[key]) for key in ("province", "city", "postal_address") if data.get(key)]
    if lived[2:] and lived[2].startswith(lived[1]):
        del lived[1]  # the address names the city
    if lived:
        lines.append(_item_line("postal_address", "، ".join(lived)))
    # The university is the reader's own.
    others = {*said, "province", "city", "postal_address", "university"}
    left = (key for key in words.keys(data) if not is_document(key) and key not in others)
    return lines + [_item_line(key, words.value(key, data[key])) for key in left if data[key]]


def _identity_lines(owner: Account, officer: Officer | None, *, full_code: bool) -> list[str]:
    lines = [_item_line("national_code", _code_of(owner, full=full_code))]
    if officer is not None:
        lines.append(_item_line("birth_date", formats.jalali_day(officer.birth_date)))
    return lines + _mobile_lines(owner)


def _mobile_lines(owner: Account) -> list[str]:
    if not owner.mobile:
        return []
    lines = [_item_line("mobile", formats.local_mobile(owner.mobile))]
    return lines if owner.mobile_verified else [*lines, t("desk.unverified")]


def _closing_lines(request: QualificationRequest) -> list[str]:
    """The applicant's note and the reason of a rejection, each after an empty line."""
    lines: list[str] = []
    if request.officer_note:
        lines += ["", t("desk.officer_note", note=quoted(request.officer_note, t("who.applicant")))]
    if request.reject_text:
        lines += ["", t("desk.outcome_reason", reason=rejection.of_request(request))]
    if request.revoke_reason and request.state is RequestState.REVOKED:
        lines += ["", t("desk.revoked_reason", reason=_revoke_reason(request))]
    elif request.revoke_reason and request.state in _AT_UNIVERSITY:
        lines += ["", t("desk.approval_revoked", reason=_revoke_reason(request))]
    return lines


def item_lines(words: Wording, data: dict[str, Any], *, migrated: bool) -> list[str]:
    """Every item by its label, then the documents in one line."""
    keys = words.keys(data)
    lines = [
        _item_line(key, words.value(key, data[key]))
        for key in keys
        if not is_document(key) and (key != "field_note" or data[key])
    ]
    document_counts = [
        t("desk.document_count", doc=words.label(key, short=True), n=formats.digits(len(data[key])))
        for key in keys
        if is_document(key)
    ]
    if document_counts or migrated:
        lines += [
            "",
            t("desk.documents_line", documents="، ".join(document_counts) or t("amend.no_documents")),
        ]
    return lines


def _quality_lines(words: Wording, data: dict[str, Any], warnings: Mapping[int, str]) -> list[str]:
    """Documents whose pictures people may be unable to read, each with the reason."""
    named = []
    for key in (key for key in words.keys(data) if is_document(key)):
        reasons = dict.fromkeys(warnings[file_id] for file_id in data[key] or () if file_id in warnings)
        if reasons:
            why = "، ".join(quality_in_short(reason) for reason in reasons)
            named.append(t("desk.quality_item", doc=words.label(key, short=True), why=why))
    return [t("desk.quality", documents="، ".join(named))] if named else []


def _item_line(key: str, value: str) -> str:
    return t("desk.value", label=t(f"field.{key}"), value=value)


def round_lines(words: Wording, deficiency_round: DeficiencyRound) -> list[str]:
    """One round: what the expert declared, and what the officer replied."""
    lines = [
        t(
            "desk.round_title",
            n=formats.digits(deficiency_round.round),
            time=formats.jalali_time(deficiency_round.declared_at),
        )
    ]
    for item in deficiency_round.items:
        reply = quoted(deficiency_round.replies.get(item), t("who.applicant"))
        if reply.text and not deficiency_round.reasons.get(item):
            lines.append(t("desk.round_reply", item=words.label(item), reply=reply))
            continue
        lines += item_reason_lines(words, [item], deficiency_round.reasons, t("role.expert"))
        if reply.text:
            lines.append(t("desk.round_reply_below", reply=reply))
    if deficiency_round.note:
        lines.append(t("desk.round_note", note=quoted(deficiency_round.note, t("role.expert"))))
    return lines


def _change_lines(words: Wording, old: dict[str, Any], new: dict[str, Any], *, title: str) -> list[str]:
    """Old → new of every item that differs."""
    lines = []
    for key in dict.fromkeys([*words.keys(new), *words.keys(old)]):
        before, after = old.get(key), new.get(key)
        if (before or None) == (after or None):
            continue
        if is_document(key) and (not after or not before):
            shown = {"old": words.value(key, before or None), "new": words.value(key, after or None)}
            lines.append(t("desk.change", field=words.label(key), **shown))
        elif is_document(key):
            lines.append(t("desk.change_documents", field=words.label(key)))
        else:
            shown = {"old": words.value(key, before), "new": words.value(key, after)}
            lines.append(t("desk.change", field=words.label(key), **shown))
    return [t(title), *(lines or [t("desk.no_changes")])]


def timeline_text(db: Session, request: QualificationRequest, *, actor: Actor) -> str:
    """Who did what and when, one event a line."""
    assert request.id is not None
    title = (
        t("qual.timeline_title", code=request.tracking_code)
        if request.tracking_code
        else t("qual.timeline_draft")
    )
    entries = [
        (entry.at, entry.text)
        for entry in tracking_service.request_timeline(db, actor=actor, request_id=request.id)
    ]
    if actor.role is Role.STAFF:
        # In the order of time; what happened at one moment stays in the order of its source.
        changes = history.changes_of_request(db, actor=actor, request_id=request.id)
        entries += [(change.at, change_text(change)) for change in changes]
        entries.sort(key=itemgetter(0))
    return truncate_lines(
        [
            title,
            *(t("qual.timeline_line", time=formats.jalali_time(at), what=text) for at, text in entries),
        ]
    )
