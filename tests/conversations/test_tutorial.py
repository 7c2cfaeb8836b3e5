"""The example of docs/adding-a-dialogue.md runs as it stands on the page."""

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from bot import texts
from conversations import officer
from tests.support.chat_driver import App

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-dialogue.md"


def test_the_example_is_a_dialogue_that_works(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```(python|toml)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (_, declared), (_, sentences), (_, chat) = blocks
    assert [kind for kind, _ in blocks] == ["python", "toml", "python"]
    for group, members in tomllib.loads(sentences).items():
        for key, sentence in members.items():
            assert not texts.has(f"{group}.{key}")
            monkeypatch.setitem(texts.catalogue(), f"{group}.{key}", sentence)
    module = ModuleType("conversations.officer.address")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(officer, "address", module, raising=False)
    exec(compile(declared, "docs/adding-a-dialogue.md", "exec"), module.__dict__)
    test = ModuleType("tutorial_chat")
    exec(compile(chat, "docs/adding-a-dialogue.md", "exec"), test.__dict__)
    run = [value for name, value in vars(test).items() if name.startswith("test_")]
    assert len(run) == 1
    run[0](app)
