#!/usr/bin/env python3
"""Start script. The commands are in `bot/cli/`; `bot/cli/composition.py` puts the running bot together."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
