"""What is posted to the webhook of the real bot and is no update: kept, or refused; the next update is served."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlmodel import select

from bot.messengers.intake.receiver import MAX_BODY
from bot.web.webhooks import MAX_UPDATE, SIGNATURE_HEADER
from demo.emulators import EmulatedMessenger
from storage.enums import InboxState, Messenger
from storage.tables import InboxUpdate
from tests.support.bot_process import BotProcess

JSON = {"Content-Type": "application/json"}
#: The number of an update as large as one may be.
LARGEST = 900_001
#: Headers and body. All of them are stored as they came.
KEPT: tuple[tuple[dict[str, str], bytes], ...] = (
    (JSON, b""),
    (JSON, b"\xff\xfe\x00{"),
    (JSON, b"\x00" * 1000),
    (JSON, b"[" * 100_000),
    ({"Content-Type": "text/html"}, b"<html><script>alert(1)</script></html>"),
    (
        {"Content-Type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    ),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"update_id=5&message=%00"),
    ({}, b"plain"),
    (JSON | {"Content-Encoding": "gzip"}, gzip.compress(b'{"update_id": 6, "message": {}}')),
    (JSON | {"Content-Encoding": "gzip"}, zlib.compress(bytes(300_000_000), 9)),
    (JSON | {"Content-Encoding": "deflate"}, zlib.compress(bytes(200_000_000), 9)),
)


@pytest.mark.parametrize("intake", ["webhook"])
async def test_bodies_that_are_no_updates(bot: BotProcess) -> None:
    before = bot.memory()
    for face in bot.emulators.messengers:
        await pour(face)
        person = face.person("پس از همه")
        await person.start()
        await person.sees("ثبت‌نام")
    # No bomb was unpacked.
    assert bot.memory() - before < 100 * 1024 * 1024
    rows = await bot.read(lambda db: list(db.exec(select(InboxUpdate))))
    for messenger in Messenger:
        kept = [row for row in rows if row.messenger is messenger and row.state is InboxState.QUARANTINED]
        assert [row.note for row in kept if row.update_id == LARGEST] == ["too large"]
        kept = [row for row in kept if row.update_id != LARGEST]
        assert len(kept) == len(KEPT)
        assert all(row.update_id < 0 and row.note == "not a JSON object" for row in kept)
        raws = {row.raw for row in kept}
        for _, body in KEPT:
            assert body[:MAX_BODY].decode("utf-8", "backslashreplace").replace("\x00", "\\x00") in raws
    assert await bot.stop() == 0


async def pour(face: EmulatedMessenger) -> None:
    webhook = face.server.state.queues[face.token].webhook
    assert webhook is not None
    secret = {SIGNATURE_HEADER: webhook.secret} if webhook.secret else {}
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:

        async def post(body: bytes | AsyncIterator[bytes], headers: dict[str, str] = JSON) -> int:
            answer = await client.post(webhook.url, content=body, headers=secret | headers)
            return answer.status_code

        # Twice: the messenger sends again what it thinks was lost.
        for headers, body in KEPT * 2:
            assert await post(body, headers) == 200, body[:80]
        largest = json.dumps({"update_id": LARGEST, "x": "x" * (MAX_UPDATE - 30)}).encode()
        assert len(largest) <= MAX_UPDATE
        assert await post(largest) == 200
        assert await post(without_end()) == 413


async def without_end() -> AsyncIterator[bytes]:
    """In pieces, and more than anybody takes; a bot that waited for the end would fill its memory."""
    for _ in range(64):
        yield b"[" * 65_536
