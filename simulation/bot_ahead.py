"""`python -m simulation.bot_ahead SECONDS run`: bot.py, whose clock is so many seconds ahead of the machine's."""

from __future__ import annotations

import sys
from datetime import timedelta

from bot.cli.main import main
from simulation import clock

if __name__ == "__main__":
    clock.install(clock.ahead(timedelta(seconds=float(sys.argv.pop(1)))))
    main()
