"""Updates that nobody can read never stop the others; none has its effect twice; none is lost."""

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.messengers.intake.receiver import lane_of, update_number
from bot.web.app import build_app
from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from tests.support.messenger_app import House, open_house

POISON: list[Any] = [
    {"message": {"chat": {"id": "x"}}},
    {"message": 5},
    {"message": {"message_id": 1, "date": "tomorrow", "chat": {"id": 9, "type": "private"}}},
    {
        "message": {
            "message_id": 1,
            "date": 1,
            "chat": {"id": 9, "type": "private"},
            "text": 12,
            "entities": 4,
        }
    },
    {"callback_query": {"id": "5"}},
    {"callback_query": []},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 10**30, "type": "private"}, "text": "س"}},
    {"message": {"message_id": {}, "date": 1, "chat": {"id": 9, "type": "private"}, "text": "س"}},
    {"poll": {"id": 1}},
    {"something_new": {"id": 1}},
    {},
]


async def test_poison_on_both_pollings(house: House) -> None:
    for face in house.town.messengers:
        before = face.person("پیش")
        await before.start()
        for body in POISON:
            face.server.inject(dict(body))
        after = face.person("پس")
        await after.start()
        await before.sees("خانه")
        await after.sees("خانه")
        await house.until(lambda face=face: face.server.pending() == 0)
    await house.until(lambda: _all_settled(house))
    for row in await house.inbox():
        assert json.loads(row.raw)["update_id"] == row.update_id
    release_slot = [row for row in await house.inbox() if row.state is InboxState.QUARANTINED]
    assert len(release_slot) >= 10
    assert all(row.note for row in release_slot)


async def _all_settled(house: House) -> bool:
    return not {InboxState.RECEIVED, InboxState.DONE} & set(await house.states())


async def test_a_person_whose_update_was_quarantined_is_answered(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    chat = {"id": sara.user.id, "type": "private"}
    house.town.telegram.server.inject({"message": {"message_id": 5, "date": "never", "chat": chat}})
    await sara.sees("متوجه نشدم")


async def test_an_update_without_a_number_does_not_come_for_ever(house: House) -> None:
    sara = house.town.bale.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    await house.service.intake.store_updates(
        Messenger.BALE, [{"message": {}}, "text", None, 5, {"update_id": -3}]
    )
    assert (await house.states()).count(InboxState.QUARANTINED) == 5
    await house.service.intake.store_updates(Messenger.BALE, [{"message": {}}, "text"])
    assert (await house.states()).count(InboxState.QUARANTINED) == 5


async def test_doubles_have_no_effect(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    house.town.telegram.server.deliver_twice(3)
    await sara.tap("اول")
    await sara.sees("یادداشت شد: first")
    raw = json.loads((await house.inbox())[-1].raw)
    for _ in range(3):
        await house.service.intake.store_updates(Messenger.TELEGRAM, [raw])
    await house.until(lambda: not len(house.service.lanes))
    assert await house.notes() == ["first"]


async def test_the_same_number_on_the_other_messenger_is_another_update(house: House) -> None:
    people = [face.person("سارا") for face in house.town.messengers]
    for person in people:
        await person.start()
        await person.sees("خانه")
        await person.tap("اول")
        await person.sees("یادداشت شد")
    assert await house.notes() == ["first", "first"]


async def test_text_that_no_database_keeps(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    chat = {"id": sara.user.id, "type": "private"}
    who = {"id": sara.user.id, "is_bot": False, "first_name": "\x00\ud800"}
    message = {"message_id": 5, "date": 1, "chat": chat, "from": who, "text": "اول\x00\ud800"}
    await house.service.intake.store_updates(Messenger.TELEGRAM, [{"update_id": 900, "message": message}])
    await sara.sees("یادداشت شد: first")


# -- webhooks ------------------------------------------------------------------------------------


def poster(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot")


async def test_poison_on_a_webhook(town: Emulators, database: Database) -> None:
    async with open_house(town, database, webhook_url="https://bot.example") as house:
        intake = house.service.intake
        app = build_app(house.service.resources, webhooks=intake)
        secret = {"X-Telegram-Bot-Api-Secret-Token": intake.secrets[Messenger.TELEGRAM]}
        sara = town.telegram.person("سارا")
        await sara.start()  # the webhook told to the messenger leads nowhere: ours is called below
        async with poster(app) as client:
            path = intake.path_of(Messenger.TELEGRAM)
            bodies = [json.dumps({"update_id": 100 + number, **body}) for number, body in enumerate(POISON)]
            bodies += ["", "[]", "null", "{", "\xff", '{"a":' * 2000]
            for body in bodies:
                answer = await client.post(path, content=body, headers=secret)
                assert answer.status_code == 200, body[:80]
            message = {
                "message_id": 1,
                "date": 1,
                "chat": {"id": sara.user.id, "type": "private"},
                "from": {"id": sara.user.id, "is_bot": False, "first_name": "س"},
                "text": "/start",
            }
            answer = await client.post(path, json={"update_id": 500, "message": message}, headers=secret)
            assert answer.status_code == 200
        await sara.sees("خانه")


async def test_a_webhook_tells_a_double_from_another_update_of_that_number(
    town: Emulators, database: Database
) -> None:
    """The messenger repeats a call that it had no answer to; and numbers begin anew after a quiet week."""
    async with open_house(town, database, webhook_url="https://bot.example") as house:
        intake = house.service.intake
        app = build_app(house.service.resources, webhooks=intake)
        secret = {"X-Telegram-Bot-Api-Secret-Token": intake.secrets[Messenger.TELEGRAM]}
        people = [face.person("سارا") for face in town.messengers]
        for person in people:
            await person.start()
        async with poster(app) as client:
            for person in people:
                messenger = Messenger(person.state.kind)
                for message_id, word in (
                    (71, "اول"),
                    (71, "اول"),
                    (95, "بازگشت"),
                    (95, "بازگشت"),
                    (71, "اول"),
                    (120, "دوم"),
                ):
                    message = {
                        "message_id": message_id,
                        "date": 1_700_000_000 + message_id,
                        "chat": {"id": person.user.id, "type": "private"},
                        "from": {"id": person.user.id, "is_bot": False, "first_name": "س"},
                        "text": word,
                    }
                    call = client.post(
                        intake.path_of(messenger), json={"update_id": 7, "message": message}, headers=secret
                    )
                    assert (await call).status_code == 200
        await house.until(lambda: _all_settled(house))
        assert sorted(await house.notes()) == ["first", "first", "second", "second"]
        assert house.service.resources.counters.repeated == {Messenger.TELEGRAM: 3, Messenger.BALE: 3}


async def test_a_webhook_knows_its_messenger(town: Emulators, database: Database) -> None:
    async with open_house(town, database, webhook_url="https://bot.example") as house:
        intake = house.service.intake
        app = build_app(house.service.resources, webhooks=intake)
        async with poster(app) as client:
            for path, headers, status in (
                (intake.path_of(Messenger.TELEGRAM), {}, 403),
                (intake.path_of(Messenger.TELEGRAM), {"X-Telegram-Bot-Api-Secret-Token": "wrong"}, 403),
                ("/hook/telegram/guessed", {}, 404),
                (intake.path_of(Messenger.BALE), {}, 200),
            ):
                answer = await client.post(path, json={"update_id": 1, "x": 1}, headers=headers)
                assert answer.status_code == status
        assert len(await house.inbox()) == 1
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
