"""Keeps what people and companies are found by: written with every name, and with every file that reaches a university.

Of a name all keys are written anew; a university, once it has had a file, finds its people for ever. `rebuild` makes
the keys of everything again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, delete, literal, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, col, select

from bot.services.search import keys
from storage.database.unit_of_work import table_of
from storage.enums import SearchSubject
from storage.tables import (
    COMPANIES,
    EVERYWHERE,
    Account,
    CooperationRequest,
    Distributor,
    QualificationRequest,
    SearchKey,
)


def keys_everywhere(name: str, national_code: str | None = None) -> set[str]:
    """What a person or company is found by where everything is searched; at a university by the name's own keys alone."""
    ends = {keys.code_end(national_code)} if national_code else set()
    return keys.name_keys(name) | keys.pair_keys(name) | ends


def index_account(db: Session, account: Account) -> None:
    """After an account is made, or its name changed."""
    assert account.id is not None
    everywhere = keys_everywhere(account.name, account.national_code)
    _write(db, SearchSubject.ACCOUNT, account.id, account.name, {EVERYWHERE: everywhere})


def index_new_accounts(db: Session, people: Iterable[tuple[int, str, str, str | None]]) -> None:
    """(account, first and last name, national code) of accounts that were just made, many at once."""
    rows = []
    for account_id, first, last, code in people:
        found_by = keys_everywhere(f"{first} {last}", code)
        rows += _rows(SearchSubject.ACCOUNT, account_id, found_by, (EVERYWHERE,))
    _insert(db, rows)


def index_distributor(db: Session, distributor: Distributor) -> None:
    """After a company or guild is made, or its name changed."""
    assert distributor.id is not None
    everywhere = keys_everywhere(distributor.name)
    scopes = {EVERYWHERE: everywhere, COMPANIES: everywhere}
    _write(db, SearchSubject.DISTRIBUTOR, distributor.id, distributor.name, scopes)


def open_to(
    db: Session, *, university_code: str, account_id: int | None = None, distributor_id: int | None = None
) -> None:
    """A file of these reached a university, whose experts find them from now on."""
    for kind, subject_id in (
        (SearchSubject.ACCOUNT, account_id),
        (SearchSubject.DISTRIBUTOR, distributor_id),
    ):
        if subject_id is None:
            continue
        known = db.exec(
            select(SearchKey.scope, SearchKey.key).where(
                SearchKey.kind == kind,
                SearchKey.subject_id == subject_id,
                col(SearchKey.scope).in_((EVERYWHERE, university_code)),
            )
        ).all()
        there = {key for scope, key in known if scope == university_code}
        of_names = (key for scope, key in known if scope == EVERYWHERE)
        names = {key for key in of_names if not key.startswith((keys.CODE, keys.PAIR))}
        _insert(db, _rows(kind, subject_id, names - there, (university_code,)))


def _write(
    db: Session, kind: SearchSubject, subject_id: int, name: str, scopes: Mapping[str, set[str]]
) -> None:
    """The keys of these scopes, and those of the name for the universities that know it."""
    mine = (col(SearchKey.kind) == kind) & (col(SearchKey.subject_id) == subject_id)
    universities = set(db.exec(select(SearchKey.scope).where(mine).distinct())) - set(scopes)
    db.exec(delete(SearchKey).where(mine).execution_options(synchronize_session=False))
    rows = _rows(kind, subject_id, keys.name_keys(name), universities)
    for scope, found_by in scopes.items():
        rows += _rows(kind, subject_id, found_by, (scope,))
    _insert(db, rows)


def _rows(
    kind: SearchSubject, subject_id: int, found_by: Iterable[str], scopes: Iterable[str]
) -> list[dict[str, Any]]:
    return [
        {"scope": scope, "key": key, "kind": kind, "subject_id": subject_id}
        for scope in scopes
        for key in sorted(found_by)
    ]


@cache
def _insertion(dialect: str) -> UpdateBase:
    made = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return made(table_of(SearchKey)).on_conflict_do_nothing()


def _insert(db: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.connection().execute(_insertion(db.get_bind().dialect.name), rows)


def rebuild(db: Session, *, kind: SearchSubject, after: int, limit: int) -> tuple[int, int | None]:
    """Write the keys of the next people (or companies) behind the id `after` anew: how many, and the last id, None at the
    end. A row whose name is changed at the same time is waited for."""
    row: Any = Distributor if kind is SearchSubject.DISTRIBUTOR else Account
    query = select(row).where(row.id > after).order_by(row.id).limit(limit)
    subjects = db.exec(query.with_for_update(key_share=True)).all()
    for subject in subjects:
        if kind is SearchSubject.DISTRIBUTOR:
            index_distributor(db, subject)
            for university in _universities(db, distributor_id=subject.id):
                open_to(db, university_code=university, distributor_id=subject.id)
        else:
            index_account(db, subject)
            for university in _universities(db, account_id=subject.id):
                open_to(db, university_code=university, account_id=subject.id)
    return len(subjects), subjects[-1].id if subjects else None


def _universities(
    db: Session, *, account_id: int | None = None, distributor_id: int | None = None
) -> list[str]:
    """Those that files of these have reached."""
    cooperation, filed = CooperationRequest, QualificationRequest
    if distributor_id is not None:
        query: Any = select(cooperation.university_code).where(cooperation.distributor_id == distributor_id)
    else:
        submitted = col(filed.tracking_code).is_not(None)
        query = union(
            select(filed.university_code).where(filed.account_id == account_id, submitted),
            select(cooperation.university_code).where(cooperation.account_id == account_id),
        )
    return [code for code in dict.fromkeys(db.connection().execute(query).scalars()) if code]


def count_lacking(db: Session, *, most: int) -> int:
    """People and companies that no search by name finds, and files whose university does not find their person; of each
    at most so many."""
    account, company, filed = Account, Distributor, QualificationRequest

    def has_key(kind: SearchSubject, subject_id: Any, scope: Any) -> ColumnElement[bool]:
        mine = (SearchKey.kind == kind, SearchKey.subject_id == subject_id, SearchKey.scope == scope)
        return select(literal(1)).select_from(SearchKey).where(*mine).exists()

    people = select(account.first_name, account.last_name).where(
        ~has_key(SearchSubject.ACCOUNT, account.id, EVERYWHERE)
    )
    companies = select(company.name, literal("")).where(
        ~has_key(SearchSubject.DISTRIBUTOR, company.id, COMPANIES)
    )
    files = select(filed.id).where(
        col(filed.tracking_code).is_not(None),
        col(filed.university_code).is_not(None),
        has_key(SearchSubject.ACCOUNT, filed.account_id, EVERYWHERE),
        ~has_key(SearchSubject.ACCOUNT, filed.account_id, filed.university_code),
    )
    names = (names for query in (people, companies) for names in db.exec(query.limit(most)))
    # A name of signs alone has no key.
    lost = sum(bool(keys.name_keys(" ".join(parts))) for parts in names)
    return lost + len(db.exec(files.limit(most)).all())
