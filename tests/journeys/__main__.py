"""`make journey`: journeys on both messengers, printed as a chat; exit 0 only if everything held.

Without arguments the main ones, J1 to J6; `--all` means all of them, numbers mean these.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from demo.emulators import Emulators
from tests.journeys import (  # noqa: F401  their journeys join the others
    cooperation,
    legacy_import,
    letters,
    lists,
    officer_card,
    reasons,
    reference_data,
    revocation,
    staff,
    teamwork,
    undo,
)
from tests.journeys.qualification import JOURNEYS, MAIN, Journey, JourneySetup
from tests.support.bot_process import BotProcess

MESSENGERS = ("تلگرام", "بله")


async def run(journey: Journey, turned: bool, turns: asyncio.Semaphore) -> tuple[str, bool]:
    """On a bot of its own: what was said, and whether it held."""
    title = f"{journey.number} · {journey.title} · {MESSENGERS[turned]}"
    with tempfile.TemporaryDirectory() as folder:
        async with turns, await Emulators.start() as emulators:
            bot = BotProcess(emulators, Path(folder), f"sqlite:///{folder}/bot.db")
            emulators.transcript.heading(title)
            problem = ""
            try:
                await bot.start()
                here, there = reversed(emulators.messengers) if turned else emulators.messengers
                await journey.act(JourneySetup(bot, here, there))
                problem = "\n".join(emulators.violations)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}\n{bot.logs[-3000:]}"
            finally:
                await bot.close()
            return f"{emulators.transcript}\n" + (
                f"✘ {title}\n{problem}" if problem else f"✔ {title}"
            ), not problem


async def main(journeys: list[Journey]) -> int:
    """Three journeys for each core at a time, as a journey mostly waits; they are printed in the order of their numbers."""
    turns = asyncio.Semaphore(3 * (os.cpu_count() or 1))
    held = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(run(journey, turned, turns)) for turned in (False, True) for journey in journeys
        ]
        for task in tasks:
            said, holds = await task
            print(said, flush=True)
            held.append(holds)
    print(f"\n{sum(held)} passed, {len(held) - sum(held)} failed")
    return 0 if all(held) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.journeys", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="J4")
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    wanted = asked.numbers or ([one.number for one in JOURNEYS] if asked.all else MAIN)
    sys.exit(asyncio.run(main([journey for journey in JOURNEYS if journey.number in wanted])))
