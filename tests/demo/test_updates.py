"""How updates are handed out: offsets, tails, one poller, webhooks, duplicates."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.emulators import Emulators
from tests.demo.conftest import Raw
from tests.support.asgi import serving


def texts(updates: list[Any]) -> list[str]:
    return [one["message"]["text"] for one in updates]


async def test_offset_confirms_and_unconfirmed_ones_come_again(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for word in ("یک", "دو", "سه"):
        await sara.type(word)
    first = await telegram.result("getUpdates")
    assert texts(first) == ["یک", "دو", "سه"]
    assert await telegram.result("getUpdates") == first
    assert texts(await telegram.result("getUpdates", offset=first[1]["update_id"])) == ["دو", "سه"]
    assert emulators.telegram.server.pending() == 2
    past = first[-1]["update_id"] + 11
    assert len(await telegram.result("getUpdates", offset=past + 1)) == 2, "too far past the tail"
    assert emulators.telegram.server.pending() == 2
    assert await telegram.result("getUpdates", offset=past) == []
    assert emulators.telegram.server.pending() == 0


async def test_limits_and_negative_offset(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for number in range(103):
        await sara.type(str(number))
    for limit, came in ((500, 100), (2, 2), (0, 1), (-4, 1)):
        assert len(await telegram.result("getUpdates", limit=limit)) == came
    first = texts(await telegram.result("getUpdates", offset=-500))
    assert first == [str(number) for number in range(100)]
    assert texts(await telegram.result("getUpdates", offset=-2)) == ["101", "102"]
    assert len(await telegram.result("getUpdates")) == 2


async def test_long_poll_ends_when_something_comes_or_by_a_second_poller(
    emulators: Emulators, telegram: Raw
) -> None:
    queue = emulators.telegram.server.state.queues[emulators.telegram.token]
    first = asyncio.create_task(telegram("getUpdates", timeout=30))
    while not queue.polled:
        await asyncio.sleep(0)
    second = asyncio.create_task(telegram.result("getUpdates", timeout=30))
    status, body = await asyncio.wait_for(first, 90)
    assert status == 409
    assert "terminated by other getUpdates" in body["description"]
    await emulators.telegram.person("سارا").type("سلام")
    assert len(await asyncio.wait_for(second, 90)) == 1


async def test_webhook_excludes_polling_and_wants_https_elsewhere(telegram: Raw) -> None:
    await telegram.result("setWebhook", url="http://127.0.0.1:9/x")
    refusal = "409 Conflict: can't use getUpdates method while webhook is active"
    assert refusal in await telegram.refusal("getUpdates")
    await telegram.result("deleteWebhook")
    assert await telegram.result("getUpdates") == []
    assert "HTTPS URL must be provided" in await telegram.refusal("setWebhook", url="http://example.org/x")
    assert "only on ports" in await telegram.refusal("setWebhook", url="https://example.org:8080/x")


async def test_allowed_updates_are_remembered(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    await telegram.result("getUpdates", allowed_updates=json.dumps(["callback_query", "no_such_kind"]))
    await sara.type("سلام")
    assert await telegram.result("getUpdates") == []
    await telegram.result("getUpdates", allowed_updates="[]")
    await sara.type("سلام")
    assert len(await telegram.result("getUpdates")) == 1


async def test_blocking_is_an_update_on_telegram_only(emulators: Emulators, telegram: Raw, bale: Raw) -> None:
    for face in emulators.messengers:
        person = face.person("سارا")
        await person.start()
        await person.block()
    kinds = [set(one) - {"update_id"} for one in await telegram.result("getUpdates")]
    assert kinds == [{"message"}, {"my_chat_member"}]
    assert [set(one) - {"update_id"} for one in await bale.result("getUpdates")] == [{"message"}]


async def test_update_is_delivered_twice_on_order(emulators: Emulators, telegram: Raw) -> None:
    emulators.telegram.server.deliver_twice()
    await emulators.telegram.person("سارا").type("سلام")
    [first] = await telegram.result("getUpdates")
    [second] = await telegram.result("getUpdates", offset=first["update_id"] + 1)
    assert second == first
    assert await telegram.result("getUpdates", offset=first["update_id"] + 1) == []


async def test_raw_updates_are_queued_as_they_are(emulators: Emulators, telegram: Raw) -> None:
    emulators.telegram.server.inject({"message": "nonsense"})
    await emulators.telegram.person("سارا").type("سلام")
    broken, good = await telegram.result("getUpdates")
    assert broken["message"] == "nonsense"
    assert good["update_id"] == broken["update_id"] + 1


class Hook:
    """A bot's webhook that refuses the first calls."""

    def __init__(self) -> None:
        self.refusals = 0
        self.url = ""
        self.came: list[tuple[dict[str, str], dict[str, Any]]] = []

    async def take(self, request: Request) -> Response:
        if self.refusals:
            self.refusals -= 1
            return Response(status_code=503)
        self.came.append((dict(request.headers), await request.json()))
        return Response()

    async def until_came(self, number: int) -> None:
        async with asyncio.timeout(90):
            while len(self.came) < number:
                await asyncio.sleep(0.01)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    async with serving(Starlette(routes=[Route("/hook", hook.take, methods=["POST"])])) as url:
        hook.url = f"{url}/hook"
        yield hook


