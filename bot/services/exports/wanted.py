"""What may be exported: the kinds of lists, and what each can be narrowed to (docs/specification.md 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.formats import digits, jalali_day
from storage.enums import AttemptState, ContractState, LetterState, RequestState, Role

#: Rows of one file; more are said to be left out.
MOST_ROWS = 20_000
#: Days of a period that can be asked for; 0: since the beginning.
PERIODS = (7, 30, 90, 365, 0)


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


def university_of(db: Session, actor: Actor, wanted: Wanted) -> str | None:
    """The university whose rows are read; None: of all. Raises NotAllowed."""
    if wanted.kind not in kinds_for(db, actor=actor):
        raise NotAllowed("error.not_allowed")
    return wanted.university if actor.role is Role.STAFF else actor.university_code


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
    university = university_of(db, actor, wanted)
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
