"""`bot.py import` as staff run it: what it prints, and its exit status."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.import_files import employed, officer, write_csv

PROJECT = Path(__file__).resolve().parents[3]


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "CHEAP_PASSWORD_HASHES": "1",
        "SECRET_KEY": "0" * 64,
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [sys.executable, "bot.py", "import", *arguments], cwd=PROJECT, env=env, capture_output=True, text=True
    )


def test_a_file_with_refused_rows_is_a_success_that_names_them(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [officer(1), employed(2), officer(3, mobile="x")])

    done = command(tmp_path, str(path), "--report", str(tmp_path / "said.csv"))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:5] == [
        "خوانده‌شده: 3",
        "تازه: 2",
        "به‌روزشده: 0",
        "بی‌تغییر: 0",
        "ردشده: 1",
    ]
    assert "شماره همراه" in (tmp_path / "said.csv").read_text(encoding="utf-8-sig")
    assert "Old-1234" not in done.stdout + done.stderr


def test_an_unusable_file_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.7")

    done = command(tmp_path, str(tmp_path / "a.csv"))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "این پرونده جدول نیست" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sample_in_the_manual_is_taken(tmp_path: Path) -> None:
    done = command(tmp_path, "docs/import-sample.csv", "--report", str(tmp_path / "r.csv"), "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "تازه: 4" in done.stdout
    assert "ردشده: 0" in done.stdout
    assert "شناخته نشد" not in done.stdout
