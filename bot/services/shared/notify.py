"""Pushes to people and alerts to staff: rows of the outbox, written in the transaction of their cause.

See docs/specification.md 2.8.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from bot.core.screens import Button, button, paid_by, rows_to_json
from bot.services.shared import alert_deeds
from bot.texts import t
from storage.correlation import CORRELATION_ID
from storage.database.unit_of_work import insert_once
from storage.enums import AccountState, PushChannel, PushState, Role
from storage.tables import Account, Chat, Grant, Push, StaffAlert

Rows = Iterable[Iterable[Button]]

#: An open alert is told again after this long.
ALERT_REPEATS = timedelta(days=1)
#: Alerts that one unit tells again, each to all staff.
ALERTS_AT_ONCE = 3

_LIVE_CHATS = (
    select(Chat.id, Chat.messenger)
    .where(Chat.account_id == bindparam("account_id"), col(Chat.dead).is_(False))
    .order_by(col(Chat.id))
)
_MOBILE = select(Account.mobile).where(Account.id == bindparam("account_id"))
_STAFF = (
    select(Grant)
    .join(Account, col(Account.id) == col(Grant.account_id))
    .where(
        Grant.role == Role.STAFF,
        col(Grant.active).is_(True),
        Account.state == AccountState.ACTIVE,
    )
    .order_by(col(Grant.account_id))
)


def push(
    db: Session,
    *,
    kind: str,
    event_key: str,
    account_id: int,
    text: str,
    rows: Rows = (),
    now: datetime,
    except_chat: int | None = None,
    sms: str | None = None,
    grant_id: int | None = None,
) -> int:
    """Write one push for each live chat of the account but `except_chat` (chat.id); say how many rows are new.

    `event_key` names the event ("request:7:submitted:1"): the same event is never told twice to one chat. Where there
    is no live chat at all, `sms` (one short sentence without a full stop) goes to the known mobile instead.
    `grant_id` is the role (role_grant.id) that they are told in: once it is not in force any more, or the account is
    suspended, what waits is not sent. None: the person is told, in whatever role.
    """
    chats = list(db.exec(_LIVE_CHATS, params={"account_id": account_id}))
    rows = [list(row) for row in rows]
    row: dict[str, Any] = {
        "kind": kind,
        "channel": PushChannel.CHAT,
        "account_id": account_id,
        "grant_id": grant_id,
        "chat_row_id": None,
        "messenger": None,
        "mobile": None,
        "text": text,
        "buttons": rows_to_json(rows),
        "pays_request_id": paid_by(rows),
        # Kept for the case that the last chat turns out to be blocked.
        "sms": {"sentence": sms} if sms is not None else {},
        "state": PushState.QUEUED,
        "attempts": 0,
        "next_at": now,
        "correlation_id": CORRELATION_ID.get(),
        "created_at": now,
    }
    if not chats and sms is not None:
        mobile = db.exec(_MOBILE, params={"account_id": account_id}).first()
        if mobile is None:
            return 0
        row |= {
            "key": f"{event_key}:{account_id}:sms",
            "channel": PushChannel.SMS,
            "mobile": mobile,
            "text": sms,
            "buttons": [],
            "pays_request_id": None,
            "sms": {},
        }
        return int(insert_once(db, Push, row) is not None)
    written = 0
    for chat_id, messenger in chats:
        if chat_id != except_chat:
            key = f"{event_key}:{account_id}:{chat_id}"
            row |= {"key": key, "chat_row_id": chat_id, "messenger": messenger}
            written += insert_once(db, Push, row) is not None
    return written


def drop_waiting(db: Session, *, event_key: str, account_id: int, chat_row_id: int) -> bool:
    """Take a push back that is not on its way yet, because its chat is told by a screen in this very transaction."""
    row = (
        delete(Push)
        .where(
            col(Push.key) == f"{event_key}:{account_id}:{chat_row_id}", col(Push.state) == PushState.QUEUED
        )
        .execution_options(synchronize_session=False)
    )
    return db.exec(row).rowcount > 0


def sms(
    db: Session,
    *,
    kind: str,
    event_key: str,
    mobile: str,
    text: str,
    template: str,
    tokens: Iterable[str],
    now: datetime,
) -> bool:
    """An SMS that is sent whether or not there is a live chat (R33): `text` as it is, or the tokens of `template`
    where the provider knows it. False where this event was told already."""
    row: dict[str, Any] = {
        "key": f"{event_key}:sms",
        "kind": kind,
        "channel": PushChannel.SMS,
        "account_id": None,
        "grant_id": None,
        "chat_row_id": None,
        "messenger": None,
        "mobile": mobile,
        "text": text,
        "buttons": [],
        "sms": {"template": template, "tokens": list(tokens), "whole": True},
        "state": PushState.QUEUED,
        "attempts": 0,
        "next_at": now,
        "correlation_id": CORRELATION_ID.get(),
        "created_at": now,
    }
    return insert_once(db, Push, row) is not None


def has_live_chat(db: Session, account_id: int) -> bool:
    """Whether pushes reach this account in a chat."""
    return db.exec(_LIVE_CHATS, params={"account_id": account_id}).first() is not None


def alert_staff(db: Session, *, key: str, text: str, now: datetime, rows: Rows = ()) -> bool:
    """Raise an alert unless one with this key is open; tell every active staff account. True where it is new.

    The alert stays open, and is told again daily, until `close_alert`. An open one gets the present words. Its messages
    have the button to where its cause is removed (`alert_deeds`), and `rows`.
    """
    values = {"key": key, "text": text, "raised_at": now, "notified_at": now, "resolved_at": None}
    alert_id = insert_once(db, StaffAlert, values)
    if alert_id is None:
        db.exec(
            update(StaffAlert)
            .where(
                col(StaffAlert.key) == key,
                col(StaffAlert.resolved_at).is_(None),
                col(StaffAlert.text) != text,
            )
            .values(text=text)
            .execution_options(synchronize_session=False)
        )
        return False
    _push_to_staff(db, alert_id, key, text, now, rows)
    return True


def repeat_alerts(db: Session, *, now: datetime) -> int:
    """Tell staff again of some alerts that are open and were last told a day ago or more; say how many. A job repeats
    it."""
    due = list(
        db.exec(
            select(StaffAlert)
            .where(col(StaffAlert.resolved_at).is_(None), col(StaffAlert.notified_at) <= now - ALERT_REPEATS)
            .limit(ALERTS_AT_ONCE)
        )
    )
    notified = 0
    for alert in due:
        assert alert.id is not None
        won = db.exec(
            update(StaffAlert)
            .where(col(StaffAlert.id) == alert.id, col(StaffAlert.notified_at) == alert.notified_at)
            .values(notified_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        if won:
            _push_to_staff(db, alert.id, alert.key, alert.text, now, ())
            notified += 1
    return notified


def close_alert(db: Session, *, key: str, now: datetime) -> bool:
    """Close the open alert of this key, if there is one."""
    settled = db.exec(
        update(StaffAlert)
        .where(col(StaffAlert.key) == key, col(StaffAlert.resolved_at).is_(None))
        .values(resolved_at=now)
        .execution_options(synchronize_session=False)
    )
    return settled.rowcount > 0


def close_alerts(db: Session, *, keys: Iterable[str], now: datetime) -> list[int]:
    """Close the open alerts of these keys; staff_alert.id of those that were open."""
    settled = db.execute(
        update(StaffAlert)
        .where(col(StaffAlert.key).in_(list(keys)), col(StaffAlert.resolved_at).is_(None))
        .values(resolved_at=now)
        .returning(col(StaffAlert.id))
        .execution_options(synchronize_session=False)
    )
    return sorted(settled.scalars().all())


def open_keys(db: Session, prefix: str) -> list[str]:
    """Keys of the open alerts that begin so."""
    query = select(StaffAlert.key).where(
        col(StaffAlert.key).startswith(prefix, autoescape=True), col(StaffAlert.resolved_at).is_(None)
    )
    return list(db.exec(query))


def _push_to_staff(db: Session, alert_id: int, key: str, text: str, now: datetime, rows: Rows) -> None:
    rows = [
        *map(list, rows),
        *alert_deeds.deed_rows(db, key),
        [button(t("nav.see"), "staff.alert", alert_id)],
    ]
    for grant in db.exec(_STAFF).all():
        push(
            db,
            kind="alert",
            event_key=f"alert:{alert_id}:{int(now.timestamp())}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=text,
            rows=rows,
            now=now,
        )
