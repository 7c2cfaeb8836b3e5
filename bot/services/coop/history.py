"""The history of a cooperation request for people (SPEC 7): both sides read roles, experts their colleagues' names."""

from sqlmodel import Session, col, select

from bot.errors import NotAllowed
from bot.rules.cooperation import TABLE, may_see
from bot.services.coop import cases, news
from bot.services.reference import university_name
from bot.services.tracking import Entry
from bot.texts import t
from bot.turn import Actor
from storage.states import Role
from storage.tables import Account, AuditEvent, CooperationRequest

EVENTS = frozenset(row.event for row in TABLE.values())


def timeline(db: Session, *, actor: Actor, request_id: int) -> list[Entry]:
    """Who did what, oldest first. Raises NotAllowed, Stale."""
    request = cases.load(db, request_id)
    if not may_see(cases.case_of(db, request), actor):
        raise NotAllowed
    query = select(AuditEvent).where(
        AuditEvent.subject == cases.SUBJECT,
        AuditEvent.subject_id == request_id,
        col(AuditEvent.event).in_(EVENTS),
    )
    events = db.exec(query.order_by(col(AuditEvent.id))).all()
    return [Entry(one.at, one.event, _sentence(db, one, request, actor)) for one in events]


def _sentence(db: Session, event: AuditEvent, request: CooperationRequest, actor: Actor) -> str:
    university = university_name(db, request.university_code)
    names = news.parties(db, request).names
    return t(
        f"coop_event.{event.event}", who=_who(db, event, university, actor), university=university, **names
    )


def _who(db: Session, event: AuditEvent, university: str, actor: Actor) -> str:
    """Whoever acted for the university; the sides are named by the sentences themselves."""
    if event.actor_role is Role.STAFF:
        return t("who.staff")
    colleague = actor.role not in (Role.OFFICER, Role.DISTRIBUTOR)
    account = db.get(Account, event.actor_id) if colleague and event.actor_id is not None else None
    if account is not None:
        return account.name
    in_charge = event.actor_role is Role.IN_CHARGE
    return t("who.in_charge" if in_charge else "who.expert", university=university)
