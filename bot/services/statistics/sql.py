"""What SQLite and PostgreSQL say differently: whole hours between two instants."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class hours_between(FunctionElement[int]):  # noqa: N801 -- named as the functions of SQL are
    """Whole hours from the first instant to the second."""

    name = "hours_between"
    type = Integer()
    inherit_cache = True


@compiles(hours_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    since, until = (compiler.process(one, **options) for one in element.clauses)
    return f"((strftime('%s', {until}) - strftime('%s', {since})) / 3600)"


@compiles(hours_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    since, until = (compiler.process(one, **options) for one in element.clauses)
    return f"CAST(floor(extract(epoch FROM ({until} - {since})) / 3600) AS integer)"
