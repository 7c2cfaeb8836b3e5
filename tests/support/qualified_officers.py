"""A fresh SQLite session with the reference data and a tariff, for tests that call handlers without the application."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session, create_engine

from storage.enums import RequestKind
from storage.migrations.schema import create_all
from storage.migrations.seed import seed
from storage.tables import Tariff


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("furnished") / "bot.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        create_all(connection)
    with Session(engine) as session:
        seed(session)
        session.add(Tariff(kind=RequestKind.NEW, amount_rial=1_500_000, valid_from=date(2026, 1, 1)))
        session.commit()
    engine.dispose()
    return path


@pytest.fixture
def db(furnished: Path, tmp_path: Path) -> Iterator[Session]:
    shutil.copy(furnished, tmp_path / "furnished.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'furnished.db'}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    with Session(engine, expire_on_commit=False, autoflush=False) as session:
        yield session
    engine.dispose()
