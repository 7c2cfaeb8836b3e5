"""A real SQLite session with the whole schema and the reference data."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine as Database
from sqlmodel import Session, create_engine

from storage.migrations.schema import create_all
from storage.migrations.seed import seed


@pytest.fixture(scope="session")
def chat_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('chat')}/bot.db")

    @event.listens_for(engine, "connect")
    def _constraints(connection, record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=OFF")
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection) -> None:  # type: ignore[no-untyped-def]
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        create_all(connection)
    with Session(engine) as session:
        seed(session)
        session.commit()
    return engine


@pytest.fixture
def db(chat_database: Database) -> Iterator[Session]:
    with Session(chat_database, expire_on_commit=False, autoflush=False) as session:
        yield session
