"""The serving process from within: what ends it, what is put off, and what is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.cli import serve
from bot.cli.composition import Timer
from bot.config.settings import BadSettingError, Settings
from bot.documents.blob_store import StoreDown
from bot.operations.stored_documents import KeyCheck
from storage.correlation import CORRELATION_ID


class Web:
    """A server that serves until it is told to end, or cannot listen."""

    def __init__(self, failed: OSError | None = None) -> None:
        self.failed = failed
        self.should_exit = False
        self.config = SimpleNamespace(host="127.0.0.1", port=8080)
        self.served = False

    async def serve(self, sockets: Any) -> None:
        self.served = True
        while self.failed is None and not self.should_exit:
            await asyncio.sleep(0)


class Service:
    def __init__(self, *, gave_up: bool = False, taking: bool = True, fails: Exception | None = None) -> None:
        self.gave_up, self.taking = asyncio.Event(), asyncio.Event()
        if gave_up:
            self.gave_up.set()
        if taking:
            self.taking.set()
        self.fails = fails
        self.refused = {"telegram": "TELEGRAM_TOKEN", "bale": "BALE_TOKEN"}
        self.outbox = SimpleNamespace(wake=lambda: self.woken.append(1))
        self.woken: list[int] = []
        self.stopped: list[float] = []

    async def start(self) -> None:
        if self.fails is not None:
            raise self.fails

    async def stop(self, *, timeout: float) -> None:
        self.stopped.append(timeout)


class Watchdog:
    def __init__(self) -> None:
        self.ran = self.ended = False

    async def run(self) -> None:
        self.ran = True
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def bot_of(service: Service, web: Web, *timers: Timer, metrics: Web | None = None) -> Any:
    return SimpleNamespace(
        service=service, web=web, metrics=metrics, timers=list(timers), watchdog=Watchdog()
    )


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the process of the tests is changed."""
    monkeypatch.setattr(serve, "_settle_memory", lambda: None)


async def run(bot: Any, *, stop: bool = True, metrics: Any = None) -> None:
    stopping = asyncio.Event()
    task = asyncio.create_task(serve._run(bot, [], metrics, stopping))
    if stop:
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        stopping.set()
    async with asyncio.timeout(60):
        await task


