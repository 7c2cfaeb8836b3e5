"""Whether an update that comes under a known number is the same one again, or another.

A messenger sends an update again where it does not know that we have it. It also numbers updates anew after a
quiet week, so that a number may come back for something that another person did. Only what the person did
counts: names and addresses of files in a body may differ from one delivery to the next.
"""

from __future__ import annotations

import json
from typing import Any

#: What is left of a body that held a password.
WIPED = "{}"
#: What a person did, by the names of the Bot API.
_TEXT_KEYS = ("text", "caption", "data")
_POSITION_KEYS = ("id", "message_id", "date", "edit_date")


def is_same(known: str, known_identity: str | None, raw: str) -> bool:
    """Whether the stored body `known` (wiped or not) and `raw` are one update. `known_identity` is
    `identity_of` a wiped body; without it the number alone decides."""
    if known == raw:
        return True
    if known == WIPED:
        return known_identity is None or known_identity == identity_of(raw)
    return bool(_essence(known, words=True) == _essence(raw, words=True))


def identity_of(raw: str) -> str:
    """What tells a message from others without any of its words: kept where these were a password, so nothing
    can be guessed from it."""
    return json.dumps(_essence(raw, words=False), sort_keys=True)


def is_same_press(raw: str, other: str) -> bool:
    """Whether both updates press one button of one message: a doubled tap."""
    pressed = _pressed_button(raw)
    return pressed is not None and pressed == _pressed_button(other)


def _pressed_button(raw: str) -> tuple[Any, Any] | None:
    """Message and data of a pressed button; None of anything else."""
    try:
        query = json.loads(raw)["callback_query"]
        message, data = query["message"]["message_id"], query["data"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return message, data


def _essence(raw: str, *, words: bool) -> Any:
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError):
        return raw if words else None
    if not isinstance(update, dict):
        return update if words else None
    return {kind: _action_of(payload, words) for kind, payload in update.items() if kind != "update_id"}


def _action_of(payload: Any, words: bool) -> Any:
    if not isinstance(payload, dict):
        return payload if words else None
    essence = {
        name: payload[name] for name in (*_POSITION_KEYS, *(_TEXT_KEYS if words else ())) if name in payload
    }
    for name, wanted in (("chat", ("id",)), ("from", ("id",)), ("message", ("message_id", "date"))):
        if isinstance(inner := payload.get(name), dict):
            essence[name] = [inner.get(part) for part in wanted]
    # Of a shape that we do not know: all of it.
    return essence or (payload if words else None)
