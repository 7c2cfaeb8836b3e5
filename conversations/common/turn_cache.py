"""What an update reads once, though it works its steps out several times."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from bot.core.context import Turn

T = TypeVar("T")

_CACHE_KEY = "read_once"


def cached_in_turn(turn: Turn, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` finds, asked of the database once a turn: an update works its steps out several times."""
    cached = turn.db.info.get(_CACHE_KEY)
    if cached is None or cached[0] is not turn:
        cached = turn.db.info[_CACHE_KEY] = (turn, {})
    values: dict[Hashable, Any] = cached[1]
    if key not in values:
        values[key] = read()
    value: T = values[key]
    return value
