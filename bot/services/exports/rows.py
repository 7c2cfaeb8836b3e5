"""The rows of each export, newest first, a piece at a time. An expert in charge gets those of the own university.

See docs/specification.md 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unicodedata import category

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services.cooperation import requests as cooperation_requests
from bot.services.exports.wanted import ExportKind, Wanted, university_of
from bot.services.letters import audience
from bot.services.letters.audience import Audience
from bot.services.qualification import requests
from bot.texts import t
from bot.texts.formats import jalali_time, local_mobile, masked
from storage.enums import AttemptState, RequestState
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Contract,
    CooperationRequest,
    Distributor,
    Letter,
    LetterRecipient,
    PaymentAttempt,
    QualificationRequest,
    University,
)

#: Rows that one unit reads: so long others wait at most.
PIECE = 200
Cell = str | int
#: Each with the id that it is ordered by.
Rows = list[tuple[int, tuple[Cell, ...]]]
#: Made, not held: one that is undone is none (docs/specification.md 2.2).
_DECISIONS = (
    *("approved", "rejected", "deficiencies_declared", "rejected_by_university"),
    # By staff.
    *("approval_revoked", "revoked"),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of a piece: since when, in which state, of which university, and the id that it is below."""

    since: datetime | None
    state: str
    university: str | None
    below: int | None

    def of(self, query: Any, id_column: Any) -> Any:
        """The next PIECE rows of the query."""
        if self.below is not None:
            query = query.where(id_column < self.below)
        return query.order_by(id_column.desc()).limit(PIECE)


def piece(db: Session, *, actor: Actor, wanted: Wanted, now: datetime, below: int | None) -> Rows:
    """The rows below that id, newest first, at most PIECE. Raises NotAllowed."""
    university = university_of(db, actor, wanted)
    since = now - timedelta(days=wanted.days) if wanted.days else None
    return _READERS[wanted.kind](db, Bounds(since, wanted.state, university, below))


def head(kind: ExportKind) -> tuple[str, ...]:
    """The names of the columns."""
    return tuple(t(f"export.column.{name}") for name in _COLUMNS[kind])


_COLUMNS: dict[ExportKind, tuple[str, ...]] = {
    ExportKind.FILES: (
        *("code", "kind", "state", "officer", "national_code", "university", "expert"),
        *("submitted", "since", "closed", "fee"),
    ),
    ExportKind.DECISIONS: ("time", "decision", "subject", "code", "officer", "university", "expert"),
    ExportKind.PAYMENTS: (
        *("paid", "code", "payer", "national_code", "university", "amount", "state", "gateway"),
        *("bank_ref", "card"),
    ),
    ExportKind.REFUNDS: (
        *("refunded", "refund_ref", "keeper", "amount", "state", "code", "payer", "mobile"),
        *("gateway", "bank_ref", "card", "paid"),
    ),
    ExportKind.CONTRACTS: (
        *("started", "ended", "state", "officer", "national_code", "distributor", "distributor_kind"),
        *("number", "branch", "province", "city", "university"),
    ),
    ExportKind.LETTERS: (
        *("time", "letter_number", "title", "audience", "state", "recipients", "delivered", "read"),
        *("sms", "writer"),
    ),
}


def words(label: str) -> str:
    """A label without the pictures that a chat shows with it: sheets are filtered and sorted by words."""
    return "".join(sign for sign in label if category(sign) not in ("So", "Mn", "Sk")).strip()


def _day(at: datetime | None) -> str:
    return jalali_time(at) if at is not None else ""


def _names(db: Session) -> dict[str, str]:
    return dict(db.exec(select(University.code, University.name)).all())


