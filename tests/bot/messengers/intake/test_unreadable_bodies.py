"""A webhook call that is no update is kept and counted once, and asked for again only where it could not be stored."""

from __future__ import annotations

from typing import Any

import pytest

from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from tests.support.messenger_app import running_app


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\x00", b'"text"'])
async def test_what_is_no_update_is_kept_once(emulators: Emulators, database: Database, body: bytes) -> None:
    async with running_app(emulators, database, webhook_url="https://bot.example") as app:
        intake, counters = app.service.intake, app.service.resources.counters

        for _ in range(3):
            assert await intake.accept_webhook(Messenger.BALE, body) == 200

        [row] = await app.inbox()
        assert row.state is InboxState.QUARANTINED
        assert row.note
        assert counters.quarantined == {Messenger.BALE: 1}
        assert counters.repeated == {Messenger.BALE: 2}
        assert counters.received[Messenger.BALE] == 0


@pytest.mark.parametrize("body", [b"{", b'{"update_id": 7}'])
async def test_what_could_not_be_stored_is_asked_for_again(
    emulators: Emulators, database: Database, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async with running_app(emulators, database, webhook_url="https://bot.example") as app:
        run = database.run

        async def away(*_: Any, **__: Any) -> Any:
            raise OSError("the server does not answer")

        monkeypatch.setattr(database, "run", away)
        assert await app.service.intake.accept_webhook(Messenger.BALE, body) == 503
        monkeypatch.setattr(database, "run", run)
        assert await app.inbox() == []
        assert await app.service.intake.accept_webhook(Messenger.BALE, body) == 200
        assert len(await app.inbox()) == 1
