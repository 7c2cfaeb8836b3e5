"""The tariff in force, and who may set one."""

from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed
from bot.services.qualification import fees
from bot.services.shared import notify
from storage.database.database import Database
from storage.enums import RequestKind, Role
from storage.tables import Account, Grant

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


async def fee(database: Database, kind: RequestKind, day: date) -> int | None:
    found = await database.read(partial(fees.in_force, kind=kind, day=day))
    return None if found is None else found.amount_rial


async def add(database: Database, amount: int, valid_from: date, kind: RequestKind = RequestKind.NEW) -> None:
    await database.run(
        partial(fees.set_tariff, kind=kind, amount_rial=amount, valid_from=valid_from, actor=SYSTEM, now=NOW)
    )


async def test_none_is_none_and_not_zero(database: Database) -> None:
    assert await fee(database, RequestKind.NEW, date(2026, 11, 22)) is None
    await add(database, 0, date(2026, 11, 22))
    assert await fee(database, RequestKind.NEW, date(2026, 11, 22)) == 0
    assert await fee(database, RequestKind.NEW, date(2026, 11, 21)) is None
    assert await fee(database, RequestKind.AMENDMENT, date(2026, 11, 22)) is None


async def test_the_latest_that_has_begun_is_in_force(database: Database) -> None:
    await add(database, 5_000_000, date(2026, 3, 21))
    await add(database, 7_000_000, date(2027, 3, 21))
    await add(database, 9_000_000, date(2026, 3, 21))  # set later for the same day: a correction
    assert await fee(database, RequestKind.NEW, date(2027, 3, 20)) == 9_000_000
    assert await fee(database, RequestKind.NEW, date(2027, 3, 21)) == 7_000_000


@pytest.mark.parametrize("amount", [-1, 1, 999, 1_000_000_001])
async def test_an_amount_that_no_gateway_takes(database: Database, amount: int) -> None:
    with pytest.raises(InvalidInput):
        await add(database, amount, date(2026, 11, 22))


async def test_only_staff_and_the_command_line(database: Database) -> None:
    def people(db: Session) -> None:
        db.add(Account(id=1, user_code="1", password_hash="-", first_name="مریم", last_name="اداری"))
        db.flush()
        db.add(Grant(account_id=1, role=Role.STAFF))

    await database.run(people)
    put = partial(
        fees.set_tariff, kind=RequestKind.NEW, amount_rial=5_000_000, valid_from=NOW.date(), now=NOW
    )
    for role in (Role.OFFICER, Role.EXPERT, Role.IN_CHARGE, Role.DISTRIBUTOR):
        with pytest.raises(NotAllowed):
            await database.run(partial(put, actor=Actor(1, role)))
    await database.run(partial(put, actor=Actor(1, Role.STAFF)))
    assert await fee(database, RequestKind.NEW, NOW.date()) == 5_000_000


async def test_setting_one_settles_the_alert(database: Database) -> None:
    key = fees.no_tariff_key(RequestKind.NEW)
    await database.run(partial(notify.alert_staff, key=key, text="…", now=NOW))
    await add(database, 5_000_000, NOW.date())
    assert not await database.run(partial(notify.close_alert, key=key, now=NOW))
