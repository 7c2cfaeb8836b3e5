"""The application without a messenger, and a session, both with the initial reference data."""

from tests.support.chat_fixtures import app, database_url, db, seeded_template

__all__ = ["app", "database_url", "db", "seeded_template"]
