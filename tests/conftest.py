"""The split of the suite, and databases for every test: SQLite in a file, PostgreSQL from a wheel, one server a worker.

A test below CAMPAIGNS, or one marked `campaign`, belongs to `make test-long`; all others belong to `make test`.

`database` runs a test on both. Each test has a database of its own with the whole schema and no rows: a copied file, or
a PostgreSQL database that was wiped after the test before (creating one takes ten times as long).
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine
from sqlmodel import Session

from storage.database.database import Database, open_database
from storage.migrations.seed import seed
from tests.support.postgres import PostgresServer, apart, make_schema
from tests.support.prepared_rows import prepare
from tests.support.s3 import Bucket, s3_serving
from tests.support.statement_cache import share_compiled_statements
from tests.support.tls import share_tls_contexts

if TYPE_CHECKING:
    from demo.emulators import Emulators

HERE = Path(__file__).parent
#: Folders that attack the running bot, or break what it stands on, for minutes.
CAMPAIGNS = tuple(HERE / name for name in ("abuse", "crash", "races", "trouble"))


@cache
def in_campaign(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in CAMPAIGNS)


def pytest_configure(config: pytest.Config) -> None:
    share_compiled_statements()
    share_tls_contexts()
    gc.disable()  # until all tests are collected: they stay
    # A busy machine is no fault of the code. CI tries the same examples in every run: a new one is found where somebody looks.
    settings.register_profile(
        "suite",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize="CI" in os.environ,
    )
    settings.load_profile("suite")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules and collected tests live as long as the process: the collector need not walk them for every test."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test` does not import what it would deselect."""
    return True if config.option.markexpr == "not campaign" and in_campaign(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if in_campaign(item.path):
            item.add_marker("campaign")
    # Minutes of waiting for processes: begun first, so that no worker is left alone with them at the end.
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/journeys/", "tests/demo/")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test with a bot process shows the chats and the end of the bot's log."""
    report = yield
    for fixture in getattr(item, "funcargs", {}).values() if report.failed else ():
        bot = getattr(fixture, "bot", fixture)
        if hasattr(bot, "logs") and hasattr(bot, "emulators"):
            report.sections.append(("Chats", str(bot.emulators.transcript)))
            report.sections.append(("Log of the bot", bot.logs[-6000:]))
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
async def emulators() -> AsyncIterator[Emulators]:
    """Both messengers, the bank and the SMS provider."""
    from demo.emulators import Emulators  # few tests need what it imports

    async with await Emulators.start() as started:
        yield started


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of an S3 server."""
    with s3_serving() as url:
        yield url


@pytest.fixture
def bucket(s3_url: str) -> Bucket:
    """An empty bucket."""
    return Bucket(s3_url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    apart(make_schema(f"sqlite:///{path}"))
    return path


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without any table."""
    name = postgres_server.new()
    yield postgres_server.url(name)
    apart(postgres_server.sql(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table, on both in turn; the file of SQLite is in a folder that is not there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'bot.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Iterator[str]:
    """A database with the whole schema and no rows. Its schema must not be changed."""
    name = postgres_server.lend(unused=request.node.get_closest_marker("plans") is not None)
    yield postgres_server.url(name)
    postgres_server.wipe(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A file with the whole schema and no rows."""
    shutil.copy(sqlite_template, tmp_path / "bot.db")
    (tmp_path / "bot.db").chmod(0o600)  # as the bot makes it
    return f"sqlite:///{tmp_path / 'bot.db'}"


@pytest.fixture
def sqlite_session(sqlite_url: str) -> Iterator[Session]:
    """A session on such a file without the product's engine, for rows and statements alone."""
    engine = create_engine(sqlite_url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases in turn, with the whole schema and no rows; for programs started by a test."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Both databases in turn, open, with the whole schema and no rows."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def seeded(database: Database) -> Database:
    """`database` with the initial reference data (universities, levels, fields, documents; no tariff)."""
    await prepare(database, seed)
    return database
