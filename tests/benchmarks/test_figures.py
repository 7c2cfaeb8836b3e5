"""What `make bench` says of a goal: held, missed, or too near for the noise of this machine. Nothing is timed here."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.figures import (
    Figure,
    Results,
    at_least,
    at_most,
    broken,
    line,
    not_measured,
    paired,
    repeated,
)


def results(*figures: Figure) -> Results:
    made = Results()
    made.add(*figures)
    return made


def test_the_median_of_the_rounds_is_told_with_what_it_is_compared_to() -> None:
    step = paired("step", [300, 500, 310], [1000, 1000, 1000], "µs", at_most(0.35))
    assert (step.value, step.baseline, step.ratio) == (310, 1000, 0.31)
    assert step.noise == pytest.approx(0.1)
    assert step.holds


def test_one_slow_pair_of_runs_counts_for_both_and_spoils_no_ratio() -> None:
    """The machine was busy in the second round: both took twice as long."""
    step = paired("step", [300, 600, 300], [1000, 2000, 1000], "µs", at_most(0.35))
    assert (step.ratio, step.noise) == (pytest.approx(0.3), 0)


@pytest.mark.parametrize(
    ("rounds", "held", "missed"),
    [
        ([0.30, 0.34, 0.32], True, False),
        ([0.34, 0.40, 0.36], False, False),  # a quiet round came below the goal
        ([0.40, 0.42, 0.41], False, True),
    ],
)
def test_a_goal_counts_as_missed_where_the_noise_does_not_explain_it(
    rounds: list[float], held: bool, missed: bool
) -> None:
    step = paired("step", rounds, [1.0] * len(rounds), "", at_most(0.35))
    assert (step.holds, step.missed) == (held, missed)
    assert bool(results(step).missed) is missed


def test_a_goal_may_be_a_least_one_and_may_be_of_the_value_alone() -> None:
    assert repeated("rate", [1.9, 2.1, 2.0], "", at_least(2)).holds
    slow = repeated("rate", [1.5, 1.5, 1.6], "", at_least(2))
    assert slow.missed
    assert "MISSED" in line(slow)


def test_a_row_that_cannot_be_measured_is_named_with_its_reason() -> None:
    row = not_measured("redis", "µs", at_most(1), "redis-server is not installed")
    assert (row.value, row.holds, row.missed) == (None, None, False)
    assert "not measured: redis-server is not installed" in line(row)


def test_the_file_has_one_shape_for_every_row(tmp_path: Path) -> None:
    made = results(
        paired("step", [1, 2, 3], [3, 3, 3], "µs", at_most(0.35), "32 chats"),
        repeated("memory", [110.0], "MB"),
        not_measured("redis", "µs", None, "absent"),
    )
    made.write(tmp_path / "bench.json")
    told = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert list(told) == ["step", "memory", "redis"]
    for row in told.values():
        assert set(row) == {"value", "unit", "baseline", "ratio", "goal", "holds", "noise", "note"}
    assert told["step"] == {
        "value": 2,
        "unit": "µs",
        "baseline": 3,
        "ratio": 0.6667,
        "goal": "≤ 0.35",
        "holds": False,
        "noise": 0.3333,
        "note": "32 chats",
    }
    assert told["redis"]["value"] is None


def test_two_rows_never_share_a_name() -> None:
    made = results(repeated("memory", [110.0], "MB"))
    with pytest.raises(ValueError, match="memory"):
        made.add(repeated("memory", [111.0], "MB"))


def test_a_row_that_breaks_down_is_named_and_is_no_success() -> None:
    made = results(repeated("memory", [110.0], "MB"), broken("steps", TimeoutError("no answer")))
    assert [row.name for row in made.broken] == ["steps"]
    assert made.ending() == "Broke down: steps"
    assert made.as_json()["steps"]["note"] == "broke down: TimeoutError('no answer')"
