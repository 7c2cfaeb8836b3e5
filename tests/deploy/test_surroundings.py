"""What stands around the bot on other people's machines, each tried with the real program: proxies on the way to the messengers,
a web server that gives it a part of a site, IPv6, pgbouncer, a clock that is not in UTC."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage.database.unusable import POOLER
from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.bot_process import BotProcess, bot_process, run_command
from tests.support.ports import free_port
from tests.support.postgres import NetworkServer, PostgresServer, apart

pytestmark = pytest.mark.campaign

USER = "bot"
#: As the proxy has it, and as it stands in an address. tinyproxy's own file takes no such signs.
SOCKS_PASSWORD, HTTP_PASSWORD = ("p@ss/w:rd", "p%40ss%2Fw%3Ard"), ("passw0rd", "passw%30rd")


async def open_port(port: int, host: str = "127.0.0.1") -> None:
    """Wait until something listens there."""
    async with asyncio.timeout(90):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def program(*command: str, port: int, log: Path, user: str | None = None) -> AsyncIterator[None]:
    """A server that runs within, its words in `log`."""
    assert shutil.which(command[0]), f"{command[0]} is not installed; .ci/run names the package"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, user=user, cwd="/")
    try:
        await open_port(port)
        yield
    finally:
        process.terminate()
        process.wait()


# -- a proxy on the way to the messengers ------------------------------------------------------------


def microsocks(folder: Path, port: int) -> list[str]:
    return ["microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", USER, "-P", SOCKS_PASSWORD[0]]


def tinyproxy(folder: Path, port: int) -> list[str]:
    (folder / "tinyproxy.conf").write_text(
        f"Port {port}\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\nLogLevel Connect\n"
        f'LogFile "{folder}/tinyproxy.log"\nBasicAuth {USER} {HTTP_PASSWORD[0]}\n'
    )
    return ["tinyproxy", "-d", "-c", str(folder / "tinyproxy.conf")]


PROXIES = {"socks5": microsocks, "socks5h": microsocks, "http": tinyproxy}


@pytest.mark.parametrize("scheme", PROXIES)
async def test_through_a_proxy_with_a_password(scheme: str, sqlite_url: str, tmp_path: Path) -> None:
    port, (password, quoted) = free_port(), HTTP_PASSWORD if scheme == "http" else SOCKS_PASSWORD
    address = f"{scheme}://{USER}:{quoted}@127.0.0.1:{port}"
    async with program(*PROXIES[scheme](tmp_path, port), port=port, log=tmp_path / "proxy.out"):
        env = {"TELEGRAM_PROXY": address, "BALE_PROXY": address}
        async with bot_process(tmp_path, sqlite_url, env) as bot:
            await find_journey("J1").act(JourneySetup.on(bot, "telegram"))
            said = "".join(
                one.read_text(errors="replace")
                for one in tmp_path.glob("*proxy*.*")
                if one.suffix in (".out", ".log")
            )
            assert "onnect" in said  # it was gone through
            assert password not in bot.logs
            assert quoted not in bot.logs


@pytest.mark.parametrize("scheme", PROXIES)
async def test_a_wrong_password_of_the_proxy_is_told_as_such(
    scheme: str, sqlite_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with program(*PROXIES[scheme](tmp_path, port), port=port, log=tmp_path / "proxy.out"):
        address = f"{scheme}://{USER}:wrong-word@127.0.0.1:{port}"
        # As the real one is reached; the proxy refuses before anything is connected to.
        env = {"TELEGRAM_PROXY": address, "TELEGRAM_API_URL": "https://127.0.0.1:9"}
        async with bot_process(tmp_path, sqlite_url, env, start=False) as bot:
            await bot.command("migrate")
            _, out, err = await run_command("doctor", env=bot.env)
    line = next(one for one in out.splitlines() if "telegram" in one.lower() and one.startswith("✗"))
    assert "TELEGRAM_PROXY" in line
    assert "wrong-word" not in out + err


# -- a part of a site ---------------------------------------------------------------------------------


def nginx(folder: Path, port: int, bot: int) -> list[str]:
    """`/officer/` of a site is the bot's; the prefix is taken off."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/main.log; events {{}}\n"
        f"http {{ {temporary} access_log off; server {{ listen 127.0.0.1:{port};\n"
        f"location /officer/ {{ proxy_pass http://127.0.0.1:{bot}/; client_max_body_size 64m;\n"
        "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;\n"
        "proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host site.example.ir;\n"
        "proxy_set_header X-Forwarded-Prefix /officer; }\n"
        "location / { return 418; } } }\n"
    )
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), *user]


