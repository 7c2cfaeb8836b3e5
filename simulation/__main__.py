"""`python -m simulation`: make the past of a new demo. Settings are the bot's; the players come as JSON on the standard
input. Prints a line of JSON for each step, {"progress": 0.5}, and the players' logins at the end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_internal_error
from simulation import clock
from simulation.history import Player, make
from simulation.schedule import DAYS
from storage.database.database import Database
from storage.enums import Role


def _player(given: dict[str, Any]) -> Player:
    return Player(**given | {"role": Role(given["role"])})


def main() -> None:
    os.umask(0o077)
    players = [_player(given) for given in json.load(sys.stdin)]
    until = datetime.now(UTC)
    told = clock.StoryClock(until - timedelta(days=DAYS))
    shown = -1

    def progress(done: float) -> None:
        nonlocal shown
        if int(done * 100) > shown:
            shown = int(done * 100)
            say(json.dumps({"progress": round(done, 2)}))

    async def work(database: Database) -> None:
        clock.install(told)
        history = await make(
            settings, database, players, until=until, clock=told, folder=Path.cwd(), progress=progress
        )
        logins = {key: [login.user_code, login.password] for key, login in history.logins.items()}
        say(json.dumps({"logins": logins, "refused": history.refused}))

    settings = load_settings()
    asyncio.run(with_database(settings, work))


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        end_with_internal_error(error)
