"""What every table shares: constraint names (Alembic needs them) and column helpers."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.tables.column_types import BigId, EnumText, Json, JsonOrNull, UtcDateTime, utcnow

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def primary_key() -> Any:
    return Field(default=None, primary_key=True, sa_type=BigId)


def reference(target: str, *, index: bool = True, **options: Any) -> Any:
    """A foreign key to `target` ("table.column"), indexed unless said otherwise."""
    return Field(foreign_key=target, index=index, sa_type=BigId, **options)


def bigint_column(**options: Any) -> Any:
    """A whole number of up to 63 bits (ids of messengers, rial)."""
    return Field(sa_type=BigId, **options)


def timestamp_column(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def created() -> Any:
    return Field(default_factory=utcnow, sa_type=UtcDateTime)


def enum_column(words: type[StrEnum], **options: Any) -> Any:
    """One word of a StrEnum."""
    return Field(sa_type=EnumText(words), **options)


def json_dict(*, server_default: str | None = None) -> Any:
    """A JSON object. Replace it as a whole: a change inside it is not seen."""
    options: dict[str, Any] = (
        {} if server_default is None else {"sa_column_kwargs": {"server_default": server_default}}
    )
    return Field(default_factory=dict, sa_type=Json, **options)


def json_or_none() -> Any:
    """A JSON object or NULL. Replace it as a whole, as above."""
    return Field(default=None, sa_type=JsonOrNull, nullable=True)


def index_where_set(table: str, column: str) -> Index:
    """An index over the few rows in which a column is set. One over all rows would tell SQLite's ANALYZE that most of
    them are alike, and it would not be used."""
    set_ = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=set_, postgresql_where=set_)


def json_list() -> Any:
    return Field(default_factory=list, sa_type=Json)
