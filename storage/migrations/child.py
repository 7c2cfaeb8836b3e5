"""A migration in a process of its own: what it imports and leaves behind (10 MB) would stay with the service for as long as that
runs."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import traceback
from multiprocessing.connection import Connection

from storage.migrations.migrate import current_is_head, upgrade

#: Linux: the signal that a process is sent when its parent ends.
_PDEATHSIG = 1


async def upgrade_in_child(url: str) -> None:
    """As `migrate.upgrade`, which raises what this raises. Only at the start: the loop stands still until it is done, and
    no connection to the database may be open."""
    if await current_is_head(url):
        return
    # Forked: it has all modules already. Nothing else runs yet that it could inherit in the middle of something.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_upgrade, args=(url, sender, os.getpid()), name="migration", daemon=True)
    process.start()
    sender.close()
    try:
        error: Exception | None = receiver.recv()
    except EOFError:
        process.join()
        error = RuntimeError(f"the migration's process ended with status {process.exitcode}")
    process.join()
    if error is not None:
        raise error


def _upgrade(url: str, sender: Connection, parent: int) -> None:
    # Whoever stops the service stops this too; an unfinished transaction is rolled back.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    try:
        asyncio.run(upgrade(url))
    except Exception as error:
        sender.send(_sendable(error))
    else:
        sender.send(None)


def _sendable(error: Exception) -> Exception:
    """The error, with where it happened; one that does not come through the pipe as its words."""
    where = "".join(traceback.format_exception(error))
    error.add_note(where)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    except Exception:
        return RuntimeError(where)
    return error
