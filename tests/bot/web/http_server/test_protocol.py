"""A connection that is to be closed: at once, or once its request has had its time to come."""

import logging
from types import SimpleNamespace
from typing import Any

import h11
import pytest

from bot.web.http_server.protocol import LAST_REQUEST, LimitedProtocol


class Transport:
    def __init__(self, *, closing: bool = False) -> None:
        self.closing, self.ended = closing, ""

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def get_write_buffer_size(self) -> int:
        return 7


def protocol(transport: Any = None, **values: Any) -> Any:
    """One that no server made: only what these steps use."""
    made = object.__new__(LimitedProtocol)
    later: list[Any] = []
    known = {
        "cycle": None,
        "transport": transport,
        "conn": h11.Connection(h11.SERVER),
        "connections": set(),
        "logger": logging.getLogger("x"),
        "loop": SimpleNamespace(call_later=lambda *given: later.append(given)),
        "later": later,
        "_aborted": False,
        "_last": False,
    }
    for name, value in (known | values).items():
        setattr(made, name, value)
    return made


def test_a_new_connection_has_a_moment_for_its_request_once_the_server_stops() -> None:
    one = protocol(Transport())
    one.shutdown()
    assert one.transport.ended == ""
    ((seconds, close),) = one.later
    assert seconds == LAST_REQUEST
    close()
    assert one.transport.ended == "closed"
    again = protocol(Transport(), _last=True)
    again.shutdown()
    assert (again.transport.ended, again.later) == ("closed", [])


@pytest.mark.parametrize(
    ("transport", "cycle"),
    [(None, None), (Transport(closing=True), None), (Transport(), SimpleNamespace(response_complete=False))],
    ids=["never made", "closing already", "its request came"],
)
def test_what_needs_no_closing_is_left_alone(transport: Any, cycle: Any) -> None:
    protocol(transport, cycle=cycle)._close_unused()
    assert transport is None or transport.ended == ""


def test_a_connection_that_was_closed_before_it_began_is_ended_and_takes_nothing() -> None:
    early = protocol()
    early.abort()
    assert early.unsent() == 0
    transport = Transport()
    early.connection_made(transport)
    assert transport.ended == "aborted"
    early.data_received(b"GET / HTTP/1.1\r\n\r\n")
    assert early.conn.trailing_data == (b"", False)
    open_one = protocol(Transport())
    assert open_one.unsent() == 7
    open_one.connection_made(other := Transport())
    assert other.ended == ""
    open_one.abort()
    assert other.ended == "aborted"
