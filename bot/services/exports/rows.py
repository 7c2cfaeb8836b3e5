"""The rows of each export, read at one instant, newest first. An expert in charge gets those of the own university.

See docs/specification.md 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.reports.model import RowExport
from bot.services.cooperation import requests as cooperation_requests
from bot.services.letters import audience
from bot.services.letters.audience import Audience
from bot.services.qualification import requests
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.services.shared.reference_data import university_name
from bot.texts import t
from bot.texts.formats import digits, jalali_day, jalali_time, local_mobile, masked, number
from storage.enums import AttemptState, ContractState, LetterState, RequestState, Role
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

#: Rows of one file; more are said to be left out.
MOST_ROWS = 20_000
#: Days of a period that can be asked for; 0: since the beginning.
PERIODS = (7, 30, 90, 365, 0)

Cell = str | int
Rows = tuple[tuple[str, ...], list[tuple[Cell, ...]]]


class ExportKind(StrEnum):
    FILES = "files"
    DECISIONS = "decisions"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    CONTRACTS = "contracts"
    LETTERS = "letters"


#: Letters are the directorate's own.
OF_HEADS = tuple(kind for kind in ExportKind if kind is not ExportKind.LETTERS)
#: The states that a kind may be narrowed to, by the catalogue that names them.
STATES: dict[ExportKind, tuple[str, tuple[str, ...]]] = {
    ExportKind.FILES: ("status", tuple(state for state in RequestState if state is not RequestState.DRAFT)),
    ExportKind.PAYMENTS: ("pay.state", (AttemptState.PAID, AttemptState.REFUND_DUE, AttemptState.REFUNDED)),
    ExportKind.REFUNDS: ("pay.state", (AttemptState.REFUND_DUE, AttemptState.REFUNDED)),
    ExportKind.CONTRACTS: ("contract_status", tuple(ContractState)),
    ExportKind.LETTERS: ("letters.state", tuple(LetterState)),
}
_DECISIONS = (
    *("approved", "rejected", "deficiencies_declared", "rejected_by_university"),
    # By staff.
    *("approval_revoked", "revoked"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: of the last `days` (0: all), in `state` ("": any), of `university` (None: of all)."""

    kind: ExportKind
    days: int
    state: str = ""
    university: str | None = None


def kinds_for(db: Session, *, actor: Actor) -> Sequence[ExportKind]:
    """Raises NotAllowed for anyone but staff and experts in charge."""
    require(db, actor, Role.STAFF, Role.IN_CHARGE)
    return tuple(ExportKind) if actor.role is Role.STAFF else OF_HEADS


def _own(db: Session, actor: Actor, wanted: Wanted) -> str | None:
    """The university whose rows are read; None: of all. Raises NotAllowed."""
    if wanted.kind not in kinds_for(db, actor=actor):
        raise NotAllowed("error.not_allowed")
    return wanted.university if actor.role is Role.STAFF else actor.university_code


def read(db: Session, *, actor: Actor, wanted: Wanted, now: datetime) -> RowExport:
    """The rows, with what they are of. Raises NotAllowed."""
    university = _own(db, actor, wanted)
    since = now - timedelta(days=wanted.days) if wanted.days else None
    head, rows = _READERS[wanted.kind](db, since, wanted.state, university)
    left_out = len(rows) > MOST_ROWS
    rows = rows[:MOST_ROWS]
    rial = t("export.rial")
    about = [
        (t("export.about_period"), period(wanted.days, now)),
        (t("export.about_university"), university_name(db, university) if university else t("export.all")),
        (t("export.about_state"), state_name(wanted.kind, wanted.state)),
        (t("export.about_time"), jalali_time(now)),
        (t("export.about_rows"), number(len(rows))),
    ]
    if left_out:
        about.append((t("export.about_left"), t("export.left", n=number(MOST_ROWS))))
    sums = tuple(
        sum(value for row in rows if isinstance(value := row[at], int)) if rial in name else None
        for at, name in enumerate(head)
    )
    return RowExport(t(f"export.kind.{wanted.kind}"), tuple(about), head, rows, sums)


def period(days: int, now: datetime) -> str:
    """«از … تا …», with the days that it means."""
    if not days:
        return t("export.period_all", day=jalali_day(now))
    return t(
        "export.period", days=digits(days), since=jalali_day(now - timedelta(days=days)), day=jalali_day(now)
    )


def state_name(kind: ExportKind, state: str) -> str:
    if not state or kind not in STATES:
        return t("export.all")
    return t(f"{STATES[kind][0]}.{state}")


