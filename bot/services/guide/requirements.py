"""Documents and fees as they are in force, for who has not begun yet: from the tables that staff keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.services.qualification import fees
from bot.services.shared import reference_data
from bot.texts import formats
from storage.enums import RequestKind


@dataclass(frozen=True, slots=True)
class Requirements:
    """Names of documents by rule, in order; fees in rial, None where staff have set none."""

    all: tuple[str, ...]
    men: tuple[str, ...]
    optional: tuple[str, ...]
    fee_new: int | None
    fee_amendment: int | None


def in_force(db: Session, *, now: datetime) -> Requirements:
    types = reference_data.document_types(db)
    day = now.astimezone(formats.TEHRAN).date()

    def named(rule: str) -> tuple[str, ...]:
        return tuple(kind.name for kind in types if kind.required == rule)

    def fee(kind: RequestKind) -> int | None:
        tariff = fees.in_force(db, kind=kind, day=day)
        return tariff.amount_rial if tariff is not None else None

    return Requirements(
        named("yes"), named("men"), named("no"), fee(RequestKind.NEW), fee(RequestKind.AMENDMENT)
    )
