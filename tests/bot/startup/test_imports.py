"""What the service does not need is not loaded: each of these is megabytes for as long as it runs."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
#: Of commands, files, proxies, reports, drawings, previews, pages and metrics: imported where they are first asked for.
NOT_LOADED = (
    "PIL",
    "aiohttp",
    "alembic",
    "asyncpg",
    "bcrypt",
    "click",
    "cryptography",
    "fpdf",
    "holidays",
    "httpcore",
    "jinja2",
    "openpyxl",
    "pikepdf",
    "prometheus_client",
    "pygments",
    "pypdfium2",
    "rich",
    "segno",
    "yarl",
)
_SERVICE = """
import sys
from bot.cli import main, run
from bot.config import lean_imports
lean_imports.import_lean()
from bot.cli import common, serve
from bot.config import logging_config
logging_config.set_up()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_service_loads_no_library_that_it_does_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SERVICE], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "sqlmodel" in loaded
    assert loaded.isdisjoint(NOT_LOADED), loaded & set(NOT_LOADED)


def test_a_process_that_checks_files_loads_neither_the_database_nor_the_network() -> None:
    """Several of them run beside the service: with the database's library each would start three times as slowly."""
    code = "import sys, bot.documents.inspection_worker; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "PIL" in loaded
    assert loaded.isdisjoint({"sqlmodel", "sqlalchemy", "pydantic", "telegram", "httpx"})
