"""One search for files, people and companies: by a name or its beginning, a code, a mobile, a company's number.

Experts find the files of their university, staff everything. By index alone, whatever the number of officers
(docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, union_all
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.rules import validators
from bot.services.review.routing import REVIEWERS
from bot.services.search import keys, names
from bot.services.search.keys import Wanted
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.enums import Role, SearchSubject
from storage.tables import (
    EVERYWHERE,
    Account,
    Branch,
    CooperationRequest,
    Distributor,
    FieldOfStudy,
    QualificationRequest,
    SearchKey,
    SearchQuery,
    University,
)

#: Results at most; where there are more, the search must say so.
MOST = 50
#: Ends of codes that are read for an expert, whose own people are few among them.
_CODES = 2000
#: People of whom every file is listed; of more, each is one line.
FEW = 3
#: How long the pages of a search can be turned.
KEPT_FOR = timedelta(days=1)
#: Searches that one unit forgets.
_FORGOTTEN = 200

FILE = QualificationRequest | CooperationRequest
_ROWS: tuple[Any, ...] = (QualificationRequest, CooperationRequest)


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `newest` is the newest request of an account that is listed by itself; `company` whom a cooperation
    request is of; `city` of a company."""

    subject: QualificationRequest | CooperationRequest | Account | Distributor | University | FieldOfStudy
    name: str
    newest: QualificationRequest | None = None
    company: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """`more`: there are others, which a longer text would find."""

    hits: tuple[Hit, ...] = ()
    more: bool = False


def search(db: Session, *, actor: Actor, text: str) -> Results:
    """What the actor may see of what the text asks for. Raises NotAllowed for anyone but reviewers."""
    require(db, actor, *REVIEWERS, Role.STAFF)
    wanted = keys.wanted(text)
    scope = EVERYWHERE if actor.role is Role.STAFF else actor.university_code
    if scope is None:
        raise NotAllowed
    files = _by_tracking_code(db, wanted, scope)
    if files:
        return Results(tuple(_file_hits(db, files)))
    people, companies, more = _subjects(db, wanted, text, scope)
    if scope != EVERYWHERE:
        found = _files_of(db, scope, people, companies)
        return Results(tuple(_file_hits(db, found[:MOST])), more or len(found) > MOST)
    hits = _account_hits(db, people) + _company_hits(db, companies)
    if wanted.words:
        hits += _reference_hits(db, wanted)
    return Results(tuple(hits[:MOST]), more or len(hits) > MOST)


def remember(db: Session, *, actor: Actor, text: str, results: Results, now: datetime) -> int:
    """Keep what was searched for, so that its pages can be turned, and record that staff searched; the id. Raises
    NotAllowed."""
    query_id = keep(db, actor=actor, text=text, now=now)
    if actor.role is Role.STAFF:
        audit.record(
            db,
            now=now,
            actor=actor,
            event="searched",
            subject="account",
            subject_id=actor.account_id or 0,
            results=len(results.hits),
        )
    return query_id


def repeat(db: Session, *, actor: Actor, query_id: int) -> tuple[str, Results]:
    """An own search of the last day, and its results now. Raises Stale, NotAllowed."""
    text = kept(db, actor=actor, query_id=query_id)
    return text, search(db, actor=actor, text=text)


def files_of_person(db: Session, *, actor: Actor, account_id: int) -> list[FILE]:
    """All files of one person that the actor may see, newest first, qualification before cooperation. Raises NotAllowed
    where there is none."""
    require(db, actor, *REVIEWERS, Role.STAFF)
    scope = EVERYWHERE if actor.role is Role.STAFF else actor.university_code
    found = _files_of(db, scope, [account_id], [], most=None) if scope is not None else []
    if not found:
        raise NotAllowed
    return found


def keep(db: Session, *, actor: Actor, text: str, now: datetime) -> int:
    """Keep what a list is narrowed by, so that its pages can be turned; the id for `kept`. Raises NotAllowed."""
    require(db, actor, *REVIEWERS, Role.STAFF)
    assert actor.account_id is not None
    query = SearchQuery(account_id=actor.account_id, text=text[: keys.TEXT_LENGTH], created_at=now)
    db.add(query)
    db.flush()
    assert query.id is not None
    return query.id


def kept(db: Session, *, actor: Actor, query_id: int) -> str:
    """An own text of the last day. Raises Stale."""
    query = db.get(SearchQuery, query_id)
    if query is None or query.account_id != actor.account_id:
        raise Stale
    return query.text


def forget_old_searches(db: Session, *, now: datetime) -> int:
    """Remove a batch of searches whose pages nobody turns any more; say how many. A job repeats it.

    The oldest have the lowest ids."""
    first = db.exec(
        select(SearchQuery.id, SearchQuery.created_at).order_by(col(SearchQuery.id)).limit(_FORGOTTEN)
    ).all()
    old = [number for number, created_at in first if created_at < now - KEPT_FOR]
    if not old:
        return 0
    return db.exec(
        delete(SearchQuery).where(col(SearchQuery.id).in_(old)).execution_options(synchronize_session=False)
    ).rowcount


# ── by code ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _at(row: Any, scope: str) -> ColumnElement[bool]:
    """Files that reached the university (any, for EVERYWHERE)."""
    submitted: ColumnElement[bool] = row.tracking_code.is_not(None)
    return submitted if scope == EVERYWHERE else submitted & (row.university_code == scope)


def _by_tracking_code(db: Session, wanted: Wanted, scope: str) -> list[FILE]:
    codes = [number for number in wanted.numbers if len(number) == keys.TRACKING_CODE]
    found: list[FILE] = []
    row: Any
    if codes:
        for row in _ROWS:
            found += db.exec(select(row).where(row.tracking_code.in_(codes), _at(row, scope)))
    return found


