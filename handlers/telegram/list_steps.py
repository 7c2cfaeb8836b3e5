"""Lists in pages, for all lists alike: a typed number opens its row, «صفحه ۲۰» the page, and the way back from what a
list leads to is to the same page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.core.screens import Button, Press, Screen
from bot.rules.validators import normalise
from handlers.common.navigation import with_page

#: «صفحه ۲۰».
_PAGE = re.compile(r"(?:صفحه|صفحهٔ|ص)\s?([0-9]{1,5})")
_NUMBER = re.compile(r"[0-9]{1,6}")
#: The number that a button of a row begins with: «۱۱. نگار …», or is alone.
_ROW = re.compile(r"([0-9]{1,6})(?:\.|$)")
#: Menus: what they lead to begins anew.
MENUS = frozenset({"home", "desk.lists", "centers"})


def _rows(screen: Screen) -> dict[int, Press]:
    """The numbered rows of a list."""
    found: dict[int, Press] = {}
    for button in screen.buttons():
        match = _ROW.match(normalise(button.label[:30]))
        if match is not None and button.press is not None:
            found.setdefault(int(match.group(1)), button.press)
    return found


def _turning(screen: Screen, view: Press) -> list[Press]:
    """The buttons that turn this list's pages."""
    return [
        button.press
        for button in screen.buttons()
        if button.press is not None
        and (button.press.action, button.press.id) == (view.action, view.id)
        and button.press.arg[:1].isdigit()
    ]


def _page(arg: str) -> int:
    return int(re.match(r"\d{0,5}", arg).group() or 0)  # type: ignore[union-attr]


def typed_page(text: str, screen: Screen, view: Press) -> Press | None:
    """The page that «صفحه ۲۰» asks for; None for other texts and where nothing is in pages."""
    match = _PAGE.fullmatch(normalise(text))
    turning = _turning(screen, view)
    if match is None or not turning or int(match.group(1)) < 1:
        return None
    return replace(view, arg=with_page(view.arg, int(match.group(1)) - 1))


def typed_row(
    text: str, screen: Screen, view: Press, render: Callable[[Press], Screen | None]
) -> Press | None:
    """What the row of a typed number opens, also of another page, which `render` makes; None where there is no such
    row."""
    typed = normalise(text)
    rows = _rows(screen)
    if _NUMBER.fullmatch(typed) is None or not rows:
        return None
    number = int(typed)
    if number in rows:
        return rows[number]
    turning = _turning(screen, view)
    if not turning or number < 1:
        return None
    # A page that was asked for beyond the last one shows the last one.
    here = min(_page(view.arg), max(_page(press.arg) for press in turning) + 1)
    size = (min(rows) - 1) // here if here else max(rows)
    if size < 1:
        return None
    page = replace(view, arg=with_page(view.arg, (number - 1) // size))
    other = render(page)
    return _rows(other).get(number) if other is not None else None


def with_ways_back(screen: Screen, here: Press, packed: str | None) -> Screen:
    """The screen with those of its buttons that lead to the list that was shown last leading to the same page of it."""
    if packed is None or here.action in MENUS:
        return screen
    listed = Press.unpack(packed)
    if (listed.action, listed.id) == (here.action, here.id):
        return screen

    def returning(button: Button) -> Button:
        press = button.press
        leads = press is not None and (press.action, press.id, press.arg) == (listed.action, listed.id, "")
        return replace(button, press=replace(listed, fresh=False)) if leads else button

    return replace(screen, rows=tuple(tuple(map(returning, row)) for row in screen.rows))
