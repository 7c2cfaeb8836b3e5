"""In this folder a test that takes `db` is one unit of the fixture `database`: `as_unit` is put around it."""

import inspect

import pytest

from storage.database.database import Database
from tests.support.factories import cooperation
from tests.support.factories.cooperation import Parties
from tests.support.prepared_rows import prepare
from tests.support.services import as_unit


def pytest_collectstart(collector: pytest.Collector) -> None:
    for name, test in vars(collector.obj).items() if isinstance(collector, pytest.Module) else ():
        if name.startswith("test_") and "db" in inspect.signature(test).parameters:
            setattr(collector.obj, name, as_unit(test))


@pytest.fixture
async def parties(database: Database) -> Parties:
    """The participants of a cooperation, with the reference data."""
    return await prepare(database, cooperation.parties)
