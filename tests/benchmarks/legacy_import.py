"""How fast a table of the old system comes in: rows a second with hashed passwords and the memory of it; printed by
`make bench`, asserted nowhere.

`python -m tests.benchmarks.legacy_import FILE FOLDER` is the measured process: it prints seconds, CPU seconds, megabytes.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bot.core.context import SYSTEM
from bot.legacy_import.importer import LegacyImport
from bot.security.passwords import Passwords
from storage.database.database import open_database
from storage.migrations.migrate import upgrade
from storage.migrations.seed import seed
from tests.support.import_files import officer, write_csv, write_xlsx
from tests.support.old_hashes import identity_v3

ROWS = 20_000


def measured() -> dict[str, dict[str, float]]:
    """A CSV and an XLSX of officers whose passwords are hashed already."""
    hashed = identity_v3("Old-1234")
    rows = [officer(number, password=hashed) for number in range(ROWS)]
    found = {}
    for kind, write in (("csv", write_csv), ("xlsx", write_xlsx)):
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder) / f"officers.{kind}", rows)
            command = [sys.executable, "-m", __name__, str(path), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, cpu, megabytes = json.loads(done.stdout)
        found[kind] = {
            "rows_a_second": round(ROWS / seconds),
            "rows_a_cpu_second": round(ROWS / cpu),
            "rss_mb": round(megabytes),
        }
    return found


async def take_in(path: Path, folder: Path) -> list[float]:
    url = f"sqlite:///{folder}/bench.db"
    await upgrade(url)
    database = await open_database(url)
    try:
        await database.run(seed)
        wall, cpu = time.monotonic(), time.process_time()
        totals = await LegacyImport(database, Passwords(weak=True), SYSTEM).run(path, folder / "report.csv")
        assert totals.created == ROWS, totals
        memory = psutil.Process().memory_info().rss / 2**20
        return [time.monotonic() - wall, time.process_time() - cpu, memory]
    finally:
        await database.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(take_in(Path(sys.argv[1]), Path(sys.argv[2])))))
