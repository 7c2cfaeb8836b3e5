"""Which stored documents something still refers to: nothing may remove those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from bot.rules.request_items import DOCUMENT
from storage.enums import RequestState
from storage.tables import Draft, Officer, QualificationRequest

#: 24 months, never less.
CLOSED_LIFETIME = timedelta(days=731)
ENDED = (RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.REVOKED)


def is_over(request: Any, now: datetime) -> ColumnElement[bool]:
    """Ended without success or taken back, and long ago."""
    ended = func.coalesce(request.closed_at, request.state_since)
    return and_(request.state.in_(ENDED), ended < now - CLOSED_LIFETIME)


def in_use(db: Session, accounts: set[int], now: datetime, *, apart_from: int | None = None) -> set[int]:
    """Documents that these accounts' approved files, drafts (but the one with the id `apart_from`) and living
    requests name."""
    if not accounts:
        return set()
    used: set[int] = set()
    for documents in db.exec(select(Officer.documents).where(col(Officer.account_id).in_(accounts))):
        used.update(numbers(documents.values()))
    drafts = select(Draft.answers).where(col(Draft.account_id).in_(accounts))
    if apart_from is not None:
        drafts = drafts.where(Draft.id != apart_from)
    for answers in db.exec(drafts):
        used.update(numbers(answers.values()))
    living = select(QualificationRequest.snapshot, QualificationRequest.before).where(
        col(QualificationRequest.account_id).in_(accounts), ~is_over(QualificationRequest, now)
    )
    for columns in db.exec(living):
        for values in columns:
            used.update(numbers(value for key, value in values.items() if key.startswith(DOCUMENT)))
    return used


def numbers(values: Iterable[Any]) -> Iterator[int]:
    """The ids in lists among the values of answers."""
    for value in values:
        if isinstance(value, list):
            yield from (number for number in value if isinstance(number, int))
