"""A database that cannot serve just now: locked, full, shut down, unreachable. The statement is not at fault; the same work
succeeds later, so it is waited for and never counted as a failure."""

import logging
import sqlite3
import time

from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as NoConnection

log = logging.getLogger(__name__)

_SQLITE = {
    sqlite3.SQLITE_BUSY: "another process holds it locked",
    sqlite3.SQLITE_LOCKED: "another process holds it locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not take or give data",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: "its file may not be written",
    sqlite3.SQLITE_NOMEM: "no memory is left",
    sqlite3.SQLITE_PROTOCOL: "another process holds it locked",
}
#: By class of SQLSTATE, and whole.
_POSTGRES = {
    "08": "the connection broke",
    "53": "the server has no disk space or no connection left",
    "57P": "the server is stopping or starting",
    "58": "the server's disk does not take or give data",
    "25006": "the server only reads",
    "55P03": "another process holds a lock",
}
#: Seconds between two lines of the log about the same outage.
REPEAT = 60.0


def outage_reason(error: BaseException) -> str | None:
    """What keeps the database from serving, in a few words; None where the error is of another kind."""
    if isinstance(error, InvalidRequestError) and error.__context__ is not None:
        # A savepoint could not be rolled back after what is told here.
        return outage_reason(error.__context__)
    cause = (error.orig or error) if isinstance(error, DBAPIError) else error
    # SQLAlchemy hands asyncpg's own error on below its translation.
    for exception in (cause, cause.__cause__):
        if isinstance(exception, sqlite3.Error):
            return _SQLITE.get((getattr(exception, "sqlite_errorcode", None) or 0) & 0xFF)
        state = getattr(exception, "sqlstate", None)
        if isinstance(state, str):
            return next((words for code, words in _POSTGRES.items() if state.startswith(code)), None)
    if isinstance(error, NoConnection):
        return "all connections are busy"
    if isinstance(error, OSError):
        return "the server does not answer"
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return "the connection broke"
    return None


def log_unless_outage(logger: logging.Logger, words: str, *values: object, error: BaseException) -> None:
    """Log an error with its traceback, but not that the database is unavailable: `Outage` says so, once for all."""
    if outage_reason(error) is None:
        logger.error(words, *values, exc_info=error)


class Outage:
    """Tells operators that the database is unavailable: at most a line a minute, and one at the end."""

    def __init__(self) -> None:
        #: When it began, by the monotonic clock; None: the database serves, as far as is known.
        self.since: float | None = None
        self._last = 0.0
        #: When the last line was written, and whether its end is to be told.
        self._said, self._owed = -REPEAT, False

    @property
    def lasts(self) -> bool:
        """The last work that was tried failed, not long ago: without a recent try, nothing is known."""
        return self.since is not None and time.monotonic() - self._last < REPEAT

    def note(self, error: BaseException) -> None:
        """Some work failed."""
        if (why := outage_reason(error)) is None:
            return
        now = self._last = time.monotonic()
        if self.since is None:
            self.since = now
        if now - self._said >= REPEAT:
            self._said, self._owed = now, True
            log.error("the database is unavailable: %s (for %.0f s)", why, now - self.since)

    def over(self) -> None:
        """Some work succeeded."""
        if self.since is not None and self._owed:
            log.warning("the database is back after %.0f s", time.monotonic() - self.since)
        self.since, self._owed = None, False
