"""What a person may change about themself here: the mobile (R48, Q38, N12)."""

from datetime import datetime

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import button
from bot.rules.validators import Mobile
from bot.services.accounts import queries
from bot.services.shared import audit, notify
from bot.texts import t
from storage.enums import AccountState
from storage.tables import Account, Chat


def refuse_mobile_change(db: Session, *, account: Account) -> None:
    """Raises Refusal("mobile.in_circulation") while a request is in circulation (R11), unless the number that is
    stored only waits to be verified."""
    assert account.id is not None
    if account.mobile_verified and queries.in_circulation(db, account.id):
        raise in_circulation()


def in_circulation() -> Refusal:
    """General data are not saved now (R11)."""
    return Refusal("mobile.in_circulation", next_buttons=(button(t("qual.track"), "qual.track"),))


def change_mobile(
    db: Session, *, actor: Actor, chat: Chat, mobile: Mobile, verified: bool, now: datetime
) -> Account:
    """Set the mobile; `verified` only where the sender shared their own number. The other chats are told (N12).

    Raises NotAllowed where suspended, Refusal("mobile.in_circulation") while a request is in circulation (R11).
    """
    queries.need_owner(actor, chat.account_id or 0)
    assert actor.account_id is not None
    account = queries.lock_account(db, actor.account_id)
    if account.state is not AccountState.ACTIVE:
        raise NotAllowed("error.not_allowed")
    if mobile != account.mobile:
        if queries.in_circulation(db, actor.account_id):
            raise in_circulation()
    elif account.mobile_verified or not verified:
        return account
    moved = mobile != account.mobile
    queries.save_account(db, account, mobile=mobile, mobile_verified=verified)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="mobile_changed" if moved else "mobile_verified",
        subject="account",
        subject_id=actor.account_id,
        verified=verified,
    )
    if moved:
        notify.push(
            db,
            kind="N12",
            event_key=f"mobile:{account.version}",
            account_id=actor.account_id,
            text=t("push.N12"),
            rows=[[button(t("password.button"), "password.change")]],
            now=now,
            except_chat=chat.id,
        )
    return account
