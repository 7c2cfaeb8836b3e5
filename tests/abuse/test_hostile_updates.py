"""Updates made from the machine-readable Bot API, whole and broken: the queue goes on, raw bodies stay, nobody is changed.

HOSTILE_UPDATES says how many for each messenger.
"""

from __future__ import annotations

import json
import logging
import os
import random
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.desk import Desk
from bot.messengers.channel import Channel
from bot.messengers.factory import make_channel
from bot.messengers.serve import Serve
from bot.messengers.service import Service
from bot.passwords import Passwords
from bot.turn import World
from conversations.catalogue import ALL
from conversations.engine import Engine
from conversations.handler import DialogueHandler
from demo.people import Town
from handlers import all_routes
from handlers.buttons import ButtonHandler
from handlers.commands import CommandHandler
from storage.database import Database
from storage.seed import seed
from storage.states import InboxState, Messenger, Role
from storage.tables import Account, Chat, Draft, Grant, InboxUpdate

API = Path(__file__).resolve().parents[3] / "shared" / "data" / "telegram-bot-api-10.1.json"
COUNT = int(os.environ.get("HOSTILE_UPDATES", "1000"))
#: Somebody who is logged in, and in whose name nobody may speak by a broken update.
BYSTANDER = 777_000_001
STRANGERS = (777_000_002, 777_000_003, -100_777_000_004)
PRESSES = (
    "1|home|||",
    "1|register|||",
    "1|logout|||",
    "1|d.choose|1|1|x",
    "1|staff.deed|1|1|SUSPEND",
    "2|x",
    "\ud800",
    "1|me|||\x00",
)
WORDS = (
    "سلام",
    "/start",
    "/start x\u202ey",
    "/cancel",
    "\x00",
    "\ud83d",
    "۹۹۹۱۲۳۴۵۶۱",
    "a" * 5000,
    "=1+1",
    "\n\r\u2028",
)
SPITE = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**40,
    1.5,
    float("inf"),
    "",
    "x" * 20_000,
    "\x00\ud800",
    [],
    {},
    [[]],
    [None],
    {"id": {}},
)


class Maker:
    """Values of the published types, and what an enemy makes of them."""

    def __init__(self, types: dict[str, Any], chance: random.Random) -> None:
        self.types, self.chance = types, chance

    def update(self, number: int) -> dict[str, Any]:
        fields = [one for one in self.types["Update"]["fields"] if one["name"] != "update_id"]
        often = [
            one
            for one in fields
            if one["name"] in ("message", "callback_query", "edited_message", "my_chat_member")
        ]
        field = self.chance.choice(often if self.chance.random() < 0.7 else fields)
        return {"update_id": number, field["name"]: self.value(field["types"][0], 0)}

    def value(self, kind: str, depth: int, name: str = "") -> Any:
        chance = self.chance
        if kind.startswith("Array of "):
            return [
                self.value(kind.removeprefix("Array of "), depth + 1) for _ in range(chance.randint(0, 2))
            ]
        match kind:
            case "Integer":
                return 1_790_000_000 if "date" in name else chance.randint(1, 2**31)
            case "String":
                return {"data": chance.choice(PRESSES), "text": chance.choice(WORDS), "type": "private"}.get(
                    name, chance.choice(WORDS)
                )
            case "Boolean":
                return chance.random() < 0.5
            case "True":
                return True
            case "Float":
                return chance.random()
        made = self.types[kind]
        if "subtypes" in made and "fields" not in made:
            return self.value(chance.choice(made["subtypes"]), depth, name)
        found = {}
        for field in made.get("fields", []):
            if (
                field["required"]
                or (depth < 3 and chance.random() < 0.12)
                or field["name"] in ("text", "from", "data")
            ):
                found[field["name"]] = self.value(field["types"][0], depth + 1, field["name"])
        if kind in ("Chat", "User"):
            found["id"] = chance.choice(STRANGERS)
            if kind == "Chat":
                found["type"] = chance.choice(("private", "private", "private", "group", "channel"))
        return found

    def broken(self, update: dict[str, Any]) -> Any:
        """One to three wounds somewhere inside."""
        update = json.loads(json.dumps(update))
        for _ in range(self.chance.randint(1, 3)):
            places = list(_places(update))
            holder, key = self.chance.choice(places)
            if holder is update and key == "update_id" and self.chance.random() < 0.8:
                continue
            match self.chance.randint(0, 3):
                case 0:
                    holder.pop(key)
                case 1:
                    holder[key] = self.chance.choice(SPITE)
                case 2:
                    deep: Any = "x"
                    for _ in range(self.chance.choice((3, 50, 400))):
                        deep = {"message": deep} if self.chance.random() < 0.5 else [deep]
                    holder[key] = deep
                case _:
                    holder[key] = str(holder[key]) if not isinstance(holder[key], str) else 7
            if not update:
                return update
        return update


