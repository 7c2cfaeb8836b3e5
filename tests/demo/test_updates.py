"""How updates are handed out: offsets, tails, one poller, webhooks, duplicates."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from demo.emulators import Emulators
from tests.demo.conftest import Raw


async def test_offset_confirms_and_unconfirmed_ones_come_again(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for word in ("یک", "دو", "سه"):
        await sara.type(word)
    first = await telegram.result("getUpdates")
    again = await telegram.result("getUpdates")
    assert [one["message"]["text"] for one in first] == ["یک", "دو", "سه"]
    assert again == first
    rest = await telegram.result("getUpdates", offset=first[1]["update_id"])
    assert [one["message"]["text"] for one in rest] == ["دو", "سه"]
    assert emulators.telegram.server.pending() == 2


async def test_limit_and_negative_offset(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for number in range(5):
        await sara.type(str(number))
    assert len(await telegram.result("getUpdates", limit=2)) == 2
    tail = await telegram.result("getUpdates", offset=-2)
    assert [one["message"]["text"] for one in tail] == ["3", "4"]
    assert len(await telegram.result("getUpdates")) == 2


async def test_long_poll_ends_when_something_comes(emulators: Emulators, telegram: Raw) -> None:
    poll = asyncio.create_task(telegram.result("getUpdates", timeout=30))
    while not emulators.telegram.server.state.queues[emulators.telegram.token].polled:
        await asyncio.sleep(0)
    await emulators.telegram.person("سارا").type("سلام")
    assert len(await asyncio.wait_for(poll, 5)) == 1


async def test_second_poller_ends_the_first(emulators: Emulators, telegram: Raw) -> None:
    first = asyncio.create_task(telegram("getUpdates", timeout=30))
    while not emulators.telegram.server.state.queues[emulators.telegram.token].polled:
        await asyncio.sleep(0)
    await telegram.result("getUpdates", timeout=0)
    status, body = await first
    assert status == 409
    assert "terminated by other getUpdates" in body["description"]


async def test_webhook_excludes_polling(emulators: Emulators, telegram: Raw) -> None:
    await telegram.result("setWebhook", url="http://127.0.0.1:9/x")
    assert "409 Conflict: can't use getUpdates method while webhook is active" in await telegram.refusal(
        "getUpdates"
    )
    await telegram.result("deleteWebhook")
    assert await telegram.result("getUpdates") == []


async def test_webhook_wants_https_elsewhere(telegram: Raw) -> None:
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

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.came: list[tuple[dict[str, str], dict[str, object]]] = []
        self.arrived = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self.came.append((dict(request.headers), body))
        self.arrived.set()
        return web.Response()


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    held = Hook()
    app = web.Application()
    app.router.add_post("/hook", held.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield held, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_webhook_gets_the_secret_on_telegram_and_none_on_bale(
    emulators: Emulators, telegram: Raw, bale: Raw, hook: tuple[Hook, str]
) -> None:
    held, url = hook
    await telegram.result("setWebhook", url=url, secret_token="s3cret")
    await emulators.telegram.person("سارا").type("سلام")
    await asyncio.wait_for(held.arrived.wait(), 5)
    assert held.came[0][0]["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
    held.arrived.clear()
    await bale.result("setWebhook", url=url)
    await emulators.bale.person("سارا").type("سلام")
    await asyncio.wait_for(held.arrived.wait(), 5)
    assert not [name for name in held.came[1][0] if "secret" in name.lower()]
    assert held.came[1][1]["message"]["text"] == "سلام"


async def test_webhook_is_tried_again_in_order(
    emulators: Emulators, telegram: Raw, hook: tuple[Hook, str]
) -> None:
    held, url = hook
    held.refusals = 2
    await telegram.result("setWebhook", url=url)
    sara = emulators.telegram.person("سارا")
    await sara.type("یک")
    await sara.type("دو")
    async with asyncio.timeout(5):
        while len(held.came) < 2:
            held.arrived.clear()
            await held.arrived.wait()
    assert [body["message"]["text"] for _, body in held.came] == ["یک", "دو"]
    info = await telegram.result("getWebhookInfo")
    assert "503" in info["last_error_message"]


async def test_raw_bytes_are_handed_over_as_they_are(emulators: Emulators, telegram: Raw) -> None:
    queue = emulators.telegram.server.state.queues[emulators.telegram.token]
    for raw in (b'{"update_id": 40, "a": "\\ud83d"}', b"null", b'{"update_id": 7}'):
        emulators.telegram.server.inject_raw(raw)
    assert await telegram.result("getUpdates") == [{"update_id": 40, "a": "\ud83d"}, None, {"update_id": 7}]
    assert queue.next_id == 43
    assert await telegram.result("getUpdates", offset=41) == [None, {"update_id": 7}]
    assert await telegram.result("getUpdates", offset=43) == []


async def test_an_offset_far_past_the_tail_confirms_nothing(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for word in ("یک", "دو"):
        await sara.type(word)
    assert len(await telegram.result("getUpdates", offset=14)) == 2
    assert emulators.telegram.server.pending() == 2
    assert await telegram.result("getUpdates", offset=13) == []
    assert emulators.telegram.server.pending() == 0


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


async def test_a_hundred_updates_at_most(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    for number in range(103):
        await sara.type(str(number))
    for limit, came in ((500, 100), (0, 1), (-4, 1)):
        assert len(await telegram.result("getUpdates", limit=limit)) == came
    assert [one["message"]["text"] for one in await telegram.result("getUpdates", offset=-500)] == [
        str(number) for number in range(100)
    ]
