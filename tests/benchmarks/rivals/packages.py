"""Where the rivals' packages are: in an environment of their own, since aiogram wants an older pydantic than the product."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")


class NotMeasured(Exception):
    """A row cannot be measured here, and why."""


def python_with_aiogram(folder: Path) -> str:
    """The interpreter of the environment, made in `folder` at the first time. Raises NotMeasured."""
    made = folder / "rivals"
    python, done = made / "bin" / "python", made / "lock"
    if not done.exists() or done.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(made, ignore_errors=True)
        try:
            _quietly(sys.executable, "-m", "venv", str(made))
            _quietly(str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK))
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise NotMeasured(f"aiogram could not be installed: {' '.join(last)}") from None
        shutil.copyfile(LOCK, done)
    return str(python)


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis that writes each change to its file before it answers; yields its address. Raises NotMeasured."""
    program = shutil.which("redis-server")
    if program is None:
        raise NotMeasured("redis-server is not installed (apt install redis-server)")
    socket = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    process = subprocess.Popen([program, *options, *kept], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if socket.exists():
                break
            with_patience(process)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()


def with_patience(process: subprocess.Popen[bytes]) -> None:
    try:
        status = process.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return
    raise NotMeasured(f"redis-server ended with {status}")
