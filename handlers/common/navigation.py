"""Ways back, and lists in pages, the same in all screens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.core.context import Turn
from bot.core.screens import Button, Press, button
from bot.texts import formats, t

ButtonRow = tuple[Button, ...]
#: Characters of a message; the messengers take 4096.
LONGEST = 3800


def home_button() -> Button:
    return button(t("nav.home"), "home")


def form_rows(turn: Turn) -> list[ButtonRow]:
    """From a screen that is read in the middle of a dialogue, back to its question."""
    return [(button(t("aside.form"), "form"),)] if turn.chat.dialogue is not None else []


def back_button(action: str, id: int = 0, *, arg: str = "", label: str = "nav.back") -> Button:
    """To the screen that this one was opened from."""
    return button(t(label), action, id, arg=arg)


def navigation_row(action: str, id: int = 0) -> ButtonRow:
    """The last row of a screen below a menu: back, and home."""
    return (back_button(action, id), home_button())


def button_grid(buttons: Sequence[Button], *, columns: int) -> list[ButtonRow]:
    return [tuple(buttons[start : start + columns]) for start in range(0, len(buttons), columns)]


def pager_rows(press: Press, *, page: int, pages: int) -> list[ButtonRow]:
    """«قبلی» and «بعدی», and the ends where they are far. `page` counts from 0 and is the press's `arg`."""
    row: list[Button] = []

    def to(label: str, target: int) -> Button:
        return button(t(label), press.action, press.id, press.version, with_page(press.arg, target))

    if page > 1:
        row.append(to("desk.first", 0))
    if page > 0:
        row.append(to("nav.previous", page - 1))
    if page < pages - 1:
        row.append(to("nav.next", page + 1))
    if page < pages - 2:
        row.append(to("desk.last", pages - 1))
    return [tuple(row)] if row else []


def with_page(arg: str, page: int) -> str:
    """A packed place, or the bare number of a page, turned to another page."""
    return re.sub(r"^\d*", str(page), arg, count=1) if "." in arg else str(page)


def first_page(press: Press) -> Press:
    """The same list from its beginning: for a button to a page that is gone, because the list has become shorter."""
    return replace(press, arg=with_page(press.arg, 0))


def number_in(press: Press) -> int:
    """The number in a button's `arg`; 0 for none and for forged ones."""
    return int(press.arg) if press.arg.isascii() and press.arg.isdigit() and len(press.arg) < 16 else 0


def page_of(press: Press) -> int:
    """The page that a button asks for, counted from 0; what its `arg` has behind a point is something else."""
    return min(number_in(replace(press, arg=press.arg.partition(".")[0])), 99_999)


def truncate_lines(lines: Sequence[str], *, limit: int = LONGEST) -> str:
    """The lines as one text, cut at a line where they are too many."""
    text = "\n".join(lines)
    if len(text) <= limit:
        return text
    shown, size = 0, 0
    for line in lines:
        size += len(line) + 1
        if size > limit:
            break
        shown += 1
    return "\n".join([*lines[:shown], t("desk.and_more", n=formats.digits(len(lines) - shown))])
