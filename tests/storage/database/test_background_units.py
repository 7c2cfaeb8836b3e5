"""Units in the background outlive an outage of the database, together with those given after them."""

import asyncio

import pytest
from sqlmodel import Session

from storage.database import postgres, sqlite
from storage.database.database import Database
from storage.tables import DailySequence
from tests.storage.database.test_unit_of_work import days, days_left, write


@pytest.mark.parametrize("others", [0, 2], ids=["alone", "with others"])
async def test_what_met_an_outage_is_written_after_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    for module in (postgres, sqlite):
        monkeypatch.setattr(module, "LINGER_AFTER_OUTAGE", 0.01)
    tries = 0

    def unit(session: Session) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise OSError("no route to the server")
        session.add(DailySequence(day="0", last=1))

    database.run_in_background(unit)
    for number in range(1, 1 + others):
        database.run_in_background(write(str(number)))

    expected = [str(number) for number in range(1 + others)]
    async with asyncio.timeout(90):
        while await days(database) != expected:
            await asyncio.sleep(0.01)
    assert tries == 3


async def test_what_is_given_during_an_outage_waits_with_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (postgres, sqlite):
        monkeypatch.setattr(module, "LINGER_AFTER_OUTAGE", 0.01)
    given = list[str]()

    def unit(session: Session) -> None:
        if len(given) < 6:
            for _ in range(3):
                given.append(f"{len(given)}")
                database.run_in_background(write(given[-1]))
            raise OSError("no route to the server")

    database.run_in_background(unit)
    async with asyncio.timeout(90):
        while len(await days(database)) < 6:
            await asyncio.sleep(0.01)
    assert await days(database) == given


async def test_a_unit_that_fails_is_logged_and_not_tried_for_ever(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    def fails(session: Session) -> None:
        nonlocal tries
        tries += 1
        raise LookupError("no such thing")

    for unit in (write("1"), fails, write("2")):
        database.run_in_background(unit)
    await database.run(write("3"))
    assert await days_left(database) == ["1", "2", "3"]
    assert tries <= 2
    assert any("fails" in record.message for record in caplog.records)
