"""`.env` and files of answers: NAME=value lines, read and changed one name at a time; everything else stays as it is."""

from __future__ import annotations

import io
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.config.settings import BadSettingError, check_encoding
from storage.ownership import give_to_owner_of

#: What needs no quotes.
_PLAIN = re.compile(r"[\w./:@%+,=?&~*!;-]*")


def read(path: Path) -> dict[str, str]:
    """Every name in it, also one without a value; empty where there is no file. Raises BadSettingError."""
    check_encoding(path)
    if not path.is_file():
        return {}
    return parse(path.read_text(encoding="utf-8-sig"), interpolate=True)


def parse(text: str, *, interpolate: bool = False) -> dict[str, str]:
    """Names and values; with `interpolate` as the settings read them, where ${NAME} stands for another one."""
    found = dotenv_values(stream=io.StringIO(text), interpolate=interpolate)
    return {name: value or "" for name, value in found.items()}


def write(path: Path, changes: Mapping[str, str], *, example: str = "") -> None:
    """Put `changes` in (an empty value: the setting's default holds), whole or not at all. A file that is not there begins as
    `example`. It is for its owner alone afterwards; a group may go on reading what root owns. Raises BadSettingError where a
    value cannot stand in such a file, OSError."""
    there = path.stat() if path.exists() else None
    before = path.read_text(encoding="utf-8-sig") if there is not None else example
    text = before
    if broken := [name for name, value in changes.items() if set(value) & set("\r\n\0")]:
        raise BadSettingError(f"{broken[0]}: must be one line")
    for name, value in changes.items():
        text = _changed(text, name, value)
    held, wanted = _values(text), {**_values(before), **changes}
    for name in held.keys() | wanted.keys():
        if held.get(name, "") != wanted.get(name, ""):
            raise BadSettingError(f"{name}: {path} cannot hold this value; use other signs")
    mode = 0o600
    if there is not None and there.st_uid == 0 != there.st_gid:
        mode |= stat.S_IMODE(there.st_mode) & 0o040
    if there is not None and not os.access(path.absolute().parent, os.W_OK):
        # The folder is root's, the file is the bot's own: nothing can be put into its place.
        _fill(os.open(path, os.O_WRONLY | os.O_TRUNC), text, mode)
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _fill(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), text, mode)
        if there is None:
            give_to_owner_of(path.absolute().parent, fresh)
        elif os.geteuid() == 0:
            os.chown(fresh, there.st_uid, there.st_gid)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _fill(handle: int, text: str, mode: int) -> None:
    with open(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, mode)
        file.write(text)
        file.flush()
        os.fsync(handle)


def _values(text: str) -> dict[str, str]:
    """As the settings read them: what is empty is not set."""
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}


def _changed(text: str, name: str, value: str) -> str:
    """The text with one line for `name`: where it stands, else where it stands as a comment, else at the end."""
    line = f"{name}={_quoted(value)}"
    lines = (
        text.removesuffix("\n").split("\n") if text else []
    )  # as the settings read them: no other sign ends a line
    own = re.compile(rf"\s*(?:export\s+)?{name}\s*=")
    places = [place for place, found in enumerate(lines) if own.match(found)]
    if not places:
        places = [place for place, found in enumerate(lines) if found.startswith(f"#{name}=")][:1]
    if places:
        lines[places[0]] = line
        lines = [found for place, found in enumerate(lines) if place not in places[1:]]
    else:
        lines.append(line)
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
