"""Database access on SQLite and PostgreSQL: connections, units of work, outages."""
