"""Undelivered pushes and SMS, and updates that failed or could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import Stale
from bot.services.directorate import account_lookup
from bot.services.shared import audit, notify
from bot.services.shared.alert_deeds import GIVEN_UP
from bot.services.shared.permissions import require
from storage.enums import InboxState, PushChannel, PushState, Role
from storage.tables import Account, Chat, InboxUpdate, Push

#: Pushes that are queued again at one press.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class UndeliveredPush:
    """A push with whom it was for (None: an SMS to a person without an account)."""

    push: Push
    recipient: Account | None


@dataclass(frozen=True, slots=True)
class UndeliveredCause:
    """Pushes that were given up for one reason; `first` (push.id) is the oldest and names the cause on buttons."""

    first: int
    channel: PushChannel
    note: str | None
    count: int
    oldest: datetime


def undelivered_causes(db: Session, *, actor: Actor) -> list[UndeliveredCause]:
    """What was given up, by channel and reason, the most frequent first. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    number = func.count()
    query = (
        select(func.min(Push.id), Push.channel, Push.note, number)
        .add_columns(func.min(Push.created_at))
        .where(col(Push.state) == PushState.GIVEN_UP)
        .group_by(col(Push.channel), col(Push.note))
        .order_by(number.desc(), func.min(Push.id))
    )
    return [UndeliveredCause(*row) for row in db.execute(query).all()]


def _same_cause(push: Push) -> ColumnElement[bool]:
    return (
        (col(Push.state) == PushState.GIVEN_UP)
        & (col(Push.channel) == push.channel)
        & (col(Push.note).is_(None) if push.note is None else col(Push.note) == push.note)
    )


def cause_of(db: Session, *, actor: Actor, push_id: int) -> UndeliveredCause:
    """The cause that this push was given up for. Raises NotAllowed, Stale where it is none any more."""
    push = undelivered_push(db, actor=actor, push_id=push_id).push
    query = select(func.min(Push.id), func.count(), func.min(Push.created_at)).where(_same_cause(push))
    first, number, oldest = db.exec(query).one()
    return UndeliveredCause(first or push_id, push.channel, push.note, number, oldest)


def undelivered_pushes(
    db: Session, *, actor: Actor, push_id: int, limit: int, offset: int
) -> list[UndeliveredPush]:
    """Pushes and SMS that were given up for the same reason as this one, oldest first. Raises NotAllowed, Stale."""
    push = undelivered_push(db, actor=actor, push_id=push_id).push
    query = (
        select(Push, Account)
        .join(Account, col(Account.id) == col(Push.account_id), isouter=True)
        .where(_same_cause(push))
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


def resend_cause(db: Session, *, actor: Actor, push_id: int, now: datetime) -> int:
    """Queue again what was given up for the same reason as this one, the oldest AT_ONCE of them; say how many. An audit
    event each. Raises NotAllowed, Stale."""
    push = undelivered_push(db, actor=actor, push_id=push_id).push
    query = select(Push.id, Push.letter_id).where(_same_cause(push)).order_by(col(Push.id)).limit(AT_ONCE)
    letters = {found: letter_id for found, letter_id in db.exec(query) if found is not None}
    values = {"state": PushState.QUEUED, "attempts": 0, "next_at": now, "note": None}
    queued = db.execute(
        update(Push)
        .where(col(Push.id).in_(list(letters)), col(Push.state) == PushState.GIVEN_UP)
        .values(leased_until=None, **values)
        .returning(col(Push.id))
        .execution_options(synchronize_session=False)
    )
    ended = {found: letters[found] for found in sorted(queued.scalars().all())}
    _record_end(db, ended, actor=actor, event="push_resent", to_state=PushState.QUEUED, now=now)
    return len(ended)


def mobile_of(db: Session, *, actor: Actor, push_id: int, now: datetime) -> str | None:
    """The mobile of the person whom a push did not reach, to be called; None where none is known. That it was looked
    up is recorded. Raises NotAllowed, Stale."""
    lost = undelivered_push(db, actor=actor, push_id=push_id)
    mobile = lost.push.mobile or (lost.recipient.mobile if lost.recipient is not None else None)
    if mobile is not None:
        audit.record(
            db,
            now=now,
            actor=actor,
            event="mobile_viewed",
            subject="push",
            subject_id=push_id,
            account=lost.push.account_id,
        )
    return mobile


def give_up(db: Session, *, actor: Actor, push_id: int, now: datetime) -> None:
    """Put it away for good. Raises NotAllowed, Stale where another change was faster."""
    values = {"state": PushState.SKIPPED, "note": "put away by staff"}
    _end(db, actor=actor, push_id=push_id, now=now, event="push_put_away", values=values)


def _end(
    db: Session, *, actor: Actor, push_id: int, now: datetime, event: str, values: Mapping[str, object]
) -> None:
    require(db, actor, Role.STAFF)
    ended = db.execute(
        update(Push)
        .where(col(Push.id) == push_id, col(Push.state) == PushState.GIVEN_UP)
        .values(leased_until=None, **values)
        .returning(col(Push.id), col(Push.letter_id))
        .execution_options(synchronize_session=False)
    ).all()
    if not ended:
        raise Stale
    _record_end(
        db,
        {row.id: row.letter_id for row in ended},
        actor=actor,
        event=event,
        to_state=str(values["state"]),
        now=now,
    )


def _record_end(
    db: Session,
    ended: Mapping[int, int | None],
    *,
    actor: Actor,
    event: str,
    to_state: str,
    now: datetime,
) -> None:
    """Close the alerts of these pushes (push.id → letter.id), and those of letters of which nothing is left."""
    for push_id in ended:
        audit.record(
            db,
            now=now,
            actor=actor,
            event=event,
            subject="push",
            subject_id=push_id,
            from_state=PushState.GIVEN_UP,
            to_state=to_state,
        )
    keys = [f"{GIVEN_UP}:{push_id}" for push_id in ended]
    for letter_id in {letter_id for letter_id in ended.values() if letter_id is not None}:
        left = select(Push.id).where(Push.letter_id == letter_id, Push.state == PushState.GIVEN_UP).limit(1)
        if db.exec(left).first() is None:
            keys.append(f"{GIVEN_UP}:letter:{letter_id}")
    notify.close_alerts(db, keys=keys, now=now)


# -- updates ---------------------------------------------------------------------------------------

#: In the order of their index, which SQLite takes for no other.
ODD = (InboxState.QUARANTINED, InboxState.FAILED)


def odd_updates(db: Session, *, actor: Actor) -> dict[InboxState, int]:
    """How many updates failed or could not be read, of those still kept. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    query = (
        select(InboxUpdate.state, func.count())
        .where(col(InboxUpdate.state).in_(ODD))
        .group_by(col(InboxUpdate.state))
    )
    counts = dict(db.exec(query).all())
    return {state: counts.get(state, 0) for state in reversed(ODD)}


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
