"""The whole schema at once: for tests, and as the measure that the migrations are compared with."""

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)

#: The audit record is append-only in the database itself (DESIGN 5).
AUDIT_GUARD = {
    "sqlite": (
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event "
        "FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()",
        "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()",
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


def fingerprint(connection: Connection) -> set[str]:
    """The schema as it is in the database, one line a column, constraint, index and trigger."""
    inspector = inspect(connection)
    lines = set()
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        lines.add(f"{table}: primary key {inspector.get_pk_constraint(table)}")
        for kind, found in (
            ("column", inspector.get_columns(table)),
            ("foreign key", inspector.get_foreign_keys(table)),
            ("unique", inspector.get_unique_constraints(table)),
            ("check", inspector.get_check_constraints(table)),
        ):
            lines |= {
                f"{table}: {kind} { {name: str(value) for name, value in one.items()} }" for one in found
            }
    written = connection.execute(text(_WRITTEN[connection.dialect.name]))
    return lines | {f"{name}: {' '.join(statement.split())}" for name, statement in written}


#: Indexes (with their conditions) and triggers in the database's own words.
_WRITTEN = {
    "sqlite": """
        SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL
        UNION ALL
        SELECT name, 'AUTOINCREMENT' FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
    """,
    "postgresql": """
        SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
        UNION ALL
        SELECT tgname, pg_get_triggerdef(oid) || ' ' || pg_get_functiondef(tgfoid)
        FROM pg_trigger WHERE NOT tgisinternal
    """,
}
