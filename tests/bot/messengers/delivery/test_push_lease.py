"""Whoever acts holds their own account. That must not keep others from telling them something."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session

from bot.core.context import PublicInfo
from bot.core.incoming import Incoming
from bot.messengers.processing import inbox_store
from bot.services.accounts import queries
from bot.services.shared import notify
from storage.database.database import open_database
from storage.enums import Messenger
from tests.support.factories.people import account
from tests.support.factories.reference_data import NOW


def _by_turn(db: Session, chat_id: int, account_id: int) -> None:
    inbox_store.load_turn(db, Incoming(Messenger.TELEGRAM, 1, chat_id), NOW, PublicInfo("021", "https://x"))


def _by_service(db: Session, chat_id: int, account_id: int) -> None:
    queries.lock_account(db, account_id)


@pytest.mark.parametrize("hold", [_by_turn, _by_service])
async def test_two_people_tell_each_other_at_one_instant(
    postgres_url: str, hold: Callable[[Session, int, int], None]
) -> None:
    """Neither waits for the other: a wait in a circle would end one of them, to be begun again a second later."""
    database = await open_database(postgres_url)
    people = await database.run(lambda db: [account(db) for _ in range(2)])
    ids = [one.id or 0 for one in people]
    both_hold, begun = asyncio.Barrier(2), list[int]()

    def tell_the_other(mine: int, theirs: int, db: Session) -> int:
        begun.append(mine)
        hold(db, int(people[mine].user_code), ids[mine])
        if begun.count(mine) == 1:
            await_only(both_hold.wait())
        return notify.push(db, kind="N2", event_key=f"of:{mine}", account_id=ids[theirs], text="…", now=NOW)

    async with asyncio.timeout(30):
        told = await asyncio.gather(
            database.run(partial(tell_the_other, 0, 1)), database.run(partial(tell_the_other, 1, 0))
        )
    assert told == [1, 1]
    assert sorted(begun) == [0, 1]
    await database.close()
