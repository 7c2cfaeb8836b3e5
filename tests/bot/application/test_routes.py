"""What the parts of the menus declare."""

from typing import Any

import pytest

from bot.application.routes import EVERYONE, GUESTS, LOGGED_IN, OFFICERS, Route, Routes
from bot.core.screens import Press
from storage.enums import Role


def decide(turn: Any, press: Any) -> Any:
    return None


def other(turn: Any, press: Any) -> Any:
    return None


async def prepare(resources: Any, incoming: Any, press: Any) -> None:
    return None


def typed(turn: Any, press: Any, text: str) -> None:
    return None


def test_an_action_and_a_command_belong_to_one_part() -> None:
    menu, part = Routes(), Routes()
    menu.commands["help"] = part.commands["help"] = Press("help")
    with pytest.raises(ValueError, match="'help' exists twice"):
        menu.include(part)
    menu.show("home", roles=())(lambda turn, press: None)
    with pytest.raises(ValueError, match="'home' exists twice"):
        menu.act("home", roles=())(lambda turn, press: None)
    again = Routes()
    again.show("home", roles=())(decide)
    with pytest.raises(ValueError, match="'home' exists twice"):
        menu.include(again)


def test_what_a_route_holds() -> None:
    menu = Routes()
    assert menu.show("plain", roles=[Role.OFFICER])(decide) is decide
    menu.show(
        "whole", roles=OFFICERS, prepare=prepare, suspended=OFFICERS, beside=True, listed=True, typed=typed
    )(decide)
    menu.act("act", roles=GUESTS)(other)
    menu.act("act whole", roles=OFFICERS, prepare=prepare, suspended=OFFICERS)(other)
    none = frozenset[Role | None]()
    assert list(menu.by_action.values()) == [
        Route("plain", decide, OFFICERS, True, None, none, False, False, None),
        Route("whole", decide, OFFICERS, True, prepare, OFFICERS, True, True, typed),
        Route("act", other, GUESTS, False, None, none, False, False, None),
        Route("act whole", other, OFFICERS, False, prepare, OFFICERS, False, False, None),
    ]
    assert None in EVERYONE
    assert None not in LOGGED_IN
    assert EVERYONE - {None} == LOGGED_IN == frozenset(Role)


def test_parts_are_joined() -> None:
    menu, part, last = Routes(), Routes(), Routes()
    menu.search = typed  # type: ignore[assignment]
    menu.payloads["a"] = "menu"
    part.show("home", roles=())(decide)
    part.commands["start"] = Press("home")
    part.payloads |= {"card": "card", "a": "part"}
    menu.include(part)
    assert (list(menu.by_action), menu.commands) == (["home"], {"start": Press("home")})
    assert (menu.payloads, menu.search) == ({"a": "part", "card": "card"}, typed)
    last.search = other  # type: ignore[assignment]
    menu.include(last)
    assert menu.search is other


@pytest.mark.parametrize(
    ("payload", "arg"),
    [
        ("card_Az09-_x", "Az09-_x"),
        ("card_" + "x" * 40, "x" * 40),
        ("card_" + "x" * 41, None),
        ("card_", None),
        ("card", None),
        ("card_a b", None),
        ("other_x", None),
        ("", None),
        (None, None),
    ],
)
def test_where_a_deep_link_leads(payload: str | None, arg: str | None) -> None:
    menu = Routes()
    menu.payloads["card"] = "show card"
    assert menu.linked(payload) == (Press("show card", arg=arg) if arg is not None else None)
