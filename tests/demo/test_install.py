"""`make` on a machine that lacks something: one sentence that says what, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo import install

ROOT = Path(__file__).resolve().parents[2]


def test_without_python_make_says_so(tmp_path: Path) -> None:
    made = subprocess.run(
        ["make", "-C", str(ROOT), f"VENV={tmp_path}/venv", "PYTHON=python-that-is-not-here", "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode
    assert "Python 3.11 or newer is needed" in made.stderr
    assert "Traceback" not in made.stderr


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert install.main([".venv", "requirements-dev.lock"]) == 1
    told = capsys.readouterr().err
    assert "3.11 or newer" in told
    assert "make PYTHON=" in told


@pytest.mark.campaign
def test_the_network_is_missing(tmp_path: Path) -> None:
    """pip's own words, from a real pip whose index is a closed port."""
    lock = tmp_path / "one.lock"
    lock.write_text(f"a-package-of-nobody==1.0 --hash=sha256:{'0' * 64}\n")
    alone = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    made = subprocess.run(
        [sys.executable, str(ROOT / "demo" / "install.py"), str(tmp_path / "venv"), str(lock)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **alone},
    )
    assert made.returncode == 1
    assert "the package index was not reached" in made.stderr
    assert "PIP_INDEX_URL=" in made.stderr
    assert "Installing 1 packages, once" in made.stdout


def test_progress_counts_the_packages_of_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    script = (
        "print('Collecting a==1'); print('Collecting b==2'); print('Installing collected packages: a, b')"
    )
    assert install._run([sys.executable, "-c", script], 2) is None
    assert "2 of 2 fetched" in capsys.readouterr().out
