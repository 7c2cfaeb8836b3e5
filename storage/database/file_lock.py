"""One serving process on an SQLite file: a lock that dies with its process, however that ends.

Commands do not take it: they may work beside the bot.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from storage.database.unusable import DatabaseUnusable
from storage.ownership import give_to_owner_of

log = logging.getLogger(__name__)

#: Behind the name of the database. Not the database itself: closing any descriptor of it would end SQLite's own locks.
ENDING = "-serving"
_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL)


@contextlib.contextmanager
def serving_alone(url: URL) -> Iterator[None]:
    """Within, no other process can be within on the same SQLite file; of PostgreSQL any number may. Raises DatabaseUnusable
    where one is."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    path = f"{url.database}{ENDING}"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(f"{path} cannot be opened ({error.strerror}); check its owner") from None
    give_to_owner_of(Path(url.database or ""), Path(path))
    try:
        _lock(handle, url)
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _lock(handle: int, url: URL) -> None:
    try:
        # A record lock belongs to the process: no child inherits it, the kernel ends it with the process.
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            log.warning(
                "the disk of %s knows no locks: see to it that one process serves on it", url.database
            )
            return
        number = os.pread(handle, 20, 0).decode(errors="replace").strip()
        raise DatabaseUnusable(
            f"{url.database} is served by another process already (its number is {number or 'not known'}); stop that one, or give "
            "this one its own DATABASE_URL (several processes need PostgreSQL)"
        ) from None
