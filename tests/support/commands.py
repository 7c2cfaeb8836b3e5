"""`bot.py` as an operator runs it: as a process of its own, or within the test where only what it says and does counts."""

import asyncio
import contextlib
import logging
import multiprocessing.forkserver
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.main import app
from bot.config.settings import Settings
from tests.support.forked import run_here
from tests.support.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
SECRET_KEY = "0" * 64

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.support.forked"])


@cache
def _start_server() -> None:
    """In the folder of the project, so that it finds the modules."""
    with contextlib.chdir(PROJECT):
        multiprocessing.forkserver.ensure_running()


#: Where there is nothing: nobody is called, nobody is sent a message.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str


def all_settings(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a bot whose data are below `folder` and which reaches no other server."""
    plain = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"127.0.0.1:{free_port()}",
        "DATABASE_URL": f"sqlite:///{folder}/data/bot.db",
        "FILES_URL": str(folder / "files"),
        "SECRET_KEY": SECRET_KEY,
        "TELEGRAM_TOKEN": "110201543:AAE-good-for-nothing-at-all-good-for-no",
        "TELEGRAM_API_URL": NOWHERE,
        "ZARINPAL_URL": NOWHERE,
        "ZARINPAL_MERCHANT_ID": "merchant",
        "SUPPORT_CONTACT": "021-00000000",
        "CHEAP_PASSWORD_HASHES": "1",
    }
    return plain | {name.upper(): value for name, value in settings.items()}


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, str(PROJECT / "bot.py"), *arguments]


def run_process(folder: Path, *arguments: str, umask: int = -1, env: dict[str, str] | None = None) -> Ended:
    """A process with this environment alone (without one: with hardly any). It is forked, see `tests/support/forked.py`."""
    env = env or {"PATH": os.environ["PATH"], "CHEAP_PASSWORD_HASHES": "1"}
    with tempfile.TemporaryDirectory() as streams:
        out, err = Path(streams) / "out", Path(streams) / "err"
        process = _forking.Process(
            target=run_here, args=(arguments, str(folder), env, str(out), str(err), umask)
        )
        _start_server()
        process.start()
        process.join(300)
        if process.is_alive():
            process.kill()
            process.join()
        assert process.exitcode is not None
        return Ended(process.exitcode, out.read_text(), err.read_text())


def run(folder: Path, *arguments: str, **settings: str) -> Ended:
    """The same in this process, in no more than the time of the work itself. Not where a loop runs: see `run_beside`."""
    absent = dict.fromkeys((name.upper() for name in Settings.model_fields), None)
    env: Mapping[str, str | None] = absent | {"CHEAP_PASSWORD_HASHES": "1"} | settings
    with contextlib.chdir(folder), _own_logging_and_mask():
        done = CliRunner().invoke(app, arguments, env=env, prog_name="bot.py", catch_exceptions=False)
    return Ended(done.exit_code, done.stdout, done.stderr)


async def run_beside(folder: Path, *arguments: str, **settings: str) -> Ended:
    """`run` beside the loop of a test."""
    return await asyncio.to_thread(run, folder, *arguments, **settings)


@contextlib.contextmanager
def _own_logging_and_mask() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, mask = root.handlers[:], root.level, os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)
        root.handlers[:] = handlers
        root.setLevel(level)
