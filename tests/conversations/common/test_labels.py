"""Names on buttons and in lines."""

import pytest

from bot.texts import isolate
from conversations.common.labels import shortened


@pytest.mark.parametrize("room", range(3, 20))
def test_a_name_that_is_cut_turns_nothing_behind_it(room: int) -> None:
    for name in (
        isolate("شعبه A1 در شیراز خیابان"),
        isolate("ABC-1234567890-xyz-123"),
        "سارا کریمی‌نژاد شیرازی",
    ):
        label = shortened(f"۱. {name}", room)
        assert len(label) <= room
        assert label.count("\u2066") + label.count("\u2068") == label.count("\u2069")
    assert shortened("سارا کریمی", 20) == "سارا کریمی"
    assert shortened("سارا کریمی", 6) == "سارا…"
