"""Bots as processes: ours with its settings, the rivals, and what each has used."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.benchmarks.messenger import TOKEN

PROJECT = Path(__file__).resolve().parents[2]
OURS = (sys.executable, "-m", "tests.benchmarks.our_bot")
PLAIN = (sys.executable, "-m", "tests.benchmarks.rivals.plain_bot")
KEPT = (sys.executable, "-m", "tests.benchmarks.rivals.kept_bot")


def settings(folder: Path, database_url: str = "") -> dict[str, str]:
    """Of our bot, on a database of its own."""
    return {
        "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.db",
        "FILES_URL": f"{folder}/files",
        "SECRET_KEY": "0" * 64,
        "LISTEN": f"127.0.0.1:{free_port()}",
        "PUBLIC_URL": "http://127.0.0.1",
        "SUPPORT_CONTACT": "021",
        "DECISION_UNDO_MINUTES": "0",
        "PAYMENT_GATEWAY": "zibal",
        "ZIBAL_MERCHANT_ID": "zibal",
        "SMS_GATEWAY": "console",
        "LOG_LEVEL": "WARNING",
        # A chat here writes hundreds of messages a second, and each is to be answered.
        "CHAT_RATE": "100000",
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def running(
    command: tuple[str, ...], folder: Path, url: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[psutil.Process]:
    """A bot that talks to the messenger at `url`; what it said is shown where something fails."""
    given = {"PATH": os.environ["PATH"], "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": url, **(env or {})}
    log = folder / f"log-{free_port()}"
    with log.open("wb") as opened:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=PROJECT, env=given, stdout=opened, stderr=opened, start_new_session=True
        )
    try:
        yield psutil.Process(process.pid)
    except BaseException:
        print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Of the process and of its children that live."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def resident_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20
