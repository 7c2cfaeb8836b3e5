"""The flags of all commands: none is on unless it was typed."""

import inspect

import pytest

from bot.cli import main


@pytest.mark.parametrize("command", main._COMMANDS)
def test_a_flag_is_off_unless_it_was_typed(command: str) -> None:
    given = inspect.signature(main._COMMANDS[command]).parameters.values()
    assert [one.name for one in given if one.default is True] == []
