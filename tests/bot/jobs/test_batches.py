"""A job does unit after unit while there is something due, and none more."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.jobs import batches
from bot.jobs.batches import Batches, in_turn
from bot.jobs.inbox_purge import Purged
from tests.support.factories.reference_data import NOW


class Units:
    """A database that answers units with these, in turns, and notes what each was given."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.given = list(answers), list[tuple[str, dict[str, Any]]]()

    async def run(self, unit: Any) -> Any:
        self.given.append((unit.func.__name__, dict(unit.keywords)))
        return self.answers.pop(0)

    async def read(self, unit: Any) -> Any:
        return self.answers.pop(0)


def jobs(*answers: Any) -> tuple[Batches, Units]:
    units = Units(*answers)
    resources: Any = SimpleNamespace(database=units, clock=lambda: NOW)
    return Batches(resources), units


def one(db: Any, *, now: datetime) -> int:
    raise AssertionError


def two(db: Any, *, now: datetime) -> int:
    raise AssertionError


def of_universities(db: Any, *, universities: list[str], now: datetime) -> int:
    raise AssertionError


async def test_each_unit_is_repeated_until_it_finds_nothing() -> None:
    made, units = jobs(3, 1, 0, 0)
    await made.repeated(one, two)()
    assert units.given == [(name, {"now": NOW}) for name in ("one", "one", "one", "two")]


async def test_a_job_that_never_comes_to_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_UNITS", 3)
    made, units = jobs(*[1] * 9)
    await made.repeated(one)()
    assert len(units.given) == 3


async def test_each_university_has_its_units() -> None:
    made, units = jobs(["sums", "tums"], 1, None, 0)
    await made.by_university(of_universities, lambda db: [])()
    assert [given["universities"] for _, given in units.given] == [["sums"], ["sums"], ["tums"]]


@pytest.mark.parametrize("holds", [True, False])
async def test_what_deletes_by_dates_waits_for_a_plausible_clock(holds: bool) -> None:
    made, units = jobs(holds, 1, 0)
    await made.removed(one)()
    assert len(units.given) == (2 if holds else 0)


async def test_old_updates_are_deleted_page_by_page_and_then_what_went_wrong() -> None:
    made, units = jobs(Purged(1, 7), Purged(0, 9), Purged(1, None), 5, 0)
    await made.delete_old_updates(NOW)
    assert [(name, given.get("after")) for name, given in units.given] == [
        ("purge_inbox", 0),
        ("purge_inbox", 7),
        ("purge_inbox", 9),
        ("purge_failed", None),
        ("purge_failed", None),
    ]


async def test_document_rules_go_on_while_somebody_is_to_be_told() -> None:
    made, units = jobs(None, True, None, False)
    await made.keep_document_rules()
    assert len(units.given) == 2
    assert units.answers == []


async def test_jobs_in_turn() -> None:
    done: list[int] = []

    async def first() -> None:
        done.append(1)

    async def second() -> None:
        done.append(2)

    await in_turn(first, second)()
    assert done == [1, 2]
