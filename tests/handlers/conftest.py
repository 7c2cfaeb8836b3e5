"""The application without a messenger, with the initial reference data."""

import pytest

from tests.support.chat_fixtures import app, database_url, seeded_template

__all__ = ["app", "database_url", "seeded_template"]


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Screens are walked on SQLite in `make test` and on PostgreSQL in `make test-long`; the statements behind them are
    tested on both in tests/bot and tests/storage."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "postgres" in callspec.params.values():
        item.add_marker(pytest.mark.campaign)
