"""The example of the settings names every one of them, and none that does not exist."""

import re
from pathlib import Path

from bot.config.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
#: For tests alone; nobody should find it by reading.
HIDDEN = {"cheap_password_hashes"}


def test_every_setting_is_explained() -> None:
    named = {name.lower() for name in re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE)}
    assert named == Settings.model_fields.keys() - HIDDEN
