"""Bot processes and what they share: one alone, or several on one PostgreSQL and one S3 store behind a balancer.

The messengers deliver to the balancer, browsers come to the balancer; it asks the members in turn and knows nothing of
who belongs where.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.documents.blob_store import FileStore, FolderStore
from demo.emulators import Emulators
from tests.support.bot_process import BotProcess
from tests.support.s3 import Bucket, s3_serving

#: Every browser of a test comes from one address: it counts as a proxy that names nobody, or it would be slowed down.
BEHIND_A_PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}

#: Of one hop; these are the proxy's own.
HOP = frozenset(
    {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}
)


class Balancer:
    """Each request goes to the next member; a member that cannot be reached is passed over.

    What a member had begun to take when it died is answered 502, as balancers do: it may have been done."""

    def __init__(self) -> None:
        self.members: list[str] = []
        #: Member → requests that it answered.
        self.answered: dict[str, int] = {}
        #: What somebody must have noticed, or asked for again: "member status path".
        self.troubles: list[str] = []
        self._turn = itertools.count()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            # As balancers do by default: no connection is kept, so that none is met just as a member closes it.
            connector=aiohttp.TCPConnector(force_close=True),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=60),
            trust_env=False,
        )
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _pass(self, request: web.Request) -> web.Response:
        assert self._session is not None
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        first = next(self._turn)
        for step in range(len(self.members)):
            member = self.members[(first + step) % len(self.members)]
            try:
                async with self._session.request(
                    request.method,
                    member + request.raw_path,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                ) as answer:
                    whole = await answer.read()
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                self.troubles.append(f"{member} {type(error).__name__} {request.path}")
                return web.Response(status=502)
            self.answered[member] = self.answered.get(member, 0) + 1
            if answer.status >= 500:
                self.troubles.append(f"{member} {answer.status} {request.path}")
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
            return web.Response(status=answer.status, headers=kept, body=whole)
        return web.Response(status=502)


@dataclass(slots=True)
class Fleet:
    """`members[0]` is as good as any for commands."""

    emulators: Emulators
    balancer: Balancer
    members: Sequence[BotProcess] = field(default_factory=list)

    @classmethod
    async def gather(
        cls, count: int, emulators: Emulators, folder: Path, database_url: str, bucket: Bucket
    ) -> Fleet:
        """None of them runs yet."""
        balancer = Balancer()
        await balancer.start()
        env = {"UPDATES": "webhook", "PUBLIC_URL": balancer.url, **bucket.env("papers"), **BEHIND_A_PROXY}
        members = []
        for number in range(count):
            place = folder / f"member{number}"
            place.mkdir()
            members.append(BotProcess(emulators, place, database_url, dict(env)))
        balancer.members = [f"http://127.0.0.1:{one.port}" for one in members]
        return cls(emulators, balancer, members)

    async def start(self) -> None:
        await asyncio.gather(*(one.start() for one in self.members))

    async def stop(self) -> None:
        """SIGTERM to all; AssertionError where one does not end with 0."""
        statuses = await asyncio.gather(*(one.stop() for one in self.members if one.process is not None))
        assert not any(statuses), statuses

    async def close(self) -> None:
        """The emulators are closed too."""
        for one in self.members:
            if one.process is not None:
                await one.stop()
        await self.balancer.stop()
        await self.emulators.close()

    @property
    def logs(self) -> str:
        return "".join(one.logs for one in self.members)


@dataclass(slots=True)
class Deployment:
    """One bot process or several, and their file store."""

    members: Sequence[BotProcess]
    store: FileStore
    #: Names of all files in the store.
    stored_names: Callable[[], list[str]]

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
        return "".join(one.logs for one in self.members)

    async def start(self) -> None:
        await asyncio.gather(*(one.start() for one in self.members))

    async def stop(self) -> None:
        """SIGTERM to all; AssertionError where one does not end with 0."""
        statuses = await asyncio.gather(*(one.stop() for one in self.members))
        assert not any(statuses), statuses


@asynccontextmanager
async def deployment(processes: int, folder: Path, database_url: str) -> AsyncIterator[Deployment]:
    """One process that polls, with files in a folder; or several with webhooks, a balancer and S3. None is started."""
    emulators = await Emulators.start()
    if processes == 1:
        bot, files = BotProcess(emulators, folder, database_url, dict(BEHIND_A_PROXY)), folder / "files"
        try:
            yield Deployment([bot], FolderStore(files), lambda: [path.name for path in files.glob("??/*")])
        finally:
            await bot.close()
        return
    with s3_serving() as endpoint:
        bucket = Bucket(endpoint)
        fleet = await Fleet.gather(processes, emulators, folder, database_url, bucket)
        try:
            names = lambda: [name.rsplit("/", 1)[-1] for name in bucket.names()]  # noqa: E731
            yield Deployment(fleet.members, bucket.store("papers"), names)
        finally:
            await fleet.close()
