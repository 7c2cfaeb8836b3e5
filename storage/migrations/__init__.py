"""Alembic's migrations; storage.migrations.migrate runs them."""
