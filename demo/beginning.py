"""The demo as its first start left it, kept beside the rest of its folder, so that it can begin anew in seconds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from demo import saved_state
from demo.users import DemoUsers

#: Files and folders of the bot.
_FILES, _FOLDERS = ("bot.db",), ("files", "data")


class Beginning:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = folder / "beginning"

    def keep(self, users: DemoUsers) -> None:
        """Copy everything; the bot does not run."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        _copy(self._folder, self._kept)
        saved_state.save(users, self._kept / "emulators.pickle")

    def restore(self, users: DemoUsers) -> None:
        """Put it back, in place of what is there; the bot does not run. Raises ValueError where it was not kept."""
        if not saved_state.load(users, self._kept / "emulators.pickle"):
            raise ValueError("آغاز کار نگه داشته نشده است؛ نسخه نمایشی را با DEMO_FRESH=1 از نو اجرا کنید.")
        for path in self._folder.glob("bot.db*"):
            path.unlink()
        for name in _FOLDERS:
            shutil.rmtree(self._folder / name, ignore_errors=True)
        _copy(self._kept, self._folder)


def _copy(source: Path, target: Path) -> None:
    for name in _FILES:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)
    for name in _FOLDERS:
        if (source / name).exists():
            # Documents are written once and never changed: a second name is enough.
            copy = _link if name == "files" else shutil.copy2
            shutil.copytree(source / name, target / name, copy_function=copy)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without them
        shutil.copy2(source, target)