def _files(db: Session, bounds: Bounds) -> Rows:
    request, reviewer = QualificationRequest, aliased(Account)
    query = (
        select(request, Account, reviewer)
        .join(Account, col(Account.id) == col(request.account_id))
        .join(reviewer, col(reviewer.id) == col(request.reviewer_id), isouter=True)
        .where(request.state != RequestState.DRAFT)
    )
    if bounds.since is not None:
        query = query.where(col(request.submitted_at) >= bounds.since)
    if bounds.state:
        query = query.where(request.state == bounds.state)
    if bounds.university is not None:
        query = query.where(request.university_code == bounds.university)
    names = _names(db)
    return [
        (
            file.id,
            (
                file.tracking_code or "",
                t(f"export.{file.kind}"),
                words(t(f"status.{file.state}")),
                owner.name,
                masked(owner.national_code or ""),
                names.get(file.university_code or "", ""),
                expert.name if expert is not None else "",
                _day(file.submitted_at),
                _day(file.state_since),
                _day(file.closed_at),
                file.fee_rial if file.fee_rial is not None else "",
            ),
        )
        for file, owner, expert in db.exec(bounds.of(query, col(request.id)))
    ]


def _decisions(db: Session, bounds: Bounds) -> Rows:
    """In the order of the record, of files of both kinds; where the timer made a decision whose time for undoing was over,
    it is the expert's."""
    event, request, cooperation = AuditEvent, QualificationRequest, CooperationRequest
    owner_id = func.coalesce(col(request.account_id), col(cooperation.account_id))
    place = func.coalesce(col(request.university_code), col(cooperation.university_code))
    code = func.coalesce(col(request.tracking_code), col(cooperation.tracking_code))
    officer = aliased(Account)
    columns: Any = (event, officer, Account, place, code)
    query = (
        select(*columns)
        .join(
            request,
            and_(col(event.subject) == requests.SUBJECT, col(request.id) == col(event.subject_id)),
            isouter=True,
        )
        .join(
            cooperation,
            and_(
                col(event.subject) == cooperation_requests.SUBJECT,
                col(cooperation.id) == col(event.subject_id),
            ),
            isouter=True,
        )
        .join(officer, col(officer.id) == owner_id)
        .join(Account, col(Account.id) == col(event.actor_id))
        .where(
            col(event.event).in_(_DECISIONS),
            or_(col(request.id).is_not(None), col(cooperation.id).is_not(None)),
        )
    )
    if bounds.since is not None:
        # The record is in the order of its ids: behind the first event of the period nothing is read.
        since = select(col(event.id)).where(col(event.at) >= bounds.since)
        first = db.exec(since.order_by(col(event.at), col(event.id)).limit(1)).first()
        if first is None:
            return []
        query = query.where(col(event.id) >= first, col(event.at) >= bounds.since)
    if bounds.university is not None:
        query = query.where(place == bounds.university)
    names = _names(db)
    return [
        (
            made.id,
            (
                _day(made.at),
                t(f"trail.{made.event}"),
                t(f"export.subject.{made.subject}"),
                tracking_code or "",
                owner.name,
                names.get(university or "", ""),
                expert.name,
            ),
        )
        for made, owner, expert, university, tracking_code in db.exec(bounds.of(query, col(event.id)))
    ]


def _attempts(db: Session, bounds: Bounds, states: Sequence[AttemptState], at: Any) -> Any:
    attempt, request = PaymentAttempt, QualificationRequest
    keeper = aliased(Account)
    query = (
        select(attempt, request, Account, keeper)
        .join(request, col(request.id) == col(attempt.request_id))
        .join(Account, col(Account.id) == col(request.account_id))
        .join(keeper, col(keeper.id) == col(attempt.refunded_by), isouter=True)
        .where(col(attempt.state).in_((AttemptState(bounds.state),) if bounds.state else states))
    )
    if bounds.since is not None:
        query = query.where(at >= bounds.since)
    if bounds.university is not None:
        query = query.where(request.university_code == bounds.university)
    return db.exec(bounds.of(query, col(attempt.id)))


