"""Every question of every dialogue as it is first asked, what a wrong answer is told, and where each answer leads, as keys of
the catalogue with their values.

Compared with tests/conversations/screens/; `SCREENS=write pytest tests/conversations/test_dialogue_screens.py` writes them anew.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import Session

from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue
from conversations.preview import sample_rows
from conversations.preview.screens import PreviewNode, preview_nodes
from tests.support.chat_driver import NOW
from tests.support.kept_screens import compare, show_keys

HERE = Path(__file__).parent / "screens"


def told(node: PreviewNode) -> Iterator[str]:
    traits = [name for name in ("conditional", "hidden", "optional") if getattr(node, name)]
    yield from ("", f"## {node.key} {' '.join(traits)}", *node.rendered.text.splitlines())
    for row in node.rendered.rows:
        yield "    " + " | ".join(f"{one.label} → {one.action} {one.arg}" for one in row)
    if node.error is not None:
        yield f"    wrong: {node.error}"
    for target, answers in node.arrows.items():
        yield f"    to {target}: {', '.join(answers)}"


@pytest.mark.parametrize("dialogue", ALL, ids=[one.name for one in ALL])
def test_the_questions_are_as_they_were(
    dialogue: Dialogue, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_rows, "_NUMBERS", count(90_000_001))
    monkeypatch.setattr(sample_rows, "_GUILD_NUMBERS", count(10_000))
    show_keys(monkeypatch)
    nodes = preview_nodes(sample_rows.sample_turn(db, dialogue, NOW), dialogue)
    lines = [line for node in nodes for line in told(node)]
    roles = sorted(str(role) for role in dialogue.roles or ())
    compare(HERE / f"{dialogue.name}.txt", [f"for {', '.join(roles)}; v{dialogue.version}", *lines])
