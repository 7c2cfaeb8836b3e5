"""Every event that is recorded has a name in the trail that staff read."""

import re
from pathlib import Path

from bot.rules import account, cooperation, qualification
from bot.texts import has


def test_every_recorded_event_has_a_name_in_the_trail() -> None:
    laws = [
        *qualification.TABLE.values(),
        *cooperation.TABLE.values(),
        *cooperation.CONTRACT.table.values(),
        *cooperation.TERMINATION.table.values(),
        *account.MACHINE.table.values(),
    ]
    named = {row.event for row in laws}
    for path in (*Path("bot/services").rglob("*.py"), Path("handlers/staff/reference_data.py")):
        named |= set(re.findall(r'\bevent="([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert not {event for event in named if not has(f"trail.{event}")}
