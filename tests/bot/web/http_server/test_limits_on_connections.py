"""Who is let in and who is closed, connection by connection, at every limit. Times are seconds of no clock."""

import logging
from ipaddress import ip_network

import pytest

from bot.core.counters import WebCounters
from bot.web.http_server.addresses import is_trusted, parse_address, subscriber_network
from bot.web.http_server.connections import REPEAT, Connections, Limits, Phase
from bot.web.http_server.rate_limit import MOST_ADDRESSES, Pace, Rate
from bot.web.http_server.server import OnceAMinute


class Peer:
    """A connection of which only its ending is noted."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.phase, self.since = Phase.HEAD, 0.0
        self.address: str | None = None
        self.closed = False
        self.left = 0

    def __repr__(self) -> str:
        return self.name

    def abort(self) -> None:
        self.closed = True

    def unsent(self) -> int:
        return self.left


class Hall:
    """The connections of a server with these limits."""

    def __init__(self, most: int = 3, per_address: int = 100, **seconds: float) -> None:
        self.counters = WebCounters()
        limits = Limits(most=most, per_address=per_address, **seconds)
        self.all = Connections(limits, self.counters, [ip_network("127.0.0.1")])
        self.peers: list[Peer] = []

    def come(
        self, *, at: float, phase: Phase | None = None, since: float | None = None, of: str = "1.1.1.1"
    ) -> Peer:
        peer = Peer(f"{len(self.peers)}")
        self.peers.append(peer)
        peer.closed = not self.all.admit(peer, of, at)
        if phase is not None:
            self.all.enter(peer, phase, at if since is None else since)
        return peer

    @property
    def closed(self) -> str:
        return " ".join(peer.name for peer in self.peers if peer.closed)

    @property
    def counted(self) -> tuple[int, int, int, int]:
        """Open, refused, closed as crowded, closed as slow."""
        counters = self.counters
        return counters.open, counters.refused, counters.closed["crowded"], counters.closed["slow"]


def test_up_to_the_limit_everybody_is_let_in() -> None:
    hall = Hall(most=3)
    for _ in range(3):
        hall.come(at=0)
    assert (len(hall.all), hall.closed, hall.counted) == (3, "", (3, 0, 0, 0))
    hall.come(at=10)
    assert (len(hall.all), hall.closed, hall.counted) == (3, "0", (3, 0, 1, 0))


@pytest.mark.parametrize(
    ("phases", "closed"),
    [
        # What has waited longest for its head, to be thrown away, or to be read.
        ([(Phase.HEAD, 2), (Phase.REST, 1), (Phase.SEND, 3)], "1"),
        ([(Phase.HEAD, 1), (Phase.REST, 2), (Phase.SEND, 3)], "0"),
        ([(Phase.HEAD, 3), (Phase.REST, 2), (Phase.SEND, 1)], "2"),
        # Whoever was answered only where those are young.
        ([(Phase.IDLE, 0), (Phase.HEAD, 9.5), (Phase.SEND, 9.8)], "1"),
        ([(Phase.IDLE, 0), (Phase.HEAD, 9.6), (Phase.SEND, 9.8)], "0"),
        # Then those again, then a body that is on its way.
        ([(Phase.BODY, 0), (Phase.WORK, 0), (Phase.SEND, 9.8)], "2"),
        ([(Phase.BODY, 0), (Phase.WORK, 0), (Phase.WORK, 0)], "0"),
    ],
)
def test_who_is_closed_for_the_newest(phases: list[tuple[Phase, float]], closed: str) -> None:
    hall = Hall(most=3)
    for phase, since in phases:
        hall.come(at=0, phase=phase, since=since)
    newest = hall.come(at=10)
    assert (hall.closed, newest.phase, newest.since) == (closed, Phase.HEAD, 10)
    assert hall.counted == (3, 0, 1, 0)


def test_of_several_the_longest_waiting_is_closed() -> None:
    hall = Hall(most=3)
    hall.come(at=0, phase=Phase.HEAD, since=2)
    for _ in range(2):
        hall.come(at=3)
    assert [hall.come(at=10) and hall.closed for _ in range(3)] == ["0", "0 1", "0 1 2"]


def test_where_all_are_answered_at_work_the_newest_is_refused() -> None:
    hall = Hall(most=2)
    for _ in range(2):
        hall.come(at=0, phase=Phase.WORK)
    newest = hall.come(at=5)
    assert (hall.closed, hall.counted, len(hall.all)) == (newest.name, (2, 1, 0, 0), 2)
    assert newest.address is None


def test_one_address_closes_its_own() -> None:
    """Its oldest that is not being worked on; others are left alone, and so is it where none can be closed."""
    hall = Hall(most=100, per_address=2)
    hall.come(at=0, phase=Phase.WORK)
    hall.come(at=0, phase=Phase.IDLE)
    hall.come(at=0, of="2.2.2.2")
    assert (hall.closed, hall.counted) == ("", (3, 0, 0, 0))
    hall.come(at=1, phase=Phase.WORK)
    assert (hall.closed, hall.counted) == ("1", (3, 0, 1, 0))
    refused = hall.come(at=2)
    assert (hall.closed, hall.counted) == (f"1 {refused.name}", (3, 1, 1, 0))
    hall.come(at=3, of="2.2.2.2")
    assert hall.counted == (4, 1, 1, 0)


def test_what_comes_through_a_proxy_is_of_no_address() -> None:
    hall = Hall(most=100, per_address=1)
    for of in ("127.0.0.1", "127.0.0.1", "no address", "no address", "1.1.1.1"):
        hall.come(at=0, of=of)
    assert (hall.counted, [peer.address for peer in hall.peers]) == ((5, 0, 0, 0), [None] * 4 + ["1.1.1.1"])


def test_whoever_has_gone_counts_no_more() -> None:
    hall = Hall(most=100, per_address=1)
    first = hall.come(at=0)
    hall.all.discard(first)
    hall.all.discard(first)
    hall.all.enter(first, Phase.WORK, 1)
    assert (len(hall.all), hall.counted, first.phase, first.closed) == (0, (0, 0, 0, 0), Phase.HEAD, False)
    hall.come(at=1)
    assert hall.counted == (1, 0, 0, 0)
    hall.all.close(hall.peers[-1])
    assert (hall.closed, hall.counted) == ("1", (0, 0, 0, 0))


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_ends_at_its_own_second(phase: Phase) -> None:
    hall = Hall(most=100, **{one.name.lower(): 1000.0 for one in Phase} | {phase.name.lower(): 5.0})
    peers = {one: hall.come(at=0, phase=one) for one in Phase}
    peers[Phase.SEND].left = 1
    hall.all.close_overdue(5)
    assert hall.closed == ""
    hall.all.close_overdue(5.1)
    assert [one for one in Phase if peers[one].closed] == [phase]
    assert hall.counted == (len(Phase) - 1, 0, 0, int(phase is not Phase.IDLE))


def test_all_that_are_overdue_are_closed_at_once() -> None:
    hall = Hall(most=100, head=5)
    for at in (0, 1, 2, 9):
        hall.come(at=at)
    hall.all.close_overdue(7.5)
    assert hall.closed == "0 1 2"


def test_an_answer_that_was_read_is_waited_for_no_more() -> None:
    hall = Hall(send=5, idle=5)
    read, unread = hall.come(at=0, phase=Phase.SEND), hall.come(at=0, phase=Phase.SEND)
    unread.left = 1
    hall.all.close_overdue(4)
    assert (read.phase, read.since, unread.phase, unread.since) == (Phase.IDLE, 4, Phase.SEND, 0)
    hall.all.close_overdue(8)
    assert hall.closed == "1"


def test_room_is_made_where_descriptors_have_run_out() -> None:
    hall = Hall(most=100)
    hall.all.make_room(1)
    assert hall.counted == (0, 0, 0, 0)
    hall.come(at=0, phase=Phase.WORK)
    hall.come(at=0, phase=Phase.IDLE)
    hall.all.make_room(1)
    assert (hall.closed, hall.counted) == ("1", (1, 0, 1, 0))
    hall.all.make_room(1)
    assert hall.closed == "1"


def test_the_limit_is_said_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("bot.web.http_server.connections.time.monotonic", lambda: clock[0])
    hall, home = Hall(most=1), Hall(most=9, per_address=1)
    for _ in range(3):
        hall.come(at=0, of="127.0.0.1")
        home.come(at=0)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "the limit of connections is reached (1 in all): the longest waiting are closed",
        "the limit of connections is reached (1 of one address): the longest waiting are closed",
    ]
    clock[0] += REPEAT - 0.1
    hall.come(at=0)
    assert len(caplog.records) == 2
    clock[0] += 0.1
    hall.come(at=0)
    assert len(caplog.records) == 3


def test_a_warning_of_a_kind_passes_once_a_minute() -> None:
    def passes(at: float, text: str = "nonsense", level: int = logging.WARNING) -> bool:
        record = logging.LogRecord("uvicorn.error", level, "", 1, text, None, None)
        record.created = at
        return bool(once.filter(record))

    once = OnceAMinute()
    assert [passes(at) for at in (1000, 1059.9, 1060, 1061)] == [True, False, True, False]
    assert passes(1061, "another")
    assert [passes(1061, level=level) for level in (logging.ERROR, logging.ERROR, logging.INFO)] == [True] * 3


# ── the pace of requests ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_burst_then_so_many_a_second() -> None:
    pace = Pace(Rate(3, 0.5))
    assert [pace.wait("a", 0) for _ in range(4)] == [0, 0, 0, 2]
    assert [pace.wait("a", 1), pace.wait("a", 2), pace.wait("a", 2)] == [1, 0, 2]
    assert pace.wait("b", 2) == 0
    # A long rest fills it to the burst and no further.
    assert [pace.wait("a", 1000) for _ in range(4)] == [0, 0, 0, 2]


def test_the_longest_unseen_is_forgotten() -> None:
    pace = Pace(Rate(1, 1), most=2)
    for key in "aab":
        pace.wait(key, 0)
    pace.wait("a", 0)
    pace.wait("c", 0)
    assert len(pace) == 2
    assert (pace.wait("a", 0), pace.wait("b", 0)) == (1, 0)
    assert Pace(Rate(1, 1)).most == MOST_ADDRESSES == 4096


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" 1.2.3.4 ", "1.2.3.4"),
        ("1.2.3.4:567", "1.2.3.4"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::1]:567", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3.4%" + "x" * 56, "1.2.3.4"),
        ("1.2.3.4%" + "x" * 57, None),
        ("1:2", None),
        ("", None),
        ("unix:", None),
    ],
)
def test_an_address_as_peers_and_proxies_write_it(written: str, found: str | None) -> None:
    address = parse_address(written)
    assert (str(address) if address is not None else None) == found


def test_a_subscriber_has_all_addresses_below_its_own() -> None:
    networks = []
    for text in ("2001:db8:0:1::5", "2001:db8:0:1:1::5", "2001:db8:0:2::5", "1.2.3.4"):
        address = parse_address(text)
        assert address is not None
        networks.append(subscriber_network(address))
    assert networks == ["2001:db8:0:1::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/64", "1.2.3.4"]


def test_who_is_trusted() -> None:
    networks = [ip_network("10.0.0.0/8"), ip_network("::1")]
    found = {
        text: is_trusted(parse_address(text), networks) for text in ("10.1.2.3", "::1", "11.0.0.1", "nobody")
    }
    assert found == {"10.1.2.3": True, "::1": True, "11.0.0.1": False, "nobody": False}
    assert not is_trusted(parse_address("10.1.2.3"), [])
