"""How a messenger behaves where the two differ or where it is not certain: the values of the table `bot/probe/facts.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

TABLE = Path(__file__).parents[2] / "bot" / "probe" / "facts.toml"
Frequency = Literal["always", "sometimes", "never"]
Absence = Literal["absent", "null"]
Refusal = Literal["taken", "refused"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """One column of the table; there each is explained."""

    chat_instance: Frequency
    file_unique_id: Frequency
    media_details: bool
    chat_photo: Absence
    message_photo: Absence
    command_entities: bool
    dates: Literal["seconds", "milliseconds"]
    contact_user_id: bool
    contact_number: Literal["+98", "98"]
    forwards: Literal["forward_origin", "forward_from"]
    edit_answer: Literal["message", "stub"]
    edit_same: Refusal
    webhook_info: Literal["full", "url"]
    error_status: Literal["own", "200"]
    wrong_token: int
    unknown_chat: int
    blocked: int
    unknown_method: int
    unknown_parameters: Refusal
    json_file_id: Refusal
    download_by_id: bool
    descriptions: bool
    callback_digits: str
    flood_forms: tuple[Literal["retry_after", "bare", "text"], ...]

    @classmethod
    def of(cls, kind: str, **changed: Any) -> Self:
        """As the table has them, but for what is `changed`. Raises TypeError for a name that it does not have."""
        values = dict(_table()[kind])
        values["flood_forms"] = tuple(values["flood_forms"])
        assert values.keys() == {field.name for field in fields(cls)}, "the table and its reader differ"
        return replace(cls(**values), **changed)


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
