"""Accounts as staff see them: looking one up (recorded), its facts, its trail, a role taken away, a chat set
free."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.rules import account as account_rules
from bot.rules import validators
from bot.security.passwords import normal
from bot.services import accounts
from bot.services.accounts import queries, roles
from bot.services.cooperation import contracts
from bot.services.cooperation import requests as coop_cases
from bot.services.directorate import reference_rows
from bot.services.qualification import requests as qualification_requests
from bot.services.shared import audit, eligibility
from bot.services.shared.permissions import require
from storage.enums import OPEN_REQUEST, RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, Chat, CooperationRequest, Grant, QualificationRequest

LOOKED_UP = "account_looked_up"
#: A look-up opens the account's screens to who made it, for so long.
OPEN_FOR = timedelta(days=1)


def look_up(db: Session, *, actor: Actor, typed: str, now: datetime) -> list[Account]:
    """Accounts of a national code, user code or mobile, the living first; annulled ones too. Each is recorded
    as looked up by this actor. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    code = normal(typed)
    known = col(Account.user_code).in_([typed.strip(), code]) | (col(Account.national_code) == code)
    with suppress(Refusal):
        known |= col(Account.mobile) == validators.mobile(typed)
    matches = list(db.exec(select(Account).where(known).order_by(col(Account.id).desc()).limit(10)))
    for account in matches:
        note_account(db, actor=actor, account=account, now=now)
    return sorted(matches, key=lambda account: account.state not in account_rules.LIVING)


def note_account(db: Session, *, actor: Actor, account: Account, now: datetime) -> None:
    """Record that this actor looked the account up."""
    assert account.id is not None
    audit.record(db, now=now, actor=actor, event=LOOKED_UP, subject="account", subject_id=account.id)


