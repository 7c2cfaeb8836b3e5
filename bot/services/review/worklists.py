"""Experts' worklists of either kind of request: queue, own requests, those under any expert's review.

A list is one or several parts, each of them in order in one index: the rows of a page are the first ones of every part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, literal, true, union_all
from sqlalchemy import select as sql_select
from sqlmodel import Session, col

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.review import routing
from bot.services.review.routing import R
from bot.services.shared.permissions import require
from storage.enums import RequestKind, Role

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class WorklistPage(Generic[L]):
    """A part of a list. `oldest` is how long its first file has waited (experts' lists), None where it is
    empty; `whole` is the number of its files without the filters."""

    lines: tuple[L, ...]
    total: int
    oldest: timedelta | None = None
    whole: int = 0


def university_for(db: Session, actor: Actor, university_code: str | None) -> str:
    """The university whose files the actor may list: an expert's own; staff name one."""
    require(db, actor, *routing.REVIEWERS, Role.STAFF)
    if actor.role is Role.STAFF and university_code is not None:
        return university_code
    if actor.university_code is None:
        raise NotAllowed
    return actor.university_code


class ListName(StrEnum):
    """The lists of files. Where nothing else is said they are the actor's own, and the whole university's for staff."""

    #: Not claimed.
    QUEUE = "queue"
    #: To decide.
    MINE = "mine"
    #: To decide, and come back from the applicant.
    RETURNED = "returned"
    AT_APPLICANT = "at_applicant"
    UNPAID = "unpaid"
    #: To decide or not claimed, and longer here than the setting allows; for heads of the whole university.
    OVERDUE = "overdue"
    #: In the last `DECIDED_FOR`.
    DECIDED = "decided"
    #: Under review by anybody, also at the applicant; for heads and staff.
    UNDER_WAY = "under_way"


DECIDED_FOR = timedelta(days=90)
#: Lists of which the age counts the moment of the last step instead of the arrival.
_SINCE_STATE = frozenset({ListName.AT_APPLICANT, ListName.UNPAID, ListName.UNDER_WAY})


class AgeFilter(StrEnum):
    """Days since the moment that the list is ordered by."""

    UP_TO_3 = "f"
    FROM_3_TO_10 = "m"
    OVER_10 = "o"


_AGES = {
    AgeFilter.UP_TO_3: (0, 3),
    AgeFilter.FROM_3_TO_10: (3, 10),
    AgeFilter.OVER_10: (10, 100_000),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a list is shown, and from which end; None: all of it. Without a word the oldest come first, and of what is
    decided the newest."""

    kind: RequestKind | None = None
    age: AgeFilter | None = None
    turned: bool = False

    @property
    def narrow(self) -> bool:
        return self.kind is not None or self.age is not None


EVERYTHING = Filters()


@dataclass(frozen=True, eq=False)
class Worklists(Generic[R, L]):
    """The lists of one kind of file."""

    entry: routing.Queue[R]
    #: A condition, an order, an offset and a limit → what the list shows of these files.
    lines: Callable[[Session, ColumnElement[bool], tuple[Any, ...], int, int], tuple[L, ...]]

    def listed(
        self,
        db: Session,
        name: ListName,
        *,
        actor: Actor,
        now: datetime,
        overdue_before: datetime | None = None,
        filters: Filters = EVERYTHING,
        offset: int,
        limit: int,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """A part of a list. Order and age are from the same moment (`moment`). Raises NotAllowed."""
        if name is ListName.UNDER_WAY and actor.role not in (Role.IN_CHARGE, Role.STAFF):
            raise NotAllowed
        university = university_for(db, actor, university_code)
        whole = self._parts(name, actor, university, now, overdue_before or now)
        since = self.moment(name)
        parts = [part & self._narrowed(filters, since, now) for part in whole] if filters.narrow else whole
        if not parts:
            return WorklistPage((), 0)
        counted = [
            sql_select(func.count(), func.min(since)).select_from(self.entry.row).where(part)
            for part in parts
        ]
        numbers = db.connection().execute(union_all(*counted)).all()
        total = sum(number for number, _ in numbers)
        oldest = min((moment for _, moment in numbers if moment is not None), default=None)
        lines = self._page(db, parts, since, filters.turned is not (name is ListName.DECIDED), offset, limit)
        return WorklistPage(
            tuple(self._since(line, since.key) for line in lines),
            total,
            now - oldest if oldest is not None else None,
            db.connection().execute(sql_select(self._number(whole))).scalar_one()
            if filters.narrow
            else total,
        )

    def counts(
        self,
        db: Session,
        *names: ListName,
        actor: Actor,
        now: datetime,
        overdue_before: datetime,
        university_code: str | None = None,
    ) -> dict[ListName, int]:
        """How many files are in these lists, in one statement: the numbers at home, in the head of a list and in the
        digest. Raises NotAllowed."""
        university = university_for(db, actor, university_code)
        numbers = [self._number(self._parts(name, actor, university, now, overdue_before)) for name in names]
        row = db.connection().execute(sql_select(*numbers)).one()
        return dict(zip(names, row, strict=True))

    def moment(self, name: ListName) -> Any:
        """The column by which a list is ordered and its ages are counted."""
        if name is ListName.QUEUE:
            return self.entry.came
        if name is ListName.DECIDED:
            return self.entry.decided
        return col(self.entry.row.state_since) if name in _SINCE_STATE else self.entry.received

    def queue(
        self,
        db: Session,
        *,
        actor: Actor,
        now: datetime,
        offset: int,
        limit: int,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """Requests that are not claimed at the actor's university, first come first."""
        at = {"offset": offset, "limit": limit, "university_code": university_code}
        return self.listed(db, ListName.QUEUE, actor=actor, now=now, **at)  # type: ignore[arg-type]

    def mine(self, db: Session, *, actor: Actor, now: datetime, offset: int, limit: int) -> WorklistPage[L]:
        """Files that the actor is to decide, in the order in which they came."""
        return self.listed(db, ListName.MINE, actor=actor, now=now, offset=offset, limit=limit)

    def under_way(
        self,
        db: Session,
        *,
        actor: Actor,
        now: datetime,
        offset: int,
        limit: int,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """Files under review by any expert of the university; for experts in charge and staff (W7)."""
        at = {"offset": offset, "limit": limit, "university_code": university_code}
        return self.listed(db, ListName.UNDER_WAY, actor=actor, now=now, **at)  # type: ignore[arg-type]

    def _at(self, university: str) -> ColumnElement[bool]:
        return col(self.entry.row.university_code) == university

    def _parts(
        self, name: ListName, actor: Actor, university: str, now: datetime, overdue_before: datetime
    ) -> list[ColumnElement[bool]]:
        """What the list is made of, no file in two of them; none where the kind has no such list."""
        entry, at = self.entry, self._at(university)
        own = at if actor.role is Role.STAFF else at & (col(entry.row.reviewer_id) == actor.account_id)
        match name:
            case ListName.QUEUE:
                return [at & entry.unclaimed]
            case ListName.MINE:
                return [own & entry.in_hand]
            case ListName.RETURNED:
                return [] if entry.is_returned is None else [own & entry.in_hand & entry.is_returned]
            case ListName.AT_APPLICANT:
                return [] if entry.at_applicant is None else [own & entry.at_applicant]
            case ListName.UNPAID:
                return [] if entry.unpaid is None else [own & entry.unpaid]
            case ListName.OVERDUE:
                late = entry.late(overdue_before)
                whose = own if actor.role is Role.EXPERT else at
                return [at & entry.unclaimed & late, whose & entry.in_hand & late]
            case ListName.DECIDED:
                lately: ColumnElement[bool] = entry.decided >= now - DECIDED_FOR
                return [own & entry.is_decided & lately]
        here: list[ColumnElement[bool]] = [at & entry.in_hand]
        return here if entry.at_applicant is None else [*here, at & entry.under_review & entry.at_applicant]

    def _narrowed(self, filters: Filters, since: Any, now: datetime) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = true()
        if filters.kind is not None and self.entry is routing.REQUESTS:
            condition &= col(self.entry.row.kind) == filters.kind  # type: ignore[attr-defined]
        if filters.age is not None:
            low, high = _AGES[filters.age]
            condition &= (since <= now - timedelta(days=low)) & (since > now - timedelta(days=high))
        return condition

    def _page(
        self,
        db: Session,
        parts: Sequence[ColumnElement[bool]],
        since: Any,
        newest_first: bool,
        offset: int,
        limit: int,
    ) -> tuple[L, ...]:
        row_id = col(self.entry.row.id)
        order = (since.desc(), row_id.desc()) if newest_first else (since, row_id)
        if len(parts) == 1:
            return self.lines(db, parts[0], order, offset, limit)
        # Of each part as many as are asked for: one condition for all of them would be read whole and sorted.
        first = [
            sql_select(row_id.label("id"), since.label("since"))
            .where(part)
            .order_by(*order)
            .limit(offset + limit)
            .subquery()
            for part in parts
        ]
        together = union_all(*(sql_select(part.c.id, part.c.since) for part in first)).subquery()
        merged = (together.c.since, together.c.id)
        page = (
            sql_select(together.c.id)
            .order_by(*(column.desc() for column in merged) if newest_first else merged)
            .offset(offset)
            .limit(limit)
        )
        ids = db.connection().execute(page).scalars().all()
        return self.lines(db, row_id.in_(ids), order, 0, limit) if ids else ()

    def _number(self, parts: Sequence[ColumnElement[bool]]) -> Any:
        """How many files these are, as a column of a statement."""
        counted: list[Any] = [
            sql_select(func.count()).select_from(self.entry.row).where(part).scalar_subquery()
            for part in parts
        ]
        return reduce(add, counted) if counted else literal(0)

    def _since(self, line: Any, column: str) -> Any:
        moment = getattr(line.request, column)
        return line if moment is None else replace(line, since=moment)
