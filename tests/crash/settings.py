"""Where a crowd plays: one process alone, or three as one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.documents.blob_store import FileStore, FolderStore
from demo.emulators import Emulators
from tests.support.bot_process import Stage
from tests.support.fleet import Fleet
from tests.support.s3 import Bucket, s3_serving


@dataclass(slots=True)
class Setting:
    """The processes, and the store of papers that they share."""

    members: Sequence[Stage]
    store: FileStore
    #: Names of everything in the store.
    stored: Callable[[], list[str]]

    @property
    def town(self) -> Emulators:
        return self.members[0].town

    @property
    def logs(self) -> str:
        return "".join(one.log.read_text() for one in self.members if one.log.exists())


@asynccontextmanager
async def alone(folder: Path, database_url: str) -> AsyncIterator[Setting]:
    """One process, papers in a folder, polling."""
    stage = Stage(await Emulators.start(), folder, database_url)
    papers = folder / "files"
    try:
        yield Setting([stage], FolderStore(papers), lambda: [path.name for path in papers.glob("??/*")])
    finally:
        await stage.close()


@asynccontextmanager
async def as_one(folder: Path, database_url: str) -> AsyncIterator[Setting]:
    """Three processes behind a balancer, papers in S3, webhooks."""
    with s3_serving() as endpoint:
        bucket = Bucket(endpoint)
        fleet = await Fleet.gather(3, await Emulators.start(), folder, database_url, bucket)
        try:
            yield Setting(
                fleet.members,
                bucket.store("papers"),
                lambda: [name.rsplit("/", 1)[-1] for name in bucket.names()],
            )
        finally:
            await fleet.close()
