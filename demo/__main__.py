"""`python -m demo`, and what `python bot.py demo` calls."""

from __future__ import annotations

import asyncio
import os
import sys

from demo.bot_process import BotFailedError
from demo.run import main as run


def main() -> None:
    os.umask(0o077)  # the demo's accounts, documents and log
    try:
        asyncio.run(run())
    except BotFailedError as error:
        print(f"{error}\n(DEMO_FRESH=1 begins anew.)", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
