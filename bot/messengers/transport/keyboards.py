"""Buttons and long texts as the messengers take them."""

from __future__ import annotations

from typing import Any

from bot.core.screens import Button, Screen
from bot.texts.words import BAR

#: A `reply_markup`, as JSON.
Markup = dict[str, Any]

#: Takes a reply keyboard away.
CLOSED: Markup = {"remove_keyboard": True}

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_NOTICE = 200


def inline(rows: tuple[tuple[Button, ...], ...]) -> Markup | None:
    """Inline buttons. Clients lay rows left-to-right, our rows begin at the right: turned around."""
    if not rows:
        return None
    return {"inline_keyboard": [[_inline(button) for button in reversed(row)] for row in rows if row]}


def _inline(button: Button) -> Markup:
    if button.press is not None:
        return {"text": button.label, "callback_data": button.press.pack()}
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    return {"text": button.label, "copy_text": {"text": button.copy or button.label}}


def without_links(markup: Markup) -> tuple[Markup | None, list[str]]:
    """Of inline buttons only those that press something, and the addresses of the others as lines of text."""
    keyboard = markup["inline_keyboard"]
    rows = [[key for key in row if "callback_data" in key] for row in keyboard]
    links = [f"{key['text']}: {key['url']}" for row in keyboard for key in row if "url" in key]
    rows = [row for row in rows if row]
    return {"inline_keyboard": rows} if rows else None, links


def contact(screen: Screen) -> Markup:
    """The contact button, and below it the screen's other buttons as words to be sent."""
    assert screen.ask_contact is not None
    rows: list[list[Markup]] = [[{"text": screen.ask_contact, "request_contact": True}]]
    rows += [[{"text": button.label} for button in reversed(row)] for row in screen.rows if row]
    return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": False}


def parts(text: str, limit: int = MAX_TEXT) -> list[str]:
    """`text` in pieces of at most `limit` UTF-16 units, cut at lines where possible, else at spaces."""
    pieces = []
    while units(text) > limit:
        head = _first(text, limit)
        cut = max(head.rfind("\n"), 0) or max(head.rfind(" ", len(BAR)), 0) or len(head)
        pieces.append(text[:cut].rstrip())
        # A line of quoted words stays one where it goes on in the next message.
        quoted = text[:cut].rpartition("\n")[2].startswith(BAR) and text[cut] != "\n"
        text = (BAR if quoted else "") + text[cut:].lstrip()
    pieces.append(text)
    return [piece for piece in pieces if piece]


def cut(text: str, limit: int) -> str:
    """`text`, with an ellipsis in place of whatever is over `limit` UTF-16 units."""
    return text if units(text) <= limit else f"{_first(text, limit - 1).rstrip()}…"


def units(text: str) -> int:
    """Length as the messengers count it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _first(text: str, limit: int) -> str:
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
