"""What the staff's screens share: numbered lists in pages, and the question before a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.core.screens import Button, Press, Screen
from bot.texts import t
from bot.texts.formats import digits
from handlers.common.navigation import ButtonRow, button_grid, page_of, pager_rows
from storage.enums import Role

T = TypeVar("T")

STAFF = (Role.STAFF,)


def numbered_page(
    press: Press,
    items: Sequence[T],
    *,
    size: int,
    line: Callable[[str, T], str],
    make_button: Callable[[str, T], Button],
) -> tuple[list[str], list[ButtonRow]]:
    """One page of `items` as lines and number buttons, each given its number; `press.arg` is the page, or begins with it:
    «2.sums»."""
    pages = max(-(-len(items) // size), 1)
    asked = page_of(Press(press.action, arg=press.arg.partition(".")[0]))
    page = min(asked, pages - 1)
    shown = list(enumerate(items[page * size : (page + 1) * size], start=page * size + 1))
    lines = [line(digits(i), item) for i, item in shown]
    buttons = [make_button(digits(i), item) for i, item in shown]
    turns = pager_rows(Press(press.action, press.id, arg=press.arg), page=page, pages=pages)
    return lines, [*button_grid(buttons, columns=5), *turns]


def confirmation_screen(text: str, yes: Button, no: Press, *, rows: Sequence[ButtonRow] = ()) -> Screen:
    """The step before a change: what it means, yes and no."""
    return Screen(text, (*rows, (yes, Button(t("nav.no"), no))))
