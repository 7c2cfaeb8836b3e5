"""The streams that never fail, piece by piece: what is kept, what is lost, who waits, and where a line goes."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from bot.config import lean_imports, output
from bot.config.output import SteadyRaw


class Descriptor:
    """In the place of the system: takes so many bytes at a time, or refuses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.takes, self.step, self.error = True, 4096, False
        self.written: list[bytes] = []
        monkeypatch.setattr(output, "_takes", lambda descriptor: self.takes)
        monkeypatch.setattr(output, "os", SimpleNamespace(write=self.write, isatty=self.isatty))

    def write(self, descriptor: int, data: bytes) -> int:
        if self.error:
            raise OSError(28, "No space left on device")
        self.written.append(data[: self.step])
        return len(self.written[-1])

    def isatty(self, descriptor: int) -> bool:
        if self.error:
            raise OSError(9, "Bad file descriptor")
        return descriptor == 1


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Descriptor:
    return Descriptor(monkeypatch)


def test_a_block_goes_out_in_steps(system: Descriptor) -> None:
    raw = SteadyRaw(1)
    assert raw.write(b"x" * 10_000) == 10_000
    assert [len(one) for one in system.written] == [4096, 4096, 1808]
    system.step = 3
    assert raw.write(b"abcde") == 5
    assert system.written[3:] == [b"abc", b"de"]
    assert (raw._size, raw.failed, raw.writable(), raw.fileno()) == (0, False, True, 1)


def test_what_waits_goes_first(system: Descriptor) -> None:
    raw = SteadyRaw(1)
    system.takes = False
    raw.write(b"one")
    raw.write(b"two")
    assert (system.written, raw.failed, raw._size) == ([], False, 6)
    system.takes = True
    raw.write(b"three")
    assert system.written == [b"one", b"two", b"three"]


def test_a_destination_that_refuses(system: Descriptor) -> None:
    raw = SteadyRaw(1)
    system.error = True
    assert raw.write(b"one\n") == 4
    assert raw.failed
    assert not raw.isatty()
    system.error = False
    assert raw.isatty()
    raw.write(b"two\n")
    assert (system.written, raw.failed) == ([b"one\n", b"two\n"], False)
    assert not SteadyRaw(2).isatty()


def test_what_is_beyond_the_bound_is_counted_by_lines(
    system: Descriptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "MAX_BUFFERED", 10)
    raw = SteadyRaw(1)
    system.takes = False
    raw.write(b"1234567890")
    assert raw.write(b"a\nb\nc\n") == 6
    raw.write(b"d")
    assert (raw.lost, raw.take_lost()) == (4, 0)
    system.takes = True
    raw.write(b"123\n")
    assert system.written == [b"1234567890", b"123\n"], "room was made for it"
    assert (raw.take_lost(), raw.take_lost()) == (4, 0)


def test_the_end_waits_for_a_second(system: Descriptor, monkeypatch: pytest.MonkeyPatch) -> None:
    now, answers_after, slept = [0.0], [0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += 0.25
        if len(slept) == answers_after[0]:
            system.takes = True

    monkeypatch.setattr(output, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    for after, waits, written in ((2, 2, [b"x"]), (99, 4, [])):
        answers_after[0], now[0] = after, 0.0
        slept.clear()
        system.written.clear()
        system.takes = False
        raw = SteadyRaw(1)
        raw.write(b"x")
        raw.finish()
        assert (len(slept), system.written) == (waits, written)
    slept.clear()
    system.takes = True
    raw = SteadyRaw(1)
    system.error = True
    raw.write(b"x")
    raw.finish()
    assert slept == [], "nobody waits for what refuses"


def test_a_line_goes_where_it_can_be_read(system: Descriptor, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, err = SteadyRaw(1), io.StringIO()
    out: Any = io.TextIOWrapper(raw, encoding="utf-8", line_buffering=True)  # type: ignore[type-var]
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    output.say("سلام")
    assert (b"".join(system.written).decode(), err.getvalue()) == ("سلام\n", "")
    system.error = True
    output.say("two")
    assert err.getvalue() == "two\n"
    monkeypatch.setattr(sys, "stdout", plain := io.StringIO())
    output.say("three")
    assert (plain.getvalue(), err.getvalue()) == ("three\n", "two\n")


def test_streams_in_the_place_of_those_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[Any] = []
    opened: list[Any] = []
    closed = {1}

    def fstat(descriptor: int) -> None:
        if descriptor in closed:
            raise OSError(9, "Bad file descriptor")

    fake = SimpleNamespace(
        fstat=fstat,
        open=lambda path, how: opened.append((path, how)) or 1,  # type: ignore[func-returns-value]
        set_inheritable=lambda handle, yes: opened.append((handle, yes)),
        devnull="/dev/null",
        O_RDWR=os.O_RDWR,
        isatty=os.isatty,
    )
    monkeypatch.setattr(output, "os", fake)
    monkeypatch.setattr(output, "atexit", SimpleNamespace(register=lambda *what: registered.append(what)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding="latin-1"))
    monkeypatch.setattr(sys, "stderr", None)
    output.install()
    assert opened == [("/dev/null", os.O_RDWR), (1, True)]
    assert (sys.stdout.encoding, sys.stderr.encoding) == ("latin-1", "utf-8")
    assert (sys.stdout.fileno(), sys.stderr.fileno()) == (1, 2)
    assert (sys.stdout.errors, sys.stdout.line_buffering) == ("backslashreplace", True)
    assert [what[0] for what in registered] == [output._finish] * 2
    assert registered[0][1] is sys.stdout
    # At the end what is in the stream is written, and waited for.
    done: list[str] = []
    output._finish(
        SimpleNamespace(flush=lambda: done.append("flush")),  # type: ignore[arg-type]
        SimpleNamespace(finish=lambda: done.append("finish")),  # type: ignore[arg-type]
    )
    assert done == ["flush", "finish"]


def test_a_library_without_what_it_can_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "no_such_library_at_all"
    with lean_imports.without(name):
        assert sys.modules[name] is None
    assert name not in sys.modules
    with pytest.raises(ZeroDivisionError), lean_imports.without(name):
        raise ZeroDivisionError
    assert name not in sys.modules
    with lean_imports.without("io"):
        assert sys.modules["io"] is io
    assert sys.modules["io"] is io
