"""What happened to one person, in the order of time: requests, payments, contracts, logins, messages. No document is opened, no text
of a message is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from bot.services.payments import history
from bot.services.shared import audit
from bot.texts.formats import TEHRAN
from storage.enums import AttemptState, Messenger
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Contract,
    CooperationRequest,
    Grant,
    PaymentAttempt,
    Push,
    QualificationRequest,
    Termination,
)

#: Lines that are shown, the newest of all.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the audit record calls this person's: word → number → what an operator calls it."""

    names: dict[str, dict[int, str]]

    def condition(self) -> ColumnElement[bool]:
        return or_(
            *(
                and_(col(AuditEvent.subject) == word, col(AuditEvent.subject_id).in_(numbers))
                for word, numbers in self.names.items()
                if numbers
            )
        )


def subjects_of(db: Session, account: Account) -> Subjects:
    mine = account.id
    requests = list(db.exec(select(QualificationRequest).where(QualificationRequest.account_id == mine)))
    wishes = list(db.exec(select(CooperationRequest).where(CooperationRequest.account_id == mine)))
    numbers = [one.id for one in requests]
    attempts = db.exec(select(PaymentAttempt.id).where(col(PaymentAttempt.request_id).in_(numbers)))
    contracts = db.exec(select(Contract.id).where(Contract.account_id == mine))
    ends = db.exec(select(Termination.id).where(Termination.account_id == mine))
    return Subjects(
        {
            "account": {mine or 0: "account"},
            "qualification": {
                one.id or 0: f"request {one.tracking_code or 'in preparation'}" for one in requests
            },
            "cooperation": {one.id or 0: f"cooperation {one.tracking_code}" for one in wishes},
            history.SUBJECT: {number or 0: f"payment {number}" for number in attempts},
            "contract": {number or 0: f"contract {number}" for number in contracts},
            "termination": {number or 0: f"termination {number}" for number in ends},
        }
    )


def describe(db: Session, account: Account) -> Iterator[str]:
    """The lines for an operator: who it is, what stands now, what happened."""
    yield _head(db, account)
    requests = db.exec(
        select(QualificationRequest)
        .where(QualificationRequest.account_id == account.id)
        .order_by(col(QualificationRequest.id))
    ).all()
    for request in requests:
        fee = f", fee {request.fee_rial:,} rial" if request.fee_rial is not None else ""
        yield f"request {request.tracking_code or 'in preparation'}: {request.state}{fee}"
        attempts = db.exec(
            select(PaymentAttempt)
            .where(PaymentAttempt.request_id == request.id)
            .order_by(col(PaymentAttempt.id))
        )
        yield from (f"  {_payment(attempt)}" for attempt in attempts)
    yield from _standing(db, account)
    # Of one moment, what was written first comes first: a draft begins before it is sent.
    lines = [*reversed(list(_events(db, account))), *reversed(list(_pushes(db, account)))]
    lines.sort(key=lambda line: line[0])
    if len(lines) > MOST:
        yield f"the newest {MOST:,} of {len(lines):,} lines:"
    yield from (f"{local(at)} {words}" for at, words in lines[-MOST:])


def local(at: datetime) -> str:
    return f"{at.astimezone(TEHRAN):%Y-%m-%d %H:%M:%S}"


def hidden(code: str | None) -> str:
    """A code or mobile by its last three digits."""
    return "–" if not code else f"•••{code[-3:]}"


def _head(db: Session, account: Account) -> str:
    grants = db.exec(select(Grant).where(Grant.account_id == account.id, Grant.active)).all()
    chats = db.exec(select(Chat).where(Chat.account_id == account.id)).all()
    roles = ", ".join(sorted({str(grant.role) for grant in grants})) or "no role"
    where = ", ".join(f"{chat.messenger}{' (refuses messages)' if chat.dead else ''}" for chat in chats)
    return (
        f"account {account.user_code}: {account.name}, {account.state}, {roles}, national code {hidden(account.national_code)}, "
        f"mobile {hidden(account.mobile)}, chats: {where or 'none'}"
    )


def _payment(attempt: PaymentAttempt) -> str:
    words = (
        f"payment {attempt.id}: {attempt.state}, {attempt.amount_rial:,} rial at {attempt.gateway}, its reference there "
        f"{attempt.ref or '–'}, the bank's {attempt.bank_ref or '–'}, card {attempt.card_masked or '–'}"
    )
    if attempt.next_check_at is not None:
        words += f", asked about again after {local(attempt.next_check_at)}"
    if attempt.state is AttemptState.REFUND_DUE:
        words += ", to be given back by staff («↩️ بازگشت وجه»)"
    return words + (f", given back under {attempt.refund_ref}" if attempt.refund_ref else "")


def _standing(db: Session, account: Account) -> Iterator[str]:
    for table, name in ((CooperationRequest, "cooperation"), (Contract, "contract")):
        found: Any = db.exec(select(table).where(col(table.account_id) == account.id).order_by(col(table.id)))
        for one in found:
            yield f"{name} {getattr(one, 'tracking_code', one.id)}: {one.state}"


def _events(db: Session, account: Account) -> Iterator[tuple[datetime, str]]:
    """The newest first."""
    subjects = subjects_of(db, account)
    query = select(AuditEvent).where(subjects.condition()).order_by(col(AuditEvent.id).desc()).limit(MOST + 1)
    for event in db.exec(query):
        by = "themself" if event.actor_id == account.id else str(event.actor_role)
        where = f" on {Messenger(event.messenger)}" if event.messenger is not None else ""
        state = f" → {event.to_state}" if event.to_state else ""
        what = subjects.names[event.subject][event.subject_id]
        yield event.at, f"{what}: {audit.present_name(event.event)}{state} (by {by}{where})"


def _pushes(db: Session, account: Account) -> Iterator[tuple[datetime, str]]:
    """The newest first."""
    query = select(Push).where(Push.account_id == account.id).order_by(col(Push.id).desc()).limit(MOST + 1)
    for push in db.exec(query):
        sent = f" {local(push.sent_at)}" if push.sent_at is not None else ""
        why = f" ({push.note})" if push.note else ""
        yield push.created_at, f"message {push.kind} by {push.channel}: {push.state}{sent}{why}"
