"""What the directorate's staff do to an account: reset, suspend, lift, annul. Each with a reason.

See docs/specification.md 2.1, N21.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules import account as account_rules
from bot.rules.account import AccountAction, AccountCase
from bot.services.accounts import experts, known_chats, queries, sessions
from bot.services.cooperation import closing
from bot.services.shared import audit, eligibility, notify
from bot.services.shared.permissions import require
from bot.texts import quoted, t
from storage.enums import RequestKind, RequestState
from storage.tables import Account, Officer, QualificationRequest


def case_of(db: Session, account: Account, actor: Actor) -> AccountCase:
    """The facts that the rules look at when `actor` acts."""
    assert account.id is not None
    officer = db.get(Officer, account.id)
    completed = db.exec(
        select(QualificationRequest.id)
        .where(
            QualificationRequest.account_id == account.id,
            QualificationRequest.kind == RequestKind.NEW,
            col(QualificationRequest.state).in_((RequestState.COMPLETED, RequestState.REVOKED)),
        )
        .limit(1)
    ).first()
    return AccountCase(
        state=account.state,
        own=account.id == actor.account_id,
        registered=officer is not None,
        qualified=completed is not None or eligibility.is_qualified(db, account.id),
        open_request=queries.has_open_request(db, account.id),
    )


def _decide(
    db: Session, *, actor: Actor, account_id: int, version: int | None, reason: str, action: AccountAction
) -> tuple[Account, account_rules.Transition, str]:
    require(db, actor)
    account = queries.lock_account(db, account_id)
    key = account_rules.MACHINE.refusal(case_of(db, account, actor), actor, action)
    if key is not None:
        raise NotAllowed(key)
    if version is not None and version != account.version:
        raise Stale
    reason = reason.strip()
    if not account_rules.REASON_MIN <= len(reason) <= account_rules.REASON_MAX:
        raise InvalidInput("error.short_reason")
    return account, account_rules.MACHINE.table[account.state, action], reason


def _record(
    db: Session, *, actor: Actor, account: Account, row: account_rules.Transition, reason: str, now: datetime
) -> None:
    assert account.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=row.event,
        subject="account",
        subject_id=account.id,
        from_state=row.source,
        to_state=row.target,
        reason=reason,
    )


def reset_access(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    reason: str,
    password_hash: str,
    now: datetime,
    version: int | None = None,
) -> Account:
    """Log the account out everywhere and make its password void: `password_hash` is of one that nobody knows. Its owner
    gets a link by `invitations.sending.reset_access`."""
    account, row, reason = _decide(
        db, actor=actor, account_id=account_id, version=version, reason=reason, action=AccountAction.RESET
    )
    queries.save_account(db, account, password_hash=password_hash, credentials_pending=False)
    sessions.unlink(db, account_id=account_id, chats=queries.chats_of(db, account_id))
    known_chats.forget_chats(db, account_id=account_id)
    _record(db, actor=actor, account=account, row=row, reason=reason, now=now)
    return account


def suspend(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    reason: str,
    public_info: PublicInfo,
    now: datetime,
    version: int | None = None,
    death: bool,
) -> Account:
    """Leave the account nothing but reading; its owner and the distributor concerned are told (N21). Payments
    in flight still complete, pending cooperation is closed, the contract stays unless the reason is `death`
    («فوت»). An expert's requests go back to the queues, or no other expert could decide them."""
    account, row, reason = _decide(
        db, actor=actor, account_id=account_id, version=version, reason=reason, action=AccountAction.SUSPEND
    )
    queries.save_account(db, account, state=row.target, state_reason=reason)
    _record(db, actor=actor, account=account, row=row, reason=reason, now=now)
    notify.push(
        db,
        kind="N21",
        event_key=f"suspended:{account.version}",
        account_id=account_id,
        text=t(
            "error.suspended", reason=quoted(reason, t("role.staff")), contact=public_info.support_contact
        ),
        now=now,
    )
    closing.officer_suspended(db, account=account, dead=death, now=now)
    experts.leave_desk(db, actor=actor, account_id=account_id, now=now)
    return account


def lift(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    reason: str,
    now: datetime,
    version: int | None = None,
) -> Account:
    """End a suspension; its owner and the distributor concerned are told (N21)."""
    account, row, reason = _decide(
        db, actor=actor, account_id=account_id, version=version, reason=reason, action=AccountAction.LIFT
    )
    queries.save_account(db, account, state=row.target, state_reason=None)
    _record(db, actor=actor, account=account, row=row, reason=reason, now=now)
    notify.push(
        db,
        kind="N21",
        event_key=f"lifted:{account.version}",
        account_id=account_id,
        text=t("push.N21_lifted"),
        now=now,
    )
    closing.officer_restored(db, account=account, now=now)
    return account


def annul(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    reason: str,
    now: datetime,
    version: int | None = None,
) -> Account:
    """End a registration that was never qualified: its national code is free again, the audit stays (Q28)."""
    account, row, reason = _decide(
        db, actor=actor, account_id=account_id, version=version, reason=reason, action=AccountAction.ANNUL
    )
    queries.save_account(db, account, state=row.target, state_reason=reason, credentials_pending=False)
    sessions.unlink(db, account_id=account_id, chats=queries.chats_of(db, account_id))
    known_chats.forget_chats(db, account_id=account_id)
    _record(db, actor=actor, account=account, row=row, reason=reason, now=now)
    return account
