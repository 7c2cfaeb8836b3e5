"""The report of refused rows: a new file of its owner's, in which nothing runs that a spreadsheet would run."""

import os
import stat
from pathlib import Path

import pytest

from bot.legacy_import.readers.table import UnusableFile
from bot.legacy_import.report import ImportReport, harmless
from bot.legacy_import.row_parser import RowError

MISTAKE = RowError(3, "شماره همراه", "x", "y")


def write(path: Path) -> None:
    with ImportReport(path) as report:
        report.add(MISTAKE)


def is_private(path: Path) -> bool:
    return stat.S_IMODE(path.lstat().st_mode) == 0o600 and stat.S_ISREG(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_it_is_for_its_owner_alone(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "r.csv")
    finally:
        os.umask(before)
    assert is_private(tmp_path / "r.csv")
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def test_an_old_file_keeps_neither_its_mode_nor_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("old")
    path.chmod(0o666)
    with path.open() as reader:
        write(path)
        assert reader.read() == "old", "whoever held it open reads nothing new"
    assert is_private(path)
    assert "شماره همراه" in path.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("hard", [False, True])
def test_a_link_is_replaced_and_not_followed(hard: bool, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    precious.chmod(0o644)
    path = tmp_path / "r.csv"
    path.hardlink_to(precious) if hard else path.symlink_to(precious)
    write(path)
    assert precious.read_text() == "precious"
    assert is_private(path)


def test_a_link_to_nothing_makes_nothing_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.symlink_to(tmp_path / "elsewhere")
    write(path)
    assert is_private(path)
    assert not (tmp_path / "elsewhere").exists()


def test_folders_and_devices_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "to folder").symlink_to(tmp_path / "folder")
    for name in ("folder", "pipe", "null", "to folder", "no such folder/r.csv"):
        with pytest.raises(UnusableFile, match="گزارش در"):
            ImportReport(tmp_path / name)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "null", "pipe", "to folder"]
    assert list((tmp_path / "folder").iterdir()) == []


def test_half_a_report_is_at_its_place(tmp_path: Path) -> None:
    """An import that is killed leaves what was refused so far."""
    report = ImportReport(tmp_path / "r.csv")
    for _ in range(2000):
        report.add(MISTAKE)
    assert (tmp_path / "r.csv").stat().st_size > 10_000
    report.__exit__(None, None, None)


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t", "\r", " =", "\u200f=", "\ufeff@", "＝", "＋", "－", "＠"]
)
def test_what_looks_like_a_formula_is_marked(begin: str) -> None:
    text = f"{begin}cmd|' /C calc'!A0"
    assert harmless(text) == f"'{text}"


def test_other_words_stay() -> None:
    assert harmless("سارا = مینا") == "سارا = مینا"
