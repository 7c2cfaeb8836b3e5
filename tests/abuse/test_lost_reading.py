"""Whoever lost a right reads nothing more, over HTTP: old buttons, an open dialogue, a screen shown again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.screens import Press
from demo.emulators import Emulators as Street
from storage.database.database import Database
from storage.enums import AccountState
from storage.tables import Account, Chat, Grant, QualificationRequest
from tests.abuse.counter import Counter, open_counter

REASON = "تخلف در کار"


def _suspend(db: Session, account_id: int | None) -> None:
    values = {"state": AccountState.SUSPENDED, "state_reason": REASON}
    db.execute(update(Account).where(col(Account.id) == account_id).values(**values))


def _take_role(db: Session, account_id: int | None) -> None:
    db.execute(update(Grant).where(col(Grant.account_id) == account_id).values(active=False))


def _move(db: Session, account_id: int | None) -> None:
    """The expert works for another university from now on."""
    role = db.exec(select(Grant.role).where(Grant.account_id == account_id)).first()
    assert role is not None
    _take_role(db, account_id)
    db.add(Grant(account_id=account_id or 0, role=role, university_code="mui"))


async def _shown(counter: Counter, name: str, *steps: Press | str) -> str:
    """What a person is shown by these steps."""
    counter.shown.clear()
    for step in steps:
        if isinstance(step, Press):
            await counter.press(name, step)
        else:
            await counter.send(name, step)
        await counter.settled()
    await counter.noted()
    return "\n".join(counter.shown.get(name, ()))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_suspended_staff_member_reads_the_sentence_alone(
    database: Database, town: Street, tmp_path: Path
) -> None:
    async with open_counter(town, database, tmp_path) as counter:
        staff = counter.persona("staff")
        doors = [
            Press("staff.refunds"),
            Press("staff.report"),
            Press("staff.university", arg="sums"),
            Press("staff.alerts"),
            Press("staff.letters"),
            Press("staff.dists"),
            Press("desk.search"),
        ]
        before = {door.action: await _shown(counter, "staff", door) for door in doors}
        assert "کریمی" in before["staff.refunds"], "the payer's name is what must not be read"
        await database.run(lambda db: _suspend(db, staff.id))
        for door in doors:
            after = await _shown(counter, "staff", door)
            assert REASON in after
            kept = [line for line in before[door.action].splitlines() if len(line) > 12 and line in after]
            assert not kept, f"{door.action} still says {kept}"


@pytest.mark.parametrize("lose", [_suspend, _take_role, _move], ids=lambda one: one.__name__)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_open_dialogue_shows_nothing_of_a_file_that_is_shut(
    database: Database, town: Street, tmp_path: Path, lose: Callable[[Session, int | None], None]
) -> None:
    """Also where the screen is only shown again, as after a restart."""
    async with open_counter(town, database, tmp_path) as counter:
        expert = counter.persona("expert:reviewer")

        def open_file(db: Session) -> tuple[int, int, str]:
            found = db.exec(
                select(QualificationRequest).where(QualificationRequest.reviewer_id == expert.id)
            ).first()
            assert found is not None
            return found.id or 0, found.version, found.tracking_code or ""

        number, version, code = await database.read(open_file)
        chat = await database.read(
            lambda db: db.exec(
                select(Chat.id).where(Chat.account_id == expert.id, col(Chat.role).is_not(None))
            ).one()
        )
        assert code in await _shown(counter, "expert:reviewer", Press("desk.reject", number, version))
        await database.run(lambda db: lose(db, expert.id))
        counter.shown.clear()
        await counter.service.dispatcher.beside.show_current(chat or 0)
        assert code not in "\n".join(counter.shown.get("expert:reviewer", ()))
        for step in ("۱", "بدون توضیح", Press("desk.file", number), Press("desk.documents", number)):
            seen = await _shown(counter, "expert:reviewer", step)
            assert code not in seen, f"{step}: {seen}"
