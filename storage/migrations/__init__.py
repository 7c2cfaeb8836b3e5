"""Alembic's migrations and the initial reference data; `storage.migrations.migrate` runs them."""
