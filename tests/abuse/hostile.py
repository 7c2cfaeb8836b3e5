"""Updates made from the published Bot API: whole, broken, in another's name, and bodies that are no update at all."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.botapi import published

PRESSES = (
    "1|home|||",
    "1|register|||",
    "1|logout|||",
    "1|d.choose|1|1|x",
    "1|staff.account_action|1|1|SUSPEND",
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
ODD_VALUES = (
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
    "--5",
    "x" * 20_000,
    "\x00\ud800",
    [],
    {},
    [[]],
    [None],
    {"id": {}},
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One thing that is sent to the bot as an update."""

    kind: str
    raw: bytes


class Maker:
    """Values of the published types, and what an attacker makes of them.

    `strangers` are ids that may speak; nobody speaks for `her`."""

    def __init__(self, chance: random.Random, *, strangers: tuple[int, ...], her: int) -> None:
        self.types, self.chance = published().types, chance
        self.strangers, self.her = strangers, her

    def next(self, number: int) -> Hostile:
        """Something with this number, if it has one at all."""
        dice = self.chance.random()
        if dice < 0.27:
            return Hostile("whole", _written(self.update(number)))
        if dice < 0.80:
            return Hostile("broken", _written(self.broken(self.update(number))))
        if dice < 0.90:
            return Hostile("not hers", _written(self.not_hers(number)))
        return Hostile("no update", self.no_update(number))

    # -- whole ---------------------------------------------------------------------------------------

    def update(self, number: int) -> dict[str, Any]:
        fields = [one for one in self.types["Update"].fields if one.name != "update_id"]
        often = [
            one
            for one in fields
            if one.name in ("message", "callback_query", "edited_message", "my_chat_member")
        ]
        field = self.chance.choice(often if self.chance.random() < 0.7 else fields)
        return {"update_id": number, field.name: self.value(field.types[0], 0)}

    def value(self, kind: str, depth: int, name: str = "") -> Any:
        chance = self.chance
        if kind.startswith("Array of "):
            return [
                self.value(kind.removeprefix("Array of "), depth + 1) for _ in range(chance.randint(0, 2))
            ]
        if kind in ("Integer", "String", "Boolean", "True", "Float"):
            return self._plain(kind, name)
        made = self.types[kind]
        if made.subtypes:
            return self.value(chance.choice(made.subtypes), depth, name)
        found = {}
        for field in made.fields:
            if (
                field.required
                or (depth < 3 and chance.random() < 0.12)
                or field.name in ("text", "from", "data")
            ):
                found[field.name] = self.value(field.types[0], depth + 1, field.name)
        if kind in ("Chat", "User"):
            found["id"] = chance.choice(self.strangers)
            if kind == "Chat":
                found["type"] = chance.choice(("private", "private", "private", "group", "channel"))
        sender, chat = found.get("from"), found.get("chat")
        if sender and chat and chat["type"] == "private" and chance.random() < 0.9:
            # In a private chat nobody else speaks.
            sender["id"] = chat["id"]
        return found

    def _plain(self, kind: str, name: str) -> Any:
        chance = self.chance
        match kind:
            case "Integer":
                return 1_790_000_000 if "date" in name else chance.randint(1, 2**31)
            case "String":
                words = {"data": chance.choice(PRESSES), "text": chance.choice(WORDS), "type": "private"}
                return words.get(name, chance.choice(WORDS))
            case "Boolean":
                return chance.random() < 0.5
            case "Float":
                return chance.random()
        return True

    # -- broken -------------------------------------------------------------------------------------

    def broken(self, update: dict[str, Any]) -> Any:
        """One to three faults somewhere inside."""
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
                    # A copy: later faults go into it.
                    holder[key] = deepcopy(self.chance.choice(ODD_VALUES))
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

    # -- in her name ---------------------------------------------------------------------------------

    def not_hers(self, number: int) -> dict[str, Any]:
        """In her chat, and yet nothing that she said, or nothing that can be understood."""
        chance = self.chance
        chat = {"id": self.her, "type": "private", "first_name": "سارا"}
        user = {"id": self.her, "is_bot": False, "first_name": "سارا"}
        stranger = user | {"id": chance.choice(self.strangers)}
        said = chance.choice(("این را او نگفته است", "/start", "/cancel", "/menu", "۰۷۱۳۲۱۲۳۴۵۶"))
        message = {"message_id": chance.randint(1, 10**6), "date": 1_790_000_000, "chat": chat, "from": user}
        press = {"id": str(number), "from": user, "message": message, "chat_instance": "1"}
        status = chance.choice(("kicked", "left", "member"))
        bot = {"id": 110201543, "is_bot": True, "first_name": "ب"}
        membership = {
            "chat": chat,
            "from": stranger,
            "date": 1,
            "old_chat_member": {"status": "member", "user": bot},
            "new_chat_member": {"status": status, "user": bot, "until_date": 0},
        }
        odd_texts = (5, 0.5, True, [said], {"text": said}, None)
        odd_ids = ([self.her], {"id": self.her}, True, None, self.her + 0.5)
        odd_kinds = ("group", "supergroup", "channel", "secret", "PRIVATE")
        taps = ("1|logout|||", "1|home|||", "1|d.cancel|||", "1|d.back|||")
        made: tuple[dict[str, Any], ...] = (
            {"message": message | {"from": stranger, "text": said}},
            {"message": message | {"text": chance.choice(odd_texts)}},
            {"message": message | {"chat": chat | {"id": chance.choice(odd_ids)}, "text": said}},
            {"message": message | {"chat": chat | {"type": chance.choice(odd_kinds)}, "text": said}},
            {"edited_message": message | {"text": said}},
            {"channel_post": message | {"text": said}},
            {"callback_query": press | {"from": stranger, "data": chance.choice(taps)}},
            {"callback_query": press | {"data": chance.choice((5, None, [], {}, "x|y", "9|logout|||"))}},
            {"my_chat_member": membership},
            {"my_chat_member": membership | {"new_chat_member": status}},
            {"message": message | {"text": said}, "callback_query": press | {"from": stranger, "data": said}},
            self._strange_sender(number),
        )
        return {"update_id": number, **chance.choice(made)}

    def _strange_sender(self, number: int) -> dict[str, Any]:
        """A broken update in her chat that a stranger sends."""
        update = self.update(number)
        for held in update.values():
            if isinstance(held, dict):
                for holder in (held, held.get("message")):
                    if isinstance(holder, dict) and "chat" in holder:
                        holder["chat"] = {"id": self.her, "type": "private", "first_name": "سارا"}
        update = self.broken(update)
        for held in update.values():
            if isinstance(held, dict):
                # Whatever the faults did: the sender is somebody else.
                held["from"] = {"id": self.strangers[0], "is_bot": False, "first_name": "غ"}
        update.pop("update_id", None)
        return update

    # -- no update -----------------------------------------------------------------------------------

    def no_update(self, number: int) -> bytes:
        """JSON that is no object, that is beyond all measure, or no JSON at all."""
        chance = self.chance
        stranger = self.strangers[0]
        head = b'{"update_id": %d, ' % number
        text = (
            b'"message": {"message_id": 1, "date": 1, "chat": {"id": %d, "type": "private"}, "text": '
            % stranger
        )
        depth = chance.choice((400, 900, 1500, 20_000))
        return chance.choice(
            (
                b"null",
                b"17",
                b'"text"',
                b"[]",
                b"{}",
                b"[[%d]]" % number,
                b'{"message": 5}',
                b'{"update_id": "%d", "message": {}}' % number,
                b'{"update_id": -%d}' % number,
                b'{"update_id": %d.5}' % number,
                b'{"update_id": %d, "update_id": {}}' % number,
                head + text + b'"\\ud83d\\u0000\\udc00"}}',
                head + text + b'"x"}, "message": {"chat": {"id": "--5"}}}',
                head + text + b"NaN}}",
                head + text + b"1e999999}}",
                head + text + b"9" * 5000 + b"}}",
                head + text + b'"\xff\xfe"}}',
                head + b'"message": ' + b"[" * depth + b"]" * depth + b"}",
                head + b'"a":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}",
                head + text + b'"' + b"x" * chance.choice((100_000, 600_000, 900_000)) + b'"}}',
            )
        )


def _written(update: Any) -> bytes:
    return json.dumps(update).encode()


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Where a fault may be: not in the depths of an earlier one."""
    if depth > 30:
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner, depth + 1)