@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_as_a_part_of_a_site(updates: str, sqlite_url: str, tmp_path: Path) -> None:
    """Whoever pays comes back from the bank below the prefix, and webhooks arrive there."""
    site = free_port()
    env = {
        "PUBLIC_URL": f"http://127.0.0.1:{site}/officer",
        "TRUSTED_PROXIES": "127.0.0.1",
        "UPDATES": updates,
    }
    async with (
        bot_process(tmp_path, sqlite_url, env, start=False) as bot,
        program(*nginx(tmp_path, site, bot.port), port=site, log=tmp_path / "nginx.out"),
    ):
        await bot.start()
        await find_journey("J6").act(JourneySetup.on(bot, "telegram"))
        await bot.stop()


# -- IPv6 ---------------------------------------------------------------------------------------------


async def test_on_ipv6(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    env = {
        "LISTEN": f"[::1]:{port}",
        "PUBLIC_URL": f"http://[::1]:{port}",
        "METRICS_LISTEN": f"[::1]:{free_port()}",
    }
    async with bot_process(tmp_path, sqlite_url, env) as bot:
        await find_journey("J6").act(JourneySetup.on(bot, "telegram"))


async def test_on_every_address_of_both_kinds(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with bot_process(tmp_path, sqlite_url, {"LISTEN": f"[::]:{port}"}):
        await open_port(port, "::1")
        with socket.socket() as four:
            both = four.connect_ex(("127.0.0.1", port)) == 0
    assert both


# -- pgbouncer ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network_server() -> Iterator[NetworkServer]:
    server = NetworkServer(free_port())
    yield server
    server.stop()


def pgbouncer(folder: Path, port: int, server: NetworkServer, mode: str) -> list[str]:
    password = server.PASSWORD.replace('"', '""')
    (folder / "users").write_text(f'"owner" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\nbot = host=127.0.0.1 port={server.port} dbname=bot\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {folder}/users\npool_mode = {mode}\n"
        "default_pool_size = 30\nmax_client_conn = 100\nignore_startup_parameters = extra_float_digits\n"
    )
    for path in (folder / "users", folder / "pgbouncer.ini"):
        path.chmod(0o644)
    return ["pgbouncer", str(folder / "pgbouncer.ini")]


@asynccontextmanager
async def pooled(server: NetworkServer, mode: str) -> AsyncIterator[str]:
    """DATABASE_URL through pgbouncer. It refuses to be root, and must get to its files."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        user = "nobody" if os.geteuid() == 0 else None
        command = pgbouncer(folder, port, server, mode)
        async with program(*command, port=port, log=folder / "out", user=user):
            yield server.url(port=port)


async def test_pgbouncer_in_session_mode(network_server: NetworkServer, tmp_path: Path) -> None:
    async with pooled(network_server, "session") as url, bot_process(tmp_path, url, start=False) as bot:
        await bot.command("migrate")
        await bot.start()
        await find_journey("J6").act(JourneySetup.on(bot, "telegram"))


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_pgbouncer_in_another_mode_is_refused_before_anything_is_begun(
    mode: str, network_server: NetworkServer, tmp_path: Path
) -> None:
    async with pooled(network_server, mode) as url, bot_process(tmp_path, url, start=False) as bot:
        for command in ("run", "migrate"):
            status, out, err = await run_command(command, env=bot.env)
            assert (status, out) == (2, ""), err
            assert err == f"DATABASE_URL: {POOLER}\n"


# -- a clock that is not in UTC ------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Asia/Tehran", "America/St_Johns"])
async def test_a_server_whose_clock_is_not_in_utc(
    zone: str, empty_postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Both the machine's and the database server's; what is shown is Tehran's time all the same."""
    name = empty_postgres_url.split("@/")[1].partition("?")[0]
    apart(postgres_server.sql(f"ALTER DATABASE {name} SET timezone TO '{zone}'"))
    async with bot_process(tmp_path, empty_postgres_url, {"TZ": zone}, start=False) as bot:
        await bot.command("migrate")
        await bot.start()
        await find_journey("J6").act(JourneySetup.on(bot, "telegram"))
        audit = await bot.command("check-audit")
        assert "links are whole" in audit
        await times_are_right(bot)


async def times_are_right(bot: BotProcess) -> None:
    from sqlmodel import col, select

    from storage.tables import AuditEvent
    from storage.tables.column_types import utcnow

    times = await bot.read(lambda db: list(db.exec(select(AuditEvent.at).order_by(col(AuditEvent.id)))))
    assert all(abs((utcnow() - at).total_seconds()) < 600 for at in times)
