"""Alembic's migrations; storage.migrate runs them."""
