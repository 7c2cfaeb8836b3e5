"""One messenger is out for an hour: what is owed there arrives once and in order, no faster than the messenger bears.

An hour is passed by the service's own clock, which every unit is given, in steps of a minute; only the pauses between two
getUpdates, which no clock of ours rules, are real.
"""

import time
from datetime import datetime, timedelta

import pytest

from bot.messengers.delivery.outbox import RATES
from demo.botapi.messenger_state import ChatEvent
from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import Messenger, PushState
from storage.tables.column_types import utcnow
from tests.support.messenger_app import MessengerApp, running_app
from tests.support.pushes import all_pushes, log_in, queue_push

#: People who are told something meanwhile: several seconds of a messenger's patience.
CROWD = 25


async def everything_tried(app: MessengerApp) -> None:
    """Whatever is due at this minute was tried."""
    outbox = app.service.outbox
    while True:
        await outbox.dispatch()
        if not outbox._tasks:
            return
        await app.until(lambda: not outbox._tasks)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_hour(emulators: Emulators, database: Database) -> None:
    out, works = emulators.messengers
    passed = timedelta()

    def clock() -> datetime:
        return utcnow() + passed

    async with running_app(emulators, database) as app:
        app.service.resources.clock = clock
        crowd = [out.person(f"کاربر {number}") for number in range(CROWD)]
        accounts = [await log_in(app, one) for one in crowd]
        mina = await log_in(app, there := works.person("مینا"))
        arrived: list[float] = []

        def note(happening: ChatEvent) -> None:
            arrived.append(time.monotonic())

        with out.server.outage():
            for minute in range(60):
                passed = timedelta(minutes=minute)
                if minute < 3:
                    for account in accounts:
                        await queue_push(app, account, f"خبر {minute}")
                if minute % 20 == 0:
                    await queue_push(app, mina, f"خبر {minute}")
                    await there.sees(f"خبر {minute}")
                await everything_tried(app)
            tried = [one.attempts for one in await all_pushes(app) if one.state is PushState.QUEUED]
            assert max(tried) > 5, "it was tried all the time"
            assert len(tried) == 3 * CROWD, "nothing was given up"
            out.server.state.listeners.append(note)
            back = time.monotonic()
        passed = timedelta(hours=2)

        async def all_sent() -> bool:
            app.service.outbox.wake()
            return all(one.state is PushState.SENT for one in await all_pushes(app))

        await app.until(all_sent, within=120)
        for one in crowd:
            told = [seen.text for seen in one.history() if seen.from_bot and "خبر" in seen.text]
            assert told == ["خبر 0", "خبر 1", "خبر 2"]
        # Turns are evenly spaced; a late one does not make the next come sooner than its own turn. A busy machine may hold up
        # the first arrival, so the time begins where the messenger is back.
        rate = RATES[Messenger(out.kind)]
        assert len(arrived) / (arrived[-1] - back) <= rate * 1.1
    assert emulators.violations == []