def note(db: Session, *, actor: Actor, wanted: Wanted, form: str, rows: int, now: datetime) -> None:
    """Record that rows left as a file. Raises NotAllowed."""
    university = _own(db, actor, wanted)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="rows_exported",
        subject="export",
        subject_id=0,
        kind=wanted.kind,
        days=wanted.days,
        state=wanted.state,
        university=university,
        form=form,
        rows=rows,
    )


def _columns(*names: str) -> tuple[str, ...]:
    return tuple(t(f"export.column.{name}") for name in names)


def _day(at: datetime | None) -> str:
    return jalali_time(at) if at is not None else ""


def _names(db: Session) -> dict[str, str]:
    return dict(db.exec(select(University.code, University.name)).all())


def _files(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    request, reviewer = QualificationRequest, aliased(Account)
    query = (
        select(request, Account, reviewer)
        .join(Account, col(Account.id) == col(request.account_id))
        .join(reviewer, col(reviewer.id) == col(request.reviewer_id), isouter=True)
        .where(request.state != RequestState.DRAFT)
    )
    if since is not None:
        query = query.where(col(request.submitted_at) >= since)
    if state:
        query = query.where(request.state == state)
    if university is not None:
        query = query.where(request.university_code == university)
    names = _names(db)
    rows: list[tuple[Cell, ...]] = [
        (
            file.tracking_code or "",
            t(f"export.{file.kind}"),
            t(f"status.{file.state}"),
            owner.name,
            masked(owner.national_code or ""),
            names.get(file.university_code or "", ""),
            expert.name if expert is not None else "",
            _day(file.submitted_at),
            _day(file.state_since),
            _day(file.closed_at),
            file.fee_rial if file.fee_rial is not None else "",
        )
        for file, owner, expert in db.exec(query.order_by(col(request.id).desc()).limit(MOST_ROWS + 1))
    ]
    return (
        _columns(
            *("code", "kind", "state", "officer", "national_code", "university", "expert"),
            *("submitted", "since", "closed", "fee"),
        ),
        rows,
    )


def _decisions(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    request, officer = QualificationRequest, aliased(Account)
    cooperation = CooperationRequest
    names = _names(db)
    rows: list[tuple[datetime, tuple[Cell, ...]]] = []
    table: Any
    for subject, table in ((requests.SUBJECT, request), (cooperation_requests.SUBJECT, cooperation)):
        query: Any = (
            select(AuditEvent, table, officer, Account)
            .join(table, col(table.id) == col(AuditEvent.subject_id))
            .join(officer, col(officer.id) == col(table.account_id))
            .join(Account, col(Account.id) == col(AuditEvent.actor_id))
            .where(AuditEvent.subject == subject, col(AuditEvent.event).in_(_DECISIONS))
        )
        if since is not None:
            query = query.where(col(AuditEvent.at) >= since)
        if university is not None:
            query = query.where(col(table.university_code) == university)
        query = query.order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
        rows += [
            (
                event.at,
                (
                    _day(event.at),
                    t(f"trail.{event.event}"),
                    t(f"export.subject.{subject}"),
                    file.tracking_code or "",
                    owner.name,
                    names.get(file.university_code or "", ""),
                    expert.name,
                ),
            )
            for event, file, owner, expert in db.exec(query.limit(MOST_ROWS + 1))
        ]
    rows.sort(key=lambda row: row[0], reverse=True)
    return (
        _columns("time", "decision", "subject", "code", "officer", "university", "expert"),
        [row for _, row in rows[: MOST_ROWS + 1]],
    )


def _attempts(
    db: Session, states: Sequence[AttemptState], since: Any, at: Any, university: str | None
) -> Any:
    attempt, request = PaymentAttempt, QualificationRequest
    keeper = aliased(Account)
    query = (
        select(attempt, request, Account, keeper)
        .join(request, col(request.id) == col(attempt.request_id))
        .join(Account, col(Account.id) == col(request.account_id))
        .join(keeper, col(keeper.id) == col(attempt.refunded_by), isouter=True)
        .where(col(attempt.state).in_(states))
    )
    if since is not None:
        query = query.where(at >= since)
    if university is not None:
        query = query.where(request.university_code == university)
    return db.exec(query.order_by(at.desc(), col(attempt.id).desc()).limit(MOST_ROWS + 1))


def _payments(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    states = (
        (AttemptState(state),)
        if state
        else (AttemptState.PAID, AttemptState.REFUND_DUE, AttemptState.REFUNDED)
    )
    names = _names(db)
    at = func.coalesce(col(PaymentAttempt.paid_at), col(PaymentAttempt.created_at))
    rows: list[tuple[Cell, ...]] = [
        (
            _day(one.paid_at),
            request.tracking_code or "",
            payer.name,
            masked(payer.national_code or ""),
            names.get(request.university_code or "", ""),
            one.amount_rial,
            t(f"pay.state.{one.state}"),
            one.gateway,
            one.bank_ref or "",
            one.card_masked or "",
        )
        for one, request, payer, _ in _attempts(db, states, since, at, university)
    ]
    head = (
        "paid",
        "code",
        "payer",
        "national_code",
        "university",
        "amount",
        "state",
        "gateway",
        "bank_ref",
        "card",
    )
    return _columns(*head), rows


def _refunds(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    states = (AttemptState(state),) if state else (AttemptState.REFUND_DUE, AttemptState.REFUNDED)
    at = func.coalesce(col(PaymentAttempt.refunded_at), col(PaymentAttempt.state_since))
    rows: list[tuple[Cell, ...]] = [
        (
            _day(one.refunded_at),
            one.refund_ref or "",
            keeper.name if keeper is not None else "",
            one.amount_rial,
            t(f"pay.state.{one.state}"),
            request.tracking_code or "",
            payer.name,
            local_mobile(payer.mobile) if payer.mobile else "",
            one.gateway,
            one.bank_ref or "",
            one.card_masked or "",
            _day(one.paid_at),
        )
        for one, request, payer, keeper in _attempts(db, states, since, at, university)
    ]
    return (
        _columns(
            *("refunded", "refund_ref", "keeper", "amount", "state", "code", "payer", "mobile"),
            *("gateway", "bank_ref", "card", "paid"),
        ),
        rows,
    )


def _contracts(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    query = (
        select(Contract, Account, Distributor, Branch)
        .join(Account, col(Account.id) == col(Contract.account_id))
        .join(Distributor, col(Distributor.id) == col(Contract.distributor_id))
        .join(Branch, col(Branch.id) == col(Contract.branch_id))
    )
    if since is not None:
        query = query.where(func.coalesce(col(Contract.ended_at), col(Contract.started_at)) >= since)
    if state:
        query = query.where(Contract.state == state)
    if university is not None:
        query = query.where(Branch.university_code == university)
    names = _names(db)
    rows: list[tuple[Cell, ...]] = [
        (
            _day(one.started_at),
            _day(one.ended_at),
            t(f"contract_status.{one.state}"),
            officer.name,
            masked(officer.national_code or ""),
            distributor.name,
            t(f"coop.kind_{distributor.kind}"),
            distributor.legal_id or distributor.guild_id or "",
            branch.name,
            branch.province,
            branch.city,
            names.get(branch.university_code or "", ""),
        )
        for one, officer, distributor, branch in db.exec(
            query.order_by(col(Contract.id).desc()).limit(MOST_ROWS + 1)
        )
    ]
    return (
        _columns(
            *("started", "ended", "state", "officer", "national_code", "distributor", "distributor_kind"),
            *("number", "branch", "province", "city", "university"),
        ),
        rows,
    )


def _letters(db: Session, since: datetime | None, state: str, university: str | None) -> Rows:
    query = select(Letter, Account).join(Account, col(Account.id) == col(Letter.created_by))
    if since is not None:
        query = query.where(col(Letter.created_at) >= since)
    if state:
        query = query.where(Letter.state == state)
    rows: list[tuple[Cell, ...]] = []
    for letter, writer in db.exec(query.order_by(col(Letter.id).desc()).limit(MOST_ROWS + 1)).all():
        read = (
            select(func.count())
            .select_from(LetterRecipient)
            .where(col(LetterRecipient.letter_id) == letter.id, col(LetterRecipient.read_at).is_not(None))
        )
        rows.append(
            (
                _day(letter.created_at),
                letter.number or "",
                letter.title,
                audience.words_of(db, Audience.of_data(letter.audience)),
                t(f"letters.state.{letter.state}"),
                letter.recipients,
                letter.delivered,
                db.exec(read).one(),
                t("nav.yes") if letter.sms else t("nav.no"),
                writer.name,
            )
        )
    return (
        _columns(
            *("time", "letter_number", "title", "audience", "state", "recipients", "delivered", "read"),
            *("sms", "writer"),
        ),
        rows,
    )


_READERS: dict[ExportKind, Callable[[Session, datetime | None, str, str | None], Rows]] = {
    ExportKind.FILES: _files,
    ExportKind.DECISIONS: _decisions,
    ExportKind.PAYMENTS: _payments,
    ExportKind.REFUNDS: _refunds,
    ExportKind.CONTRACTS: _contracts,
    ExportKind.LETTERS: _letters,
}
