"""What `check-audit` finds in a chain that was changed past the triggers: each fault in its words, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import insert, select, text
from sqlmodel import Session

from bot.operations import audit_check
from bot.operations.audit_check import MAX_REPORTED, Checked, check_chain
from bot.services.shared.audit_chain import EVENTS, LINKS, ChainKeys, digest
from storage.tables import AuditEvent

SECRET, OTHER = "k" * 32, "l" * 32
KEYS = ChainKeys([SECRET])
AT = datetime.fromisoformat("2026-11-26T09:00:00+00:00")


@pytest.fixture
def db(sqlite_session: Session) -> Session:
    """Nine linked lines, signed at the third, the sixth and the ninth; two more that wait. Without the triggers."""
    connection = sqlite_session.connection()
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
    for name in connection.execute(text(triggers)).scalars().all():
        connection.execute(text(f"DROP TRIGGER {name}"))
    for number in range(1, 12):
        values = {"event": f"e{number}", "subject": "q", "subject_id": 1, "actor_role": "expert"}
        sqlite_session.add(AuditEvent(id=number, at=AT + timedelta(minutes=number), **values))
    sqlite_session.flush()
    link(sqlite_session)
    return sqlite_session


def link(db: Session, keys: ChainKeys = KEYS, *, first: int = 1, last: int = 9) -> None:
    previous = db.execute(select(LINKS.c.hash).where(LINKS.c.position == first - 1)).scalar() or ""
    for event in db.execute(select(EVENTS).where(EVENTS.c.id.between(first, last)).order_by(EVENTS.c.id)):
        previous = digest(previous, event)
        values = {"position": event.id, "event_id": event.id, "hash": previous, "resumed": False}
        if event.id % 3 == 0:
            values["key_id"], values["mac"] = keys.sign(event.id, previous, False)
        db.execute(insert(LINKS), values)
    db.flush()


async def check(db: Session, keys: ChainKeys = KEYS, **given: Any) -> Checked:
    class Here:
        async def read(self, work: Callable[[Session], Any], *, large: bool = False) -> Any:
            return work(db)

    return await check_chain(cast(Any, Here()), keys, **given)


def sql(db: Session, *statements: str) -> None:
    for statement in statements:
        db.connection().execute(text(statement))
    db.expire_all()


async def test_a_whole_chain(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    last = db.execute(select(LINKS.c.hash).where(LINKS.c.position == 9)).scalar()
    for piece in (1, 4, 9, 1000):
        monkeypatch.setattr(audit_check, "PIECE", piece)
        told.clear()
        found = await check(db, progress=lambda done, total: told.append((done, total)))
        assert found == Checked(links=9, total=9, faults=[], waiting=2, end=(9, last))
        ends = [*range(piece, 9, piece), 9]
        assert told == [(end, 9) for end in ends]
    told.clear()
    newest = await check(db, newest=4, progress=lambda done, total: told.append((done, total)))
    assert (newest.links, newest.total, newest.faults, newest.waiting) == (4, 9, [], 2)
    assert told == [(4, 4)]
    for more in (9, 100):
        assert (await check(db, newest=more)).links == 9
    # Without any key the links can be read, but not who signed the last one.
    key_id = KEYS.sign(1, "", False)[0]
    words = (
        f"link 9, the last one, is signed under a key that is not here (its id for the chain is {key_id}): SECRET_KEY or "
        "FORMER_SECRET_KEYS must hold it"
    )
    assert (await check(db, ChainKeys([]))).faults == [words]
    assert (await check(db, ChainKeys([OTHER, SECRET]))).faults == []


async def test_no_chain_at_all(db: Session) -> None:
    sql(db, "DELETE FROM audit_link")
    assert await check(db) == Checked(links=0, total=0, faults=[], waiting=11, end=(0, ""))
    sql(db, "DELETE FROM audit_event")
    assert await check(db) == Checked()


WRONG = "link 9, the last one, bears a wrong signature or none: it was not added by this bot"
CHANGED = "audit line {0} (link {0}, of 2026-11-26 09:0{0} UTC) or its link was changed"

FAULTS: dict[str, tuple[list[str], list[str]]] = {
    "a line": (["UPDATE audit_event SET event = 'x' WHERE id = 5"], [CHANGED.format(5)]),
    "the first line": (["UPDATE audit_event SET event = 'x' WHERE id = 1"], [CHANGED.format(1)]),
    "its link too": (
        ["UPDATE audit_link SET hash = 'x' WHERE position = 5"],
        [CHANGED.format(5), CHANGED.format(6)],
    ),
    "a line that is gone": (["DELETE FROM audit_event WHERE id = 5"], ["audit line 5 (link 5) is gone"]),
    "links that are gone": (
        ["DELETE FROM audit_link WHERE position IN (4, 5)"],
        [
            "links 4 to 5 are gone",
            "2 audit lines are not in the chain, the first is line 4: they were put in past it",
        ],
    ),
    "a last link without a signature": (
        ["UPDATE audit_link SET mac = NULL, key_id = NULL WHERE position = 9"],
        [WRONG],
    ),
    "a last link with a wrong one": (
        ["UPDATE audit_link SET mac = 'x' WHERE position = 9"],
        [WRONG, "audit line 9 (link 9): the links up to here were recomputed with another key"],
    ),
    "another one with a wrong one": (
        ["UPDATE audit_link SET mac = 'x' WHERE position = 6"],
        ["audit line 6 (link 6): the links up to here were recomputed with another key"],
    ),
    "one of a key that is not here": (["UPDATE audit_link SET key_id = 'x' WHERE position = 6"], []),
    "a chain that was gone on with": (
        ["UPDATE audit_link SET resumed = 1 WHERE position = 5"],
        [
            "audit line 5 (link 5): the links before were signed under a key that was not here. Where SECRET_KEY was not lost then, "
            "they were replaced"
        ],
    ),
    "a line that was put in": (
        [
            "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data) "
            "VALUES (0, '2026-11-26', 'x', 'q', 1, 'expert', '{}')"
        ],
        ["1 audit lines are not in the chain, the first is line 0: they were put in past it"],
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_chain_that_was_changed(kind: str, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, faults = FAULTS[kind]
    sql(db, *changes)
    # Gaps are looked for from the least line of the newest links on.
    monkeypatch.setattr(audit_check, "LATE", 3)
    for piece in (2, 1000):
        monkeypatch.setattr(audit_check, "PIECE", piece)
        found = await check(db)
        assert (found.faults, found.waiting) == (faults, 2)


async def test_what_lies_before_the_newest_links_is_not_looked_at(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "LATE", 3)
    sql(db, "UPDATE audit_event SET event = 'x' WHERE id = 2", *FAULTS["a line that was put in"][0])
    assert (await check(db, newest=4)).faults == []
    assert len((await check(db)).faults) == 2
    sql(
        db,
        "DELETE FROM audit_link WHERE position IN (6, 7)",
        "UPDATE audit_link SET position = position - 2 WHERE position > 7",
    )
    monkeypatch.setattr(audit_check, "LATE", 2)
    lost = "2 audit lines are not in the chain, the first is line 6: they were put in past it"
    assert lost in (await check(db, newest=3)).faults
    found = await check(db, newest=2)
    assert (lost in found.faults, found.links) == (False, 2)


async def test_lines_of_late_transactions_wait(db: Session) -> None:
    """On PostgreSQL a lower number may come later: the newest links leave it room."""
    sql(db, "DELETE FROM audit_link WHERE position IN (4, 5)")
    found = await check(db)
    assert (found.faults, found.waiting) == (["links 4 to 5 are gone"], 4)


def test_only_so_many_faults_are_told() -> None:
    found = Checked()
    for number in range(MAX_REPORTED + 5):
        found.fault(str(number))
    assert found.faults == [str(number) for number in range(20)]
