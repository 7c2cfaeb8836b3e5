"""Changing one name of `.env` leaves everything else of it as it is, and what was written is what is read."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.settings import BadSettingError
from bot.setup import env_file

MINE = "# my notes\nA=1  # why\nexport B='two words'\n#C=3\n\nA=4\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(MINE)
    return path


def test_a_name_is_changed_where_it_stands(file: Path) -> None:
    env_file.write(file, {"A": "5", "B": "x y", "C": "6", "D": "7"})
    assert file.read_text() == "# my notes\nA=5\nB='x y'\nC=6\n\nD=7\n"


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c", "\x1c"])
def test_signs_that_are_no_end_of_a_line_stay_within_it(file: Path, sign: str) -> None:
    """They come along where a note is pasted."""
    note = f"# pasted{sign}A 9{sign}B=3\n"
    file.write_text(note + MINE, encoding="utf-8")
    env_file.write(file, {"A": "5"})
    assert file.read_text(encoding="utf-8") == note + "# my notes\nA=5\nexport B='two words'\n#C=3\n\n"
    env_file.write(file, {"D": f"a{sign}b"})
    assert env_file.read(file) == {"A": "5", "B": "two words", "D": f"a{sign}b"}


def test_what_is_cleared_is_empty(file: Path) -> None:
    env_file.write(file, {"A": ""})
    assert env_file.read(file) == {"A": "", "B": "two words"}


@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0\r\n"),
        max_size=40,
    )
)
def test_whatever_is_written_is_read_again_or_refused(value: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".env"
        path.write_text(MINE)
        value = value.strip()
        try:
            env_file.write(path, {"D": value})
        except BadSettingError:
            assert path.read_text() == MINE
            assert "$" in value or "\\" in value
        else:
            assert env_file.read(path) == {"A": "4", "B": "two words", "D": value}


def test_a_value_over_several_lines_is_refused_and_nothing_is_lost(file: Path) -> None:
    with pytest.raises(BadSettingError, match="D"):
        env_file.write(file, {"D": "one\nA=two"})
    assert file.read_text() == MINE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_owns_and_a_group_reads_stays_so(file: Path) -> None:
    file.chmod(0o644)
    os.chown(file, 0, 1234)
    env_file.write(file, {"A": "5"})
    there = file.stat()
    assert (there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode)) == (0, 1234, 0o640)
    os.chown(file, 1234, 1234)
    env_file.write(file, {"A": "6"})
    there = file.stat()
    assert (there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode)) == (1234, 1234, 0o600)


def test_a_file_in_a_folder_of_somebody_else_is_written_in_its_place(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is root's, the file is the bot's own."""
    file.chmod(0o644)
    number = file.stat().st_ino
    monkeypatch.setattr(env_file.os, "access", lambda path, mode: (path, mode) != (file.parent, os.W_OK))
    env_file.write(file, {"A": "5"})
    assert (env_file.read(file)["A"], file.stat().st_ino) == ("5", number)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_new_file_begins_as_the_example_and_nothing_stays_of_one_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.env"
    env_file.write(path, {"C": "6"}, example=MINE)
    assert path.read_text() == MINE.replace("#C=3", "C=6").replace("A=1  # why", "A=1  # why")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def fail(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(env_file.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        env_file.write(path, {"C": "7"})
    assert env_file.read(path)["C"] == "6"
    assert list(tmp_path.iterdir()) == [path]
