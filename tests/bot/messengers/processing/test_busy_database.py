"""A database so busy that no connection is left."""

import asyncio

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session

from demo.emulators import Emulators
from storage.database import postgres, unit_of_work
from storage.database.database import open_database
from tests.support.messenger_app import running_app, started

CONNECTIONS = 3


async def test_a_message_waits_while_no_connection_is_left(
    postgres_url: str, emulators: Emulators, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again, like any other moment without database; nobody reads of an error."""
    monkeypatch.setattr(postgres, "CONNECTIONS", CONNECTIONS)
    monkeypatch.setattr(postgres, "CONNECTION_TIMEOUT", 0.2)
    monkeypatch.setattr(unit_of_work, "ANNOUNCE_AFTER", 0.0)  # told at the first try that fails
    database = await open_database(postgres_url)
    async with running_app(emulators, database) as app:
        sara = await started(emulators.telegram)
        gate = app.route_state.gates[sara.user.id] = asyncio.Event()
        await sara.tap("کند")
        await app.until(lambda: app.route_state.entered)
        free_again = asyncio.Event()

        def hold(db: Session) -> None:
            db.connection()
            await_only(free_again.wait())

        # The service itself may hold one of them: who finds none gives up.
        held = [asyncio.create_task(database.run(hold)) for _ in range(CONNECTIONS + 1)]
        await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
        gate.set()
        await sara.sees("لازم نیست دوباره بفرستید")
        assert "the database is unavailable: all connections are busy" in caplog.text
        free_again.set()
        await asyncio.gather(*held, return_exceptions=True)
        await sara.sees("یادداشت شد: slow")
        assert await app.notes() == ["slow"]
    await database.close()
