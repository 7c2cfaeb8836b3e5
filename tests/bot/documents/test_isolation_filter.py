"""What the kernel is asked for: each system call that a decoder is refused, by name and number, on both machines, and each
right to files, by the version of Landlock. The filter is played through as the kernel does."""

import ctypes
import errno
import os
import platform
import resource
import struct
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.documents import worker_isolation
from tests.support.open_files import descriptors

ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
THREAD, X32 = 0x00010000, 0x40000000
#: Number in a filter; of clone; of fork and its like, which aarch64 has not; of what is refused on both.
MACHINES: dict[str, tuple[int, int, dict[str, int]]] = {
    "x86_64": (0xC000003E, 56, {
        "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50, "socketpair": 53,
        "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "mount": 165, "tkill": 200, "tgkill": 234,
        "keyctl": 250, "unshare": 272, "accept4": 288, "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "execveat": 322, "userfaultfd": 323,
        "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
    }),
    "aarch64": (0xC00000B7, 220, {
        "mount": 40, "unshare": 97, "ptrace": 117, "kill": 129, "tkill": 130, "tgkill": 131, "socket": 198, "socketpair": 199,
        "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206, "sendmsg": 211, "keyctl": 219, "execve": 221,
        "perf_event_open": 241, "accept4": 242, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
        "process_vm_writev": 271, "bpf": 280, "execveat": 281, "userfaultfd": 282,
        "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
    }),
}  # fmt: skip


class Kernel:
    """Notes what it is asked for instead of doing it."""

    def __init__(self, landlock: int = 6, answer: int = 0) -> None:
        self.landlock, self.answer = landlock, answer
        self.asked: list[tuple[Any, ...]] = []
        self.program: list[tuple[int, int, int, int]] = []

    def prctl(self, *arguments: Any) -> int:
        if isinstance(arguments[2], bytes):
            number, address = struct.unpack("HxxxxxxQ", arguments[2])
            code = ctypes.string_at(address, 8 * number)
            self.program = [struct.unpack_from("HBBI", code, 8 * step) for step in range(number)]
            arguments = (*arguments[:2], "program", *arguments[3:])
        self.asked.append(("prctl", *arguments))
        return self.answer

    def syscall(self, number: int, *arguments: Any) -> int:
        if number == 444 and arguments == (None, 0, 1):
            return self.landlock
        if number == 445:
            rights, handle = struct.unpack("=Qi", arguments[2])
            arguments = (*arguments[:2], rights, os.readlink(f"/proc/self/fd/{handle}"), *arguments[3:])
        self.asked.append((number, *arguments))
        return os.dup(0) if number == 444 else 0


def played(program: list[tuple[int, int, int, int]], machine: int, call: int, flags: int = 0) -> int:
    """What the filter answers (struct seccomp_data: number, machine, address, arguments)."""
    data, value, at = {0: call, 4: machine, 16: flags}, 0, 0
    for _ in range(len(program)):
        code, then, otherwise, k = program[at]
        at += 1
        if code == 0x06:
            return k
        if code == 0x20:
            value = data[k]
            continue
        holds = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code]
        at += then if holds else otherwise
    raise AssertionError("no answer")


@pytest.mark.parametrize("name", MACHINES)
def test_each_call_that_is_refused_and_no_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, clone, refused = MACHINES[name]
    kernel = Kernel()
    monkeypatch.setattr(worker_isolation, "_LIBC", kernel)
    monkeypatch.setattr(platform, "machine", lambda: name)
    worker_isolation._refuse_calls()

    assert kernel.asked == [("prctl", 38, 1, 0, 0, 0), ("prctl", 22, 2, "program", 0, 0)]
    answers = {call: played(kernel.program, machine, call) for call in range(600)}
    assert {call for call, answer in answers.items() if answer == REFUSE} == {*refused.values(), clone}
    assert {call for call, answer in answers.items() if answer == UNKNOWN} == {435}  # clone3
    assert {*answers.values()} == {ALLOW, REFUSE, UNKNOWN}
    # A thread is no process; the calls of the other way to count them are none.
    assert played(kernel.program, machine, clone, THREAD) == ALLOW
    assert played(kernel.program, machine, clone, ~THREAD & 0xFFFFFFFF) == REFUSE
    assert played(kernel.program, machine, X32) == played(kernel.program, machine, X32 + 1) == REFUSE
    assert played(kernel.program, machine, X32 - 1) == ALLOW
    assert played(kernel.program, machine + 1, 0) == KILL


@pytest.mark.parametrize(
    ("version", "ruleset"),
    [
        (1, [0x1FFF]),
        (2, [0x3FFF]),
        (3, [0x7FFF]),
        (4, [0x7FFF, 3]),
        (5, [0xFFFF, 3]),
        (6, [0xFFFF, 3, 3]),
        (9, [0xFFFF, 3, 3]),
    ],
)
def test_files_that_may_be_read(version: int, ruleset: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(landlock=version)
    monkeypatch.setattr(worker_isolation, "_LIBC", kernel)
    before = descriptors()
    worker_isolation._restrict_files()

    packed = b"".join(struct.pack("Q", rights) for rights in ruleset)
    (created, *rules, privileges, restricted) = kernel.asked
    assert created == (444, packed, len(packed), 0)
    assert privileges == ("prctl", 38, 1, 0, 0, 0)
    handle = restricted[1]
    assert restricted == (446, handle, 0)
    folders = {Path(bot.__file__).parent, *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}  # fmt: skip
    assert {rule for rule in rules if rule[3] != 4} == {
        (445, handle, 1, 12, str(folder.resolve()), 0) for folder in folders
    }
    assert [rule for rule in rules if rule[3] == 4] == [(445, handle, 1, 4, "/dev/urandom", 0)]
    assert descriptors() <= before, "a descriptor stays open"


def test_how_much_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    worker_isolation._limit()
    assert limits == {
        resource.RLIMIT_AS: (1 << 30, 1 << 30),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (16, 16),
    }


@pytest.mark.parametrize("lacks", ["files", "calls", "machine"])
def test_what_a_kernel_lacks_is_told_and_the_rest_holds(lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(landlock=-1 if lacks == "files" else 6, answer=-1 if lacks == "calls" else 0)
    monkeypatch.setattr(worker_isolation, "_LIBC", kernel)
    monkeypatch.setattr(worker_isolation, "_limit", lambda: None)
    monkeypatch.setattr(platform, "machine", lambda: "riscv64" if lacks == "machine" else "x86_64")
    holds = worker_isolation.isolate()
    # Without "no new privileges" neither of the two is to be had.
    assert holds == {"limits": True, "files": lacks == "machine", "calls": lacks == "files"}


def test_a_call_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_isolation._checked(0) == 0
    assert worker_isolation._checked(7) == 7
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EPERM)
    with pytest.raises(OSError, match="Operation not permitted") as refused:
        worker_isolation._checked(-1)
    assert refused.value.errno == errno.EPERM
