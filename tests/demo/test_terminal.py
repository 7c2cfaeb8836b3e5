"""What the terminal says while the demo starts, and when a browser is opened."""

import sys

import pytest

from demo import terminal


def test_progress_without_a_terminal_is_four_lines(capsys: pytest.CaptureFixture[str]) -> None:
    line = terminal.ProgressLine()
    for percent in range(101):
        line(percent / 100)
    assert capsys.readouterr().out.split() == ["25%", "50%", "75%", "100%"]


def test_progress_on_a_terminal_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    line = terminal.ProgressLine()
    for percent in range(101):
        line(percent / 100)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.endswith("\n")
    assert "100%" in out


def test_the_start_says_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.announce(first=True, past=True)
    assert f"about {terminal.FIRST} s" in capsys.readouterr().out
    terminal.announce(first=False, past=True)
    assert f"about {terminal.LATER} s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("set_", "opened"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({}, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1 2 3 4"}, False),
        ({"DISPLAY": ":0", "DEMO_BROWSER": "0"}, False),
    ],
)
def test_the_browser_is_opened_where_somebody_sits(
    monkeypatch: pytest.MonkeyPatch, set_: dict[str, str], opened: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "DEMO_BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    visited: list[str] = []
    monkeypatch.setattr(terminal.webbrowser, "open", lambda url: bool(visited.append(url)) or True)
    assert terminal.open_browser("http://127.0.0.1:8090") is opened
    assert bool(visited) is opened
