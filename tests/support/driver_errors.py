"""Errors of asyncpg as they come out of SQLAlchemy."""

from sqlalchemy.exc import DBAPIError


def translated(error: BaseException) -> DBAPIError:
    """As SQLAlchemy hands it on: its own error, the dialect's below it, and the driver's as the cause of that."""
    dialects = Exception(str(error))
    dialects.__cause__ = error
    return DBAPIError("SELECT 1", {}, dialects)
