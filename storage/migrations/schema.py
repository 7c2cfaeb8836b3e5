"""The whole schema at once: for tests, and as the measure that the migrations are compared with."""

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)

#: The audit record and its chain are append-only in the database itself (docs/architecture.md, "State
#: machines").
#: SQLite's REPLACE deletes without firing triggers of DELETE, hence those of INSERT.
AUDIT_GUARD = {
    "sqlite": (
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event "
        "WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_link_no_update BEFORE UPDATE ON audit_link "
        "BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
        "CREATE TRIGGER audit_link_no_delete BEFORE DELETE ON audit_link "
        "BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
        "CREATE TRIGGER audit_link_no_replace BEFORE INSERT ON audit_link "
        "WHEN EXISTS (SELECT 1 FROM audit_link WHERE position = NEW.position OR event_id = NEW.event_id) "
        "BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event "
        "FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()",
        "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()",
        "CREATE FUNCTION audit_link_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'audit_link is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE ON audit_link "
        "FOR EACH ROW EXECUTE FUNCTION audit_link_refuse()",
        "CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON audit_link "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_link_refuse()",
    ),
}


def guard_audit(connection: Connection) -> None:
    """Make audit_event and audit_link append-only."""
    for statement in AUDIT_GUARD[connection.dialect.name]:
        connection.execute(text(statement))


def missing_guards(connection: Connection) -> list[str]:
    """Names of triggers of AUDIT_GUARD that are gone, switched off or not what they were."""
    wanted = {
        name.split()[2]: name for name in AUDIT_GUARD[connection.dialect.name] if "TRIGGER" in name.split()[1]
    }
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        present = {name: " ".join(sql.split()) for name, sql in rows}
        return sorted(name for name, sql in wanted.items() if present.get(name) != sql)
    rows = connection.execute(text(_GUARDS_ON))
    bodies = {name.split("$$")[1].strip() for name in AUDIT_GUARD["postgresql"] if "$$" in name}
    standing = {name for name, enabled, body in rows if enabled in ("O", "A") and body.strip() in bodies}
    return sorted(wanted.keys() - standing)


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
        for kind, items in (
            ("column", inspector.get_columns(table)),
            ("foreign key", inspector.get_foreign_keys(table)),
            ("unique", inspector.get_unique_constraints(table)),
            ("check", inspector.get_check_constraints(table)),
        ):
            lines |= {
                f"{table}: {kind} { {name: str(value) for name, value in item.items()} }" for item in items
            }
    written = connection.execute(text(_WRITTEN[connection.dialect.name]))
    return lines | {f"{name}: {' '.join(statement.split())}" for name, statement in written}


_GUARDS_ON = """
    SELECT t.tgname, t.tgenabled::text, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgrelid IN (to_regclass('audit_event'), to_regclass('audit_link'))
"""
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
