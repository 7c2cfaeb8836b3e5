"""The real bot as a separate process: started, stopped, killed, and its commands."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import clock

PROJECT = Path(__file__).resolve().parents[1]
#: Of this process' environment the bot gets no more than these: no real token or proxy can slip in.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_START_SECONDS = 60


class BotFailedError(Exception):
    """The bot did not start, or a command failed; with the end of what it said."""


class BotProcess:
    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self.log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        #: Set when the process ended, however it ended.
        self.ended = asyncio.Event()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def _environment(self) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            **passed_on,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(PROJECT),
            **self.settings,
        }

    async def command(self, *arguments: str) -> str:
        """Run `bot.py <arguments>` and return what it printed. Raises BotFailedError."""
        # The working folder is the demo's own, so that a .env with real tokens is not read.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROJECT / "bot.py"),
            *arguments,
            cwd=self.folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        if process.returncode:
            raise BotFailedError(f"bot.py {arguments[0]}: {complained.decode(errors='replace')[-2000:]}")
        return said.decode()

    @staticmethod
    def _program() -> list[str]:
        """bot.py, under the demo's own time where some was skipped."""
        ahead = clock.ahead()
        return ["-m", "simulation.bot_ahead", str(ahead)] if ahead else [str(PROJECT / "bot.py")]

    async def play_past(self, players: str, heard: Callable[[dict[str, Any]], None]) -> None:
        """Run `python -m simulation` on the empty database; `heard` gets each line that it prints. Raises
        BotFailedError."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulation"),
            cwd=self.folder,
            # What was sent long ago is not sent now.
            env={**self._environment, "SMS_GATEWAY": "console", "LOG_LEVEL": "ERROR"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(process.stderr.read())
        try:
            process.stdin.write(players.encode())
            process.stdin.close()
            while line := await process.stdout.readline():
                heard(json.loads(line))
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            said = (await complaints).decode(errors="replace")
            raise BotFailedError(f"the demo's past could not be made:\n{said[-3000:]}")

    async def start(self) -> None:
        """Start and wait until it takes updates. Raises BotFailedError."""
        assert not self.runs
        self.ended.clear()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._program(),
                "run",
                cwd=self.folder,
                env=self._environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        ready = asyncio.Event()
        self._reader = asyncio.create_task(self._watch(self._process, ready))
        waits = {asyncio.create_task(ready.wait()), asyncio.create_task(self.ended.wait())}
        await asyncio.wait(waits, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        if not ready.is_set():
            await self.kill()
            raise BotFailedError("the bot did not start:\n" + self.log.read_text(errors="replace")[-3000:])

    async def _watch(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if line.startswith(b"ready"):
                ready.set()
        await process.wait()
        self.ended.set()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not help."""
        await self._end(signal.SIGTERM, patience=8)

    async def kill(self) -> None:
        """SIGKILL, as a power cut does it."""
        await self._end(signal.SIGKILL, patience=8)

    async def _end(self, how: signal.Signals, *, patience: float) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader
        self._process = None
