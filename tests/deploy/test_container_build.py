"""The Dockerfile leads to an image whose container serves, as a container engine would build and run it.

There is no engine here: tests/deploy/image_build.py carries the file out in a clean Debian of the release that the base image names
(mmdebstrap), with Debian's Python in the place of the image's: 3.13 where the image has 3.11. The network of the container is its
own, so that it listens where the image says; the messengers there are the emulated ones."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.config.version import __version__
from demo.emulators import Emulators
from tests.deploy.dockerfile import stages
from tests.deploy.image_build import Image, make_base, missing_part
from tests.support.commands import PROJECT

pytestmark = pytest.mark.campaign

TEXT = (PROJECT / "deploy/Dockerfile").read_text()
IGNORE = (PROJECT / "deploy/Dockerfile.dockerignore").read_text()
#: Beside what git has: what must stay out of an image.
PRIVATE = (".env", "deploy/.env", "data/bot.db", "data/secret_key", ".git/config", "bot/__pycache__/x.pyc")
#: Of the container too: what listens at 127.0.0.1 alone does not answer here, nor to a proxy in another container.
OTHER_ADDRESS = "127.0.0.2"
#: What doctor says of every new service: nobody has set a fee or made an account.
NEW_SERVICE = re.compile(r"✗ (tariff \(|staff:)")
MARK = "must not be in an image"


def make_context(folder: Path) -> None:
    """The tree as an operator has it: what git has, and settings, data and history."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    for name in PRIVATE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(MARK)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    if (missing := missing_part()) is not None:
        pytest.skip(f"needs {missing}")
    base, context = tmp_path / "base", tmp_path / "context"
    image = Image(tmp_path, base)
    try:
        make_context(context)
        make_base(stages(TEXT)[0].base, base)
        image.build(TEXT, IGNORE, context)
        yield image
    finally:
        image.close()
        shutil.rmtree(tmp_path)  # half a gigabyte


def run(image: Image, words: list[str], env: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(image.inside(words, env), capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


@asynccontextmanager
async def program(image: Image, env: dict[str, str]) -> AsyncIterator[None]:
    """What the image starts, until it is ready."""
    process = await asyncio.create_subprocess_exec(
        *image.inside(image.program, env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(180):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(90):
                assert await process.wait() == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(
                    process.pid, signal.SIGKILL
                )  # what a program leaves behind, as the end of a container does


def files_with(root: Path, text: str) -> list[str]:
    words = ["grep", "-rlF", "--exclude-dir=proc", "--exclude-dir=dev", text, str(root)]
    return subprocess.run(words, capture_output=True, text=True).stdout.split()


def writable_by(uid: int, root: Path) -> set[str]:
    """What the user may change, /tmp and the like (with the sticky bit) apart."""
    tests = ["(", "-user", str(uid), "-o", "-perm", "-o=w", "!", "-type", "l", "!", "-perm", "-1000", ")"]
    found = subprocess.run(["find", str(root), "-xdev", *tests], capture_output=True, text=True, check=True)
    return {f"/{Path(one).relative_to(root)}" for one in found.stdout.splitlines()}


async def test_the_image_is_built_and_its_container_serves(image: Image) -> None:
    root, tree = image.path("/"), image.path(image.workdir)
    kept_out = {
        "tests",
        "demo",
        "simulation",
        "docs",
        "deploy",
        ".git",
        ".env",
        "pyproject.toml",
        "requirements-dev.lock",
    }
    assert {path.name for path in tree.iterdir()} & kept_out == set()
    assert list((tree / "data").iterdir()) == []
    assert files_with(root, MARK) == []
    assert list((root / "var/lib/apt/lists").glob("*_Packages*")) == []

    uid, _ = image.ids(image.user)
    assert uid != 0
    assert writable_by(uid, root) == set(image.volumes)

    written = image.start_container()
    with image.network():
        emulators = await Emulators.start()
    async with emulators:
        env = emulators.env() | {
            "PUBLIC_URL": "https://pay.health.ir",
            "SUPPORT_CONTACT": "021-00000000",
            "CHEAP_PASSWORD_HASHES": "1",
        }
        status, said = await asyncio.to_thread(run, image, ["python", "bot.py", "--version"], env)
        assert (status, said.strip()) == (0, __version__)
        status, said = await asyncio.to_thread(run, image, ["python", "bot.py", "migrate"], env)
        assert status == 0, said
        status, said = await asyncio.to_thread(run, image, ["python", "bot.py", "doctor"], env)
        # What a new service lacks; nothing is wrong with the image.
        lacks = [line for line in said.splitlines() if "✗" in line and not NEW_SERVICE.search(line)]
        assert (status, lacks) == (1, []), said
        status, said = await asyncio.to_thread(run, image, ["pg_dump", "--version"], {})
        assert status == 0, said

        port = int(image.env["LISTEN"].rpartition(":")[2])
        assert image.exposed == [str(port)]
        async with program(image, env):
            with image.network():
                async with httpx.AsyncClient(timeout=90) as client:
                    answer = await client.get(f"http://{OTHER_ADDRESS}:{port}/health")
            assert (answer.status_code, answer.json()["ok"]) == (200, True)
            status, said = await asyncio.to_thread(run, image, image.health_command, {})
            assert status == 0, said
            officer = emulators.telegram.person("راحله")
            await officer.start()
            await officer.sees("ثبت‌نام")
        status, said = await asyncio.to_thread(run, image, image.health_command, {})
        assert status != 0
        assert emulators.violations == []

    changed = sorted(str(path.relative_to(written)) for path in written.rglob("*"))
    assert changed == []
    assert list(image.path("/tmp").iterdir()) == []
    (data,) = image.volumes
    kept = image.path(data)
    assert {"bot.db", "secret_key"} <= {path.name for path in kept.iterdir()}
    assert all(path.stat().st_uid == uid for path in kept.rglob("*"))
    assert all(not path.stat().st_mode & 0o077 for path in kept.rglob("*") if path.is_file())


def test_hadolint_has_nothing_to_say() -> None:
    made = subprocess.run(
        ["make", "-s", "build/hadolint/.ready"], cwd=PROJECT, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    command = [str(PROJECT / "build/hadolint/bin/hadolint"), "--no-color", "deploy/Dockerfile"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
