"""How many connections there may be with few descriptors, and how long each phase may take."""

import pytest

from bot.web.http_server.connections import Limits, Phase


@pytest.mark.parametrize(
    ("descriptors", "most", "per_address"),
    [
        (100_000, 400, 64),
        (1600, 400, 64),
        (1024, 256, 64),
        (400, 100, 50),
        (64, 16, 8),
        (32, 8, 4),
        (0, 8, 4),
    ],
)
def test_few_descriptors_leave_room_for_everything_else(
    descriptors: int, most: int, per_address: int
) -> None:
    found = Limits().within(descriptors)

    assert (found.most, found.per_address) == (most, per_address)
    assert found.head == Limits().head


def test_each_phase_has_its_own_seconds() -> None:
    limits = Limits(head=1, body=2, work=3, rest=4, send=5, idle=6)
    assert [limits.seconds(phase) for phase in Phase] == [1, 2, 3, 4, 5, 6]
