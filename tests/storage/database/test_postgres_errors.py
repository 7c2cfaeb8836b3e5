"""Which failed transactions are worth another try: those over an outdated schema or a deadlock, wherever the driver's error hides."""

import pytest
from asyncpg.exceptions import DeadlockDetectedError, OutdatedSchemaCacheError, UniqueViolationError
from sqlalchemy.exc import InvalidRequestError

from storage.database.postgres import _sqlstate, is_stale
from tests.support.driver_errors import translated


def after_a_savepoint(error: BaseException) -> InvalidRequestError:
    failed = InvalidRequestError("the savepoint could not be rolled back")
    failed.__context__ = error
    return failed


@pytest.mark.parametrize("wrap", [lambda one: one, after_a_savepoint], ids=["plain", "after a savepoint"])
@pytest.mark.parametrize(
    ("error", "state", "stale"),
    [
        (OutdatedSchemaCacheError("cached plan"), "0A000", True),
        (DeadlockDetectedError("deadlock"), "40P01", False),
        (UniqueViolationError("twice"), "23505", False),
    ],
    ids=["outdated schema", "deadlock", "twice the same"],
)
def test_the_drivers_error_is_found(wrap, error: Exception, state: str, stale: bool) -> None:  # type: ignore[no-untyped-def]
    found = wrap(translated(error))

    assert is_stale(found) == stale
    if not stale:
        assert _sqlstate(found) == state


def test_an_error_of_another_kind_has_no_state() -> None:
    assert _sqlstate(LookupError("x")) is None
    assert not is_stale(LookupError("x"))
