"""Keeps what people and companies are found by: written with every name, and with every file that reaches a university.

Of a name all keys are written anew; a university, once it has had a file, finds its people for ever. `rebuild` makes
the keys of everything again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import delete, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, col, select

from bot.services.search import keys
from storage.database.unit_of_work import table_of
from storage.enums import SearchSubject
from storage.tables import (
    EVERYWHERE,
    Account,
    CooperationRequest,
    Distributor,
    QualificationRequest,
    SearchKey,
)


def keys_of_person(first_name: str, last_name: str) -> set[str]:
    return keys.name_keys(f"{first_name} {last_name}")


def index_account(db: Session, account: Account) -> None:
    """After an account is made, or its name changed."""
    assert account.id is not None
    names = keys_of_person(account.first_name, account.last_name)
    _write(db, SearchSubject.ACCOUNT, account.id, names, account.national_code)


def index_new_accounts(db: Session, people: Iterable[tuple[int, str, str, str | None]]) -> None:
    """(account, first and last name, national code) of accounts that were just made, many at once."""
    rows = []
    for account_id, first, last, code in people:
        found_by = keys_of_person(first, last) | ({keys.code_end(code)} if code else set())
        rows += _rows(SearchSubject.ACCOUNT, account_id, found_by, (EVERYWHERE,))
    _insert(db, rows)


def index_distributor(db: Session, distributor: Distributor) -> None:
    """After a company or guild is made, or its name changed."""
    assert distributor.id is not None
    _write(db, SearchSubject.DISTRIBUTOR, distributor.id, keys.name_keys(distributor.name), None)


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
        names = {key for scope, key in known if scope == EVERYWHERE and not key.startswith("#")}
        _insert(db, _rows(kind, subject_id, names - there, (university_code,)))


def _write(
    db: Session, kind: SearchSubject, subject_id: int, names: set[str], national_code: str | None
) -> None:
    mine = (col(SearchKey.kind) == kind) & (col(SearchKey.subject_id) == subject_id)
    scopes = {EVERYWHERE, *db.exec(select(SearchKey.scope).where(mine).distinct())}
    db.exec(delete(SearchKey).where(mine).execution_options(synchronize_session=False))
    rows = _rows(kind, subject_id, names, scopes)
    if national_code:
        rows += _rows(kind, subject_id, {keys.code_end(national_code)}, (EVERYWHERE,))
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


def rebuild(db: Session, *, kind: SearchSubject, after: int = 0, limit: int = 500) -> int | None:
    """Write the keys of the next people (or companies) behind the id `after` anew; the last id done, None at the end."""
    if kind is SearchSubject.DISTRIBUTOR:
        companies = db.exec(
            select(Distributor).where(col(Distributor.id) > after).order_by(col(Distributor.id)).limit(limit)
        ).all()
        for company in companies:
            index_distributor(db, company)
            for university in db.exec(
                select(CooperationRequest.university_code)
                .where(CooperationRequest.distributor_id == company.id)
                .distinct()
            ):
                if university:
                    open_to(db, university_code=university, distributor_id=company.id)
        return companies[-1].id if companies else None
    people = db.exec(
        select(Account).where(col(Account.id) > after).order_by(col(Account.id)).limit(limit)
    ).all()
    for account in people:
        index_account(db, account)
        filed = select(QualificationRequest.university_code).where(
            QualificationRequest.account_id == account.id,
            col(QualificationRequest.tracking_code).is_not(None),
        )
        cooperated = select(CooperationRequest.university_code).where(
            CooperationRequest.account_id == account.id
        )
        for (university,) in db.connection().execute(union(filed, cooperated)):
            if university:
                open_to(db, university_code=university, account_id=account.id)
    return people[-1].id if people else None
