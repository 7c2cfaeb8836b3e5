"""`python bot.py demo`: the emulators, the real bot, accounts to try, and the page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from demo import clock, saved_state, terminal
from demo.beginning import Beginning
from demo.bot_process import PROJECT, BotProcess
from demo.emulators import Emulators
from demo.first_start import Progress, settle
from demo.page.server import PageServer
from demo.page.shortcuts import Shortcuts
from demo.users import DemoUsers

_SAVE_SECONDS = 10


@dataclass(frozen=True)
class Options:
    folder: Path = PROJECT / "data" / "demo"
    host: str = "127.0.0.1"
    #: Of the page; the bot's own web pages are on the next one, its figures on the one after that. A busy port is replaced
    #: by a free one.
    port: int = 8090
    #: Further names that lead to the page, as name:port; it answers under no other.
    others: tuple[str, ...] = ()
    #: Begin anew, whatever was there.
    fresh: bool = False
    #: With a directorate that has worked for eighteen months; without it nobody has filed anything.
    past: bool = False
    #: Everything but the bot: its settings are written to `folder`/.env, and it is started by hand under a
    #: debugger.
    debug: bool = False

    @classmethod
    def from_environment(cls) -> Options:
        """What `bot.py demo --help` lists."""
        known = os.environ
        return cls(
            Path(known.get("DEMO_FOLDER", cls.folder)).resolve(),
            known.get("DEMO_HOST", cls.host),
            int(known.get("DEMO_PORT", cls.port)),
            tuple(
                name.strip().lower()
                for name in known.get("DEMO_ALLOWED_HOSTS", "").split(",")
                if name.strip()
            ),
            _is_on(known.get("DEMO_FRESH")),
            not _is_on(known.get("DEMO_EMPTY")),
            _is_on(known.get("DEMO_DEBUG")),
        )


def _is_on(value: str | None) -> bool:
    return (value or "0") != "0"


async def main(options: Options | None = None) -> None:
    """Run until SIGINT or SIGTERM. Raises BotFailedError where the bot does not start."""
    options = options or Options.from_environment()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    demo = Demo(options, terminal.ProgressLine())
    terminal.announce(first=demo.is_first, past=options.past)
    serving = asyncio.create_task(_serve(demo))
    await asyncio.wait({serving, asyncio.create_task(stopping.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _serve(demo: Demo) -> None:
    async with demo:
        if demo.options.debug:
            demo.introduce_debugger()
        else:
            opened = terminal.open_browser(demo.page.url)
            terminal.introduce(demo.page.url, opened=opened, log=demo.bot.log)
        await demo.save_now_and_then()


class Demo:
    """Everything that runs, put together."""

    def __init__(self, options: Options, progress: Progress = lambda done: None) -> None:
        self.options, self.progress = options, progress
        self.kept = options.folder / "emulators.pickle"
        self.beginning = Beginning(options.folder)
        self._changing = asyncio.Lock()
        self.emulators: Emulators
        self.users: DemoUsers
        self.bot: BotProcess
        self.page: PageServer
        #: Where the bot tells its figures, as host:port.
        self.metrics_address = ""
        self._page_port = 0

    @property
    def is_first(self) -> bool:
        """Whether this start makes everything."""
        return self.options.fresh or not self.kept.exists()

    async def __aenter__(self) -> Demo:
        async with contextlib.AsyncExitStack() as stack:
            self.emulators = await stack.enter_async_context(await Emulators.start(host=self.options.host))
            self.users = DemoUsers(self.emulators)
            going_on = not self.options.fresh and saved_state.load(self.users, self.kept)
            folder = self.options.folder
            if not going_on:
                _clear(folder)
            self.bot = BotProcess(folder, self._settings())
            stack.push_async_callback(self.bot.stop)
            if not going_on:
                clock.set_ahead(0)
                await settle(self.bot, self.users, past=self.options.past, progress=self.progress)
                self.beginning.keep(self.users)
            if self.options.debug:
                _write_env(folder / ".env", self.bot.settings)
            else:
                (folder / ".env").unlink(missing_ok=True)  # an earlier debug start
                await self.bot.start()
            self.page = PageServer(
                self.users,
                host=self.options.host,
                port=self._page_port,
                bot=self.bot,
                others=self.options.others,
                metrics_url=f"http://{self.metrics_address}/metrics",
                more_routes=Shortcuts(self).add_routes,
            )
            await self.page.start()
            stack.push_async_callback(self.page.stop)
            stack.callback(saved_state.save, self.users, self.kept)
            saved_state.save(self.users, self.kept)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _settings(self) -> dict[str, str]:
        folder, host = self.options.folder, self.options.host
        port = _free(host, self.options.port + 1 if self.options.port else 0)
        # A way back from a pay page, and an invitation, lead to the phones and not to a bot of that name elsewhere.
        self._page_port = _free(host, self.options.port)
        page = f"http://{host}:{self._page_port}"
        figures = _free("127.0.0.1", self.options.port + 2 if self.options.port else 0)
        self.metrics_address = f"127.0.0.1:{figures}"
        return self.emulators.env() | {
            "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
            "FILES_URL": str(folder / "files"),
            "LISTEN": f"{host}:{port}",
            "METRICS_LISTEN": self.metrics_address,
            "TELEGRAM_LINK_URL": f"{page}/telegram",
            "BALE_LINK_URL": f"{page}/bale",
            "PUBLIC_URL": f"http://{host}:{port}",
            "SUPPORT_CONTACT": "۰۲۱۰۰۰۰۰۰۰۰",
            # Fifteen seconds in place of minutes: a visitor waits for what a decision leads to.
            "DECISION_UNDO_MINUTES": "0.25",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "console",
        }

    async def reset(self) -> None:
        """Everything as it was after the first start. Raises ValueError where that was not kept."""
        async with self._changing, self._stopped():
            self.beginning.restore(self.users)
            for messenger in self.emulators.messengers:
                messenger.server.come_back()
        self.page.live.tell({"kind": "reset"})

    async def skip(self, days: int) -> None:
        """The demo's clock goes ahead so far; the bot starts anew under it, and its jobs find what became due."""
        async with self._changing, self._stopped():
            clock.set_ahead(clock.later(days))
        saved_state.save(self.users, self.kept)
        self.page.live.tell({"kind": "clock", "now": clock.time()})

    @contextlib.asynccontextmanager
    async def _stopped(self) -> AsyncIterator[None]:
        """The bot is off meanwhile, and runs afterwards. Raises ValueError where it is started by hand."""
        if self.options.debug:
            raise ValueError("سامانه را خودتان اجرا کرده‌اید (DEMO_DEBUG)؛ این کار در این حالت انجام نمی‌شود.")
        await self.bot.stop()
        self.page.live.tell({"kind": "bot", "on": False})
        try:
            yield
        finally:
            await self.bot.start()
            self.page.live.tell({"kind": "bot", "on": True})

    async def save_now_and_then(self) -> None:
        before = -1
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            now = sum(messenger.server.state.clock for messenger in self.emulators.messengers)
            if now != before:
                before = now
                saved_state.save(self.users, self.kept)

    def introduce_debugger(self) -> None:
        """How to start the bot by hand."""
        print(f"\n  The demo is ready but for the bot.  Open  {self.page.url}\n")
        print(
            "  Start the bot by hand, in this folder (a debugger needs the same three: folder, program, `run`):"
        )
        print(f"    cd {self.options.folder} && {sys.executable} -m pdb {PROJECT / 'bot.py'} run")
        print("  Stop with Ctrl-C; the next start goes on from here, DEMO_FRESH=1 begins anew.\n", flush=True)


def _write_env(path: Path, settings: dict[str, str]) -> None:
    """Settings as bot.py reads them from the folder that it is started in."""
    path.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()), encoding="utf-8")


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left, and nothing else in a folder that the user chose."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("bot.db*", "bot.log", ".env", "emulators.pickle"):
        for path in folder.glob(pattern):
            path.unlink()
    for name in ("files", "data", "beginning"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _free(host: str, port: int) -> int:
    """This port, or another one where it is taken."""
    for wanted in (port, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, wanted))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("no free port")
