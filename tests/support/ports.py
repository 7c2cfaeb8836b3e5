"""Ports for servers that are started later, or stopped and started again on the same one.

A port of the kernel's choice (`port=0`) may be given to somebody else's connection while our server is down. Ports below that
range are given to nobody who does not ask for them; the tests of all processes agree on theirs by names that one alone can hold.
"""

import errno
import random
import socket
import sys
from collections import deque
from contextlib import ExitStack
from pathlib import Path

#: The names of the last ports that this process was given. A name ends with its process at the latest.
_held: deque[ExitStack] = deque()
_MOST_HELD = 100
_LOWEST, _USUAL_RANGE_BEGINS = 10_000, 32_768


def free_port() -> int:
    """A port on which nothing listens, and which no other test is given meanwhile."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    choice = random.SystemRandom()  # tests set the seed of the common one
    for _ in range(1000):
        first = choice.randrange(_LOWEST, _end() - count)
        with ExitStack() as names:
            if all(_claim(port, names) for port in range(first, first + count)):
                _held.append(names.pop_all())
                if len(_held) > _MOST_HELD:
                    _held.popleft().close()
                return first
    raise OSError("no free port")


def _end() -> int:
    """Where the ports begin that the kernel gives away."""
    try:
        begins = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return _USUAL_RANGE_BEGINS
    return begins if begins > _LOWEST + 1000 else _USUAL_RANGE_BEGINS


def _claim(port: int, names: ExitStack) -> bool:
    """Whether nobody has the port or its name, which is held until `names` is closed."""
    if sys.platform == "linux":  # elsewhere a name needs a file
        name = names.enter_context(socket.socket(socket.AF_UNIX))
        if not _binds(name, f"\0technical-officer-bot-port-{port}"):
            return False
    for host in ("", "::1"):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if not _binds(probe, (host, port)):
                return False
    return True


def _binds(one: socket.socket, address: str | tuple[str, int]) -> bool:
    """Whether nobody has the address. A machine without IPv6 has nobody there."""
    try:
        one.bind(address)
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True
