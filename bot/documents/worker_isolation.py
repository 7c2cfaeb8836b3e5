"""What the process that decodes strangers' files can no longer do: open files other than its own modules, use the network,
start or signal processes, write, grow.

Limits hold on every Unix; Landlock (files) and seccomp (system calls) where the kernel has them. Both are asked for with the
kernel's own interface: three system calls, and a filter of a few instructions. All are for good: nothing in the process,
whatever a file made of it, can take them back.
"""

import ctypes
import os
import platform
import resource
import struct
import sysconfig
from collections.abc import Iterable
from pathlib import Path

#: Bytes of address space, and open files (the pipes, and modules that are imported late).
MEMORY, OPEN_FILES = 1 << 30, 16

_PACKAGE = Path(__file__).resolve().parents[1]
#: What decrypts a PDF asks for random numbers.
_RANDOM = Path("/dev/urandom")
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _VERSION = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
#: Rights to files that a version of Landlock knows; it denies what it was told of and no rule allows.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}

#: Machine → (its number in a filter, of clone, of the calls that are refused).
_REFUSED = {
    "x86_64": (
        0xC000003E,
        56,
        # socket … sendmsg, fork, vfork, execve, kill, ptrace, mount, tkill, tgkill, keyctl, unshare, accept4,
        # perf_event_open, open_by_handle_at, setns, process_vm_*, bpf, execveat, userfaultfd, pidfd_*, io_uring_setup
        [41, 42, 43, 44, 46, 49, 50, 53, 57, 58, 59, 62, 101, 165, 200, 234, 250, 272, 288, 298, 304, 308, 310, 311, 321,
         322, 323, 424, 425, 434, 438],
    ),
    "aarch64": (
        0xC00000B7,
        220,
        [40, 97, 117, 129, 130, 131, 198, 199, 200, 201, 202, 203, 206, 211, 219, 221, 241, 242, 265, 268, 270, 271, 280,
         281, 282, 424, 425, 434, 438],
    ),
}  # fmt: skip
_X32, _CLONE3 = 0x40000000, 435
#: A decoder may start threads; they have the same restrictions.
_THREAD = 0x00010000


def isolate() -> dict[str, bool]:
    """For the rest of this process. What holds: "limits", "files", "calls" (network, processes)."""
    _limit()
    return {"limits": True, "files": _try(_restrict_files), "calls": _try(_refuse_calls)}


def _limit() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(limit, (most, most))


def _try(step: object) -> bool:
    assert callable(step)
    try:
        step()
    except (OSError, KeyError, AttributeError):
        return False
    return True


def _restrict_files() -> None:
    """Raises OSError where the kernel has no Landlock."""
    version = _call(_CREATE_RULESET, None, 0, _VERSION)
    rights = (1 << _RIGHTS.get(version, 16)) - 1
    # Files; from version 4 also TCP, from 6 also signals and abstract sockets of others.
    ruleset = struct.pack("QQQ", rights, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = _call(_CREATE_RULESET, ruleset, len(ruleset), 0)
    paths = sysconfig.get_paths()
    folders = {_PACKAGE, *(Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
    _allow_reading(rules, folders, _READ_FILE | _READ_DIR)
    _allow_reading(rules, [_RANDOM], _READ_FILE)
    _no_new_privileges()
    _call(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow_reading(rules: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, handle), 0)
        os.close(handle)


def _refuse_calls() -> None:
    """Raises OSError where the kernel has no seccomp, KeyError on other machines."""
    machine, clone, numbers = _REFUSED[platform.machine()]
    load, equal, at_least, has, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    # Refused with "not permitted"; of clone3 with "no such call", upon which the library asks for clone.
    allow, refuse, unknown, kill = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
    # The machine; then the number of the call, and for a thread what is asked for (struct seccomp_data).
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine), (answer, 0, 0, kill), (load, 0, 0, 0)]
    steps += [(equal, 0, 1, _CLONE3), (answer, 0, 0, unknown)]
    steps += [
        (equal, 0, 4, clone),
        (load, 0, 0, 16),
        (has, 0, 1, _THREAD),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    steps += [(at_least, len(numbers) + 1, 0, _X32)]
    steps += [(equal, len(numbers) - n, 0, number) for n, number in enumerate(numbers)]
    steps += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    _no_new_privileges()
    head = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(program))
    _checked(_LIBC.prctl(_SECCOMP, _FILTER, head, 0, 0))


def _no_new_privileges() -> None:
    _checked(_LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))


def _call(number: int, *arguments: object) -> int:
    return _checked(_LIBC.syscall(number, *arguments))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


_LIBC = ctypes.CDLL(None, use_errno=True)
