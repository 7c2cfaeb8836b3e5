"""The application of `tests.support.chat_driver`, with the initial reference data."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from sqlmodel import Session, create_engine

from storage.migrations.seed import seed
from tests.support.chat_driver import App

#: SQLite is enough for what a chat shows. Where it matters what the database does, on both.
ON_BOTH_DATABASES = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


@pytest.fixture(scope="session")
def seeded_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seeded") / "bot.db"
    copy(sqlite_template, path)
    app = App(f"sqlite:///{path}")
    app.run(seed)
    app.close()
    return path


@pytest.fixture
def app(database_url: str, seeded_template: Path) -> Iterator[App]:
    sqlite = database_url.startswith("sqlite:///")
    if sqlite:
        copy(seeded_template, database_url.removeprefix("sqlite:///"))
    app = App(database_url)
    if not sqlite:
        app.run(seed)
    yield app
    app.close()


@pytest.fixture
def db(seeded_template: Path) -> Iterator[Session]:
    """A session over the reference data, for dialogues that are shown without a chat; nothing of it is kept."""
    engine = create_engine(f"sqlite:///{seeded_template}")
    with Session(engine, expire_on_commit=False, autoflush=False) as session:
        yield session
    engine.dispose()
