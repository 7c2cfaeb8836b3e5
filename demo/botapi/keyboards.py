"""Keyboards as bots send them: read, checked, told apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from demo.botapi.errors import broken_rule
from demo.botapi.state import Json

MAX_BUTTONS = 100
_INLINE_KINDS = {
    "telegram": frozenset(
        [
            "url",
            "callback_data",
            "web_app",
            "login_url",
            "switch_inline_query",
            "switch_inline_query_current_chat",
            "switch_inline_query_chosen_chat",
            "copy_text",
            "callback_game",
            "pay",
        ]
    ),
    "bale": frozenset({"url", "callback_data", "web_app", "copy_text"}),
}
_LOOKS = {"telegram": frozenset({"icon_custom_emoji_id", "style"}), "bale": frozenset[str]()}
_REPLY_KINDS = {
    "telegram": frozenset(
        [
            "request_users",
            "request_chat",
            "request_managed_bot",
            "request_contact",
            "request_location",
            "request_poll",
            "web_app",
        ]
    ),
    "bale": frozenset({"request_contact", "request_location", "web_app"}),
}
_KEYBOARD_KEYS = frozenset(
    [
        "keyboard",
        "is_persistent",
        "resize_keyboard",
        "one_time_keyboard",
        "input_field_placeholder",
        "selective",
    ]
)


@dataclass(frozen=True, slots=True)
class Markup:
    """What came as reply_markup: inline rows, a reply keyboard, its removal, or nothing."""

    inline: list[list[Json]] = field(default_factory=list)
    keyboard: Json | None = None
    removes: bool = False
    #: A keyboard that belongs to the chat rather than to the message: such a message cannot be edited.
    given: Json | None = None

    @property
    def data(self) -> set[str]:
        return {button["callback_data"] for row in self.inline for button in row if "callback_data" in button}


def read(markup: Any, kind: str, *, inline_only: bool = False) -> Markup:
    """Raises ApiError where the messenger would refuse the markup."""
    if markup is None:
        return Markup()
    if not isinstance(markup, dict):
        raise broken_rule("object expected as reply markup")
    if "inline_keyboard" in markup:
        if set(markup) != {"inline_keyboard"}:
            raise broken_rule(f"unknown fields in reply markup: {sorted(set(markup) - {'inline_keyboard'})}")
        return Markup(inline=_inline(markup["inline_keyboard"], kind))
    if inline_only and markup:
        raise broken_rule("inline keyboard expected")
    if not markup:
        return Markup()
    if kind == "bale" and markup.get("remove_keyboard") is True and markup.get("keyboard") == []:
        # As Balethon writes it.
        return Markup(removes=True, given=markup)
    if "keyboard" in markup:
        _reply(markup, kind)
        return Markup(keyboard=markup, given=markup)
    if markup.get("remove_keyboard") is True:
        return Markup(removes=True, given=markup)
    if markup.get("force_reply") is True and kind == "telegram":
        return Markup(given=markup)
    raise broken_rule("can't parse reply markup JSON object")


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise broken_rule("field of the keyboard must be of type Array of Array")
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise broken_rule("reply markup is too long")
    return [row for row in rows if row]


def _inline(rows: Any, kind: str) -> list[list[Json]]:
    checked_rows = _rows(rows)
    for row in checked_rows:
        for button in row:
            _inline_button(button, kind)
    return checked_rows


def _inline_button(button: Any, kind: str) -> None:
    if not isinstance(button, dict):
        raise broken_rule("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not str(button.get("text") or "").strip():
        raise broken_rule("can't parse inline keyboard button: text must be non-empty")
    kinds = [name for name in button if name in _INLINE_KINDS[kind]]
    unknown = set(button) - _INLINE_KINDS[kind] - _LOOKS[kind] - {"text"}
    if unknown:
        raise broken_rule(f"unknown fields of an inline button: {sorted(unknown)}")
    if not kinds:
        raise broken_rule("text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise broken_rule("an inline button has exactly one action")
    value = button[kinds[0]]
    if kinds[0] == "callback_data" and not 1 <= len(str(value).encode()) <= 64:
        raise broken_rule("BUTTON_DATA_INVALID")
    if kinds[0] == "url":
        _check_url(str(value))
    if kinds[0] == "web_app" and not str(value.get("url", "")).startswith("https://"):
        raise broken_rule(f"inline keyboard button Web App URL '{value.get('url')}' is invalid")
    if kinds[0] == "copy_text" and not 1 <= len(str((value or {}).get("text", ""))) <= 256:
        raise broken_rule("BUTTON_COPY_TEXT_INVALID")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "tg", "ble") or not parts.netloc or "localhost" in parts.netloc:
        raise broken_rule(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply(markup: Json, kind: str) -> None:
    unknown = set(markup) - _KEYBOARD_KEYS
    if unknown:
        raise broken_rule(f"unknown fields of a reply keyboard: {sorted(unknown)}")
    rows = _rows(markup["keyboard"])
    if not rows:
        raise broken_rule("reply keyboard must be non-empty")
    for row in rows:
        for button in row:
            if isinstance(button, str):
                if not button.strip():
                    raise broken_rule("keyboard button text must be non-empty")
                continue
            if not isinstance(button, dict) or not str(button.get("text") or "").strip():
                raise broken_rule("keyboard button text must be non-empty")
            allowed = _REPLY_KINDS[kind] | _LOOKS[kind] | {"text"}
            if set(button) - allowed:
                raise broken_rule(f"unknown fields of a keyboard button: {sorted(set(button) - allowed)}")


def button_text(button: Json | str) -> str:
    return button if isinstance(button, str) else str(button["text"])
