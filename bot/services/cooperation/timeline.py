"""A request's history for people (docs/specification.md 7): who did what, oldest first."""

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules.cooperation import TABLE
from bot.services.cooperation import requests
from bot.services.cooperation.notifications import parties
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.timeline import UNTOLD, TimelineEntry, actor_label
from bot.services.shared.reference_data import university_name
from bot.texts import t
from storage.enums import Role
from storage.tables import AuditEvent

EVENTS = frozenset(row.event for row in TABLE.values())


def cooperation_timeline(db: Session, *, actor: Actor, request_id: int) -> list[TimelineEntry]:
    """Both sides read roles («کارشناس …»), experts their colleagues' names. Raises NotAllowed, Stale."""
    request, _ = COOPERATION_WORKFLOW.see(db, request_id, actor=actor)
    for_expert = actor.role not in (Role.OFFICER, Role.DISTRIBUTOR)
    university = university_name(db, request.university_code)
    names = parties(db, request).names
    events = db.exec(
        select(AuditEvent)
        .where(
            AuditEvent.subject == requests.SUBJECT,
            AuditEvent.subject_id == request_id,
            col(AuditEvent.event).in_(EVENTS if for_expert else EVENTS - UNTOLD),
        )
        .order_by(col(AuditEvent.id))
    ).all()
    return [
        TimelineEntry(
            event.at,
            event.event,
            t(
                f"coop_event.{event.event}",
                who=actor_label(db, event, university, for_expert=for_expert),
                university=university,
                **names,
            ),
        )
        for event in events
    ]
