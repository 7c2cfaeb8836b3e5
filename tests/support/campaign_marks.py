"""Which tests `make test-long` runs though others of their kind belong to `make test`."""

import pytest


def on_postgres_in_campaign(item: pytest.Item) -> None:
    """The variants on PostgreSQL of what `make test` runs on SQLite: the statements behind them are tested on both in
    tests/bot/services and tests/storage."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "postgres" in callspec.params.values():
        item.add_marker(pytest.mark.campaign)
