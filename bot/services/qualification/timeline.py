"""A request's history for people: the timeline and the rounds of deficiencies (R7).

See docs/specification.md 7.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules.qualification import TABLE
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, SUBJECT
from bot.services.review import rejection
from bot.services.shared import reference_data
from bot.services.shared.reference_data import university_name
from bot.texts import checked, formats, has, quoted, t
from storage.enums import Role
from storage.tables import Account, AuditEvent, DeficiencyRound

#: Events of the rules that are lines of the timeline; views and edits are not.
EVENTS = frozenset(row.event for row in TABLE.values()) - {"edited", "discarded"}
#: What only the university and staff may know: until a decision is made, nobody has heard of it.
UNTOLD = frozenset({"decision_held", "decision_undone"})


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line: `time` in Jalali, `text` a sentence."""

    at: datetime
    event: str
    text: str

    @property
    def time(self) -> str:
        return formats.jalali_time(self.at)


def request_timeline(db: Session, *, actor: Actor, request_id: int) -> list[TimelineEntry]:
    """Who did what, oldest first. The officer reads roles («کارشناس …»), experts read their colleagues'
    names. Raises NotAllowed, Stale."""
    request, _ = QUALIFICATION_WORKFLOW.see(db, request_id, actor=actor)
    for_expert = actor.role is not Role.OFFICER
    university = university_name(db, request.university_code)
    events = db.exec(
        select(AuditEvent)
        .where(
            AuditEvent.subject == SUBJECT,
            AuditEvent.subject_id == request_id,
            col(AuditEvent.event).in_(EVENTS if for_expert else EVENTS - UNTOLD),
        )
        .order_by(col(AuditEvent.id))
    ).all()
    by = t("role.expert") if for_expert else t("who.expert", university=university)
    declared = {one.round: one for one in rounds(db, request_id)}
    entries = []
    for event in events:
        lines = [_sentence(db, event, university, for_expert)]
        if event.event == "deficiencies_declared" and (one := declared.get(event.data.get("round", -1))):
            lines += _round_lines(db, one, by)
        elif event.event in ("approval_revoked", "revoked"):
            reason = quoted(event.data.get("reason"), t("role.staff"))
            lines.append(t("event_detail.reason", reason=reason))
        elif event.event == "rejected" and request.reject_text:
            lines.append(t("event_detail.reason", reason=rejection.of_request(request, by=by)))
        entries.append(TimelineEntry(event.at, event.event, checked("\n".join(lines))))
    return entries


def _round_lines(db: Session, declared: DeficiencyRound, by: str) -> list[str]:
    """What was found deficient, item by item, each with its reason, and the note."""
    lines = []
    for key, label in zip(declared.items, reference_data.labels(db, declared.items), strict=True):
        reason = quoted(declared.reasons.get(key), by)
        kind = "item_reason" if reason.text else "item"
        lines.append(t(f"event_detail.{kind}", item=label, **({"reason": reason} if reason.text else {})))
    if declared.note:
        lines.append(t("event_detail.note", note=quoted(declared.note, by)))
    return lines


def _sentence(db: Session, event: AuditEvent, university: str, for_expert: bool) -> str:
    name = event.event
    if name == "resolved" and event.data.get("to_queue"):
        name = "resolved_to_queue"
    if not for_expert and event.actor_role is Role.OFFICER and has(f"event_you.{name}"):
        return t(f"event_you.{name}")
    return t(
        f"event.{name}", who=actor_label(db, event, university, for_expert=for_expert), university=university
    )


def actor_label(db: Session, event: AuditEvent, university: str, *, for_expert: bool) -> str:
    """What the reader calls the person who did it."""
    match event.actor_role:
        case Role.OFFICER:
            return t("who.applicant") if for_expert else t("who.you")
        case Role.STAFF:
            return t("who.staff")
        case Role.EXPERT | Role.IN_CHARGE if for_expert:
            account = db.get(Account, event.actor_id)
            return account.name if account is not None else t("who.expert", university=university)
        case Role.EXPERT:
            return t("who.expert", university=university)
        case Role.IN_CHARGE:
            return t("who.in_charge", university=university)
        case _:
            return t("who.system")


def rounds(db: Session, request_id: int | None) -> list[DeficiencyRound]:
    """Every declaration of deficiencies, oldest first."""
    query = select(DeficiencyRound).where(DeficiencyRound.request_id == request_id)
    return list(db.exec(query.order_by(col(DeficiencyRound.round))))
