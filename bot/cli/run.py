"""`run`, `demo`: serve until SIGTERM."""

from __future__ import annotations

import asyncio

from bot.cli.common import load_settings
from bot.config.lean_imports import import_lean


def run() -> None:
    """Serve Telegram and Bale until SIGTERM."""
    import_lean()
    from bot.cli.serve import serve

    asyncio.run(serve(load_settings()))


def demo() -> None:
    """The bot against emulated messengers, bank and SMS, with phones in a browser page.

    Read from the environment:

    DEMO_PORT=8090: of the page. The bot's own pages are on the next one; a busy port is replaced by a free one.

    DEMO_HOST=127.0.0.1: the address that everything listens on.

    DEMO_ALLOWED_HOSTS=name:port,…: further names that lead to the page.

    DEMO_FOLDER=data/demo: where the demo keeps its database, files and log.

    DEMO_FRESH=1: begin anew, whatever was there.

    DEMO_EMPTY=1: without the past; nobody has filed anything yet.

    DEMO_BROWSER=0: do not open the browser.

    DEMO_DEBUG=1: start everything but the bot, which is then started by hand under a debugger."""
    from demo.__main__ import main as play

    play()
