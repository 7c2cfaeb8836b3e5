"""A list of a few people or companies reads those, however many there are."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, SQLModel

from bot.services import team
from bot.services.directorate import account_lookup
from bot.services.distributors import registry
from bot.services.review import file_notes
from bot.services.search import lookup
from storage.tables import Account, Distributor, ExpertLeave, FileNote
from tests.support.factories.cooperation import Parties
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def look_up(db: Session, parties: Parties) -> Any:
    sara = db.get_one(Account, parties.sara.account_id)
    account_lookup.note_account(db, actor=parties.staff, account=sara, now=NOW)
    return lambda: account_lookup.recent(db, actor=parties.staff, now=NOW, limit=8)


def leaves(db: Session, parties: Parties) -> Any:
    ali, zahra = parties.ali.account_id or 0, parties.zahra.account_id or 0
    day, given = date(2026, 12, 1), {"university_code": "sums", "created_at": NOW}
    db.add(ExpertLeave(account_id=ali, deputy_id=zahra, starts_on=day, ends_on=day, **given))
    return lambda: team.team_leaves(db, actor=parties.in_charge)


def notes(db: Session, parties: Parties) -> Any:
    ali, zahra = parties.ali.account_id or 0, parties.zahra.account_id
    about = {"subject": "qualification", "subject_id": 7, "created_at": NOW}
    db.add(FileNote(account_id=ali, given_to=zahra, text="گفت‌وگو شد.", **about))
    return lambda: file_notes.of_file(db, "qualification", 7)


def company(db: Session, parties: Parties) -> Any:
    given = {"actor": parties.staff, "offset": 0, "limit": 5, "among": [parties.kian.id]}
    return lambda: registry.list_distributors(db, **given)


def hits(db: Session, parties: Parties) -> Any:
    return lambda: lookup._account_hits(db, [parties.sara.account_id or 0])


#: What is prepared, which gives what lists; the rows that it reads, of whom.
READ: list[tuple[Callable[[Session, Parties], Any], type[SQLModel], list[str]]] = [
    (look_up, Account, ["sara"]),
    (leaves, Account, ["ali", "zahra"]),
    (notes, Account, ["ali", "zahra"]),
    (hits, Account, ["sara"]),
    (company, Distributor, ["kian"]),
]


@pytest.mark.parametrize(("prepare", "table", "names"), READ, ids=lambda one: getattr(one, "__name__", ""))
def test_only_the_rows_that_are_shown_are_read(
    db: Session, parties: Parties, prepare: Any, table: type[SQLModel], names: list[str]
) -> None:
    expected = {parties.kian.id if name == "kian" else getattr(parties, name).account_id for name in names}
    lists = prepare(db, parties)
    db.flush()
    db.expunge_all()
    read = set[int]()

    def note(row: Any, *_: Any) -> None:
        read.add(row.id)

    event.listen(table, "load", note)
    try:
        assert lists()
    finally:
        event.remove(table, "load", note)
    assert read == expected
