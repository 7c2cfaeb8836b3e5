"""The whole schema at once: for tests, and as the measure that the migrations are compared with."""

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)

#: The audit record is append-only in the database itself (DESIGN 5).
AUDIT_GUARD = {
    "sqlite": (
        """
        CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
        BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END
        """,
        """
        CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
        BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END
        """,
    ),
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()
        """,
        """
        CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()
        """,
    ),
}


def guard_audit(connection: Connection) -> None:
    """Make audit_event append-only."""
    for statement in AUDIT_GUARD[connection.dialect.name]:
        connection.execute(text(statement))


def create_all(connection: Connection) -> None:
    """All tables and triggers, in an empty database."""
    SQLModel.metadata.create_all(connection)
    guard_audit(connection)
