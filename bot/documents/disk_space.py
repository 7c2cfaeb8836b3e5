"""Free space of the disks that uploads fill: the documents' folder, and the disk of an SQLite database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.refusals import Unavailable
from storage.database.database import asynchronous

if TYPE_CHECKING:
    from bot.config.settings import Settings

#: Bytes that encryption adds to a document, and those of a block of the disk.
ENCRYPTED, BLOCK = 128, 4096


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """`folders` by what lies in them; `reserve` is the number of bytes below which no upload is taken."""

    folders: Mapping[str, Path] = field(default_factory=dict)
    reserve: int = 0
    #: Bytes that are being written.
    _writing: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, settings: Settings) -> DiskSpace:
        """A store of S3 and a PostgreSQL server have disks of their own, which are not looked at."""
        folders = {}
        if not settings.files_url.startswith("s3://"):
            folders["documents"] = Path(settings.files_url.removeprefix("file://"))
        url = asynchronous(settings.database_url)
        if url.get_backend_name() == "sqlite" and url.database:
            folders["database"] = Path(url.database).parent
        return cls(folders, int(settings.min_free_disk))

    def free(self) -> dict[str, int]:
        """Free bytes by what lies there; a disk that cannot be asked is left out."""
        free_bytes = {}
        for name, folder in self.folders.items():
            try:
                free_bytes[name] = shutil.disk_usage(_existing(folder)).free
            except OSError:
                continue
        return free_bytes

    def takes(self, size: int) -> bool:
        """Whether a file of so many bytes leaves the reserve untouched."""
        return all(free - size - sum(self._writing) >= self.reserve for free in self.free().values())

    @contextmanager
    def room_for(self, *contents: bytes | None) -> Iterator[None]:
        """While these are written, each as a file of its own. Raises Unavailable where they do not leave the reserve untouched."""
        size = sum(-(-(len(content) + ENCRYPTED) // BLOCK) * BLOCK for content in contents if content)
        if not self.takes(size):
            raise Unavailable("error.disk_reserve")
        self._writing.append(size)
        try:
            yield
        finally:
            self._writing.remove(size)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it: it is made with the first document."""
    folder = folder.absolute()
    return next((existing for existing in (folder, *folder.parents) if existing.exists()), folder)
