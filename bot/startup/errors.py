"""The one list of what an operator can set wrong, each told in one line: the setting, what is wrong, what to
do.

`bot.py` ends with status 2 after such a line, whatever the command; `bot.py doctor` says the same lines. What
is not in the list is a fault of the program: its traceback goes to the log, masked, and the status is 1.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfoNotFoundError

from typer.core import TyperGroup

from bot.config.settings import BadSettingError

if TYPE_CHECKING:
    from sqlalchemy import URL

log = logging.getLogger("bot")

#: What ends a command without a wrong setting as its cause.
REFUSED, FAILED = 2, 1
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK = (errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


#: The database that the command works on, for errors in the middle of it.
DATABASE: ContextVar[URL | None] = ContextVar("database", default=None)


def explain(error: BaseException) -> str | None:
    """The line, or None where no setting is at fault."""
    from bot.documents.blob_store import StoreDown
    from storage.database.unusable import DatabaseUnusable

    if isinstance(error, BaseExceptionGroup):
        return explain(error.exceptions[0])
    if isinstance(error, BadSettingError):
        return _flat(str(error))
    if isinstance(error, DatabaseUnusable):
        return _flat(f"DATABASE_URL: {error}")
    if isinstance(error, StoreDown):
        return _flat(f"FILES_URL: the store of documents does not answer ({error}); see `bot.py doctor`")
    if isinstance(error, ZoneInfoNotFoundError):
        return "time zones: there are no data for Asia/Tehran; install what requirements.lock names (tzdata)"
    if (words := _of_database(error)) is not None:
        return _flat(f"DATABASE_URL: {words}")
    if isinstance(error, OSError):
        return _of_system(error)
    return None


def _of_database(error: BaseException) -> str | None:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as NoConnection

    from storage.database.unusable import why_unusable

    url = DATABASE.get()
    return (
        why_unusable(error, url) if url is not None and isinstance(error, DBAPIError | NoConnection) else None
    )


def _of_system(error: OSError) -> str | None:
    if error.errno in _DISK_FULL:
        where = f" for {error.filename}" if error.filename else ""
        return f"disk: no space left{where}; free some space"
    if error.filename is not None and error.errno is not None:
        return _flat(f"{os.fspath(error.filename)}: {os.strerror(error.errno)}")
    if error.errno in _DISK:
        return f"system: {os.strerror(error.errno)}; look at the system's log"
    return None


def _flat(line: str) -> str:
    """One line, and no password of an address in it."""
    from bot.config.redaction import Masking

    return Masking().text(" ".join(line.split()))


def end_with_setting_error(line: str) -> NoReturn:
    """End the command: a setting or an argument is wrong."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
    raise SystemExit(REFUSED)


def end_with_internal_error(error: BaseException) -> NoReturn:
    """End the command: the program is at fault."""
    if not logging.getLogger().handlers:
        from bot.config import logging_config

        logging_config.set_up()
    log.critical("a fault of the program; please report it", exc_info=error)
    raise SystemExit(FAILED)


class ReportingGroup(TyperGroup):
    """Every command goes through the list."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (line := explain(error)) is not None:
                end_with_setting_error(line)
            if isinstance(error, OSError):
                # The library would end with status 1 and no word where it is EPIPE.
                end_with_internal_error(error)
            raise
