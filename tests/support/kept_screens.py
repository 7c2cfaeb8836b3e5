"""What screens consist of, compared with a file: the sentences by their keys, so that other words are no other screen."""

import difflib
import os
import re
from pathlib import Path

import pytest

from bot.texts import BIDI_MARKS, catalogue


def show_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sentence is its key with its values from now on, until `monkeypatch` ends."""
    for key, sentence in list(catalogue().items()):
        values = (f"{name}={{{name}}}" for name in dict.fromkeys(re.findall(r"\{(\w+)", sentence)))
        monkeypatch.setitem(catalogue(), key, " ".join([f"[{key}]", *values]))


def plain(text: str) -> str:
    return BIDI_MARKS.sub("", text)


def what_changed(before: list[str], after: list[str]) -> list[str]:
    """The lines of a screen that went, behind "-", and those that came, behind "+"."""
    found = difflib.unified_diff(before, after, n=0, lineterm="")
    return [f"{line[0]} {line[1:]}" for line in list(found)[2:] if not line.startswith("@@")]


def compare(kept: Path, lines: list[str]) -> None:
    """Raises AssertionError where the file has others. With SCREENS=write it is written anew."""
    shown = "\n".join(plain(line).rstrip() for line in lines) + "\n"
    if os.environ.get("SCREENS") == "write":
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(shown, encoding="utf-8")
    assert shown == kept.read_text(encoding="utf-8"), f"meant so? SCREENS=write writes {kept.name} anew"
