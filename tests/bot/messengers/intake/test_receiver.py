"""Updates that nobody can read never stop the others; none has its effect twice; none is lost."""

import json
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest

from bot.messengers.intake.receiver import lane_of, update_number
from bot.web.app import build_app
from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from tests.support.messenger_app import MessengerApp, note, raw_message, running_app, started

POISON: list[Any] = [
    {"message": {"chat": {"id": "x"}}},
    {"message": {"chat": {"id": "--5"}}},
    {"message": 5},
    {"message": {"message_id": 1, "date": "tomorrow", "chat": {"id": 9, "type": "private"}}},
    {"message": raw_message(9, "س") | {"text": 12, "entities": 4}},
    {"callback_query": {"id": "5"}},
    {"callback_query": []},
    {"message": raw_message(10**30, "س")},
    {"message": raw_message(9, "س") | {"message_id": {}}},
    {"poll": {"id": 1}},
    {"something_new": {"id": 1}},
    {},
]


async def test_poison_on_both_pollings(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        before = face.person("پیش")
        await before.start()
        for body in POISON:
            face.server.inject(dict(body))
        after = face.person("پس")
        await after.start()
        await before.sees("خانه")
        await after.sees("خانه")
        await app.until(lambda face=face: face.server.pending() == 0)
    await app.until_processed()
    for row in await app.inbox():
        assert json.loads(row.raw)["update_id"] == row.update_id
    quarantined = [row for row in await app.inbox() if row.state is InboxState.QUARANTINED]
    assert len(quarantined) >= 10
    assert all(row.note for row in quarantined)


async def test_a_person_whose_update_was_quarantined_is_answered(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    chat = {"id": sara.user.id, "type": "private"}
    app.emulators.telegram.server.inject({"message": {"message_id": 5, "date": "never", "chat": chat}})
    await sara.sees("متوجه پیام شما نشدم")


async def test_an_update_without_a_number_does_not_come_for_ever(app: MessengerApp) -> None:
    await started(app.emulators.bale)
    await app.service.intake.store_updates(
        Messenger.BALE, [{"message": {}}, "text", None, 5, {"update_id": -3}]
    )
    assert (await app.states()).count(InboxState.QUARANTINED) == 5
    await app.service.intake.store_updates(Messenger.BALE, [{"message": {}}, "text"])
    assert (await app.states()).count(InboxState.QUARANTINED) == 5


async def test_doubles_have_no_effect(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    app.emulators.telegram.server.deliver_twice(3)
    await note(sara, "first")
    raw = json.loads((await app.inbox())[-1].raw)
    for _ in range(3):
        await app.service.intake.store_updates(Messenger.TELEGRAM, [raw])
    await app.until_idle()
    assert await app.notes() == ["first"]


async def test_the_same_number_on_the_other_messenger_is_another_update(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        await note(await started(face), "first")
    assert await app.notes() == ["first", "first"]


async def test_text_that_no_database_keeps(app: MessengerApp) -> None:
    sara = await started(app.emulators.telegram)
    message = raw_message(sara.user.id, "اول\x00\ud800", number=5)
    message["from"]["first_name"] = "\x00\ud800"
    await app.service.intake.store_updates(Messenger.TELEGRAM, [{"update_id": 900, "message": message}])
    await sara.sees("یادداشت شد: first")


# -- webhooks ------------------------------------------------------------------------------------


@pytest.fixture
async def webhook_app(emulators: Emulators, database: Database) -> AsyncIterator[MessengerApp]:
    """The bot with webhooks. The addresses told to the messengers lead nowhere."""
    async with running_app(emulators, database, webhook_url="https://bot.example") as app:
        yield app


@pytest.fixture
async def client(webhook_app: MessengerApp) -> AsyncIterator[httpx.AsyncClient]:
    site = build_app(webhook_app.service.resources, webhooks=webhook_app.service.intake)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url="http://bot", timeout=90
    ) as client:
        yield client


SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


def as_telegram(app: MessengerApp) -> dict[str, str]:
    return {SECRET_HEADER: app.service.intake.secrets[Messenger.TELEGRAM]}


async def test_poison_on_a_webhook(webhook_app: MessengerApp, client: httpx.AsyncClient) -> None:
    sara = webhook_app.emulators.telegram.person("سارا")
    await sara.start()
    bodies = [json.dumps({"update_id": 100 + number, **body}) for number, body in enumerate(POISON)]
    bodies += ["", "[]", "null", "{", "\xff", '{"a":' * 2000]
    bodies.append(json.dumps({"update_id": 500, "message": raw_message(sara.user.id, "/start")}))
    for body in bodies:
        path = webhook_app.service.intake.path_of(Messenger.TELEGRAM)
        answer = await client.post(path, content=body, headers=as_telegram(webhook_app))
        assert answer.status_code == 200, body[:80]
    await sara.sees("خانه")


async def test_a_call_that_is_no_update_is_kept_and_counted_once(webhook_app: MessengerApp) -> None:
    bodies = (b"", b"[]", b"{", b"\xff\x00", b'"text"')
    for body in bodies * 3:
        assert await webhook_app.service.intake.accept_webhook(Messenger.BALE, body) == 200
    rows, counters = await webhook_app.inbox(), webhook_app.service.resources.counters
    assert [row.state for row in rows] == [InboxState.QUARANTINED] * 5
    assert all(row.note for row in rows)
    assert counters.quarantined == {Messenger.BALE: 5}
    assert counters.repeated == {Messenger.BALE: 10}
    assert counters.received[Messenger.BALE] == 0


async def test_what_could_not_be_stored_is_asked_for_again(
    webhook_app: MessengerApp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = AsyncMock(side_effect=OSError("the server does not answer"))
    for number, body in enumerate((b"{", b'{"update_id": 7}')):
        with monkeypatch.context() as without_database:
            without_database.setattr(database, "run", away)
            assert await webhook_app.service.intake.accept_webhook(Messenger.BALE, body) == 503
        assert len(await webhook_app.inbox()) == number
        assert await webhook_app.service.intake.accept_webhook(Messenger.BALE, body) == 200
        assert len(await webhook_app.inbox()) == number + 1


async def test_a_webhook_tells_a_double_from_another_update_of_that_number(
    webhook_app: MessengerApp, client: httpx.AsyncClient
) -> None:
    """The messenger repeats a call that it had no answer to; and numbers begin anew after a quiet week."""
    for face in webhook_app.emulators.messengers:
        person, path = face.person("سارا"), webhook_app.service.intake.path_of(Messenger(face.kind))
        await person.start()
        home = [(95, "بازگشت")] * 2
        for number, word in [(71, "اول")] * 2 + home + [(71, "اول"), (120, "دوم")]:
            message = raw_message(person.user.id, word, number=number, date=1_700_000_000 + number)
            update = {"update_id": 7, "message": message}
            answer = await client.post(path, json=update, headers=as_telegram(webhook_app))
            assert answer.status_code == 200
    await webhook_app.until_processed()
    assert sorted(await webhook_app.notes()) == ["first", "first", "second", "second"]
    assert webhook_app.service.resources.counters.repeated == {Messenger.TELEGRAM: 3, Messenger.BALE: 3}


async def test_a_webhook_knows_its_messenger(webhook_app: MessengerApp, client: httpx.AsyncClient) -> None:
    intake = webhook_app.service.intake
    for path, headers, status in (
        (intake.path_of(Messenger.TELEGRAM), {}, 403),
        (intake.path_of(Messenger.TELEGRAM), {SECRET_HEADER: "wrong"}, 403),
        ("/hook/telegram/guessed", {}, 404),
        (intake.path_of(Messenger.BALE), {}, 200),
    ):
        answer = await client.post(path, json={"update_id": 1, "x": 1}, headers=headers)
        assert answer.status_code == status
    assert len(await webhook_app.inbox()) == 1
    assert len({*intake.paths}) == 2
    assert all(len(path) >= 40 for path in intake.paths)


@pytest.mark.parametrize(
    ("raw", "lane"),
    [
        ({"message": {"chat": {"id": 5}}}, 5),
        ({"edited_message": {"chat": {"id": "-5"}}}, -5),
        ({"callback_query": {"from": {"id": 6}, "message": {"chat": {"id": 5}}}}, 5),
        ({"callback_query": {"from": {"id": 6}}}, 6),
        ({"my_chat_member": {"chat": {"id": 5}}}, 5),
        ({"message": {"chat": {"id": True}}}, None),
        ({"message": {"chat": {"id": "--5"}}}, None),
        ({"message": None}, None),
        ({}, None),
    ],
)
def test_the_lane_is_read_from_raw_json(raw: dict[str, Any], lane: int | None) -> None:
    assert lane_of(raw) == lane


def test_update_numbers() -> None:
    assert update_number({"update_id": "17"}) == 17
    for odd in ({"update_id": True}, {"update_id": 10**20}, {"update_id": "x"}, {}, None, [1]):
        assert update_number(odd) is None


@pytest.mark.parametrize(
    "kind", ["pre_checkout_query", "shipping_query", "inline_query", "chosen_inline_result", "poll_answer"]
)
def test_what_has_no_chat_is_queued_with_its_sender(kind: str) -> None:
    assert lane_of({"update_id": 1, kind: {"id": "x", "from": {"id": 7}}}) == 7
    assert lane_of({"update_id": 1, kind: {"id": "x"}}) is None
    press = {"id": "x", "from": {"id": 7}, "message": {"chat": {"id": -5}}}
    assert lane_of({"update_id": 1, "callback_query": press}) == -5
    assert lane_of({"update_id": 1, "callback_query": {"id": "x", "from": {"id": 7}}}) == 7