async def test_it_serves_until_it_is_told_to_stop(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    service, web, metrics = Service(), Web(), Web()
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    bot = bot_of(service, web, Timer("x", 0.0, work), metrics=metrics)
    with caplog.at_level(logging.INFO, "bot"):
        await run(bot, metrics=[])
    assert caplog.messages == ["ready", "stopping"]
    assert capsys.readouterr().out == "ready\n"
    assert ran
    assert len(service.woken) >= len(ran) - 1
    assert (web.should_exit, metrics.served, metrics.should_exit) == (True, True, True)
    assert (bot.watchdog.ran, bot.watchdog.ended) == (True, True)
    (timeout,) = service.stopped
    assert 0 < timeout <= 3.0


async def test_without_an_address_for_metrics_none_are_served() -> None:
    bot = bot_of(Service(), Web())
    await run(bot)
    metrics = Web()
    bot = bot_of(Service(), Web(), metrics=metrics)
    await run(bot, metrics=None)
    assert not metrics.served


async def test_what_ends_it_before_it_is_ready(caplog: pytest.LogCaptureFixture) -> None:
    for bot, words in (
        (
            bot_of(Service(gave_up=True, taking=False), Web()),
            "TELEGRAM_TOKEN, BALE_TOKEN: refused by the messenger",
        ),
        (
            bot_of(Service(), Web(OSError(98, "Address already in use"))),
            "LISTEN: cannot listen on 127.0.0.1:8080: another process listens there; stop it, or choose another port",
        ),
    ):
        with pytest.raises(BadSettingError) as caught:
            await run(bot, stop=False)
        assert str(caught.value) == words
        assert bot.service.stopped
    with pytest.raises(ZeroDivisionError):
        await run(bot_of(Service(fails=ZeroDivisionError()), Web()), stop=False)
    assert "ready" not in caplog.messages


async def test_one_messenger_that_refuses_does_not_end_the_other(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot"):
        await run(bot_of(Service(gave_up=True, taking=True), Web()))
    assert caplog.messages == ["ready", "stopping"]


async def test_a_stop_before_it_is_ready_is_no_ready(caplog: pytest.LogCaptureFixture) -> None:
    service = Service()

    async def never() -> None:
        await asyncio.Event().wait()

    service.start = never  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO, "bot"):
        await run(bot_of(service, Web()))
    assert caplog.messages == ["stopping"]


async def test_metrics_that_cannot_be_served_end_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await serve._serve_metrics(cast(Any, Web(OSError(98, "Address already in use"))), [])
    assert caplog.messages == [
        "METRICS_LISTEN: cannot listen on 127.0.0.1:8080: another process listens there; stop it, or choose another port"
    ]


async def test_the_first_task_ends_the_wait() -> None:
    async def ended(error: BaseException | None = None) -> None:
        if error is not None:
            raise error

    never = asyncio.create_task(asyncio.Event().wait())
    cancelled = asyncio.create_task(asyncio.Event().wait())
    cancelled.cancel()
    for task in (asyncio.create_task(ended()), cancelled):
        await serve._first(never, task)
    with pytest.raises(ZeroDivisionError):
        await serve._first(never, asyncio.create_task(ended(ZeroDivisionError())))
    assert not never.done()
    never.cancel()


class Ended(Exception):
    """Of the third time that a timer sleeps."""


async def timer(
    work: Callable[[], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch, interval: float = 60.0
) -> tuple[list[float], Service, list[Any]]:
    slept: list[float] = []
    correlation: list[Any] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise Ended

    async def watched() -> None:
        correlation.append(CORRELATION_ID.get())
        await work()

    monkeypatch.setattr(serve, "asyncio", SimpleNamespace(sleep=sleep))
    service = Service()
    with pytest.raises(Ended):
        await serve._repeat(Timer("letters", interval, watched), cast(Any, service))
    return slept, service, correlation


async def test_a_timer_begins_after_a_second_and_goes_on_at_its_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        pass

    slept, service, correlation = await timer(work, monkeypatch)
    assert slept == [1.0, 60.0, 60.0]
    assert service.woken == [1, 1]
    assert correlation == ["timer:letters"] * 2
    slept, _, _ = await timer(work, monkeypatch, interval=0.5)
    assert slept == [0.5] * 3


async def test_a_timer_that_fails_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [StoreDown("no answer"), ZeroDivisionError("x")]

    async def work() -> None:
        raise errors.pop(0)

    slept, service, _ = await timer(work, monkeypatch)
    assert len(slept) == 3
    assert service.woken == []
    assert caplog.messages[0] == "the timer 'letters' is put off: no answer"
    assert caplog.messages[1].startswith("the timer 'letters' failed")


@pytest.mark.parametrize(
    ("checked", "allowed", "logged", "words"),
    [
        (KeyCheck(3, 0, 0), False, [], None),
        (KeyCheck(0, 0, 0), False, [], None),
        (KeyCheck(3, 0, 1), False, ["documents are missing from the store; see `bot.py doctor`"], None),
        (KeyCheck(1, 2, 0), False, [f"SECRET_KEY: {KeyCheck(1, 2, 0)}"], None),
        (KeyCheck(0, 2, 0), True, [f"SECRET_KEY: {KeyCheck(0, 2, 0)}"], None),
        (
            KeyCheck(0, 2, 0),
            False,
            [],
            f"SECRET_KEY: {KeyCheck(0, 2, 0)}. Where it is lost for ever, ALLOW_UNREADABLE_DOCUMENTS=true starts without them",
        ),
    ],
)
async def test_a_key_that_opens_nothing(
    checked: KeyCheck,
    allowed: bool,
    logged: list[str],
    words: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def check_key(read: Any, store: Any, cipher: Any, *, sample: int) -> KeyCheck:
        assert sample == 10
        return checked

    monkeypatch.setattr(serve, "check_key", check_key)
    settings = Settings(_env_file=None, secret_key="k" * 32, allow_unreadable_documents=allowed)
    if words is None:
        await serve._check_key(settings, cast(Any, None))
    else:
        with pytest.raises(BadSettingError) as caught:
            await serve._check_key(settings, cast(Any, None))
        assert str(caught.value) == words
    assert caplog.messages == logged


@pytest.mark.parametrize(
    ("error", "words"),
    [(StoreDown("timeout"), "timeout"), (TimeoutError(), "no answer in time")],
)
async def test_a_store_that_is_away_is_no_reason_not_to_serve(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def check_key(*others: Any, **more: Any) -> KeyCheck:
        raise error

    monkeypatch.setattr(serve, "check_key", check_key)
    await serve._check_key(Settings(_env_file=None, secret_key="k" * 32), cast(Any, None))
    assert caplog.messages == [f"the store of documents does not answer: {words}"]


def test_the_collector_leaves_what_was_loaded_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    collected: list[str] = []
    monkeypatch.setattr(
        serve,
        "gc",
        SimpleNamespace(
            collect=lambda: collected.append("collect"),
            freeze=lambda: collected.append("freeze"),
            set_threshold=lambda *at: collected.append(str(at)),
        ),
    )
    serve._settle_memory()
    assert collected == ["collect", "freeze", "(10000, 20, 20)"]
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


# -- the whole way ---------------------------------------------------------------------------------------------------


class Steps:
    """What was done, in its order, in the place of the parts of the bot."""

    def __init__(self, *, alone: bool) -> None:
        self.done: list[Any] = []
        self.alone = alone

    def note(self, name: str, result: Any = None) -> Callable[..., Any]:
        def called(*others: Any, **more: Any) -> Any:
            self.done.append(name)
            return result

        return called

    def awaited(self, name: str, result: Any = None) -> Callable[..., Any]:
        async def called(*others: Any, **more: Any) -> Any:
            self.done.append(name)
            return result

        return called

    async def run(self, unit: Any, lane: str | None = None) -> None:
        self.done.append(f"run {lane}" if lane else unit(None))

    async def announce_process(self) -> bool:
        self.done.append("announce")
        return self.alone

    async def close(self) -> None:
        self.done.append("close")

    @contextmanager
    def serving_alone(self, url: Any) -> Any:
        self.done.append("alone")
        yield

    @asynccontextmanager
    async def open_resources(self, settings: Any, database: Any, public_url: str) -> Any:
        self.done.append(public_url)
        yield SimpleNamespace(clock=lambda: 1)
        self.done.append("closed")

    async def prepare(self, settings: Any, *, upgrade: Any) -> None:
        assert upgrade is serve.upgrade_in_child
        self.done.append("prepare")

    def make_bot(self, settings: Any, resources: Any, channels: Any, *, alone: bool) -> str:
        self.done.append(f"bot {alone}")
        return "bot"

    async def serves(self, bot: Any, sockets: Any, metrics: Any, stopping: asyncio.Event) -> None:
        self.done.append((bot, metrics))
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(60):
            await stopping.wait()


@pytest.mark.parametrize(
    ("alone", "public", "told"),
    [(True, "", "http://127.0.0.1:8080"), (False, "https://x.ir", "https://x.ir")],
)
async def test_from_the_settings_to_serving(
    alone: bool, public: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(alone=alone)
    note, awaited = steps.note, steps.awaited
    checks = SimpleNamespace(
        check_settings=note("settings"),
        check_database_file=awaited("file"),
        prepare_database=steps.prepare,
        check_documents_folder=note("folder"),
        tell_ignored=note("ignored"),
    )
    monkeypatch.setattr(serve, "checks", checks)
    monkeypatch.setattr(serve, "raise_descriptor_limit", note("descriptors"))
    binds: list[tuple[Any, ...]] = []
    monkeypatch.setattr(serve.listen, "bind_socket", lambda *at: binds.append(at) or [])  # type: ignore[func-returns-value]
    monkeypatch.setattr(serve, "serving_alone", steps.serving_alone)
    monkeypatch.setattr(serve, "open_database", awaited("open", steps))
    monkeypatch.setattr(serve, "make_channels", note("channels", {}))
    monkeypatch.setattr(serve, "_check_key", awaited("key"))
    monkeypatch.setattr(serve, "open_resources", steps.open_resources)
    monkeypatch.setattr(serve.lease_recovery, "release_all_leases", lambda db, now: f"leases {now}")

    monkeypatch.setattr(serve, "make_bot", steps.make_bot)
    monkeypatch.setattr(serve, "_run", steps.serves)
    settings = Settings(_env_file=None, public_url=public, metrics_listen="127.0.0.1:9" if public else "")
    loop = asyncio.get_running_loop()
    try:
        await serve.serve(settings)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            assert loop.remove_signal_handler(number)
    assert steps.done == [
        *("settings", "descriptors", "file", "alone", "prepare", "folder", "ignored", "channels", "open"),
        *("run seed", "key", told, "announce"),
        *(["leases 1"] if alone else []),
        f"bot {alone}",
        ("bot", [] if public else None),
        "closed",
        "close",
    ]
    assert binds == [
        ("LISTEN", "127.0.0.1", 8080),
        *([("METRICS_LISTEN", "127.0.0.1", 9)] if public else []),
    ]
