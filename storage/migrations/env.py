"""Alembic's entry: always on the connection that storage.migrations.migrate opened, inside its
transaction."""

from typing import Any, Literal, cast

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import storage.tables  # noqa: F401  (fills the metadata)
from storage.tables.column_types import BigId, EnumText, Json, UtcDateTime


def plain_type(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the database, so that a migration never depends on today's
    code."""
    if kind != "type":
        return False
    if item is BigId:
        return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
    if item is Json:
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    if isinstance(item, UtcDateTime):
        return "sa.DateTime()"
    if isinstance(item, EnumText):
        return "sa.String(length=32)"
    if isinstance(item, AutoString):
        length = cast(String, item.impl).length
        return f"sa.String(length={length})" if length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=plain_type,
)
with context.begin_transaction():
    context.run_migrations()
