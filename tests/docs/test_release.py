"""One source of the version, and a changelog that names it and nothing that does not exist."""

import re
import tomllib
from pathlib import Path

from bot.cli.main import app
from bot.config.settings import Settings
from bot.config.version import __version__
from tests.docs.references import ROOT
from tests.support.commands import run

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_version_is_printed_and_stands_in_one_place(tmp_path: Path) -> None:
    told = run(tmp_path, "--version")
    assert (told.status, told.out, told.err) == (0, f"{__version__}\n", "")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bot.config.version.__version__"}


def test_the_changelog_begins_with_what_comes_and_with_this_version() -> None:
    sections = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert sections[:2] == ["Unreleased", __version__]
    numbers = [tuple(map(int, one.split("."))) for one in sections[1:]]
    assert numbers == sorted(numbers, reverse=True)


def test_settings_and_commands_of_the_changelog_exist() -> None:
    """Those of the newest release: older ones may have gone since."""
    newest = CHANGELOG.partition(f"## {__version__}")[2].partition("\n## ")[0]
    settings = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", newest))
    assert settings <= {name.upper() for name in Settings.model_fields}
    commands = set(re.findall(r"`bot\.py ([a-z-]+)", newest)) - {"--version"}
    assert commands <= {command.name for command in app.registered_commands}
    assert len(settings) > 5
    assert len(commands) > 3
