"""Experts' worklists of either kind of request: queue, own requests, those under any expert's review;
search."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed
from bot.services.review import routing
from bot.services.review.routing import R
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import Account

_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
TRACKING_CODE, NATIONAL_CODE = 12, 10  # digits

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class WorklistPage(Generic[L]):
    """A part of a list. `oldest` is how long its first file has waited (experts' lists), None where it is
    empty."""

    lines: tuple[L, ...]
    total: int
    oldest: timedelta | None = None


def as_code(typed: str) -> str:
    """A tracking code (12 digits) or a national code (10). Raises InvalidInput("search.bad") for anything
    else."""
    digits = "".join(typed.translate(_ASCII).split())
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (TRACKING_CODE, NATIONAL_CODE):
        raise InvalidInput("search.bad")
    return digits


def university_for(db: Session, actor: Actor, university_code: str | None) -> str:
    """The university whose files the actor may list: an expert's own; staff name one."""
    require(db, actor, *routing.REVIEWERS, Role.STAFF)
    if actor.role is Role.STAFF and university_code is not None:
        return university_code
    if actor.university_code is None:
        raise NotAllowed
    return actor.university_code


@dataclass(frozen=True, eq=False)
class Worklists(Generic[R, L]):
    """The lists of one kind of file."""

    entry: routing.Queue[R]
    #: A condition, an order, an offset and a limit → what the list shows of these files.
    lines: Callable[[Session, ColumnElement[bool], tuple[Any, ...], int, int], tuple[L, ...]]

    def queue(
        self,
        db: Session,
        *,
        actor: Actor,
        now: datetime,
        offset: int = 0,
        limit: int = 5,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """Requests that are not claimed at the actor's university, first come first."""
        condition = self._at(university_for(db, actor, university_code)) & self.entry.unclaimed
        return self._page(db, condition, self.entry.came, now, offset, limit)

    def mine(
        self, db: Session, *, actor: Actor, now: datetime, offset: int = 0, limit: int = 5
    ) -> WorklistPage[L]:
        """Files under the actor's own review, also those that wait for their officer; longest in their state
        first."""
        own = col(self.entry.row.reviewer_id) == actor.account_id
        condition = self._at(university_for(db, actor, None)) & self.entry.under_review & own
        return self._page(db, condition, col(self.entry.row.state_since), now, offset, limit)

    def under_way(
        self,
        db: Session,
        *,
        actor: Actor,
        now: datetime,
        offset: int = 0,
        limit: int = 5,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """Files under review by any expert of the university; for experts in charge and staff (W7)."""
        if actor.role not in (Role.IN_CHARGE, Role.STAFF):
            raise NotAllowed
        condition = self._at(university_for(db, actor, university_code)) & self.entry.under_review
        return self._page(db, condition, col(self.entry.row.state_since), now, offset, limit)

    def find(self, db: Session, *, actor: Actor, code: str) -> list[R]:
        """Files that reached the actor's university (all but drafts, for staff) by tracking code or the
        officer's national code, newest first.

        Raises InvalidInput("search.bad") for anything but 12 or 10 digits, InvalidInput("desk.not_found").
        """
        require(db, actor, *routing.REVIEWERS, Role.STAFF)
        digits = as_code(code)
        query = (
            select(self.entry.row)
            .join(Account, col(Account.id) == col(self.entry.row.account_id))
            .where(col(self.entry.row.tracking_code).is_not(None))
            .order_by(col(self.entry.row.id).desc())
        )
        if len(digits) == TRACKING_CODE:
            query = query.where(col(self.entry.row.tracking_code) == digits)
        else:
            query = query.where(Account.national_code == digits)
        if actor.role is not Role.STAFF:
            query = query.where(self._at(university_for(db, actor, None)))
        rows = list(db.exec(query))
        if not rows:
            raise InvalidInput("desk.not_found")
        return rows

    def _at(self, university: str) -> ColumnElement[bool]:
        return col(self.entry.row.university_code) == university

    def _page(
        self,
        db: Session,
        condition: ColumnElement[bool],
        since: Any,
        now: datetime,
        offset: int,
        limit: int,
    ) -> WorklistPage[L]:
        count, oldest = db.exec(
            select(func.count(), func.min(since)).select_from(self.entry.row).where(condition)
        ).one()
        lines = self.lines(db, condition, (since, col(self.entry.row.id)), offset, limit)
        return WorklistPage(lines, count, now - oldest if count else None)
