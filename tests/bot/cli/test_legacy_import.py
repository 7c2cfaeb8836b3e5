"""What `bot.py import` asks at a terminal."""

import io
import sys

import pytest

from bot.cli import legacy_import
from bot.texts import BIDI_MARKS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "answer"), [("y", True), ("n", False), ("", False)])
def test_a_heading_is_asked_about(
    typed: str, answer: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))
    assert legacy_import._ask("کد کاربر", "user_code") is answer
    told = capsys.readouterr()
    assert "آیا ستون «کد کاربر» همان «کد کاربری» است؟" in BIDI_MARKS.sub("", told.out + told.err)


def test_what_is_a_terminal() -> None:
    closed = Terminal()
    closed.close()
    assert [legacy_import._is_terminal(one) for one in (None, closed, io.StringIO(), Terminal())] == [
        *(False, False, False, True)
    ]
