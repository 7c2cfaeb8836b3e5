"""The example of the settings names every one of them, and none that does not exist."""

import re
from pathlib import Path

import pytest

from bot.config.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
#: For tests alone; nobody should find it by reading.
HIDDEN = {"cheap_password_hashes"}


def test_every_setting_is_explained() -> None:
    named = {name.lower() for name in re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE)}
    assert named == Settings.model_fields.keys() - HIDDEN


def test_what_the_example_shows_is_what_holds_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever leaves a line out gets what it says there."""
    shown = dict(re.findall(r"^#?([A-Z0-9_]+)=(.+)$", EXAMPLE.read_text(), re.MULTILINE))
    monkeypatch.chdir(tmp_path)
    for name in shown:
        monkeypatch.delenv(name, raising=False)
    silent = Settings.load()
    differing = {name for name, value in shown.items() if Settings.load(**{name.lower(): value}) != silent}
    # Addresses of one's own.
    assert differing == {"PUBLIC_URL", "TRUSTED_PROXIES", "METRICS_LISTEN"}
    assert not silent.cheap_password_hashes
