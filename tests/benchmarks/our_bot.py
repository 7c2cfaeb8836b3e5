"""`bot.py run` (or another command, by its arguments) as it is; with CLOCK_AHEAD its clock is so many seconds ahead, so that
it is morning at night."""

import os
import sys
from datetime import datetime, timedelta

from storage.tables import column_types


def main() -> None:
    if ahead := float(os.environ.pop("CLOCK_AHEAD", "0")):
        real = column_types.utcnow

        def shifted() -> datetime:
            return real() + timedelta(seconds=ahead)

        # Before anything else has taken its name.
        column_types.utcnow = shifted
    sys.argv = ["bot.py", *(sys.argv[1:] or ["run"])]
    from bot.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
