"""The certificate of qualification: what it says of its officer (docs/specification.md 7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services.officers import card
from bot.services.officers.card import Card
from storage.enums import RequestKind, RequestState
from storage.tables import DegreeLevel, FieldOfStudy, Officer, QualificationRequest, University


@dataclass(frozen=True, slots=True)
class Certificate:
    """From the approved file; None where an officer of the old system has no such entry."""

    card: Card
    level: str | None
    field: str | None
    university: str | None
    qualified_at: datetime | None
    #: Of the request that was approved.
    tracking_code: str | None


def issue_certificate(db: Session, *, actor: Actor, now: datetime) -> Certificate:
    """The acting officer's. It comes with the card, whose check says whether it is valid. Raises NotAllowed for
    an officer who is not qualified, or suspended."""
    issued = card.issue_card(db, actor=actor, now=now)
    officer = db.get_one(Officer, actor.account_id)
    level = db.get(DegreeLevel, officer.level_code) if officer.level_code else None
    field = db.get(FieldOfStudy, officer.field_code) if officer.field_code else None
    university = db.get(University, officer.university_code) if officer.university_code else None
    approved = select(QualificationRequest.tracking_code).where(
        QualificationRequest.account_id == actor.account_id,
        QualificationRequest.kind == RequestKind.NEW,
        QualificationRequest.state == RequestState.COMPLETED,
    )
    return Certificate(
        issued,
        level.name if level else None,
        (officer.field_note if field and field.needs_note else None) or (field.name if field else None),
        university.name if university else None,
        officer.qualified_at,
        db.exec(approved.order_by(col(QualificationRequest.id)).limit(1)).first(),
    )
