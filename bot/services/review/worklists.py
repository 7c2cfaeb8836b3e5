"""Experts' worklists of either kind of request: queue, own requests, those under any expert's review;
search."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, false, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed
from bot.services.review import routing
from bot.services.review.routing import R
from bot.services.shared.permissions import require
from storage.enums import RequestKind, Role
from storage.tables import Account

_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
TRACKING_CODE, NATIONAL_CODE = 12, 10  # digits

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class WorklistPage(Generic[L]):
    """A part of a list. `oldest` is how long its first file has waited (experts' lists), None where it is
    empty; `whole` is the number of its files without the filters."""

    lines: tuple[L, ...]
    total: int
    oldest: timedelta | None = None
    whole: int = 0


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
        offset: int = 0,
        limit: int = 5,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """A part of a list. Order and age are from the same moment (`moment`). Raises NotAllowed."""
        if name is ListName.UNDER_WAY and actor.role not in (Role.IN_CHARGE, Role.STAFF):
            raise NotAllowed
        university = university_for(db, actor, university_code)
        whole = self._condition(name, actor, university, now, overdue_before or now)
        condition, since = whole, self.moment(name)
        if filters.kind is not None and self.entry is routing.REQUESTS:
            condition &= col(self.entry.row.kind) == filters.kind  # type: ignore[attr-defined]
        if filters.age is not None:
            low, high = _AGES[filters.age]
            condition &= (since <= now - timedelta(days=low)) & (since > now - timedelta(days=high))
        count, oldest = db.exec(
            select(func.count(), func.min(since)).select_from(self.entry.row).where(condition)
        ).one()
        newest_first = filters.turned is not (name is ListName.DECIDED)
        columns = (since, col(self.entry.row.id))
        order = tuple(column.desc() for column in columns) if newest_first else columns
        lines = self.lines(db, condition, order, offset, limit)
        number = self._count(db, whole) if filters.narrow else count
        return WorklistPage(
            tuple(self._since(line, since.key) for line in lines),
            count,
            now - oldest if count and oldest is not None else None,
            number,
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
        numbers = [
            select(func.count())
            .select_from(self.entry.row)
            .where(self._condition(name, actor, university, now, overdue_before))
            .scalar_subquery()
            for name in names
        ]
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
        offset: int = 0,
        limit: int = 5,
        university_code: str | None = None,
    ) -> WorklistPage[L]:
        """Requests that are not claimed at the actor's university, first come first."""
        at = {"offset": offset, "limit": limit, "university_code": university_code}
        return self.listed(db, ListName.QUEUE, actor=actor, now=now, **at)  # type: ignore[arg-type]

    def mine(
        self, db: Session, *, actor: Actor, now: datetime, offset: int = 0, limit: int = 5
    ) -> WorklistPage[L]:
        """Files that the actor is to decide, in the order in which they came."""
        return self.listed(db, ListName.MINE, actor=actor, now=now, offset=offset, limit=limit)

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
        at = {"offset": offset, "limit": limit, "university_code": university_code}
        return self.listed(db, ListName.UNDER_WAY, actor=actor, now=now, **at)  # type: ignore[arg-type]

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

    def _condition(
        self, name: ListName, actor: Actor, university: str, now: datetime, overdue_before: datetime
    ) -> ColumnElement[bool]:
        entry, at = self.entry, self._at(university)
        own = at if actor.role is Role.STAFF else at & (col(entry.row.reviewer_id) == actor.account_id)
        nothing: ColumnElement[bool] = false()
        match name:
            case ListName.QUEUE:
                return at & entry.unclaimed
            case ListName.MINE:
                return own & entry.in_hand
            case ListName.RETURNED:
                return nothing if entry.is_returned is None else own & entry.in_hand & entry.is_returned
            case ListName.AT_APPLICANT:
                return own & entry.at_applicant if entry.at_applicant is not None else nothing
            case ListName.UNPAID:
                return own & entry.unpaid if entry.unpaid is not None else nothing
            case ListName.OVERDUE:
                whose = own if actor.role is Role.EXPERT else at
                late = (at & entry.unclaimed) | (whose & entry.in_hand)
                overdue: ColumnElement[bool] = entry.received < overdue_before
                return late & overdue
            case ListName.DECIDED:
                lately: ColumnElement[bool] = entry.decided >= now - DECIDED_FOR
                return own & entry.is_decided & lately
        return at & entry.under_review

    def _count(self, db: Session, condition: ColumnElement[bool]) -> int:
        return db.exec(select(func.count()).select_from(self.entry.row).where(condition)).one()

    def _since(self, line: Any, column: str) -> Any:
        moment = getattr(line.request, column)
        return line if moment is None else replace(line, since=moment)
