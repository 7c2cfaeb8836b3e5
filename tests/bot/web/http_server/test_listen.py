"""Where the bot listens, what it says where it cannot, and how many descriptors it has."""

import errno
import resource
import socket

import pytest

from bot.config.settings import BadSettingError
from bot.web.http_server import descriptors, listen
from tests.support.ports import free_port


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EADDRINUSE, "another process listens there; stop it, or choose another port"),
        (errno.EACCES, "this user may not; choose a port from 1024 on, and put a web server before it"),
        (errno.EPERM, "this user may not; choose a port from 1024 on, and put a web server before it"),
        (
            errno.EADDRNOTAVAIL,
            "it is no address of this machine; 127.0.0.1 is itself, 0.0.0.0 is all of its addresses",
        ),
        (errno.EAFNOSUPPORT, "this machine has no addresses of that kind"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_why_an_address_cannot_be_had(number: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str, port: int) -> list[socket.socket]:
        raise OSError(number, "Input/output error")

    monkeypatch.setattr(listen, "bind_sockets", refuse)
    for host, shown in (("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")):
        with pytest.raises(BadSettingError) as raised:
            listen.bind_socket("LISTEN", host, 80)
        assert str(raised.value) == f"LISTEN: cannot listen on {shown}: {said}"


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_host_that_there_is_not(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str, port: int) -> list[socket.socket]:
        raise error

    monkeypatch.setattr(listen, "bind_sockets", refuse)
    with pytest.raises(BadSettingError) as raised:
        listen.bind_socket("METRICS_LISTEN", "nowhere", 80)
    said = "METRICS_LISTEN: there is no host 'nowhere'; write an address of this machine"
    assert str(raised.value) == said


def test_a_port_is_taken_once_and_free_again() -> None:
    port = free_port()
    [bound] = listen.bind_socket("LISTEN", "127.0.0.1", port)
    bound.listen()
    host, _ = bound.getsockname()
    assert (host, bound.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)) == ("127.0.0.1", 1)
    # Linux tells twice what was asked for.
    buffer = bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    assert buffer in (listen.RECEIVE_BUFFER, 2 * listen.RECEIVE_BUFFER)
    with pytest.raises(BadSettingError, match="another process listens there"):
        listen.bind_socket("LISTEN", "127.0.0.1", port)
    listen.close([bound])
    assert bound.fileno() == -1
    listen.close(listen.bind_socket("LISTEN", "127.0.0.1", port))


def test_nothing_stays_bound_where_one_address_of_several_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    [taken] = listen.bind_sockets("127.0.0.1", 0)
    taken.listen()
    made: list[socket.socket] = []

    class Noted(socket.socket):
        def __init__(self, *kind: int) -> None:
            super().__init__(*kind)
            made.append(self)

    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (("127.0.0.1", 0), taken.getsockname())]
    monkeypatch.setattr(listen.socket, "getaddrinfo", lambda *args, **options: [*both, both[0]])
    monkeypatch.setattr(listen.socket, "socket", Noted)
    with pytest.raises(OSError, match="in use"):
        listen.bind_sockets("localhost", 0)
    assert [one.fileno() for one in made] == [-1, -1]
    taken.close()


INFINITY = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "holds"),
    [
        (1024, 4096, 4096, 4096),
        (1024, 1_000_000, 65_536, 65_536),
        (1024, INFINITY, 65_536, 65_536),
        (4096, 4096, None, 4096),
        (65_536, INFINITY, None, 65_536),
        (100_000, 200_000, None, 100_000),
        (INFINITY, INFINITY, None, 65_536),
    ],
)
def test_as_many_descriptors_as_are_allowed(
    soft: int, hard: int, wanted: int | None, holds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(
        descriptors.resource, "setrlimit", lambda which, limits: asked.append((which, limits))
    )
    assert descriptors.raise_descriptor_limit() == holds
    assert asked == ([] if wanted is None else [(resource.RLIMIT_NOFILE, (wanted, hard))])
    assert descriptors.descriptor_limit() == (65_536 if soft == INFINITY else soft)


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_what_a_sandbox_forbids_is_done_without(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(which: int, limits: tuple[int, int]) -> None:
        raise error

    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda which: (1024, 4096))
    monkeypatch.setattr(descriptors.resource, "setrlimit", forbid)
    assert descriptors.raise_descriptor_limit() == 1024
