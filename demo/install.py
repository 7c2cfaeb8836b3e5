"""`python3 demo/install.py .venv requirements-dev.lock`: the virtual environment, with one line of progress, and a sentence
that says what to do where Python or the network is missing. Runs under a Python that may be too old for the rest."""

import re
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
#: Of pip's complaints: the index was not reached.
_NO_NETWORK = re.compile(
    r"NewConnectionError|Failed to establish|name resolution|getaddrinfo|Could not find a version|Read timed out"
    r"|ConnectTimeout|Network is unreachable|ProxyError|Connection refused|No matching distribution",
    re.IGNORECASE,
)
_TOLD = re.compile(r"Collecting|Requirement already satisfied")


def main(arguments: "list[str]") -> int:
    """Make the environment; the exit status."""
    folder, lock = Path(arguments[0]), Path(arguments[1])
    if sys.version_info[:2] < OLDEST:
        return _fail(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; {sys.executable} is {sys.version.split()[0]}.",
            "Install a newer one and name it: make PYTHON=python3.11 demo",
        )
    made = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        return _fail(
            f"{sys.executable} cannot make a virtual environment.",
            f"On Debian and Ubuntu: apt install python{OLDEST[0]}-venv",
            made.stdout + made.stderr,
        )
    packages = len(re.findall(r"^[A-Za-z0-9][^\s=]*==", lock.read_text("utf-8"), re.MULTILINE))
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    said = _run([*command, "--progress-bar", "off", "--require-hashes", "-r", str(lock)], packages)
    if said is None:
        return 0
    if _NO_NETWORK.search(said):
        return _fail(
            "The packages could not be fetched: the package index was not reached.",
            "Look at the network (once, for the first installation), or name a mirror: PIP_INDEX_URL=https://… make demo",
            said,
        )
    return _fail("The packages could not be installed; pip said:", "", said)


def _run(command: "list[str]", packages: int) -> "str | None":
    """Run pip; what it said where it failed."""
    said, found, begun = "", 0, time.monotonic()
    over = sys.stdout.isatty()
    print(f"Installing {packages} packages, once (about a minute and a half) …", flush=True)
    pip = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert pip.stdout is not None
    for line in pip.stdout:
        said += line
        found += bool(_TOLD.match(line))
        step = "unpacking" if line.startswith("Installing collected") else ""
        if over:
            seconds = int(time.monotonic() - begun)
            print(
                f"\r  {min(found, packages)} of {packages} fetched, {seconds} s  {step}", end="", flush=True
            )
        elif step:
            print("  fetched; unpacking …", flush=True)
    if over:
        print(flush=True)
    return said if pip.wait() else None


def _fail(what: str, remedy: str, said: str = "") -> int:
    lines = [line for line in said.strip().splitlines() if line.strip()][-6:]
    print(
        "\n".join(["", what, *([remedy] if remedy else []), *(f"    {line}" for line in lines)]),
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
