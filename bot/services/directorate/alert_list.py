"""What staff see of the alerts until they are settled."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import Stale
from bot.services.shared import audit
from bot.services.shared.notify import close_alert
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import StaffAlert


def count_open(db: Session, *, actor: Actor) -> int:
    """How many alerts are unsettled. Raises NotAllowed for anyone but staff and the system."""
    require(db, actor, Role.STAFF, Role.SYSTEM)
    query = select(func.count()).select_from(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))
    return db.exec(query).one()


def open_alerts(db: Session, *, actor: Actor, limit: int, offset: int = 0) -> list[StaffAlert]:
    """Unsettled alerts, oldest first. Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    query = select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))
    return list(db.exec(query.order_by(col(StaffAlert.id)).limit(limit).offset(offset)))


def open_alert(db: Session, *, actor: Actor, alert_id: int) -> StaffAlert:
    """One unsettled alert. Raises NotAllowed for anyone but staff, Stale where it is settled."""
    require(db, actor, Role.STAFF)
    alert = db.get(StaffAlert, alert_id)
    if alert is None or alert.resolved_at is not None:
        raise Stale
    return alert


def resolve_alert(db: Session, *, actor: Actor, alert_id: int, now: datetime) -> None:
    """Staff say that an alert is dealt with. If its cause is still there, it is raised again.

    Raises NotAllowed for anyone but staff, Stale where it is settled already."""
    alert = open_alert(db, actor=actor, alert_id=alert_id)
    if not close_alert(db, key=alert.key, now=now):
        raise Stale
    audit.record(
        db, now=now, actor=actor, event="alert_settled", subject="alert", subject_id=alert_id, key=alert.key
    )
