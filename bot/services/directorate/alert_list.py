"""What staff see of the alerts until they are settled."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import Stale
from bot.core.screens import Button
from bot.services.shared import alert_deeds, audit, notify
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import StaffAlert

#: Alerts that are closed at one press.
AT_ONCE = 500


def count_open(db: Session, *, actor: Actor, most: int) -> int:
    """How many alerts are unsettled, counted to `most` + 1. Raises NotAllowed for anyone but staff and the system."""
    require(db, actor, Role.STAFF, Role.SYSTEM)
    some = select(StaffAlert.id).where(col(StaffAlert.resolved_at).is_(None)).limit(most + 1).subquery()
    return db.exec(select(func.count()).select_from(some)).one()


def open_alerts(db: Session, *, actor: Actor, limit: int, offset: int) -> list[StaffAlert]:
    """Unsettled alerts, oldest first. Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    query = select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))
    # By the index of open ones: in the order of ids all that were ever raised would be looked at.
    return list(
        db.exec(query.order_by(col(StaffAlert.raised_at), col(StaffAlert.id)).limit(limit).offset(offset))
    )


def open_alert(db: Session, *, actor: Actor, alert_id: int) -> StaffAlert:
    """One unsettled alert. Raises NotAllowed for anyone but staff, Stale where it is settled."""
    require(db, actor, Role.STAFF)
    alert = db.get(StaffAlert, alert_id)
    if alert is None or alert.resolved_at is not None:
        raise Stale
    return alert


def deed_rows(db: Session, *, actor: Actor, alert_id: int) -> list[list[Button]]:
    """The button to where the cause of an alert is removed, where that is in the bot. Raises as `open_alert`."""
    return alert_deeds.deed_rows(db, open_alert(db, actor=actor, alert_id=alert_id).key)


def similar(db: Session, *, actor: Actor, alert_id: int) -> list[StaffAlert]:
    """Unsettled alerts of the same cause as this one, itself among them, the oldest AT_ONCE. Raises as `open_alert`."""
    alert = open_alert(db, actor=actor, alert_id=alert_id)
    cause = alert_deeds.cause_of(alert.key)
    query = select(StaffAlert).where(
        col(StaffAlert.key).startswith(f"{cause}:", autoescape=True) | (col(StaffAlert.key) == cause),
        col(StaffAlert.resolved_at).is_(None),
    )
    return list(db.exec(query.order_by(col(StaffAlert.id)).limit(AT_ONCE)))


def resolve_similar(db: Session, *, actor: Actor, alert_id: int, last: int, now: datetime) -> int:
    """Staff say that all alerts of this one's cause are dealt with, up to staff_alert.id `last`; say how many. An audit
    event each. Raises as `open_alert`."""
    alerts = [one for one in similar(db, actor=actor, alert_id=alert_id) if (one.id or 0) <= last]
    keys = {one.id: one.key for one in alerts}
    settled = notify.close_alerts(db, keys=keys.values(), now=now)
    for settled_id in settled:
        _record(db, actor, settled_id, keys[settled_id], now)
    return len(settled)


def resolve_alert(db: Session, *, actor: Actor, alert_id: int, now: datetime) -> None:
    """Staff say that an alert is dealt with. If its cause is still there, it is raised again.

    Raises NotAllowed for anyone but staff, Stale where it is settled already."""
    alert = open_alert(db, actor=actor, alert_id=alert_id)
    if not notify.close_alert(db, key=alert.key, now=now):
        raise Stale
    _record(db, actor, alert_id, alert.key, now)


def _record(db: Session, actor: Actor, alert_id: int, key: str, now: datetime) -> None:
    audit.record(
        db, now=now, actor=actor, event="alert_settled", subject="alert", subject_id=alert_id, key=key
    )