def _payments(db: Session, bounds: Bounds) -> Rows:
    states = (AttemptState.PAID, AttemptState.REFUND_DUE, AttemptState.REFUNDED)
    names = _names(db)
    at = func.coalesce(col(PaymentAttempt.paid_at), col(PaymentAttempt.created_at))
    return [
        (
            one.id,
            (
                _day(one.paid_at),
                request.tracking_code or "",
                payer.name,
                masked(payer.national_code or ""),
                names.get(request.university_code or "", ""),
                one.amount_rial,
                words(t(f"pay.state.{one.state}")),
                one.gateway,
                one.bank_ref or "",
                one.card_masked or "",
            ),
        )
        for one, request, payer, _ in _attempts(db, bounds, states, at)
    ]


def _refunds(db: Session, bounds: Bounds) -> Rows:
    states = (AttemptState.REFUND_DUE, AttemptState.REFUNDED)
    at = func.coalesce(col(PaymentAttempt.refunded_at), col(PaymentAttempt.state_since))
    return [
        (
            one.id,
            (
                _day(one.refunded_at),
                one.refund_ref or "",
                keeper.name if keeper is not None else "",
                one.amount_rial,
                words(t(f"pay.state.{one.state}")),
                request.tracking_code or "",
                payer.name,
                local_mobile(payer.mobile) if payer.mobile else "",
                one.gateway,
                one.bank_ref or "",
                one.card_masked or "",
                _day(one.paid_at),
            ),
        )
        for one, request, payer, keeper in _attempts(db, bounds, states, at)
    ]


def _contracts(db: Session, bounds: Bounds) -> Rows:
    query = (
        select(Contract, Account, Distributor, Branch)
        .join(Account, col(Account.id) == col(Contract.account_id))
        .join(Distributor, col(Distributor.id) == col(Contract.distributor_id))
        .join(Branch, col(Branch.id) == col(Contract.branch_id))
    )
    if bounds.since is not None:
        query = query.where(func.coalesce(col(Contract.ended_at), col(Contract.started_at)) >= bounds.since)
    if bounds.state:
        query = query.where(Contract.state == bounds.state)
    if bounds.university is not None:
        query = query.where(Branch.university_code == bounds.university)
    names = _names(db)
    return [
        (
            one.id or 0,
            (
                _day(one.started_at),
                _day(one.ended_at),
                words(t(f"contract_status.{one.state}")),
                officer.name,
                masked(officer.national_code or ""),
                distributor.name,
                t(f"coop.kind_{distributor.kind}"),
                distributor.legal_id or distributor.guild_id or "",
                branch.name,
                branch.province,
                branch.city,
                names.get(branch.university_code or "", ""),
            ),
        )
        for one, officer, distributor, branch in db.exec(bounds.of(query, col(Contract.id)))
    ]


def _letters(db: Session, bounds: Bounds) -> Rows:
    query = select(Letter, Account).join(Account, col(Account.id) == col(Letter.created_by))
    if bounds.since is not None:
        query = query.where(col(Letter.created_at) >= bounds.since)
    if bounds.state:
        query = query.where(Letter.state == bounds.state)
    found = db.exec(bounds.of(query, col(Letter.id))).all()
    to = LetterRecipient
    read = dict(
        db.exec(
            select(to.letter_id, func.count())
            .where(col(to.letter_id).in_([letter.id for letter, _ in found]), col(to.read_at).is_not(None))
            .group_by(col(to.letter_id))
        ).all()
    )
    return [
        (
            letter.id or 0,
            (
                _day(letter.created_at),
                letter.number or "",
                letter.title,
                audience.words_of(db, Audience.of_data(letter.audience)),
                words(t(f"letters.state.{letter.state}")),
                letter.recipients,
                letter.delivered,
                read.get(letter.id or 0, 0),
                t("export.yes" if letter.sms else "export.no"),
                writer.name,
            ),
        )
        for letter, writer in found
    ]


_READERS: dict[ExportKind, Callable[[Session, Bounds], Rows]] = {
    ExportKind.FILES: _files,
    ExportKind.DECISIONS: _decisions,
    ExportKind.PAYMENTS: _payments,
    ExportKind.REFUNDS: _refunds,
    ExportKind.CONTRACTS: _contracts,
    ExportKind.LETTERS: _letters,
}
