"""File modes: who else on the machine may read what the bot stores. Older versions and copies by hand may be
open."""

from __future__ import annotations

import contextlib
import pwd
import shlex
import stat
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from bot.config.settings import FORMER_KEYS_FILE, KEY_FILE, Settings
from bot.doctor.finding import Finding
from storage.database.database import asynchronous
from storage.database.file_lock import ENDING

#: Files and folders of documents that are looked at; a new one is closed, so the rest is as good as these.
LOOKED_AT = 20_000
NAME = "file modes"
_OWNER_ALONE = stat.S_IRWXG | stat.S_IRWXO
#: `.env` may belong to root and be read by the bot's own group.
_NOT_OTHERS = stat.S_IRWXO


def check_file_modes(settings: Settings) -> Finding:
    """Changes nothing; the finding names the first that is open, and the command that closes all of its
    kind."""
    if _is_open_to_others(env := Path(".env"), _NOT_OTHERS):
        return _bad(env, f"chmod o-rwx {env}")
    if opened := [path for path in (KEY_FILE, FORMER_KEYS_FILE) if _is_open_to_others(path)]:
        return _bad(opened[0], f"chmod go-rwx {' '.join(str(path) for path in opened)}")
    for path in _database_files(settings):
        if _is_open_to_others(path):
            # SQLite gives the files beside it the mode of the database.
            return _bad(path, f"chmod go-rwx {shlex.quote(str(_database_files(settings)[0]))}*")
    if settings.files_url.startswith("s3://"):
        return Finding(NAME, True, "only the bot's own user reads them")
    root = Path(settings.files_url.removeprefix("file://"))
    seen = 0
    for path in islice(chain([root], _below(root)), LOOKED_AT):
        seen += 1
        if _is_open_to_others(path):
            return _bad(path, f"chmod -R go-rwx {shlex.quote(str(root))}")
    some = f" (the first {LOOKED_AT:,} of the documents)" if seen == LOOKED_AT else ""
    return Finding(NAME, True, f"only the bot's own user reads them{some}")


def check_owners(settings: Settings) -> Finding:
    """Commands that were run as root leave files that the bot's user cannot use."""
    root = Path(settings.files_url.removeprefix("file://"))
    documents = [] if settings.files_url.startswith("s3://") else [root, *islice(_below(root), LOOKED_AT)]
    owners: dict[int, Path] = {}
    for path in (*_database_files(settings), KEY_FILE, FORMER_KEYS_FILE, *documents):
        with contextlib.suppress(OSError):
            owners.setdefault(path.stat().st_uid, path)
    if len(owners) < 2:
        return Finding("owners", True, "all belongs to one user")
    told = " and ".join(f"{path} to {_user(owner)}" for owner, path in islice(owners.items(), 2))
    words = f"{told}: who runs the bot cannot use both; stop it and give all to its user (chown -R)"
    return Finding("owners", False, words)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _database_files(settings: Settings) -> list[Path]:
    url = asynchronous(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(url.database + end) for end in ("", "-wal", "-shm", "-journal", ENDING)]


def _below(folder: Path) -> Iterator[Path]:
    """Two levels, as the store lays them. What vanishes meanwhile, or cannot be read, is passed over."""
    try:
        for path in folder.iterdir():
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from path.iterdir()
    except OSError:
        return


def _is_open_to_others(path: Path, bits: int = _OWNER_ALONE) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & bits)
    except OSError:
        return False


def _bad(path: Path, mend: str) -> Finding:
    return Finding(NAME, False, f"other users of this machine can read {path}; run `{mend}`")
