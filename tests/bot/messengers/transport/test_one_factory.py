"""A Bot made elsewhere may lack a base address, and Bale's traffic would go to Telegram: only the factory makes Bots."""

import ast
from collections.abc import Iterator
from pathlib import Path

import bot.messengers.transport.channel

PROJECT = Path(__file__).resolve().parents[4]
MAKERS = {"Application", "ApplicationBuilder", "Bot", "ExtBot"}


def makers(path: Path) -> Iterator[str]:
    """Calls in this file that make a Bot or an Application."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            # `Application.builder()` too.
            if name in MAKERS or ast.unparse(node.func).endswith("Application.builder"):
                yield f"{path.relative_to(PROJECT)}:{node.lineno}"


def test_only_the_factory_makes_bots() -> None:
    ours = [PROJECT / "bot.py"]
    for folder in ("bot", "conversations", "handlers", "storage"):
        ours += (PROJECT / folder).rglob("*.py")
    found = {one for path in ours for one in makers(path)}
    factory = Path(bot.messengers.transport.channel.__file__).relative_to(PROJECT)
    assert {one.rpartition(":")[0] for one in found} == {str(factory)}
