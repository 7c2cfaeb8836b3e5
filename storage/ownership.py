"""Files made by a command that root runs belong to whoever owns the folder: the bot's user must be able to use them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def give_to_owner_of(like: Path, *paths: Path) -> None:
    """Where we are root: `paths` belong to the owner of `like` from now on. What is not there is passed over."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(FileNotFoundError):
        owner = like.stat()
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_uid != owner.st_uid:
                    os.chown(path, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """With those above it, for the owner of the nearest that is there. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if missing:
        give_to_owner_of(missing[-1].parent, *missing)
