"""`run`, `demo`: serve until SIGTERM."""

from __future__ import annotations

import asyncio

from bot.cli.common import load_settings


def run() -> None:
    """Serve Telegram and Bale until SIGTERM."""
    from bot.cli.serve import serve

    asyncio.run(serve(load_settings()))


def demo() -> None:
    """The bot against emulated messengers, bank and SMS, with phones in a browser page."""
    from demo.__main__ import main as play

    play()
