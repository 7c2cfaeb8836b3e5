"""`make journey`: every journey on both messengers, printed as a chat; exit 0 only if everything held."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from demo.emulators import Emulators
from tests.journeys import plays_card, plays_cooperation, plays_data, plays_legacy_import, plays_letters  # noqa: F401  their plays join the others
from tests.journeys.plays import PLAYS, Play, Scene
from tests.support.bot_process import Stage

MESSENGERS = ("تلگرام", "بله")


async def perform(play: Play, turned: bool) -> bool:
    """Play on a fresh stage and print what was said. True if it held."""
    title = f"{play.number} · {play.title} · {MESSENGERS[turned]}"
    with tempfile.TemporaryDirectory() as folder:
        town = await Emulators.start()
        stage = Stage(town, Path(folder), f"sqlite:///{folder}/bot.db")
        town.transcript.heading(title)
        problem = ""
        try:
            await stage.start()
            here, there = reversed(town.messengers) if turned else town.messengers
            await play.act(Scene(stage, here, there))
            problem = "\n".join(town.violations)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}\n{stage.log.read_text()[-3000:] if stage.log.exists() else ''}"
        finally:
            await stage.close()
        print(town.transcript)
        print(f"✘ {title}\n{problem}" if problem else f"✔ {title}", flush=True)
        return not problem


async def main(wanted: list[str]) -> int:
    plays = [play for play in PLAYS if not wanted or play.number in wanted]
    results = [await perform(play, turned) for turned in (False, True) for play in plays]
    print(f"\n{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
