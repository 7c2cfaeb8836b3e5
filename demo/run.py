"""`python bot.py demo`: the emulators, the real bot, accounts to try, and the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from demo import saved_state
from demo.bot_process import PROJECT, BotProcess
from demo.emulators import Emulators
from demo.page.server import PageServer
from demo.users import DemoUser, DemoUsers

_SAVE_SECONDS = 10


@dataclass(frozen=True)
class Options:
    folder: Path = PROJECT / "data" / "demo"
    host: str = "127.0.0.1"
    #: Of the page; the bot's own web pages are on the next one. A busy port is replaced by a free one.
    port: int = 8090
    #: Further names that lead to the page, as name:port; it answers under no other.
    others: tuple[str, ...] = ()
    #: Begin anew, whatever was there.
    fresh: bool = False
    #: Everything but the bot: its settings are written to `folder`/.env, and it is started by hand under a
    #: debugger.
    debug: bool = False

    @classmethod
    def from_environment(cls) -> Options:
        """DEMO_FOLDER, DEMO_HOST, DEMO_PORT, DEMO_ALLOWED_HOSTS (name:port,…), DEMO_FRESH=1,
        DEMO_DEBUG=1."""
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
            known.get("DEMO_FRESH", "") not in ("", "0"),
            known.get("DEMO_DEBUG", "") not in ("", "0"),
        )


async def main(options: Options | None = None) -> None:
    """Run until SIGINT or SIGTERM. Raises BotFailedError where the bot does not start."""
    options = options or Options.from_environment()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    print("Preparing the demo …", flush=True)
    async with Demo(options) as demo:
        demo.introduce()
        saving = asyncio.create_task(demo.save_now_and_then())
        await stopping.wait()
        saving.cancel()


class Demo:
    """Everything that runs, put together."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.kept = options.folder / "emulators.pickle"
        self.emulators: Emulators
        self.users: DemoUsers
        self.bot: BotProcess
        self.page: PageServer
        #: Where the bot tells its figures, as host:port.
        self.metrics_address = ""

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
                await self._settle()
            if self.options.debug:
                _write_env(folder / ".env", self.bot.settings)
            else:
                (folder / ".env").unlink(missing_ok=True)  # an earlier debug start
                await self.bot.start()
            port = _free(self.options.host, self.options.port)
            self.page = PageServer(
                self.users,
                host=self.options.host,
                port=port,
                bot=self.bot,
                others=self.options.others,
                metrics_url=f"http://{self.metrics_address}/metrics",
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
        self.metrics_address = f"127.0.0.1:{_free('127.0.0.1', 0)}"
        return self.emulators.env() | {
            "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
            "FILES_URL": str(folder / "files"),
            "LISTEN": f"{host}:{port}",
            "METRICS_LISTEN": self.metrics_address,
            "PUBLIC_URL": f"http://{host}:{port}",
            "SUPPORT_CONTACT": "۰۲۱۰۰۰۰۰۰۰۰",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "console",
        }

    async def _settle(self) -> None:
        """Tariffs, and the people with their phones; who works for the state gets an account."""
        await self.bot.command("migrate")
        await self.bot.command("set-tariff", "--kind", "new", "--rial", "5600000")
        await self.bot.command("set-tariff", "--kind", "amendment", "--rial", "2800000")
        telegram, bale = self.emulators.messengers
        add = self.users.add
        sara = add(telegram, "سارا", "کریمی‌نژاد", mobile="09901110001", shown=True)
        add(bale, "سارا", "کریمی‌نژاد", mobile="09901110001", identity=sara.identity, shown=True)
        shiraz = add(telegram, "مریم", "موسوی", mobile="09901110002", title="کارشناس شیراز", shown=True)
        charge = add(bale, "نرگس", "رستمی", mobile="09901110003", title="کارشناس مسئول شیراز")
        tehran = add(bale, "رضا", "احمدی", mobile="09901110004", title="کارشناس تهران")
        staff = add(telegram, "حسین", "توکلی", mobile="09901110005", title="اداره کل")
        ali = add(bale, "علی", "رضایی", mobile="09901110006")
        ali.identity.province = ali.identity.city = "تهران"
        ali.identity.address, ali.identity.phone = "تهران، خیابان انقلاب، کوچه ۵، پلاک ۸", "۰۲۱۶۶۱۲۳۴۵۶"
        kian = add(bale, "کامران", "کیانی", mobile="09901110007", title="مدیر شرکت توزیع")
        await self._account(shiraz, "expert", "sums")
        await self._account(charge, "expert-in-charge", "sums")
        await self._account(tehran, "expert", "tums")
        await self._account(staff, "staff")
        company = ("--company", "کیان طب", "--number", "14009999995", "--mobile", "09901110007")
        place = ("--province", "فارس", "--city", "شیراز", "--address", "شیراز، بلوار چمران، پلاک ۲۰")
        await self._account(kian, "distributor", options=(*company, *place))

    async def _account(
        self, role: DemoUser, kind: str, university: str | None = None, *, options: tuple[str, ...] = ()
    ) -> None:
        arguments = ["create-user", "--role", kind, "--name", role.person.name, "--json", *options]
        if university is not None:
            arguments += ["--university", university]
        made = json.loads(await self.bot.command(*arguments))
        role.identity.user_code, role.identity.password = made["user_code"], made["password"]

    async def save_now_and_then(self) -> None:
        before = -1
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            now = sum(messenger.server.state.clock for messenger in self.emulators.messengers)
            if now != before:
                before = now
                saved_state.save(self.users, self.kept)

    def introduce(self) -> None:
        """Where to open, and whom to play."""
        print(f"\n  The demo is ready.  Open  {self.page.url}\n")
        print("  Officers register themselves on their phones. Ready accounts:\n")
        for role in self.users.roles:
            if role.identity.user_code and role.title != "مسئول فنی":
                login = f"code {role.identity.user_code}   password {role.identity.password}"
                print(f"    {login}   {role.person.name}، {role.title} ({role.person.state.kind})")
        if self.options.debug:
            print(
                "\n  Start the bot by hand, in this folder (a debugger needs the same three: folder, program, `run`):"
            )
            print(f"    cd {self.options.folder} && {sys.executable} -m pdb {PROJECT / 'bot.py'} run")
        else:
            print(f"\n  Bot's log: {self.bot.log}")
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
    for name in ("files", "data"):
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
