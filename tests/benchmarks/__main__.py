"""`make bench`: CPU of the bot's process a step, ours against a plain one, in turns; writes bench.json.

Ours: intake, one durable transaction (`synchronous=FULL`) and one answer. Plain: two states in memory and one answer.
The ratio is what counts; absolute figures are the machine's.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests.benchmarks import documents, legacy_import
from tests.benchmarks.messenger import TOKEN, BusyMessenger
from tests.support.identities import national_code

PROJECT = Path(__file__).resolve().parents[2]
WARM_UP, STEPS, ROUNDS = 500, 2000, 3  # answers, answers counted, pairs of runs


def plain_script(_: int) -> Iterator[str]:
    yield "/start"
    while True:
        yield "سارا"
        yield "کریمی"


def our_script(chat: int) -> Iterator[str]:
    """Into the registration, then to and fro between two of its questions."""
    yield "/start"
    yield "📝 ثبت‌نام"
    yield national_code(chat)
    yield "1365/04/12"
    while True:
        yield "سارا"
        yield "بازگشت"


async def run(command: list[str], script: Callable[[int], Iterator[str]], chats: int) -> dict[str, float]:
    """One run: CPU seconds and memory of the process and its children over the counted steps."""
    with tempfile.TemporaryDirectory() as folder:
        async with BusyMessenger(chats, script) as messenger:
            env = {
                "PATH": os.environ["PATH"],
                "TELEGRAM_TOKEN": TOKEN,
                "TELEGRAM_API_URL": messenger.url,
                "DATABASE_URL": f"sqlite:///{folder}/bench.db",
                "FILES_URL": f"{folder}/files",
                "SECRET_KEY": "0" * 64,
                "LISTEN": "127.0.0.1:0",
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
            with Path(folder, "log").open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *command, cwd=PROJECT, env=env, stdout=log, stderr=log
                )
            try:
                watched = psutil.Process(process.pid)
                await messenger.until(WARM_UP)
                before, at = watched.cpu_times(), messenger.answers
                await messenger.until(at + STEPS)
                after, answers = watched.cpu_times(), messenger.answers - at
                return {
                    "cpu_us": 1e6 * (after.user + after.system - before.user - before.system) / answers,
                    "rss_mb": watched.memory_info().rss / 2**20,
                }
            except TimeoutError:
                print(Path(folder, "log").read_text()[-3000:], file=sys.stderr)
                raise
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()


async def main() -> None:
    ours = [sys.executable, "bot.py", "run"]
    plain = [sys.executable, "-m", "tests.benchmarks.plain_bot"]
    results: dict[str, object] = {}
    for chats in (1, 32):
        pairs = []
        for _ in range(ROUNDS):
            one = await run(plain, plain_script, chats)
            other = await run(ours, our_script, chats)
            pairs.append((one, other))
        results[f"{chats}_chats"] = {
            "plain_cpu_us": round(statistics.median(one["cpu_us"] for one, _ in pairs)),
            "ours_cpu_us": round(statistics.median(other["cpu_us"] for _, other in pairs)),
            "ratio": round(statistics.median(other["cpu_us"] / one["cpu_us"] for one, other in pairs), 3),
            "plain_rss_mb": round(statistics.median(one["rss_mb"] for one, _ in pairs)),
            "ours_rss_mb": round(statistics.median(other["rss_mb"] for _, other in pairs)),
        }
        print(f"{chats:>3} chats: {results[f'{chats}_chats']}")
    results["documents"] = await asyncio.to_thread(documents.measured)
    print(f"documents: {results['documents']}")
    results["import"] = await asyncio.to_thread(legacy_import.measured)
    print(f"import: {results['import']}")
    (PROJECT / "bench.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
