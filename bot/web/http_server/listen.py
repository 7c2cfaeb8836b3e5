"""Sockets for LISTEN and METRICS_LISTEN, bound before anything else is begun."""

from __future__ import annotations

import contextlib
import errno
import socket

from bot.config.settings import BadSettingError

#: Bytes that the kernel keeps of what one connection sends and we have not read.
RECEIVE_BUFFER = 32 * 1024


def bind_socket(setting: str, host: str, port: int) -> list[socket.socket]:
    """As `bind_sockets`. Raises BadSettingError that names `setting`."""
    try:
        return bind_sockets(host, port)
    except (socket.gaierror, UnicodeError):
        raise BadSettingError(
            f"{setting}: there is no host {host!r}; write an address of this machine"
        ) from None
    except OSError as error:
        raise listen_error(setting, host, port, error) from None


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """One for each address of `host`; no connection is accepted before they listen. Raises OSError."""
    addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            listener = socket.socket(family, kind, protocol)
            bound.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            if family == socket.AF_INET6:
                # `::` alone is every address of the machine, IPv4 too; beside others each has its own socket.
                only = int(address[0] != "::" or len(addresses) > 1)
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            listener.bind(address)
    except OSError:
        close(bound)
        raise
    return bound


def close(sockets: list[socket.socket]) -> None:
    for listener in sockets:
        with contextlib.suppress(OSError):
            listener.close()


def listen_error(setting: str, host: str, port: int, error: OSError) -> BadSettingError:
    """Why an address cannot be had, and what to do."""
    listen_address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            why = "another process listens there; stop it, or choose another port"
        case errno.EACCES | errno.EPERM:
            why = "this user may not; choose a port from 1024 on, and put a web server before it"
        case errno.EADDRNOTAVAIL:
            why = "it is no address of this machine; 127.0.0.1 is itself, 0.0.0.0 is all of its addresses"
        case errno.EAFNOSUPPORT:
            why = "this machine has no addresses of that kind"
        case _:
            why = error.strerror or str(error)
    return BadSettingError(f"{setting}: cannot listen on {listen_address}: {why}")
