"""What the parts of the menus declare."""

import pytest

from bot.application.routes import Routes
from bot.core.screens import Press


def test_an_action_and_a_command_belong_to_one_part() -> None:
    menu, part = Routes(), Routes()
    menu.commands["help"] = part.commands["help"] = Press("help")
    with pytest.raises(ValueError, match="'help' exists twice"):
        menu.include(part)
    menu.show("home", roles=())(lambda turn, press: None)
    with pytest.raises(ValueError, match="'home' exists twice"):
        menu.act("home", roles=())(lambda turn, press: None)