def _places(value: Any, depth: int = 0) -> Any:
    """Where a wound may be: not in the depths of an earlier one."""
    if depth > 30:
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner, depth + 1)


@pytest.fixture(scope="module")
def types() -> dict[str, Any]:
    if not API.exists():
        pytest.skip("the machine-readable Bot API is not beside this project")
    found: dict[str, Any] = json.loads(API.read_text())["types"]
    return found


def _bystander(db: Session) -> None:
    account = Account(user_code="10000001", password_hash="x", first_name="سارا", last_name="کریمی")
    db.add(account)
    db.flush()
    db.add(Grant(account_id=account.id or 0, role=Role.STAFF))
    for messenger in Messenger:
        db.add(
            Chat(
                messenger=messenger,
                chat_id=BYSTANDER,
                account_id=account.id,
                role=Role.STAFF,
                view="1|home|||",
            )
        )
    db.flush()


def _belongings(db: Session) -> list[Any]:
    """What a hostile update must leave alone."""
    return [
        db.exec(select(Account.id, Account.state, Account.version)).all(),
        db.exec(select(Grant.id, Grant.active)).all(),
        db.exec(
            select(Chat.account_id, Chat.role, Chat.view, Chat.dead).where(Chat.chat_id == BYSTANDER)
        ).all(),
        db.exec(select(Chat.id).where(Chat.chat_id != BYSTANDER, col(Chat.account_id).is_not(None))).all(),
        db.exec(select(Draft.id).where(col(Draft.account_id).is_not(None))).all(),
    ]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
async def test_the_queue_always_goes_on(
    types: dict[str, Any], town: Town, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    shared = database.url.get_backend_name() != "sqlite"
    total = COUNT // 4 if shared else COUNT
    chance = random.Random(5)
    await database.run(seed)
    await database.run(_bystander)
    before = await database.read(_belongings)
    service = _service(town, database, shared=shared)
    await service.start()
    caplog.set_level(logging.ERROR)
    taken = dict[Messenger, int]()
    try:
        for messenger in Messenger:
            maker, number = Maker(types, chance), 10_000_000
            batch, made = list[Any](), list[Any]()
            for _ in range(total):
                number += 1
                update = maker.update(number)
                batch.append(update if chance.random() < 0.3 else maker.broken(update))
                if len(batch) == 50:
                    made += batch
                    await service.intake.take(messenger, batch)
                    batch = []
                    await service.lanes.room(0, messenger)
            kept = await database.read(
                lambda db, messenger=messenger: {
                    row.update_id: row
                    for row in db.exec(select(InboxUpdate).where(InboxUpdate.messenger == messenger))
                }
            )
            unfinished = [one for one in kept.values() if one.state is InboxState.RECEIVED]
            assert not unfinished
            failed = [one for one in kept.values() if one.state is InboxState.FAILED]
            assert not failed, (
                f"{len(failed)} with an error number, such as {failed[0].raw[:1500]}\n{caplog.text[-3000:]}"
            )
            for update in made:
                number = update.get("update_id") if isinstance(update, dict) else None
                if isinstance(number, int) and number in kept and len(kept[number].raw) < 500_000:
                    assert (
                        kept[number].raw == "{}"
                        or json.dumps(json.loads(kept[number].raw)) == kept[number].raw
                    )
            taken[messenger] = len(kept)
            tally = {state.value: sum(one.state is state for one in kept.values()) for state in InboxState}
            print(messenger.value, len(made), "updates", tally)
            # The next person is served.
            face = next(one for one in town.faces if one.kind == messenger.value)
            person = face.person("پس از همه")
            await person.start()
            await person.sees("ثبت‌نام")
    finally:
        await service.stop()
    assert await database.read(_belongings) == before
    stumbles = [one.getMessage() for one in caplog.records if "update failed" not in one.getMessage()]
    assert not stumbles, stumbles[:5]
    assert all(taken.values())


def _service(town: Town, database: Database, *, shared: bool) -> Service:
    nothing: Any = None
    desk = Desk(
        database=database,
        papers=nothing,
        passwords=Passwords(weak=True),
        gateway=nothing,
        sms=nothing,
        world=World("021-1234", "https://bot.example"),
    )
    channels: dict[Messenger, Channel] = {
        Messenger(face.kind): make_channel(Messenger(face.kind), token=face.token, api_url=face.server.url)
        for face in town.faces
    }
    engine = Engine(ALL)

    def handlers(serve: Serve) -> tuple[Any, ...]:
        return CommandHandler(serve), DialogueHandler(serve), ButtonHandler(serve)

    return Service(desk, channels, engine, all_routes(engine), handlers, secret_key="0" * 64, shared=shared)
