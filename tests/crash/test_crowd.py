"""A small crowd and few kills: the campaign itself works. `make crash` plays it at length."""

from pathlib import Path

import pytest

from tests.crash.campaign import Plan, play
from tests.crash.settings import alone, as_one


@pytest.mark.parametrize("where", ["alone", "as one"])
async def test_nothing_lost_in_a_crowd(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One process on SQLite; three on PostgreSQL."""
    setting = (
        alone(tmp_path, request.getfixturevalue("sqlite_url"))
        if where == "alone"
        else as_one(tmp_path, request.getfixturevalue("postgres_url"))
    )
    plan = Plan(kills=8, seed=1, crowd=3, patience=240.0, hurry=True, firms=1)
    async with setting as found:
        try:
            print(await play(found, plan, print))
        except BaseException:
            print(found.town.transcript)
            print(found.logs[-6000:])
            raise
