"""What accepting does where it fails: it rests, says so once a minute, and loses nobody else."""

import asyncio
import errno
import socket
from typing import Any

import pytest

from bot.web.http_server import acceptor as module
from bot.web.http_server.acceptor import AT_ONCE, Acceptor


class Listening(socket.socket):
    """A listening socket whose `accept` gives what the test says, then that nobody waits."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.bind(("127.0.0.1", 0))
        self.listen()
        self.waiting: list[Any] = []

    def accept(self) -> tuple[socket.socket, Any]:
        came = self.waiting.pop(0) if self.waiting else BlockingIOError()
        if isinstance(came, Exception):
            raise came
        return came, ("203.0.113.1", 5)


class Connections:
    """Lets in whom the test says; notes the rest."""

    def __init__(self) -> None:
        self.refuses: list[Any] = []
        self.admitted: list[Any] = []
        self.discarded: list[Any] = []
        self.rooms: list[float] = []

    def admit(self, protocol: Any, peer: str, now: float) -> bool:
        if protocol in self.refuses:
            return False
        self.admitted.append((protocol, peer))
        return True

    def discard(self, protocol: Any) -> None:
        self.discarded.append(protocol)

    def make_room(self, now: float) -> None:
        self.rooms.append(now)


class Scene:
    def __init__(self) -> None:
        self.listening, self.connections = Listening(), Connections()
        self.protocols: list[str] = []
        connections: Any = self.connections
        self.acceptor = Acceptor(self.listening, connections, self.make)

    def make(self) -> Any:
        self.protocols.append(f"p{len(self.protocols)}")
        return self.protocols[-1]

    def accept(self, *came: Any) -> bool:
        self.listening.waiting = list(came)
        return self.acceptor._accept()


def client() -> socket.socket:
    one, other = socket.socketpair()
    other.close()
    return one


FULL = OSError(errno.EMFILE, "Too many open files")


async def test_without_descriptors_it_rests_and_says_so_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene, now = Scene(), [1000.0]
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: now[0])
    for at, lines in ((1000.0, 1), (1059.9, 1), (1060.0, 2)):
        now[0] = at
        assert not scene.accept(FULL, client())
        assert len(caplog.messages) == lines
        assert not loop.remove_reader(scene.listening), "nothing is accepted meanwhile"
        resting = scene.acceptor._resting
        assert resting is not None
        assert resting.when() == at + module.REST
        resting.cancel()
        scene.acceptor._start()
    assert (
        caplog.messages[0] == "connections cannot be accepted (Too many open files); tried again every 0.5 s"
    )
    assert scene.connections.rooms == [1000.0, 1059.9, 1060.0]
    assert scene.connections.admitted == []
    scene.accept(FULL)
    resting = scene.acceptor._resting
    scene.acceptor.close()
    assert resting is not None
    assert resting.cancelled()
    assert scene.listening.fileno() == -1


async def test_whoever_is_not_let_in_is_closed_and_the_next_is_accepted() -> None:
    scene = Scene()
    met: list[Any] = []

    async def connect(make: Any, connected: socket.socket) -> None:
        met.append(make())
        if met[-1] == "p2":
            raise OSError(errno.ECONNRESET, "gone")

    scene.acceptor._loop = asyncio.get_running_loop()
    scene.connections.refuses = ["p0"]
    refused, taken, gone = client(), client(), client()
    scene.acceptor._loop.connect_accepted_socket = connect  # type: ignore[assignment,method-assign]
    assert not scene.accept(refused, ConnectionAbortedError())
    assert not scene.accept(taken, gone)
    assert refused.fileno() == -1
    await scene.acceptor.wait_closed()
    assert met == ["p1", "p2"]
    assert scene.connections.discarded == ["p2"]
    assert (taken.fileno() >= 0, gone.fileno()) == (True, -1)
    scene.acceptor.close()
    taken.close()


async def test_so_many_are_accepted_in_one_turn_and_at_the_end_all_who_wait() -> None:
    scene = Scene()

    async def connect(make: Any, connected: socket.socket) -> None:
        connected.close()

    loop = asyncio.get_running_loop()
    loop.connect_accepted_socket = connect  # type: ignore[assignment,method-assign]

    class Stopping:
        def shutdown(self) -> None:
            stopped.append(self)

    stopped: list[Any] = []
    scene.acceptor._make = Stopping  # type: ignore[assignment]
    assert scene.accept(*(client() for _ in range(AT_ONCE + 3)))
    assert len(scene.listening.waiting) == 3
    await scene.acceptor.wait_closed()
    assert stopped == []
    scene.listening.waiting += [client() for _ in range(2 * AT_ONCE)]
    scene.acceptor.close()
    await scene.acceptor.wait_closed()
    assert (scene.listening.waiting, len(stopped)) == ([], 2 * AT_ONCE + 3)
