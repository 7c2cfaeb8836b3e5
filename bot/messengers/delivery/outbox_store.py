"""Rows of the outbox: what is due, who takes it, what came of it. Units, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, exists, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.messengers.delivery import chat_rests
from bot.services.shared import pay_messages
from bot.services.shared.alert_deeds import GIVEN_UP
from bot.services.shared.notify import alert_staff
from bot.texts import t
from bot.texts.formats import masked
from storage.database.unit_of_work import insert_once
from storage.enums import AccountState, LetterState, Messenger, PushChannel, PushState
from storage.tables import Account, Chat, Grant, Letter, PayMessage, Push

#: Seconds that are left where nothing is queued.
FOREVER = 3600.0
#: Why a push to the holder of a role is not sent.
ROLE_LOST = "the role is not in force any more"
LETTER_STOPPED = "the letter was stopped"
_UNFINISHED = (PushState.QUEUED, PushState.SENDING)
#: A way out: a messenger, or None for SMS.
PushRoute = Messenger | None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message by the number that one bot knows it by."""

    bot_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class ClaimedPush:
    """A claimed push."""

    id: int
    key: str
    kind: str
    channel: PushChannel
    account_id: int | None
    chat_row_id: int | None
    messenger: Messenger | None
    chat_id: int | None
    mobile: str | None
    text: str
    buttons: list[Any]
    sms: dict[str, Any]
    attempts: int
    letter_id: int | None
    correlation_id: str | None
    #: Its chat rests until then.
    rest_until: datetime | None = None
    grant_id: int | None = None
    #: Not to be sent, and why.
    skip: str | None = None
    pays_request_id: int | None = None
    #: Edit this message of this bot instead of sending one; with an empty text take its buttons off.
    edits: SentMessage | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of a try. `pause` seconds: it is queued again."""

    state: PushState
    note: str | None = None
    provider_id: str | None = None
    pause: float = 0.0
    #: The try does not count (the messenger only asked us to slow down).
    free: bool = False
    #: The chat is dead.
    dead: bool = False
    #: Seconds that the messenger wants this chat to be left alone.
    rest: float = 0.0
    #: The message that carries the push's buttons.
    sent: SentMessage | None = None


def _claimable(now: datetime | BindParameter[Any]) -> Any:
    # The first condition names the part of the table that has an index.
    return col(Push.state).in_(_UNFINISHED) & or_(
        and_(col(Push.state) == PushState.QUEUED, col(Push.next_at) <= now),
        and_(col(Push.state) == PushState.SENDING, col(Push.leased_until) < now),
    )


@dataclass(frozen=True, slots=True)
class RouteCapacity:
    """How many more pushes a way takes, and how many of them may be of letters."""

    pushes: int
    letters: int


def due_pushes(
    db: Session, now: datetime, capacities: Mapping[PushRoute, RouteCapacity]
) -> tuple[list[int], float]:
    """Ids of what may be sent now; and the seconds until something else is due."""
    served = [route for route in capacities if route is not None]
    push_ids = [
        push_id
        for route, capacity in capacities.items()
        for push_id in _due_on(db, now, route, capacity, served)
    ]
    if push_ids:
        return push_ids, 0.0
    times = [at for soonest in _SOONEST if (at := db.execute(soonest, {"now": now}).scalar()) is not None]
    return [], max(0.05, (min(times) - now).total_seconds()) if times else FOREVER


def _due_on(
    db: Session, now: datetime, route: PushRoute, capacity: RouteCapacity, served: list[Messenger]
) -> list[int]:
    """Of one way: letters last, then what is due for longest, one a chat."""
    values = {"now": now, "route": route} if route is not None else {"now": now, "served": served}
    urgent, letters = _DUE_AS_SMS if route is None else _DUE_ON_MESSENGER
    push_ids = list(db.scalars(urgent, values | {"most": capacity.pushes}))
    if (left := min(capacity.letters, capacity.pushes - len(push_ids))) > 0:
        push_ids += db.scalars(letters, values | {"most": left})
    return push_ids


def _due(on_route: Any) -> tuple[Any, Any]:
    """What is urgent, and letters. Built once: they are asked several times a second, also while thousands are due. So each
    walks in the order of an index and ends with the last one that is wanted."""
    return tuple(_due_part(on_route, of_letters=of_letters) for of_letters in (False, True))


def _due_part(on_route: Any, *, of_letters: bool) -> Any:
    earlier = aliased(Push)
    older: Any = col(earlier.id) < col(Push.id)
    if of_letters:
        older = or_(col(earlier.letter_id).is_(None), older)
    else:
        older = and_(col(earlier.letter_id).is_(None), older)
    first_of_chat = ~exists().where(
        col(earlier.chat_row_id) == col(Push.chat_row_id), col(earlier.state).in_(_UNFINISHED), older
    )
    now: BindParameter[Any] = bindparam("now")
    of_part = col(Push.letter_id).is_not(None) if of_letters else col(Push.letter_id).is_(None)
    return (
        select(Push.id)
        .outerjoin(Chat, col(Chat.id) == col(Push.chat_row_id))
        # What is under way was due when it was taken.
        .where(on_route, of_part, col(Push.next_at) <= now, _claimable(now))
        .where(first_of_chat, chat_rests.rest_is_over(now))
        .order_by(col(Push.next_at), col(Push.id))
        .limit(bindparam("most"))
    )


#: SMS, and pushes of an earlier release to chats of the messengers that are `served`.
_DUE_AS_SMS = _due(
    and_(
        col(Push.messenger).is_(None),
        or_(
            col(Push.channel) == PushChannel.SMS,
            col(Chat.messenger).in_(bindparam("served", expanding=True)),
        ),
    )
)
_DUE_ON_MESSENGER = _due(col(Push.messenger) == bindparam("route"))
#: When something is due that is not yet.
_SOONEST = [
    select(func.min(at)).where(
        col(Push.state).in_(_UNFINISHED), col(Push.state) == state, at > bindparam("now")
    )
    for state, at in (
        (PushState.QUEUED, col(Push.next_at)),
        (PushState.SENDING, col(Push.leased_until)),
    )
]


def claim_pushes(db: Session, ids: list[int], now: datetime, lease: datetime) -> list[ClaimedPush]:
    """Take them, each with its chat as it is now. Another process that claims at the same time gets the others."""
    wanted = (
        select(Push, Chat, Grant.active, Account.state, PayMessage)  # type: ignore[call-overload]
        .outerjoin(Chat, col(Chat.id) == col(Push.chat_row_id))
        .outerjoin(Grant, col(Grant.id) == col(Push.grant_id))
        .outerjoin(Account, col(Account.id) == col(Push.account_id))
        .outerjoin(PayMessage, col(PayMessage.id) == col(Push.pay_message_id))
        .where(col(Push.id).in_(ids), _claimable(now))
        .order_by(col(Push.id))
        .with_for_update(skip_locked=True, of=Push)
    )
    taken = []
    for push, chat, in_force, state, message in db.execute(wanted).all():
        push.state = PushState.SENDING
        push.leased_until = lease
        push.attempts += 1
        skip, text, buttons = None, push.text, push.buttons
        if push.grant_id is not None and not (in_force and state is AccountState.ACTIVE):
            skip = ROLE_LOST
        elif push.letter_id is not None and _is_stopped(db, push.letter_id):
            skip = LETTER_STOPPED
        elif push.sms.get("void"):
            skip = "what it says does not hold any more"
        elif push.channel is PushChannel.CHAT:
            left = chat is None or chat.account_id != push.account_id
            if push.pay_message_id is not None and message is None:
                skip = "the message shows something else by now"
            elif message is not None and left:
                # Whoever is in the chat now is told nothing; the button goes all the same.
                text, buttons = "", []
            elif left:
                skip = "nobody is logged in there any more"
            elif chat.dead:
                skip = "the chat is dead"
        taken.append(
            ClaimedPush(
                push.id,
                push.key,
                push.kind,
                push.channel,
                push.account_id,
                push.chat_row_id,
                chat.messenger if chat is not None else None,
                chat.chat_id if chat is not None else None,
                push.mobile,
                text,
                buttons,
                push.sms,
                push.attempts,
                push.letter_id,
                push.correlation_id,
                chat.rest_until if chat is not None else None,
                push.grant_id,
                skip,
                push.pays_request_id,
                SentMessage(message.bot_id, message.message_id) if message is not None else None,
            )
        )
    return taken


def _is_stopped(db: Session, letter_id: int) -> bool:
    letter = db.get(Letter, letter_id)
    return letter is not None and letter.state is LetterState.STOPPED


def record_result(db: Session, push: ClaimedPush, outcome: SendResult, now: datetime) -> None:
    """Note what came of a try."""
    values: dict[str, Any] = {
        "state": outcome.state,
        "note": outcome.note,
        "leased_until": None,
        "attempts": push.attempts - outcome.free,
    }
    if outcome.state is PushState.QUEUED:
        values["next_at"] = now + timedelta(seconds=outcome.pause)
    if outcome.state is PushState.SENT:
        values |= {"sent_at": now, "provider_id": outcome.provider_id}
    db.execute(
        update(Push)
        .where(col(Push.id) == push.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if outcome.sent is not None and push.pays_request_id is not None and push.chat_row_id is not None:
        pay_messages.record(
            db,
            request_id=push.pays_request_id,
            chat_row_id=push.chat_row_id,
            bot_id=outcome.sent.bot_id,
            message_id=outcome.sent.message_id,
            now=now,
        )
    if push.edits is not None and push.chat_row_id is not None and outcome.state is not PushState.QUEUED:
        pay_messages.forget(
            db,
            chat_row_id=push.chat_row_id,
            bot_id=push.edits.bot_id,
            message_id=push.edits.message_id,
        )
    if outcome.dead:
        db.execute(
            update(Chat)
            .where(col(Chat.id) == push.chat_row_id)
            .values(dead=True, show_at=None)
            .execution_options(synchronize_session=False)
        )
    nothing_to_say = push.skip in (ROLE_LOST, LETTER_STOPPED)
    if push.channel is PushChannel.CHAT and outcome.state is PushState.SKIPPED and not nothing_to_say:
        _say_by_sms(db, push, now)
    if outcome.state is PushState.GIVEN_UP and push.kind != "alert":
        alert_staff(
            db,
            key=f"{GIVEN_UP}:{push.id if push.letter_id is None else f'letter:{push.letter_id}'}",
            text=_given_up(push, outcome.note or "–"),
            now=now,
        )


def _given_up(push: ClaimedPush, reason: str) -> str:
    """What staff read; of an SMS also its words, so that they can pass them on. The whole mobile is on demand."""
    if push.channel is PushChannel.SMS and push.mobile is not None:
        return t(
            "alert.sms_given_up",
            kind=push.kind,
            mobile=masked(push.mobile[1:]),
            why=reason,
            sms=push.text,
        )
    return t("alert.push_given_up", kind=push.kind, why=reason)


def _say_by_sms(db: Session, push: ClaimedPush, now: datetime) -> None:
    """The last live chat of this person is gone: the short sentence goes to the mobile instead, once."""
    sentence = push.sms.get("sentence")
    if not sentence or push.account_id is None:
        return
    alive = select(Chat.id).where(Chat.account_id == push.account_id, col(Chat.dead).is_(False)).limit(1)
    if db.execute(alive).first() is not None:
        return
    mobile = db.execute(select(Account.mobile).where(Account.id == push.account_id)).scalar()
    if mobile is None:
        return
    insert_once(
        db,
        Push,
        {
            "key": f"{push.key.rsplit(':', 1)[0]}:sms",
            "kind": push.kind,
            "channel": PushChannel.SMS,
            "account_id": push.account_id,
            "grant_id": push.grant_id,
            "chat_row_id": None,
            "mobile": mobile,
            "text": sentence,
            "buttons": [],
            "sms": {},
            "state": PushState.QUEUED,
            "attempts": 0,
            "next_at": now,
            "correlation_id": push.correlation_id,
            "created_at": now,
        },
    )
