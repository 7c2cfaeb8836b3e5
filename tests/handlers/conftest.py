"""The application without a messenger, with the initial reference data."""

from tests.support.chat_fixtures import app, database_url, seeded_template

__all__ = ["app", "database_url", "seeded_template"]
