"""Tests that are one unit of work."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from storage.database.database import Database


def as_unit(test: Callable[..., None]) -> Callable[..., Awaitable[None]]:
    """Run a test as one unit of the `database` fixture, which hands it `db`; its other arguments are fixtures."""
    signature = inspect.signature(test)
    fixtures = [parameter for name, parameter in signature.parameters.items() if name != "db"]

    @functools.wraps(test)
    async def run(database: Database, **given: Any) -> None:
        await database.run(lambda db: test(db=db, **given))

    own = inspect.Parameter("database", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = signature.replace(parameters=[own, *fixtures])  # type: ignore[attr-defined]
    return run