def _subjects(db: Session, wanted: Wanted, text: str, scope: str) -> tuple[list[int], list[int], bool]:
    """Accounts and companies, the best first, and whether there are more."""
    people = _people_by_code(db, wanted, text)
    companies: list[int] = []
    if wanted.numbers:
        number = col(Distributor.legal_id).in_(wanted.numbers) | col(Distributor.guild_id).in_(wanted.numbers)
        companies = [found for found in db.exec(select(Distributor.id).where(number)) if found is not None]
    ends = [keys.code_end(one) for one in wanted.numbers if len(one) == keys.CODE_END]
    if ends and not people and not companies:
        query = select(SearchKey.subject_id).where(
            SearchKey.scope == EVERYWHERE,
            col(SearchKey.key).in_(ends),
            SearchKey.kind == SearchSubject.ACCOUNT,
        )
        people = list(db.exec(query.limit(MOST + 1 if scope == EVERYWHERE else _CODES)))
        if scope == EVERYWHERE:
            return people[:MOST], [], len(people) > MOST
        return people, [], False
    if people or companies or not wanted.words:
        return people, companies, False
    return names.by_name(db, wanted, scope, most=MOST)


def _people_by_code(db: Session, wanted: Wanted, text: str) -> list[int]:
    """By national code, mobile and user code, which may have letters; living accounts first."""
    codes = [number for number in wanted.numbers if len(number) >= 5]
    user_codes = [*codes, *(one for one in (text.strip(), wanted.as_code) if len(one) <= 32)]
    mobiles = []
    for number in codes:
        with suppress(Refusal):
            mobiles.append(validators.mobile(number if not number.startswith("98") else f"+{number}"))
    known = (
        (col(Account.user_code), user_codes),
        (col(Account.national_code), codes),
        (col(Account.mobile), mobiles),
    )
    parts = [select(Account.id).where(column.in_(values)) for column, values in known if values]
    if not parts:
        return []
    ids = db.connection().execute(union_all(*parts).limit(MOST)).scalars()
    return sorted(dict.fromkeys(ids), reverse=True)


# ── what is shown of it ──────────────────────────────────────────────────────────────────────────────────────────────


def _files_of(
    db: Session,
    scope: str,
    people: Collection[int],
    companies: Collection[int],
    *,
    most: int | None = MOST + 1,
) -> list[FILE]:
    """Newest first, `most` of each kind; those of people before those of companies."""
    found: dict[tuple[Any, int | None], FILE] = {}
    row: Any
    wanted: tuple[tuple[Any, Any, Collection[int]], ...] = (
        (QualificationRequest, col(QualificationRequest.account_id), people),
        (CooperationRequest, col(CooperationRequest.account_id), people),
        (CooperationRequest, col(CooperationRequest.distributor_id), companies),
    )
    for row, owner, ids in wanted:
        if ids:
            query = select(row).where(owner.in_(ids), _at(row, scope)).order_by(row.id.desc())
            for request in db.exec(query.limit(most)):
                found.setdefault((row, request.id), request)
    return list(found.values())


def _file_hits(db: Session, requests: Iterable[FILE]) -> list[Hit]:
    listed = list(requests)
    names = _by_id(db, Account, [request.account_id for request in listed])
    companies = _by_id(
        db, Distributor, [one.distributor_id for one in listed if isinstance(one, CooperationRequest)]
    )
    return [
        Hit(
            request,
            names[request.account_id].name,
            company=companies[request.distributor_id].name if isinstance(request, CooperationRequest) else "",
        )
        for request in listed
    ]


def _by_id(db: Session, model: type[Any], ids: Collection[int]) -> dict[int, Any]:
    wanted = set(ids)
    return {row.id: row for row in db.exec(select(model).where(model.id.in_(wanted)))} if wanted else {}


def _account_hits(db: Session, ids: Sequence[int]) -> list[Hit]:
    """Of a few people their files as well; of more, each with the newest request."""
    accounts = _by_id(db, Account, ids)
    query = select(QualificationRequest).where(
        col(QualificationRequest.account_id).in_(ids), col(QualificationRequest.tracking_code).is_not(None)
    )
    newest: dict[int, QualificationRequest] = {}
    if ids:
        for request in db.exec(query.order_by(col(QualificationRequest.id))):
            newest[request.account_id] = request
    if len(ids) > FEW:
        return [Hit(accounts[one], accounts[one].name, newest.get(one)) for one in ids if one in accounts]
    hits: list[Hit] = []
    for one in ids:
        if one in accounts:
            hits.append(Hit(accounts[one], accounts[one].name, newest.get(one)))
            hits += _file_hits(db, _files_of(db, EVERYWHERE, [one], []))
    return hits


def _company_hits(db: Session, ids: Sequence[int]) -> list[Hit]:
    companies = _by_id(db, Distributor, ids)
    query = select(Branch.distributor_id, Branch.city).where(
        col(Branch.distributor_id).in_(ids), col(Branch.is_central).is_(True)
    )
    cities = dict(db.exec(query).all()) if ids else {}
    return [
        Hit(companies[one], companies[one].name, city=cities.get(one, "")) for one in ids if one in companies
    ]


def _reference_hits(db: Session, wanted: Wanted) -> list[Hit]:
    """Universities and fields of study, of which there are few."""
    hits = []
    universities = db.exec(select(University).order_by(col(University.name))).all()
    fields = db.exec(select(FieldOfStudy).order_by(col(FieldOfStudy.name))).all()
    rows: list[University | FieldOfStudy] = [*universities, *fields]
    for row in rows:
        name = validators.search_key(row.name)
        if all(word in name for word in wanted.words):
            hits.append(Hit(row, row.name))
    return hits
