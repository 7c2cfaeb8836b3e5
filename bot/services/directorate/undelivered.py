"""Undelivered pushes and SMS, and updates that failed or could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import Stale
from bot.services.directorate import account_lookup
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from storage.enums import InboxState, PushState, Role
from storage.tables import Account, Chat, InboxUpdate, Push


@dataclass(frozen=True, slots=True)
class UndeliveredPush:
    """A push with whom it was for (None: an SMS to a person without an account)."""

    push: Push
    recipient: Account | None


def count_undelivered(db: Session, *, actor: Actor) -> int:
    require(db, actor, Role.STAFF)
    query = select(func.count()).select_from(Push).where(Push.state == PushState.GIVEN_UP)
    return db.exec(query).one()


def undelivered_pushes(db: Session, *, actor: Actor, limit: int, offset: int = 0) -> list[UndeliveredPush]:
    """Pushes and SMS that were given up, oldest first. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    query = (
        select(Push, Account)
        .join(Account, col(Account.id) == col(Push.account_id), isouter=True)
        .where(Push.state == PushState.GIVEN_UP)
        .order_by(col(Push.id))
    )
    return [UndeliveredPush(push, who) for push, who in db.exec(query.limit(limit).offset(offset))]


def undelivered_push(db: Session, *, actor: Actor, push_id: int) -> UndeliveredPush:
    """One of them. Raises NotAllowed, Stale where it is none any more."""
    require(db, actor, Role.STAFF)
    push = db.get(Push, push_id, populate_existing=True)
    if push is None or push.state is not PushState.GIVEN_UP:
        raise Stale
    return UndeliveredPush(push, db.get(Account, push.account_id) if push.account_id is not None else None)


def resend(db: Session, *, actor: Actor, push_id: int, now: datetime) -> None:
    """Queue it again as if it were new. Raises NotAllowed, Stale where another change was faster."""
    values = {"state": PushState.QUEUED, "attempts": 0, "next_at": now, "note": None}
    _end(db, actor=actor, push_id=push_id, now=now, event="push_resent", values=values)


def give_up(db: Session, *, actor: Actor, push_id: int, now: datetime) -> None:
    """Put it away for good. Raises NotAllowed, Stale where another change was faster."""
    values = {"state": PushState.SKIPPED, "note": "put away by staff"}
    _end(db, actor=actor, push_id=push_id, now=now, event="push_put_away", values=values)


def _end(
    db: Session, *, actor: Actor, push_id: int, now: datetime, event: str, values: Mapping[str, object]
) -> None:
    require(db, actor, Role.STAFF)
    won = db.exec(
        update(Push)
        .where(col(Push.id) == push_id, col(Push.state) == PushState.GIVEN_UP)
        .values(leased_until=None, **values)
        .execution_options(synchronize_session=False)
    ).rowcount
    if not won:
        raise Stale
    notify.close_alert(db, key=f"push.given_up:{push_id}", now=now)
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject="push",
        subject_id=push_id,
        from_state=PushState.GIVEN_UP,
        to_state=str(values["state"]),
    )


# -- updates ---------------------------------------------------------------------------------------

ODD = (InboxState.FAILED, InboxState.QUARANTINED)


def odd_updates(db: Session, *, actor: Actor) -> dict[InboxState, int]:
    """How many updates failed or could not be read, of those still kept. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    query = (
        select(InboxUpdate.state, func.count())
        .where(col(InboxUpdate.state).in_(ODD))
        .group_by(col(InboxUpdate.state))
    )
    counts = dict(db.exec(query).all())
    return {state: counts.get(state, 0) for state in ODD}


@dataclass(frozen=True, slots=True)
class OddUpdate:
    """An update that went wrong, and the chat it came from."""

    update: InboxUpdate
    chat: Chat | None
    account: Account | None


def look_up(db: Session, *, actor: Actor, number: int, now: datetime) -> None:
    """Find the update of an error number; whose account it was is recorded as looked up. Raises as
    `odd_update`."""
    looked_up = odd_update(db, actor=actor, number=number)
    if looked_up.account is not None:
        account_lookup.note_account(db, actor=actor, account=looked_up.account, now=now)


def odd_update(db: Session, *, actor: Actor, number: int) -> OddUpdate:
    """The update of an error number that a person was shown. Raises NotAllowed, Stale where there is none."""
    require(db, actor, Role.STAFF)
    inbox_update = db.get(InboxUpdate, number)
    if inbox_update is None or inbox_update.state not in ODD:
        raise Stale("error.no_such_error")
    chat = db.exec(
        select(Chat).where(Chat.messenger == inbox_update.messenger, Chat.chat_id == inbox_update.lane)
    ).first()
    account = db.get(Account, chat.account_id) if chat is not None and chat.account_id is not None else None
    return OddUpdate(inbox_update, chat, account)
