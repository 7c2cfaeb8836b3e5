"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=StrEnum)

#: Ids of messengers reach 52 bits. SQLite autoincrements only an INTEGER primary key.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")
#: None is NULL, not a JSON null.
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, naive UTC in the database. Refuses naive values."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


def utcnow() -> datetime:
    return datetime.now(UTC)


def _as_written(value: Any) -> Any:
    """A constant word, or some, as text of the statement; anything else as it is."""
    if isinstance(value, StrEnum):
        return literal_column(f"'{value.value}'", String())
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, StrEnum) for one in value):
        return [_as_written(one) for one in (value if isinstance(value, list | tuple) else sorted(value))]
    return value


class EnumText(TypeDecorator[E], Generic[E]):
    """A StrEnum kept as its text; an unknown word in the database is an error, not a string.

    A word that a column is compared with stands in the statement itself: SQLite uses an index over a part of a table
    only where it reads there that the rows are of this part, and PostgreSQL's kept plans do too."""

    impl = String
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Any]):
        def operate(self, op: Any, *other: Any, **options: Any) -> Any:
            return super().operate(op, *map(_as_written, other), **options)

    comparator_factory = Comparator

    def __init__(self, words: type[E]) -> None:
        super().__init__(32)
        self.words = words

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)