async def test_webhook_gets_the_secret_on_telegram_and_none_on_bale(
    emulators: Emulators, telegram: Raw, bale: Raw, hook: Hook
) -> None:
    await telegram.result("setWebhook", url=hook.url, secret_token="s3cret")
    await emulators.telegram.person("سارا").type("سلام")
    await hook.until_came(1)
    assert hook.came[0][0]["x-telegram-bot-api-secret-token"] == "s3cret"
    await bale.result("setWebhook", url=hook.url)
    await emulators.bale.person("سارا").type("سلام")
    await hook.until_came(2)
    assert not [name for name in hook.came[1][0] if "secret" in name.lower()]
    assert hook.came[1][1]["message"]["text"] == "سلام"


async def test_webhook_is_tried_again_in_order(emulators: Emulators, telegram: Raw, hook: Hook) -> None:
    hook.refusals = 2
    await telegram.result("setWebhook", url=hook.url)
    sara = emulators.telegram.person("سارا")
    await sara.type("یک")
    await sara.type("دو")
    await hook.until_came(2)
    assert texts([body for _, body in hook.came]) == ["یک", "دو"]
    assert "503" in (await telegram.result("getWebhookInfo"))["last_error_message"]


async def test_raw_bytes_are_handed_over_as_they_are(emulators: Emulators, telegram: Raw) -> None:
    queue = emulators.telegram.server.state.queues[emulators.telegram.token]
    for raw in (b'{"update_id": 40, "a": "\\ud83d"}', b"null", b'{"update_id": 7}'):
        emulators.telegram.server.inject_raw(raw)
    assert await telegram.result("getUpdates") == [{"update_id": 40, "a": "\ud83d"}, None, {"update_id": 7}]
    assert queue.next_id == 43
    assert await telegram.result("getUpdates", offset=41) == [None, {"update_id": 7}]
    assert await telegram.result("getUpdates", offset=43) == []


@pytest.mark.parametrize("first", [3, 9_000_000])
async def test_numbers_begin_anew_lower_or_higher(emulators: Emulators, telegram: Raw, first: int) -> None:
    emulators.telegram.server.number_updates_anew(500)
    sara = emulators.telegram.person("سارا")
    await sara.type("پیش")
    with pytest.raises(ValueError, match="updates wait"):
        emulators.telegram.server.number_updates_anew(first)
    assert await telegram.result("getUpdates", offset=501) == []
    emulators.telegram.server.number_updates_anew(first)
    await sara.type("پس")
    for _ in range(2):
        assert [one["update_id"] for one in await telegram.result("getUpdates", offset=501)] == [first]
    assert await telegram.result("getUpdates", offset=first + 1) == []
