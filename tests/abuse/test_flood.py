"""Whoever floods keeps their order, fills no memory, and does not stop others."""

import asyncio
import os
from typing import Any

from sqlmodel import Session, func, select

from demo.emulators import Emulators
from handlers.telegram.dispatcher import MAX_ROWS_IN_MEMORY
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from storage.tables import InboxUpdate
from tests.support.messenger_app import MessengerApp, note, raw_message, running_app, starts

#: FLOOD=10000 for the whole of it.
FLOOD = int(os.environ.get("FLOOD", "1500"))


def _message(chat_id: int, number: int, text: str) -> dict[str, Any]:
    return {"update_id": 50_000 + number, "message": raw_message(chat_id, text, number=number)}


async def _pours(app: MessengerApp, chat_id: int, count: int, *, first: int = 1) -> None:
    batch = [_message(chat_id, first + number, "/say") for number in range(count)]
    for start in range(0, count, 100):
        await app.service.intake.store_updates(Messenger.TELEGRAM, batch[start : start + 100])


async def test_many_of_one_person_are_not_held_and_a_stranger_passes(
    emulators: Emulators, database: Database
) -> None:
    async with running_app(emulators, database) as app:
        flooder, stranger = emulators.telegram.person("سیل"), emulators.telegram.person("غریبه")
        await starts(stranger)
        gate = app.route_state.gates[flooder.user.id] = asyncio.Event()
        await app.service.intake.store_updates(Messenger.TELEGRAM, [_message(flooder.user.id, 1, "/slow")])
        await app.until(lambda: flooder.user.id in app.route_state.entered)
        await _pours(app, flooder.user.id, FLOOD, first=2)
        assert len(app.service.lanes) <= MAX_ROWS_IN_MEMORY
        assert len(app.service.dispatcher._mine) <= MAX_ROWS_IN_MEMORY
        # The polling goes on for others while the flood stands still.
        await note(stranger, "first")
        # Enough of it is let through to see that what was behind comes, in order; the rest is left to the end of the service.
        gate.set()
        await app.until(lambda: _done(app, flooder.user.id, 3 * MAX_ROWS_IN_MEMORY))
        assert len(app.service.lanes) <= MAX_ROWS_IN_MEMORY + 2


async def _done(app: MessengerApp, chat_id: int, count: int) -> bool:
    def unit(db: Session) -> tuple[int, int, int]:
        mine = select(func.count(), func.min(InboxUpdate.id), func.max(InboxUpdate.id)).where(
            InboxUpdate.lane == chat_id
        )
        # In this order: between two statements more may be done.
        done = db.exec(mine.where(InboxUpdate.state != InboxState.RECEIVED)).one()
        waits = db.exec(mine.where(InboxUpdate.state == InboxState.RECEIVED)).one()
        return done[0], done[2] or 0, waits[1] or 2**62

    finished, last, first_waiting = await app.database.read(unit)
    assert last < first_waiting, "one was overtaken"
    return finished >= count


async def test_all_that_was_behind_is_done_while_more_comes(emulators: Emulators, database: Database) -> None:
    async with running_app(emulators, database) as app:
        person, stranger = emulators.telegram.person("سیل"), emulators.telegram.person("غریبه")
        await starts(stranger)
        for part in range(4):
            await _pours(app, person.user.id, 2 * MAX_ROWS_IN_MEMORY + 7, first=1 + 1000 * part)
            await asyncio.sleep(0)
        total = 4 * (2 * MAX_ROWS_IN_MEMORY + 7)
        await note(stranger, "first")
        assert not await _done(app, person.user.id, total), "it was over before the stranger was answered"
        await app.until(lambda: _done(app, person.user.id, total))
        # The last answer may still be on its way.
        await app.until(lambda: not len(app.service.lanes))
        assert app.service.dispatcher._behind == {}
        assert app.service.dispatcher._mine == set()
        # PTB keeps no note of anybody either.
        for channel in app.service.channels.values():
            assert not channel.application._chat_ids_to_be_updated_in_persistence
            assert not channel.application._user_ids_to_be_updated_in_persistence
