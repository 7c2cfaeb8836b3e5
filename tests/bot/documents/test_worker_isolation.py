"""From inside a process that decodes files: no file, no socket, no process is within reach, and every decoder works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.documents import worker_isolation
from bot.documents.inspection import inspect
from bot.documents.inspection_pool import InspectionPool
from tests.support import files, pdf_files, picture_files
from tests.support.documents import check

ROOT = Path(__file__).resolve().parents[3]
TRIED = """
import ctypes, json, os, socket, subprocess, sys
from bot.documents.inspection import inspect
from bot.documents.worker_isolation import isolate
held = isolate()
def tried(call):
    try:
        call()
    except (OSError, MemoryError, subprocess.SubprocessError) as error:
        return type(error).__name__
    return "done"
secret, made, parent = sys.argv[1:]
outcomes = {
    "a file": tried(lambda: open(secret).read()),
    "a file of the system": tried(lambda: open("/etc/passwd").read()),
    "the environment of others": tried(lambda: open(f"/proc/{parent}/environ", "rb").read()),
    "a folder": tried(lambda: os.listdir(os.path.dirname(secret))),
    "writing": tried(lambda: open(made, "w").write("x")),
    "removing": tried(lambda: os.remove(secret)),
    "a socket": tried(lambda: socket.socket()),
    "a socket of this machine": tried(lambda: socket.socket(socket.AF_UNIX)),
    "a fork": tried(os.fork),
    "a program": tried(lambda: os.execv("/bin/true", ["true"])),
    "a signal": tried(lambda: os.kill(int(parent), 0)),
    "memory": tried(lambda: bytearray(2 << 30)),
}
print(json.dumps([held, outcomes]))
"""


def test_nothing_is_within_reach(tmp_path: Path) -> None:
    secret = tmp_path / ".env"
    secret.write_text("SECRET_KEY=x")
    ran = subprocess.run(
        [sys.executable, "-c", TRIED, str(secret), str(tmp_path / "made"), str(os.getpid())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    held, outcomes = json.loads(ran.stdout.splitlines()[-1])
    assert held["limits"]
    assert outcomes.pop("memory") == "MemoryError"
    files_ = {"a file", "a file of the system", "the environment of others", "a folder", "removing"}
    reachable = {name for name, outcome in outcomes.items() if outcome == "done"}
    if held["files"]:
        reachable |= {name for name in files_ if outcomes[name] != "PermissionError"}
    assert (
        not reachable
        - (set() if held["files"] else files_)
        - (set() if held["calls"] else {*outcomes} - files_)
    )
    assert secret.exists()
    assert not (tmp_path / "made").exists() or not (tmp_path / "made").read_text()


async def test_a_worker_says_what_holds_and_decodes_every_kind(checker: InspectionPool) -> None:
    kinds = [picture_files.of_kind(kind) for kind in picture_files.KINDS]
    for data in (
        *kinds, picture_files.fax(2), picture_files.stitched(3), picture_files.jpeg(icc_profile=picture_files.display_p3()),
        files.png(), files.photo_from_a_phone(), pdf_files.locked(), pdf_files.number_format(), pdf_files.signed(),
    ):  # fmt: skip
        assert await check(checker, data) == inspect(data)
    assert checker.isolation["limits"]
    assert checker.isolation.keys() == {"limits", "files", "calls"}


def enlarged(picture: Image.Image, times: int) -> Image.Image:
    """So large, and quickly encoded: its memory is what counts."""
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "CMYK"])
async def test_the_largest_picture_of_each_mode_fits_into_a_worker(
    checker: InspectionPool, mode: str
) -> None:
    kind, options = ("PNG", {"compress_level": 1})
    if mode == "CMYK":
        kind, options = "TIFF", {"compression": "tiff_adobe_deflate"}
    large = enlarged(picture_files.sheet(620, 620).convert(mode), 10)
    found = await check(checker, files.saved(large, kind, **options))
    assert (found.width, found.height) == (4000, 4000)


@pytest.mark.parametrize(
    "kind", [pytest.param("image/heic", marks=pytest.mark.campaign), "image/avif", "image/webp", "image/tiff"]
)
async def test_a_photo_of_twelve_million_pixels_fits_into_a_worker(
    checker: InspectionPool, kind: str
) -> None:
    data = picture_files.of_kind(kind, enlarged(picture_files.sheet(600, 800), 5))
    assert (await check(checker, data)).width == 3000


#: Name → its number on x86_64 and on aarch64, of calls that a worker has no need of; fork and vfork are clone there.
CALLS = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206), "sendmsg": (46, 211),
    "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "kill": (62, 129), "ptrace": (101, 117), "mount": (165, 40), "tkill": (200, 130),
    "tgkill": (234, 131), "keyctl": (250, 219), "unshare": (272, 97), "accept4": (288, 242),
    "perf_event_open": (298, 241), "open_by_handle_at": (304, 265), "setns": (308, 268),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "bpf": (321, 280), "execveat": (322, 281),
    "userfaultfd": (323, 282), "pidfd_send_signal": (424, 424), "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
}  # fmt: skip


@pytest.mark.parametrize(
    ("machine", "place", "number", "clone"), [("x86_64", 0, 0xC000003E, 56), ("aarch64", 1, 0xC00000B7, 220)]
)
def test_both_machines_refuse_the_same_calls(machine: str, place: int, number: int, clone: int) -> None:
    refused = sorted(one for numbers in CALLS.values() if (one := numbers[place]) is not None)
    assert (number, clone, refused) == worker_isolation._REFUSED[machine]
