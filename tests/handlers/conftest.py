"""The application without a messenger, with the initial reference data."""

import pytest

from tests.support.campaign_marks import on_postgres_in_campaign
from tests.support.chat_fixtures import app, database_url, seeded_template

__all__ = ["app", "database_url", "seeded_template"]


pytest_itemcollected = pytest.hookimpl(tryfirst=True)(on_postgres_in_campaign)
