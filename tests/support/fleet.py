"""Bot processes and what they share: one alone, or several on one PostgreSQL and one S3 store behind a balancer.

The messengers deliver to the balancer, browsers come to the balancer; it asks the members in turn and knows nothing of
who belongs where.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.documents.blob_store import FileStore, FolderStore
from demo.emulators import Emulators
from tests.support.bot_process import BotProcess
from tests.support.proxy import Proxy
from tests.support.s3 import Bucket, s3_serving

#: Every browser of a test comes from one address: it counts as a proxy that names nobody, or it would be slowed down.
BEHIND_A_PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}


@dataclass(slots=True)
class Deployment:
    """One bot process or several, and their file store. `members[0]` is as good as any for commands."""

    members: Sequence[BotProcess]
    store: FileStore
    #: Names of all files in the store.
    stored_names: Callable[[], list[str]]
    #: Before several.
    balancer: Proxy

    @property
    def emulators(self) -> Emulators:
        return self.members[0].emulators

    @property
    def database_url(self) -> str:
        return self.members[0].database_url

    @property
    def url(self) -> str:
        """Where browsers go."""
        return self.members[0].env["PUBLIC_URL"]

    @property
    def logs(self) -> str:
        return "".join(member.logs for member in self.members)

    async def start(self) -> None:
        await asyncio.gather(*(member.start() for member in self.members))

    async def stop(self) -> None:
        """SIGTERM to all that run; AssertionError where one does not end with 0."""
        running = [member for member in self.members if member.process is not None]
        statuses = await asyncio.gather(*(member.stop() for member in running))
        assert not any(statuses), statuses


@asynccontextmanager
async def deployment(processes: int, folder: Path, database_url: str) -> AsyncIterator[Deployment]:
    """One process that polls, with files in a folder; or several with webhooks, a balancer and S3. None is started."""
    async with AsyncExitStack() as stack:
        emulators = await stack.enter_async_context(await Emulators.start())
        balancer = await stack.enter_async_context(Proxy().serving())
        if processes == 1:
            bot, files = BotProcess(emulators, folder, database_url, dict(BEHIND_A_PROXY)), folder / "files"
            made = Deployment(
                [bot], FolderStore(files), lambda: [path.name for path in files.glob("??/*")], balancer
            )
        else:
            bucket, members = Bucket(stack.enter_context(s3_serving())), []
            env = {"UPDATES": "webhook", "PUBLIC_URL": balancer.url, **bucket.env("papers"), **BEHIND_A_PROXY}
            for number in range(processes):
                own = folder / f"member{number}"
                own.mkdir()
                members.append(BotProcess(emulators, own, database_url, dict(env)))
            balancer.members += [f"http://127.0.0.1:{member.port}" for member in members]
            made = Deployment(members, bucket.store("papers"), bucket.file_names, balancer)
        stack.push_async_callback(made.stop)
        yield made
