"""bot.py on a machine whose clock a test sets: the seconds in the file CLOCK_OFFSET are added to the wall clock, while the
monotonic clock runs on, as it does when a clock is set.

The program reads the wall clock in one place alone; `test_one_place_reads_the_wall_clock` holds it to that.
"""

import os
import runpy
import sys
from datetime import datetime, timedelta
from pathlib import Path

from storage.tables import column_types

_offset = Path(os.environ["CLOCK_OFFSET"])
_true_time = column_types.utcnow


def _shown_time() -> datetime:
    return _true_time() + timedelta(seconds=float(_offset.read_text()))


if __name__ == "__main__":
    column_types.utcnow = _shown_time
    sys.argv[0] = "bot.py"
    runpy.run_path("bot.py", run_name="__main__")
