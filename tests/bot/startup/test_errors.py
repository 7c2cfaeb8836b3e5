"""What an operator sets wrong: one line that names the setting and says what to do, status 2, no traceback, no
password; with every command, on real servers, by the real bot.py."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.settings import BadSettingError, Settings
from bot.doctor import Finding, database, disk, examine, external_services, machine
from tests.support.bot_process import PROJECT
from tests.support.commands import Ended, all_settings, command_line, run_process
from tests.support.pooler import encrypting, pooling
from tests.support.ports import free_port
from tests.support.postgres import NetworkServer

SECRET = "geheim-geheim"
COMMANDS = {
    "run": (),
    "migrate": (),
    "set-tariff": ("--kind", "new", "--rial", "1500000"),
    "create-user": ("--role", "staff"),
    "retention": ("--dry-run",),
}
#: Addresses that are refused with the settings, before any server is asked.
NOT_UNDERSTOOD = ("unknown", "mode", "not encoded", "no host", "port")


@pytest.fixture(scope="module")
def server() -> Iterator[NetworkServer]:
    server = NetworkServer(free_port())
    yield server
    server.stop()


async def call(folder: Path, command: str, *, without: tuple[str, ...] = (), **settings: str) -> Ended:
    """The real `bot.py command`, beside the loop. `without` are settings that are left out."""
    env = all_settings(folder, **settings)
    env = {name: value for name, value in env.items() if name not in without}
    return await asyncio.to_thread(run_process, folder, command, *COMMANDS.get(command, ()), env=env)


def run_directly(folder: Path, *command: str, **settings: str) -> Ended:
    """A process that is not forked."""
    env = all_settings(folder, **settings)
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def expect(told: Ended, name: str, *words: str) -> None:
    assert (told.status, told.out) == (2, ""), told
    assert told.err.startswith(f"{name}: "), told
    assert told.err.count("\n") == 1, told
    assert all(word in told.err for word in words), told
    for secret in (SECRET, NetworkServer.PASSWORD, "geheim"):
        assert secret not in told.err


def database_faults(server: NetworkServer, folder: Path) -> dict[str, tuple[str, str]]:
    (folder / "a-file").touch()
    (folder / "no-database").write_text("x" * 5000)
    closed = free_port()
    return {
        "password": (server.url(password=SECRET), "refuses the password of 'owner'"),
        "role": (server.url(user="nobody-here"), "refuses the password of 'nobody-here'"),
        "database": (server.url("elsewhere"), '"elsewhere" does not exist'),
        "down": (server.url(port=closed), f"127.0.0.1:{closed} does not answer"),
        "all down": (
            f"postgresql://owner:{SECRET}@127.0.0.1:{closed},localhost:{closed}/bot",
            "does not answer",
        ),
        "host": (f"postgresql://owner:{SECRET}@no-host.invalid/bot", "no host of the name"),
        "socket": (f"postgresql://owner:{SECRET}@/bot?host=/no/such/folder", "does not answer"),
        "TLS wanted": (server.url(query="?sslmode=require"), "offers no TLS"),
        "not let in": (server.url("locked", query="?sslmode=disable"), "no encryption"),
        "certificate's file": (server.url(query="?sslmode=verify-ca&sslrootcert=/no/ca.pem"), "/no/ca.pem"),
        "copy": (server.url(query="?target_session_attrs=standby"), "target_session_attrs"),
        "option": (server.url(query="?options=-c%20no_such_thing%3D1"), "no_such_thing"),
        "unknown": (server.url(query="?no_such_parameter=geheim"), "'no_such_parameter' is not known"),
        "mode": (server.url(query="?sslmode=geheim"), "sslmode must be one of"),
        "not encoded": (f"postgresql://owner:100%ab{SECRET}@127.0.0.1/bot", "percent-encode"),
        "no host": (f"postgresql://owner:{SECRET}", "is not a database address"),
        "port": (f"postgresql://owner:{SECRET}@127.0.0.1:{SECRET}/bot", "after the @"),
        "right": (server.url(user="reader"), "'reader' lacks a right"),
        "SQL_ASCII": (server.url("ascii"), "SQL_ASCII"),
        "LATIN1": (server.url("latin"), "LATIN1"),
        "folder": (f"sqlite:///{folder}/a-file/bot.db", "a file is in its place"),
        "folder of the system": ("sqlite:////proc/no/bot.db", "cannot be made"),
        "directory": (f"sqlite:///{folder}", "cannot be opened"),
        "no database": (f"sqlite:///{folder}/no-database", "is no SQLite database"),
    }


#: Real processes cost a second each, so each command meets some; `doctor` meets all of them below.
MET = {
    "run": ("password", "down", "SQL_ASCII"),
    "migrate": ("database", "down", "right", "folder"),
    "set-tariff": ("host", "unknown"),
    "create-user": ("TLS wanted", "directory"),
    "retention": ("not encoded",),
}


@pytest.mark.campaign
async def test_a_wrong_database_is_one_line_of_every_command(server: NetworkServer, tmp_path: Path) -> None:
    faults = database_faults(server, tmp_path)
    slots = asyncio.Semaphore(2)

    async def one(command: str, fault: str) -> None:
        url, words = faults[fault]
        async with slots:
            expect(await call(tmp_path, command, database_url=url), "DATABASE_URL", words)

    async with asyncio.TaskGroup() as group:
        for command, met in MET.items():
            for fault in met:
                group.create_task(one(command, fault))


@pytest.mark.parametrize("fault", NOT_UNDERSTOOD)
def test_an_address_that_is_not_understood(fault: str, server: NetworkServer, tmp_path: Path) -> None:
    url, words = database_faults(server, tmp_path)[fault]
    with pytest.raises(BadSettingError) as caught:
        Settings.load(_env_file=None, database_url=url)
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_doctor_says_the_same_lines(server: NetworkServer, tmp_path: Path) -> None:
    for fault, (url, words) in database_faults(server, tmp_path).items():
        if fault in NOT_UNDERSTOOD:
            continue
        found = await doctor(tmp_path, database_url=url)
        bad = [one for one in found if not one.good]
        assert bad, fault
        assert words in bad[0].words or fault == "right", (fault, bad)
        assert all(NetworkServer.PASSWORD not in str(one) and SECRET not in str(one) for one in found)


async def doctor(folder: Path, **settings: str) -> list[Finding]:
    """What `bot.py doctor` says of database, papers and addresses: the rest asks servers that are not here."""
    env = all_settings(folder, **settings)
    given = {name.lower(): value for name, value in env.items() if name.lower() in Settings.model_fields}
    loaded = Settings.load(_env_file=None, **given)
    runs = await external_services.health(loaded) is not None
    addresses = [one async for one in machine.check_addresses(loaded, runs=runs)]
    return [one async for one in database.check_settings_database(loaded)] + [
        await disk.check_store(loaded),
        *addresses,
    ]


async def test_what_panels_hand_out_is_understood(server: NetworkServer, tmp_path: Path) -> None:
    async with encrypting(server.port, tmp_path) as (port, certificate):
        query = (
            f"?sslmode=verify-full&sslrootcert={certificate}&channel_binding=prefer&connect_timeout=7"
            "&application_name=officers&target_session_attrs=read-write&options=-c%20statement_timeout%3D50000"
            "&keepalives_idle=30&gssencmode=disable"
        )
        url = server.url("spare", port=port, query=query)
        url = url.replace("127.0.0.1:", f"127.0.0.1:{free_port()},127.0.0.1:")
        told = await call(tmp_path, "migrate", database_url=url)
        assert (told.status, told.out) == (0, "the schema is up to date\n"), told
        plain = server.url("spare", port=port, query="?sslmode=require&channel_binding=require")
        for other in ("postgres://", "postgresql+psycopg2://"):
            told = await call(tmp_path, "set-tariff", database_url=plain.replace("postgresql://", other))
            assert told.status == 0, told
        strict = server.url("spare", port=port, query="?sslmode=verify-full&sslrootcert=system")
        told = await call(tmp_path, "migrate", database_url=strict)
        expect(told, "DATABASE_URL", "not trusted", "sslrootcert")


async def test_passwords_as_they_are(server: NetworkServer, tmp_path: Path) -> None:
    bare = f"postgresql://owner@127.0.0.1:{server.port}/spare"
    # What can be read in one way only needs no encoding; a % before two hex digits is one.
    plain = server.url("spare", query="?sslmode=disable").replace("%40", "@").replace("%2F", "/")
    for settings in ({"database_url": bare, "database_password": server.PASSWORD}, {"database_url": plain}):
        told = await call(tmp_path, "migrate", **settings)
        assert told.status == 0, told


async def test_a_pooler_in_transaction_mode(
    server: NetworkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = {"user": "postgres", "database": "spare"}
    direct = server.url("spare", user="postgres")
    told = await call(tmp_path, "migrate", database_url=direct)
    assert told.status == 0, told
    async with pooling(server.port, per="transaction", **place) as port:
        url = server.url("spare", user="postgres", port=port)
        told = await call(tmp_path, "run", database_url=url)
        expect(told, "DATABASE_URL", "transaction mode", "pool_mode = session")
        found = {one.name: one for one in await doctor(tmp_path, database_url=url)}
        assert "pool_mode = session" in found["database"].words
        assert not found["database"].good
    async with pooling(server.port, per="session", **place) as port:
        url = server.url("spare", user="postgres", port=port)
        told = await call(tmp_path, "set-tariff", database_url=url)
        assert told.status == 0, told


async def test_wrong_addresses_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(external_services, "LOCAL_TIMEOUT", 0.5)  # none of these addresses ever answers
    (tmp_path / "a-file").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        table = [
            ("LISTEN", f"127.0.0.1:{port}", "another process listens there"),
            ("METRICS_LISTEN", f"127.0.0.1:{port}", "another process listens there"),
            ("LISTEN", "203.0.113.5:8080", "no address of this machine"),
            ("METRICS_LISTEN", "203.0.113.5:8080", "no address of this machine"),
            ("LISTEN", "no-host.invalid:8080", "no host 'no-host.invalid'"),
            ("FILES_URL", str(tmp_path / "a-file"), "a file is in its place"),
            ("FILES_URL", "/proc/no/files", "cannot be written"),
            ("TELEGRAM_PROXY", "socks4://127.0.0.1:1080", "SOCKS4 is not supported"),
            ("BALE_PROXY", f"http://me:[{SECRET}]@127.0.0.1:1", "percent-encode"),
            ("BALE_PROXY", f"http://me:{SECRET}/x@127.0.0.1:1", "percent-encode"),
            ("PUBLIC_URL", f"https://me:{SECRET}/@x", "percent-encode"),
            ("UPDATES", "geheim", "polling"),
        ]
        # A folder each: who comes to the database of another that has not ended yet is told of that.
        folders = [tmp_path / str(n) for n, _ in enumerate(table)]
        for folder in folders:
            folder.mkdir()
        told = await asyncio.gather(
            *(
                call(folder, "run", **{name.lower(): value})
                for folder, (name, value, _) in zip(folders, table, strict=True)
            )
        )
        for (name, value, words), one in zip(table, told, strict=True):
            expect(one, name, words)
            if name in ("LISTEN", "METRICS_LISTEN", "FILES_URL"):
                settings = {name.lower(): value}
                bad = [str(each) for each in await doctor(tmp_path, **settings) if not each.good]
                assert any(words in each for each in bad), (value, bad)


@pytest.mark.parametrize("contact", ["", "اداره کل تجهیزات پزشکی"])
async def test_a_support_contact_that_leads_nowhere(contact: str, tmp_path: Path) -> None:
    expect(await call(tmp_path, "run", support_contact=contact), "SUPPORT_CONTACT", "phone number")
    settings = {
        name.lower(): value for name, value in all_settings(tmp_path, support_contact=contact).items()
    }
    loaded = Settings.load(
        _env_file=None, **{k: v for k, v in settings.items() if k in Settings.model_fields}
    )
    found = await anext(aiter(examine(loaded)))
    assert (found.name, found.good) == ("settings", False)
    assert "SUPPORT_CONTACT" in found.words


@pytest.mark.skipif(os.geteuid() != 0, reason="rights can only be taken from one who has them")
def test_a_port_that_is_the_systems(tmp_path: Path) -> None:
    without = ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"]
    told = run_directly(tmp_path, *without, *command_line("run"), listen="127.0.0.1:80")
    expect(told, "LISTEN", "127.0.0.1:80", "port from 1024 on")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("SUPPORT_CONTACT=اداره\r\n".encode("utf-16"), ".env", ["UTF-16", "save"]),
        (
            "LOG_LEVEL=INFO\nSUPPORT_CONTACT=تهران\n".encode("cp1256"),
            ".env",
            ["line 2 is not in UTF-8", "save"],
        ),
        (b'\xef\xbb\xbfLISTEN="nonsense"\r\nLOG_LEVEL=INFO\r\n', "LISTEN", ["host:port"]),
    ],
    ids=["UTF-16", "another code page", "as Windows writes it: the first setting counts too"],
)
async def test_a_file_of_settings_in_another_encoding(
    content: bytes, name: str, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(content)
    expect(await call(tmp_path, "run", without=("LISTEN",)), name, *words)


def test_no_zone_data_and_old_ones(tmp_path: Path) -> None:
    """The package's are used; Tehran has no summer time since 2022."""
    area = tmp_path / "zones" / "Asia"
    area.mkdir(parents=True)
    # As a system of before 2022 has it: summer time for ever.
    head = b"TZif2" + bytes(34) + b"\1" + bytes(3) + b"\6"
    part = head + (12600).to_bytes(4, "big") + b"\0\0" + b"+0330\0"
    (area / "Tehran").write_bytes(part * 2 + b"\n<+0330>-3:30<+0430>,J79/24,J263/24\n")
    code = "from datetime import datetime; from bot.texts.formats import TEHRAN; print(TEHRAN.utcoffset(datetime(2026, 8, 1)))"
    for path in (str(tmp_path / "zones"), str(tmp_path / "nothing")):
        env = os.environ | {"PYTHONTZPATH": path}
        told = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, env=env, text=True)
        assert told.strip() == "3:30:00"


def test_no_secret_in_what_a_fault_of_the_program_says(tmp_path: Path) -> None:
    """A traceback of ours goes through the log, which masks."""
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(PROJECT)!r})\n"
        "import storage.migrations.migrate\n"
        "async def upgrade(url):\n"
        f"    raise RuntimeError(f'no luck with postgresql://a:{SECRET}@h/x and 12345:{SECRET}')\n"
        "storage.migrations.migrate.upgrade = upgrade\n"
        f"sys.argv = ['bot.py', 'migrate']\nrunpy.run_path({str(PROJECT / 'bot.py')!r}, run_name='__main__')\n"
    )
    settings = {"pythonasynciodebug": "1", "bale_token": f"12345:{SECRET}"}
    told = run_directly(tmp_path, sys.executable, str(broken), **settings)
    assert told.status == 1
    assert "no luck with" in told.err
    assert SECRET not in told.err + told.out


@pytest.mark.campaign
def test_signals_are_not_wrong_settings(tmp_path: Path) -> None:
    env = all_settings(tmp_path)
    process = subprocess.Popen(command_line("run"), cwd=tmp_path, env=env, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()
