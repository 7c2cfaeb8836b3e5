"""`bot.py import` as staff run it: what it prints, and its exit status."""

import shutil
from pathlib import Path

import pytest

from tests.support.bot_process import PROJECT
from tests.support.commands import Ended, run
from tests.support.import_files import OFFICER, employed, officer, write_csv

NAMES = list(OFFICER)


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "bot.db")
    return tmp_path


def imported(folder: Path, *arguments: str) -> Ended:
    done = run(folder, "import", *arguments, SECRET_KEY="0" * 64)
    assert "Traceback" not in done.err
    return done


def test_a_file_with_refused_rows_is_a_success_that_names_them(folder: Path) -> None:
    write_csv(folder / "a.csv", [officer(1), employed(2), officer(3, mobile="x")])

    done = imported(folder, "a.csv", "--report", "said.csv")

    assert done.status == 0, done
    counts = ["خوانده‌شده: 3", "جدید: 2", "به‌روزشده: 0", "بی‌تغییر: 0", "ردشده: 1"]
    assert done.out.splitlines()[:5] == counts
    assert "شماره همراه" in (folder / "said.csv").read_text(encoding="utf-8-sig")
    assert "Old-1234" not in done.out + done.err


def test_an_unusable_file_is_one_sentence_and_status_2(folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"%PDF-1.7")

    done = imported(folder, "a.csv")

    assert (done.status, done.out) == (2, "")
    assert "این فایل جدول نیست" in done.err


def test_the_sample_in_the_manual_is_taken(folder: Path) -> None:
    done = imported(folder, str(PROJECT / "docs/import-sample.csv"), "--report", "r.csv", "--dry-run")

    assert done.status == 0, done
    assert "جدید: 4" in done.out
    assert "ردشده: 0" in done.out
    assert "شناخته نشد" not in done.out


def test_a_heading_that_is_not_sure_is_named_and_answered_by_an_option(folder: Path) -> None:
    path = write_csv(folder / "a.csv", [officer(1)], columns=NAMES, header=["کدملی", "کد کاربر", *NAMES[2:]])
    refused = imported(folder, "a.csv")
    assert (refused.status, refused.out) == (2, "")
    option = refused.err.partition('--column "')[2].partition('"')[0]
    assert "user_code" in option

    done = imported(folder, path.name, "--column", option)
    assert done.status == 0, done
    assert "جدید: 1" in done.out

    wrong = imported(folder, path.name, "--column", "کد کاربر=no such column")
    assert wrong.status == 2
    assert "--column" in wrong.err


def test_progress_is_told_in_lines_where_there_is_no_terminal(folder: Path) -> None:
    write_csv(folder / "a.csv", [officer(number) for number in range(900)])
    done = imported(folder, "a.csv", "--dry-run")
    assert done.status == 0, done
    assert "٪ خوانده شد؛ حدود" in done.err
