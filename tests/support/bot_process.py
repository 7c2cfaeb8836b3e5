"""The real bot as a process of its own that can be killed."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil
from sqlmodel import Session

from demo.emulators import Emulators
from storage.database.database import Database, open_database
from tests.support.commands import PROJECT, SECRET_KEY, run_process
from tests.support.ports import free_port

T = TypeVar("T")


async def run_command(*arguments: str, env: dict[str, str], folder: Path = PROJECT) -> tuple[int, str, str]:
    """`bot.py <arguments>` by an interpreter of its own, which must end too: its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROJECT / "bot.py"),
        *arguments,
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@dataclass(slots=True)
class Credentials:
    user_code: str
    password: str


@dataclass(slots=True)
class BotProcess:
    """`emulators` outlive the bot: what people send while it is dead waits at the messengers."""

    emulators: Emulators
    folder: Path
    database_url: str
    extra_env: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    #: What Python runs.
    program: tuple[str, ...] = ("bot.py",)
    _drain: asyncio.Task[None] | None = None
    port: int = field(default_factory=free_port)

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONUNBUFFERED": "1",
            "LISTEN": f"127.0.0.1:{self.port}",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": self.database_url,
            "FILES_URL": str(self.folder / "files"),
            "SECRET_KEY": SECRET_KEY,
            "SUPPORT_CONTACT": "021-00000000",
            "DECISION_UNDO_MINUTES": "0",
            "LETTER_DELAY_SECONDS": "0",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "json",
            "CHEAP_PASSWORD_HASHES": "1",
            **self.emulators.env(),
            **self.extra_env,
        }

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def logs(self) -> str:
        """What was logged so far."""
        return self.log.read_text() if self.log.exists() else ""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The bot's database on a connection of our own."""
        database = await open_database(self.database_url)
        try:
            yield database
        finally:
            await database.close()

    async def read(self, unit: Callable[[Session], T]) -> T:
        async with self.database() as database:
            return await database.read(unit)

    def memory(self) -> int:
        """Of the bot and its workers, bytes."""
        assert self.process is not None
        bot, held = psutil.Process(self.process.pid), 0
        for one in (bot, *bot.children()):
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker that was ended meanwhile
                held += int(one.memory_info().rss)
        return held

    async def command(self, *arguments: str) -> str:
        """Run `bot.py <arguments>` and return what it printed."""
        ended = await asyncio.to_thread(run_process, PROJECT, *arguments, env=self.env)
        assert ended.status == 0, f"bot.py {arguments} said: {ended.out}\n{ended.err}"
        return ended.out

    async def user(
        self, role: str, *, university: str | None = None, name: str = "کاربر آزمایشی", **options: str
    ) -> Credentials:
        """An account made by the command line; `options` are further ones of it."""
        arguments = ["create-user", "--role", role, "--name", name, "--json"]
        if university:
            arguments += ["--university", university]
        for option, value in options.items():
            arguments += [f"--{option}", value]
        made = json.loads(await self.command(*arguments))
        return Credentials(made["user_code"], made["password"])

    async def start(self) -> None:
        """Start the bot and wait until it takes updates."""
        assert self.process is None
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.program,
                "run",
                cwd=PROJECT,
                env=self.env,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            if line.startswith(b"ready"):
                self._drain = asyncio.create_task(self._read_on())
                return
        raise AssertionError(f"the bot did not start:\n{self.log.read_text()[-4000:]}")

    async def _read_on(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        while await self.process.stdout.readline():
            pass

    async def kill(self) -> None:
        """kill -9, as a power cut does it."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, by: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(by)
        status = await self.process.wait()
        self.process = None
        return status

    async def close(self) -> None:
        if self.process is not None:
            await self.stop()
        await self.emulators.close()


@asynccontextmanager
async def bot_process(
    folder: Path,
    database_url: str,
    env: dict[str, str] | None = None,
    *,
    start: bool = True,
    first_update_id: int = 1,
) -> AsyncIterator[BotProcess]:
    """The bot with everything that it talks to emulated. AssertionError at the end where the bot broke a messenger's
    rule or logged a traceback."""
    bot = BotProcess(await Emulators.start(first_update_id=first_update_id), folder, database_url, env or {})
    try:
        if start:
            await bot.start()
        yield bot
        assert bot.emulators.violations == []
        assert "Traceback" not in bot.logs
    finally:
        await bot.close()
