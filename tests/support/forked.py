"""`bot.py` as a process of its own that is forked from one with the imports done: a start costs no second of CPU.

Imported by that server before anything else, so this module imports what the commands import, at once or when they run.
"""

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence

import aiosqlite  # noqa: F401
import asyncpg  # noqa: F401

import bot.cli.serve
import bot.doctor
import bot.legacy_import.importer  # noqa: F401
import storage.database.postgres
import storage.database.sqlite
import storage.migrations.migrate
import storage.migrations.seed  # noqa: F401
from bot.cli.main import main


def run_here(
    arguments: Sequence[str], folder: str, env: dict[str, str], out: str, err: str, umask: int
) -> None:
    """In the forked process: `bot.py arguments`, its streams into these files. Ends the process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    if umask >= 0:
        os.umask(umask)
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    sys.argv = ["bot.py", *arguments]
    status: int | str | None = 0
    try:
        main()
    except SystemExit as ended:
        status = ended.code
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status if isinstance(status, int) else 0)
