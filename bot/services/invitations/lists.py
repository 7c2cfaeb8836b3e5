"""Invitations as staff see them, and for how long they are kept (docs/specification.md 2.1)."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.invitations.sending import WRONG_CODES
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import Invitation

#: Of a university or distributor, those that nobody accepted yet.
MOST = 20
#: An invitation that was accepted, cancelled, or ran out is removed after this long; the audit stays.
KEPT = timedelta(days=30)


def is_open(invitation: Invitation, now: datetime) -> bool:
    """It may be accepted now."""
    return (
        invitation.accepted_at is None
        and invitation.cancelled_at is None
        and invitation.wrong_codes < WRONG_CODES
        and now < invitation.expires_at
    )


def view(db: Session, *, actor: Actor, invitation_id: int) -> Invitation:
    """An invitation to a role, for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    invitation = db.get(Invitation, invitation_id)
    if invitation is None or invitation.account_id is not None:
        raise NotAllowed
    return invitation


def pending(
    db: Session, *, actor: Actor, university_code: str | None = None, distributor_id: int | None = None
) -> list[Invitation]:
    """Those of a university or of a distributor that nobody accepted yet, expired ones too, newest first; at most
    MOST."""
    require(db, actor, Role.STAFF)
    query = select(Invitation).where(
        Invitation.university_code == university_code
        if university_code is not None
        else Invitation.distributor_id == distributor_id,
        col(Invitation.account_id).is_(None),
        col(Invitation.accepted_at).is_(None),
        col(Invitation.cancelled_at).is_(None),
    )
    return list(db.exec(query.order_by(col(Invitation.id).desc()).limit(MOST)))


def access_link(db: Session, *, actor: Actor, account_id: int, now: datetime) -> Invitation | None:
    """The open link with which the owner of an account sets a new password, for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    query = select(Invitation).where(Invitation.account_id == account_id).order_by(col(Invitation.id).desc())
    newest = db.exec(query.limit(1)).first()
    return newest if newest is not None and is_open(newest, now) else None


def delete_ended(db: Session, *, now: datetime, limit: int) -> int:
    """Remove up to `limit` invitations that ended more than KEPT ago: names, mobiles and national codes go with them. How
    many went."""
    ended = func.coalesce(Invitation.accepted_at, Invitation.cancelled_at, Invitation.expires_at)
    over = select(Invitation.id).where(ended < now - KEPT).limit(limit)
    return db.exec(delete(Invitation).where(col(Invitation.id).in_(list(db.exec(over))))).rowcount
