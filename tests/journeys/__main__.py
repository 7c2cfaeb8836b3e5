"""`make journey`: journeys on both messengers, printed as a chat; exit 0 only if everything held.

Without arguments the main ones, J1 to J6; `--all` plays all of them, numbers play these.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from demo.emulators import Emulators
from tests.journeys import plays_card, plays_cooperation, plays_data, plays_legacy_import, plays_letters  # noqa: F401  their plays join the others
from tests.journeys.plays import MAIN, PLAYS, Play, Scene
from tests.support.bot_process import Stage

MESSENGERS = ("تلگرام", "بله")


async def perform(play: Play, turned: bool, turns: asyncio.Semaphore) -> tuple[str, bool]:
    """Play on a fresh stage: what was said, and whether it held."""
    title = f"{play.number} · {play.title} · {MESSENGERS[turned]}"
    with tempfile.TemporaryDirectory() as folder:
        async with turns, await Emulators.start() as town:
            stage = Stage(town, Path(folder), f"sqlite:///{folder}/bot.db")
            town.transcript.heading(title)
            problem = ""
            try:
                await stage.start()
                here, there = reversed(town.messengers) if turned else town.messengers
                await play.act(Scene(stage, here, there))
                problem = "\n".join(town.violations)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}\n{stage.logs[-3000:]}"
            finally:
                await stage.close()
            return f"{town.transcript}\n" + (
                f"✘ {title}\n{problem}" if problem else f"✔ {title}"
            ), not problem


async def main(plays: list[Play]) -> int:
    """Three plays for each core at a time, as a play mostly waits; they are printed in the order of their numbers."""
    turns = asyncio.Semaphore(3 * (os.cpu_count() or 1))
    held = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(perform(play, turned, turns)) for turned in (False, True) for play in plays
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
    wanted = asked.numbers or ([one.number for one in PLAYS] if asked.all else MAIN)
    sys.exit(asyncio.run(main([play for play in PLAYS if play.number in wanted])))
