"""What an import leaves: the counts, and a new file of the refused rows in which no formula runs."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.legacy_import.importer import Totals
from bot.legacy_import.readers.table import UnusableFile
from bot.legacy_import.report import ImportReport, harmless
from bot.legacy_import.row_parser import RowError
from bot.legacy_import.summary import summary
from bot.texts import t

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


@pytest.mark.parametrize("kind", ["symbolic", "hard", "to nothing"])
def test_a_link_is_replaced_and_not_followed(kind: str, tmp_path: Path) -> None:
    precious, path = tmp_path / "precious", tmp_path / "r.csv"
    if kind != "to nothing":
        precious.write_text("precious")
        precious.chmod(0o644)
    path.hardlink_to(precious) if kind == "hard" else path.symlink_to(precious)
    write(path)
    assert is_private(path)
    assert precious.exists() == (kind != "to nothing")
    assert kind == "to nothing" or precious.read_text() == "precious"


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


def test_nothing_is_left_where_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    opened = len(os.listdir("/proc/self/fd"))
    with pytest.raises(UnusableFile, match="گزارش در"):
        ImportReport(tmp_path / "r.csv")
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == opened


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
def test_what_looks_like_a_formula_is_marked_and_other_words_stay(begin: str) -> None:
    text = f"{begin}cmd|' /C calc'!A0"
    assert harmless(text) == f"'{text}"
    assert harmless(f"سارا {begin} مینا") == f"سارا {begin} مینا"


REPORT = Path("r.csv")


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_operator_reads_the_counts_and_that_a_trial_wrote_nothing(dry_run: bool) -> None:
    def told(*counts: Any, **besides: Any) -> str:
        return summary(Totals(*counts, **besides), REPORT, dry_run=dry_run)

    text = told(9, 1, 2, 3, 0, 4)
    assert (t("import.dry") in text) == dry_run
    assert t("import.summary").format(read=9, created=1, updated=2, unchanged=3, refused=4) in text
    assert len(text.split("\n")) == 2 + dry_run + t("import.summary").count("\n")
    untouched = told(9, 1, 2, 3, 5, 4)
    assert t("import.summary").format(read=9, created=1, updated=2, unchanged=8, refused=4) in untouched
    assert t("import.untouched").format(untouched=5) in untouched
    besides = told(distributors=7, unknown_columns=("a", "b"))
    assert t("import.distributors").format(distributors=7) in besides
    assert t("import.unknown_columns", columns="a، b") in besides
