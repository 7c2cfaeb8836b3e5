"""Messages that show the button to a request's pay page, and taking the button off once nothing is due.

See docs/specification.md 2.3. Taking it off is a push that edits: queued with what ended the fee, sent by the outbox.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, update
from sqlmodel import Session, col, select

from bot.core.screens import button, rows_to_json
from bot.texts import t
from storage.correlation import CORRELATION_ID
from storage.database.unit_of_work import insert_once
from storage.enums import PushChannel, PushState, RequestState
from storage.tables import Chat, PayMessage, Push, QualificationRequest

#: Of such a push.
KIND = "pay_message"
#: The chat whose button ended the fee («بررسی پرداخت») shows the next screen in the same message first.
SCREEN_FIRST = timedelta(seconds=2)

#: What such a message says, by the state of the request; in any other the approval was revoked.
_OVER = {
    RequestState.COMPLETED: "COMPLETED",
    RequestState.REVOKED: "COMPLETED",
    RequestState.WITHDRAWN: "WITHDRAWN",
}

_MARK_CHAT = (
    update(Chat)
    .where(col(Chat.id) == bindparam("chat_row"))
    .values(has_pay_message=True)
    .execution_options(synchronize_session=False)
)
_UNMARK_CHAT = (
    update(Chat)
    .where(
        col(Chat.id) == bindparam("chat_row"),
        ~exists().where(col(PayMessage.chat_row_id) == bindparam("chat_row")),
    )
    .values(has_pay_message=False)
    .execution_options(synchronize_session=False)
)
_FORGET = (
    delete(PayMessage)
    .where(
        col(PayMessage.chat_row_id) == bindparam("chat_row"),
        col(PayMessage.bot_id) == bindparam("bot"),
        col(PayMessage.message_id) == bindparam("message"),
    )
    .execution_options(synchronize_session=False)
)
#: Whoever ends the fee waits until the message is noted, or it is noted as one of a fee that is over.
_REQUEST = (
    select(QualificationRequest)
    .where(QualificationRequest.id == bindparam("request_id"))
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


def record(
    db: Session, *, request_id: int, chat_row_id: int, bot_id: int, message_id: int, now: datetime
) -> None:
    """Note that this message shows the pay button of the request. Where nothing is due any more, it is taken off."""
    request = db.exec(_REQUEST, params={"request_id": request_id}).one()
    db.execute(_FORGET, {"chat_row": chat_row_id, "bot": bot_id, "message": message_id})
    message = PayMessage(request_id=request_id, chat_row_id=chat_row_id, bot_id=bot_id, message_id=message_id)
    db.add(message)
    db.flush()
    db.execute(_MARK_CHAT, {"chat_row": chat_row_id})
    if request.state is not RequestState.AWAITING_PAYMENT:
        _queue(db, request, message, now)


def forget(db: Session, *, chat_row_id: int, bot_id: int, message_id: int) -> None:
    """This message shows something else by now: a push that would edit it is not sent any more."""
    db.execute(_FORGET, {"chat_row": chat_row_id, "bot": bot_id, "message": message_id})
    db.execute(_UNMARK_CHAT, {"chat_row": chat_row_id})


def drop_waiting(db: Session, request: QualificationRequest) -> None:
    """Pushes with the pay button of a request that are not on their way yet are not sent any more."""
    db.exec(
        delete(Push)
        .where(col(Push.pays_request_id) == request.id, col(Push.state) == PushState.QUEUED)
        .execution_options(synchronize_session=False)
    )


def take_buttons_off(db: Session, request: QualificationRequest, *, now: datetime) -> None:
    """The fee of a request was paid, or is not due any more: each message with its pay button is to say so instead."""
    messages = select(PayMessage).where(PayMessage.request_id == request.id).order_by(col(PayMessage.id))
    for message in db.exec(messages).all():
        _queue(db, request, message, now)


def _queue(db: Session, request: QualificationRequest, message: PayMessage, now: datetime) -> None:
    text = t(f"pay.over.{_OVER.get(request.state, 'REVOKED')}", code=request.tracking_code or "")
    row: dict[str, Any] = {
        "key": f"{KIND}:{message.id}",
        "kind": KIND,
        "channel": PushChannel.CHAT,
        "account_id": request.account_id,
        "grant_id": None,
        "chat_row_id": message.chat_row_id,
        "messenger": db.get_one(Chat, message.chat_row_id).messenger,
        "pay_message_id": message.id,
        "mobile": None,
        "text": text,
        "buttons": rows_to_json([[button(t("qual.track"), "qual.track", request.id or 0)]]),
        "sms": {},
        "state": PushState.QUEUED,
        "attempts": 0,
        "next_at": now + SCREEN_FIRST,
        "correlation_id": CORRELATION_ID.get(),
        "created_at": now,
    }
    insert_once(db, Push, row)
