"""`run`, `demo`: serve until SIGTERM."""

from __future__ import annotations

import asyncio
import sys

from bot.cli.common import load_settings


def run() -> None:
    """Serve Telegram and Bale until SIGTERM."""
    # httpx imports what its command line needs (3 MB: rich, pygments) unless that import fails.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from bot.cli.serve import serve

    asyncio.run(serve(load_settings()))


def demo() -> None:
    """The bot against emulated messengers, bank and SMS, with phones in a browser page."""
    from demo.__main__ import main as play

    play()
