"""The commands of docs/operations.md and docs/runbook.md, taken from the pages themselves and run as they stand there, lead from
nothing to a service that answers, that is backed up, and that a backup brings back.

They run as root in a mount namespace of their own: /opt, /etc, /var/backups, /usr/local and /media are layers over the machine's, thrown
away afterwards. Not real are only `systemctl` (there is no systemd in a container: what it was told is kept, and the units are started
as they say) and `apt-get`. The messengers are the emulated ones."""

import asyncio
import configparser
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.support.bot_process import Credentials
from tests.support.commands import PROJECT
from tests.support.journey_steps import login
from tests.support.ports import free_port

pytestmark = pytest.mark.campaign

HOME = Path("/opt/technical-officer-bot")
LAYERS = ("/opt", "/etc", "/var/backups", "/usr/local", "/media")


def blocks(page: str, heading: str) -> list[str]:
    """The shell blocks below a heading of a page, in order."""
    text = (PROJECT / "docs" / page).read_text()
    part = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no commands under {heading}"
    return found


class Machine:
    """A namespace in which the machine's folders may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = folder / "systemctl"
        self._holder: subprocess.Popen[str] | None = None

    def start(self) -> None:
        stubs = self.folder / "stubs"
        stubs.mkdir()
        for name, does in {"systemctl": f'echo "$*" >> {self.told}', "apt-get": "exit 0"}.items():
            (stubs / name).write_text(f"#!/bin/sh\n{does}\n")
            (stubs / name).chmod(0o755)
        mounts = []
        for number, path in enumerate(LAYERS):
            for kind in ("upper", "work"):
                (self.folder / f"{kind}{number}").mkdir()
            layers = (
                f"lowerdir={path},upperdir={self.folder}/upper{number},workdir={self.folder}/work{number}"
            )
            mounts.append(f"mkdir -p {path} && mount -t overlay overlay -o {layers} {path}")
        script = "\n".join([*mounts, "echo up", "exec sleep infinity"])
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "up\n"

    def stop(self) -> None:
        if self._holder is not None:
            self._holder.kill()
            self._holder.wait()

    def enter(self, *command: str) -> list[str]:
        assert self._holder is not None
        return ["nsenter", "--mount", "--target", str(self._holder.pid), "--", *command]

    def run(self, script: str, *, folder: Path = PROJECT) -> str:
        """As root, by a shell that stops at the first failure."""
        path = f"{self.folder / 'stubs'}:{os.environ['PATH']}"
        env = {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "GIT_CONFIG_COUNT": "1"}
        # The clone belongs to whoever runs the tests.
        env |= {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        env |= {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_"))}
        done = subprocess.run(
            self.enter("bash", "-euo", "pipefail", "-c", f"cd {shlex.quote(str(folder))}\n{script}"),
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def unit(self, name: str) -> dict[str, str]:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(self.run(f"cat /etc/systemd/system/{name}"))
        return dict(parser["Service"])

    async def start_unit(self, name: str) -> asyncio.subprocess.Process:
        """As systemd would: its user, folder and umask, and nothing of root's environment."""
        unit = self.unit(name)
        command = f"umask {unit['UMask']}; cd {unit['WorkingDirectory']}; exec {unit['ExecStart']}"
        as_user = (
            "setpriv",
            f"--reuid={unit['User']}",
            f"--regid={unit['User']}",
            "--clear-groups",
            "--no-new-privs",
        )
        return await asyncio.create_subprocess_exec(
            *self.enter("env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", *as_user, "sh", "-c", command),
            stdout=asyncio.subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip(
            "needs root and unshare (util-linux) for folders of its own in the place of /opt and /etc"
        )
    machine = Machine(tmp_path)
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


@asynccontextmanager
async def service(machine: Machine) -> AsyncIterator[None]:
    process = await machine.start_unit("technical-officer-bot.service")
    try:
        assert process.stdout is not None
        async with asyncio.timeout(180):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(90):
            await process.wait()


def with_answers(page: str, emulators: Emulators) -> str:
    """The page's commands, with a file of answers in the place of the person whom `setup` asks."""
    answers = {
        **emulators.env(),
        "LISTEN": f"127.0.0.1:{free_port()}",
        "PUBLIC_URL": "https://pay.health.ir",
        "SUPPORT_CONTACT": "021-00000000",
        "STAFF_NAME": "نام و نام خانوادگی",
        "TARIFF_NEW": "1500000",
        "TARIFF_AMENDMENT": "500000",
    }
    lines = "".join(f"{name}='{value}'\n" for name, value in answers.items())
    file = "/media/answers"
    asked = re.sub(r"^officer-bot setup\b", f"officer-bot setup --answers {file}", page, flags=re.MULTILINE)
    assert file in asked
    return f"printf %s {shlex.quote(lines)} > {file}\nchmod 644 {file}\n{asked}"


def write(name: str, value: str) -> str:
    return f"sed -i '/^#\\?{name}=/d' .env; echo {shlex.quote(f'{name}={value}')} >> .env\n"


def owners(machine: Machine) -> set[str]:
    """Who owns what lies under data/ and in the folder of backups."""
    return set(machine.run(f"find {HOME}/data /var/backups/technical-officer-bot -printf '%u\\n'").split())


async def test_one_machine_from_nothing_to_a_backup_and_back(machine: Machine, tmp_path: Path) -> None:
    install, make, start = blocks("operations.md", "One machine")
    (restore,) = blocks("runbook.md", "Restoring into production")
    async with await Emulators.start() as emulators:
        telegram = emulators.telegram
        await asyncio.to_thread(machine.run, install)
        printed = await asyncio.to_thread(machine.run, with_answers(make, emulators), folder=HOME)
        assert "next: officer-bot doctor" in printed
        users = re.findall(r"user code: (\S+)\npassword: (\S+)", printed)
        recipient = re.search(r"^BACKUP_RECIPIENT=(age1\S+)$", printed, re.MULTILINE)
        assert len(users) == 2
        assert recipient is not None
        machine.run(write("BACKUP_RECIPIENT", recipient[1]), folder=HOME)
        machine.run("mkdir -p /media/safe; mv data/backup-identity /media/safe/", folder=HOME)
        printed = await asyncio.to_thread(machine.run, start, folder=HOME)
        assert "✗" not in printed, printed  # doctor has nothing left to name
        enabled = "enable --now technical-officer-bot.service technical-officer-bot-backup.timer"
        assert enabled in machine.told.read_text().splitlines()

        head = telegram.person("راحله")
        async with service(machine):
            await login(head, Credentials(*users[0]))
            assert owners(machine) == {"officer-bot"}
            backup = await machine.start_unit("technical-officer-bot-backup.service")
            assert await backup.wait() == 0
        kept = machine.run("ls /var/backups/technical-officer-bot").split()
        assert len(kept) == 1

        # The machine's data are lost; what the runbook says brings them back.
        machine.run("echo broken > data/bot.db; rm -rf data/bot.db-* data/files", folder=HOME)
        printed = await asyncio.to_thread(machine.run, "mkdir -p data/files\n" + restore, folder=HOME)
        assert "0 are left" in printed
        assert owners(machine) == {"officer-bot"}
        async with service(machine):
            await head.command("menu")
            await head.sees("اداره کل")
        assert emulators.violations == []


def test_the_rules_are_where_prometheus_looks(machine: Machine) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    for block in blocks("runbook.md", "Watching with Prometheus"):
        machine.run(block)
    scrape = "global: {scrape_interval: 1m}\n" + (PROJECT / "deploy/prometheus-scrape.yaml").read_text()
    machine.run(
        f"cat > /etc/prometheus/prometheus.yml <<'END'\n{scrape}\nEND\npromtool check config /etc/prometheus/prometheus.yml"
    )