def recent(db: Session, *, actor: Actor, now: datetime, limit: int) -> list[Account]:
    """The accounts that this actor looked up of late, newest first."""
    require(db, actor, Role.STAFF)
    events = db.exec(
        select(AuditEvent.subject_id)
        .where(
            AuditEvent.actor_id == actor.account_id,
            AuditEvent.event == LOOKED_UP,
            AuditEvent.at > now - OPEN_FOR,
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(50)
    )
    ids = list(dict.fromkeys(events))[:limit]
    known = {account.id: account for account in db.exec(select(Account).where(col(Account.id).in_(ids)))}
    return [known[ident] for ident in ids if ident in known]


def open_account(db: Session, *, actor: Actor, account_id: int, now: datetime) -> Account:
    """The account. Raises NotAllowed, and Stale for who did not look it up in the last day (a forged or old
    button): no account is seen without a record of it."""
    require(db, actor, Role.STAFF)
    looked_up = select(AuditEvent.id).where(
        AuditEvent.subject == "account",
        AuditEvent.subject_id == account_id,
        AuditEvent.event == LOOKED_UP,
        AuditEvent.actor_id == actor.account_id,
        AuditEvent.at > now - OPEN_FOR,
    )
    account = db.get(Account, account_id)
    if account is None or db.exec(looked_up.limit(1)).first() is None:
        raise Stale
    return account


@dataclass(frozen=True, slots=True)
class Facts:
    """What staff read about an account."""

    grants: list[Grant]
    chats: list[Chat]
    case: account_rules.AccountCase
    open_request: QualificationRequest | None
    #: Whether any request of theirs was ever submitted.
    has_files: bool
    employed: bool
    qualified: bool
    #: A qualification of theirs was revoked.
    revoked: bool
    actions: frozenset[account_rules.AccountAction]


def facts(db: Session, *, actor: Actor, account: Account) -> Facts:
    """Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    assert account.id is not None
    requests = db.exec(
        select(QualificationRequest)
        .where(QualificationRequest.account_id == account.id)
        .order_by(col(QualificationRequest.id).desc())
    ).all()
    case = accounts.case_of(db, account, actor)
    return Facts(
        queries.grants_of(db, account.id),
        queries.chats_of(db, account.id),
        case,
        next((request for request in requests if request.state in OPEN_REQUEST), None),
        any(request.state is not RequestState.DRAFT for request in requests),
        contracts.active(db, account.id) is not None,
        eligibility.is_qualified(db, account.id),
        any(one.state is RequestState.REVOKED and one.kind is RequestKind.NEW for one in requests),
        account_rules.MACHINE.allowed_actions(case, actor),
    )


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One recorded event, with who did it."""

    event: AuditEvent
    actor: Account | None


def trail(
    db: Session, *, actor: Actor, account_id: int, now: datetime, offset: int, limit: int
) -> list[AuditEntry]:
    """What was done to an account and what it did, newest first. Raises as `open_account`."""
    open_account(db, actor=actor, account_id=account_id, now=now)
    about = (col(AuditEvent.subject) == "account") & (col(AuditEvent.subject_id) == account_id)
    return _entries(db, or_(about, col(AuditEvent.actor_id) == account_id), offset, limit)


def trail_of_file(
    db: Session, *, actor: Actor, request_id: int, subject: str, offset: int, limit: int
) -> list[AuditEntry]:
    """Who saw which document and who decided what in one file, newest first. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    about = (col(AuditEvent.subject) == subject) & (col(AuditEvent.subject_id) == request_id)
    return _entries(db, about, offset, limit)


def file_of_code(db: Session, *, actor: Actor, code: str, now: datetime) -> tuple[str, int] | None:
    """Subject and id of the file with this tracking code, recorded as looked up; None where there is none. Raises
    NotAllowed."""
    require(db, actor, Role.STAFF)
    table: Any
    for subject, table in (
        (qualification_requests.SUBJECT, QualificationRequest),
        (coop_cases.SUBJECT, CooperationRequest),
    ):
        request = db.exec(select(table).where(col(table.tracking_code) == code)).first()
        if request is not None and request.id is not None:
            note_look_up(db, actor=actor, requests=[request], now=now)
            return subject, request.id
    return None


def recorded(
    db: Session,
    *,
    actor: Actor,
    account_id: int | None = None,
    request_id: int | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    now: datetime,
    offset: int,
    limit: int,
) -> list[AuditEntry]:
    """What was recorded between two instants, newest first: what this account did or met, what happened in this file,
    or everything. Raises NotAllowed, and as `open_account`."""
    require(db, actor, Role.STAFF)
    conditions: list[ColumnElement[bool]] = []
    if account_id is not None:
        open_account(db, actor=actor, account_id=account_id, now=now)
        about = (col(AuditEvent.subject) == "account") & (col(AuditEvent.subject_id) == account_id)
        conditions.append(or_(about, col(AuditEvent.actor_id) == account_id))
    if request_id is not None:
        conditions += [col(AuditEvent.subject) == subject, col(AuditEvent.subject_id) == request_id]
    if since is not None:
        conditions.append(col(AuditEvent.at) >= since)
    if until is not None:
        conditions.append(col(AuditEvent.at) <= until)
    query = (
        select(AuditEvent, Account)
        .join(Account, col(Account.id) == col(AuditEvent.actor_id), isouter=True)
        .where(*conditions)
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
    )
    return [AuditEntry(event, who) for event, who in db.exec(query.offset(offset).limit(limit))]


def _entries(db: Session, condition: object, offset: int, limit: int) -> list[AuditEntry]:
    query = (
        select(AuditEvent, Account)
        .join(Account, col(Account.id) == col(AuditEvent.actor_id), isouter=True)
        .where(condition)  # type: ignore[arg-type]
        .order_by(col(AuditEvent.id).desc())
    )
    return [AuditEntry(event, who) for event, who in db.exec(query.offset(offset).limit(limit))]


def withdraw_role(db: Session, *, actor: Actor, grant_id: int, reason: str, now: datetime) -> Grant:
    """Take a role away; an expert's files go back to the queue. An officer's role goes only with the
    registration.

    Raises NotAllowed, also for one's own staff role, Stale where it is gone already."""
    require(db, actor, Role.STAFF)
    grant = db.get(Grant, grant_id, populate_existing=True)
    if grant is None or not grant.active:
        raise Stale
    if grant.account_id == actor.account_id and grant.role is Role.STAFF:
        raise NotAllowed("error.own_account")
    if grant.role is Role.OFFICER:
        raise NotAllowed("error.not_allowed")
    if grant.role in account_rules.UNIVERSITY_ROLES:
        accounts.deactivate(db, actor=actor, account_id=grant.account_id, grant_id=grant_id, now=now)
    else:
        roles.revoke(db, grant=grant)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="role_withdrawn",
        subject="account",
        subject_id=grant.account_id,
        role=grant.role,
        university=grant.university_code,
        distributor=grant.distributor_id,
        reason=reason,
    )
    return grant


def chat(db: Session, *, actor: Actor, chat_row_id: int) -> Chat:
    """A chat that may be set free. Raises NotAllowed for anyone but staff, Stale where there is none."""
    require(db, actor, Role.STAFF)
    stored = db.get(Chat, chat_row_id)
    if stored is None:
        raise Stale
    return stored


def free_chat(db: Session, *, actor: Actor, chat_row_id: int, expected: int, now: datetime) -> Chat:
    """Set a chat free that is stuck: its dialogue is left (kept drafts stay), its first screen is shown soon.

    Raises NotAllowed, Stale where the chat went on since its version `expected`."""
    require(db, actor, Role.STAFF)
    chat = reference_rows.lock_row(db, Chat, chat_row_id)
    if chat.version != expected:
        raise Stale
    was = chat.dialogue
    chat.dialogue = chat.draft_id = chat.view = None
    chat.dialogue_state, chat.show_at, chat.version = {}, now, chat.version + 1
    db.add(chat)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="session_reset",
        subject="account" if chat.account_id else "chat",
        subject_id=chat.account_id or chat_row_id,
        chat=chat_row_id,
        dialogue=was,
    )
    return chat


def note_look_up(
    db: Session, *, actor: Actor, requests: Iterable[QualificationRequest | CooperationRequest], now: datetime
) -> None:
    """Record that staff, who see the files of every university, looked these up by a code."""
    if actor.role is not Role.STAFF:
        return
    for request in requests:
        assert request.id is not None
        subject = (
            qualification_requests.SUBJECT
            if isinstance(request, QualificationRequest)
            else coop_cases.SUBJECT
        )
        audit.record(db, now=now, actor=actor, event="file_looked_up", subject=subject, subject_id=request.id)
