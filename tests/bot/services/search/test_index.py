"""What people and companies are found by is written anew, a batch at a time, and what lacks is counted."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, delete, select

from bot.services.search import index, keys, lookup, names
from storage.database.database import Database
from storage.enums import RequestState, SearchSubject
from storage.migrations.migrate import FOLDER
from storage.tables import EVERYWHERE, QualificationRequest, SearchKey
from tests.support.commands import run_beside
from tests.support.factories import people
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW


def everything(db: Session) -> set[Any]:
    return set(db.exec(select(SearchKey.scope, SearchKey.key, SearchKey.kind, SearchKey.subject_id)))


def test_what_is_lost_is_counted_and_comes_back(db: Session, parties: Parties) -> None:
    accepted_request(db, parties.kian, parties.sara)
    before = everything(db)
    assert index.count_lacking(db, most=50) == 0
    db.exec(delete(SearchKey))
    assert index.count_lacking(db, most=50) > 8
    assert lookup.search(db, actor=parties.ali, text="سارا").hits == ()
    for kind in SearchSubject:
        after: int | None = 0
        while after is not None:
            number, after = index.rebuild(db, kind=kind, after=after, limit=2)
            assert number <= 2
    assert everything(db) == before
    assert index.count_lacking(db, most=50) == 0
    assert lookup.search(db, actor=parties.ali, text="سارا").hits != ()


async def test_the_command_writes_the_index_of_a_database_in_use(
    database: Database, database_url: str, parties: Parties, tmp_path: Path
) -> None:
    everyone = await database.read(everything)
    await database.run(lambda db: db.exec(delete(SearchKey).where(col(SearchKey.scope) == EVERYWHERE)))
    doctor = await run_beside(tmp_path, "doctor", DATABASE_URL=database_url)
    assert "run `bot.py rebuild-search-index`" in doctor.out
    ended = await run_beside(tmp_path, "rebuild-search-index", DATABASE_URL=database_url)
    assert ended.status == 0, ended
    assert "everybody is found by name again" in ended.out
    assert await database.read(everything) == everyone


@pytest.mark.parametrize(
    "name", ["نگار طباطبایی‌نژاد", "سیدمحمد حسینی", "آوای سلامت پارس گستر شرق", "ۀ ؤمن", "Ali Reza"]
)
def test_the_migration_writes_the_pairs_that_the_index_does(name: str) -> None:
    module: dict[str, Any] = {}
    exec((Path(FOLDER) / "versions/0025_pairs_and_orders.py").read_text(), module)
    assert module["pair_keys"](name) == keys.pair_keys(name)


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("نگا طبا", True),
        ("طبا نگا", True),
        ("نژ نگ", True),
        ("طباطباییهای نگار", False),
        ("طباطبایی‌نژاد نگ", True),
        ("نگار کریمی", False),
    ],
)
def test_two_beginnings_find_the_one_among_many_with_either(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch, text: str, finds: bool
) -> None:
    """Also where more people have one of the two than are looked at."""
    monkeypatch.setattr(names, "_CANDIDATES", 5)
    monkeypatch.setattr(names, "_PAIRED", 5)
    for number in range(8):
        people.account(db, "نگار", f"آذری{number}", chat=False)
        people.account(db, "آرش", f"طباطبایی {number}", chat=False)
    wanted = people.account(db, "نگار", "طباطبایی‌نژاد", chat=False)
    hits = lookup.search(db, actor=parties.staff, text=text).hits
    assert [hit.subject.id for hit in hits] == ([wanted.id] if finds else [])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("محمود رضا", True),
        ("رضا محمود", True),
        ("محسن رضا", False),
        ("رضا محسن", False),
        ("مح رضا", True),
        ("مح رضایید", False),
    ],
)
def test_each_word_counts_beyond_the_letters_of_its_pair(
    db: Session, parties: Parties, text: str, finds: bool
) -> None:
    wanted = people.account(db, "محمود", "رضایی", chat=False)
    people.account(db, "محسن", "رضوی", chat=False)
    hits = lookup.search(db, actor=parties.staff, text=text).hits
    assert [hit.subject.id for hit in hits] == ([wanted.id] if finds else [])  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["نگ طبا", "طبا نگ", "نگار طبا"])
def test_an_expert_finds_nobody_whose_file_is_elsewhere(db: Session, parties: Parties, text: str) -> None:
    """Also by two words of which the shorter one has two letters."""
    people.account(db, "نگین", "طبری", chat=False)
    owners = [people.officer(db, "نگار", last) for last in ("طباطبایی", "طباطبایی‌نژاد")]
    for number, (owner, university) in enumerate(zip(owners, ("sums", "mui"), strict=True)):
        add_request(
            db,
            owner,
            RequestState.SUBMITTED,
            university_code=university,
            tracking_code=f"14050901000{number}",
            submitted_at=NOW,
        )
        index.open_to(db, account_id=owner.account_id or 0, university_code=university)
    for actor, owner in ((parties.ali, owners[0]), (parties.foreign, owners[1])):
        (hit,) = lookup.search(db, actor=actor, text=text).hits
        assert isinstance(hit.subject, QualificationRequest)
        assert hit.subject.account_id == owner.account_id
