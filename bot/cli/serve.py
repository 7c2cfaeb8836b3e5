"""The serving process: from the settings to "ready", its timers, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from bot.cli.composition import RunningBot, Timer, make_bot, make_channels, open_resources
from bot.config.settings import BadSettingError, Settings
from bot.documents.blob_store import StoreDown
from bot.documents.factory import make_cipher, open_store
from bot.jobs import lease_recovery
from bot.operations.stored_documents import check_key
from bot.startup import checks
from bot.web.http_server import listen
from bot.web.http_server.descriptors import raise_descriptor_limit
from bot.web.http_server.server import WebServer
from storage.correlation import CORRELATION_ID
from storage.database.database import Database, asynchronous, open_database
from storage.database.file_lock import serving_alone
from storage.database.outage import log_unless_outage
from storage.migrations.child import upgrade_in_child
from storage.migrations.seed import seed

if TYPE_CHECKING:
    from handlers.telegram.runtime import Service

log = logging.getLogger("bot")

#: Seconds for a look at some documents at the start.
KEY_CHECK = 10.0
#: Documents of that look, of the oldest and of the newest each.
KEY_SAMPLE = 10
#: Seconds from the start to the first run of a job: also a process that is restarted every few seconds asks the
#: gateway about payments and sends letters.
FIRST_RUN = 1.0
#: Seconds that SIGTERM leaves to the updates in hand.
GRACE = 3.0
#: When the collector looks at the youngest objects, and after how many of these looks at older ones.
COLLECT_AT = 10_000, 20, 20


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises BadSettingError, DatabaseUnusable."""
    checks.check_settings(settings)
    raise_descriptor_limit()
    host, port = settings.address
    sockets = listen.bind_socket("LISTEN", host, port)
    metrics = (
        listen.bind_socket("METRICS_LISTEN", *settings.metrics_address) if settings.metrics_address else None
    )
    await checks.check_database_file(settings)
    with serving_alone(asynchronous(settings.database_url)):
        await _serve(settings, sockets, metrics)


async def _serve(
    settings: Settings, sockets: list[socket.socket], metrics: list[socket.socket] | None
) -> None:
    """With the addresses taken, and alone on SQLite's file."""
    host, port = settings.address
    await checks.prepare_database(settings, upgrade=upgrade_in_child)
    checks.check_documents_folder(settings)
    checks.tell_ignored(settings)
    channels = make_channels(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    database = await open_database(settings.database_url)
    try:
        await database.run(seed, lane="seed")
        await _check_key(settings, database)
        public_url = settings.public_url or f"http://{host}:{port}"
        async with open_resources(settings, database, public_url) as resources:
            alone = await database.announce_process()
            if alone:
                await database.run(lambda db: lease_recovery.release_all_leases(db, now=resources.clock()))
            bot = make_bot(settings, resources, channels, alone=alone)
            await _run(bot, sockets, metrics, stopping)
    finally:
        await database.close()


async def _check_key(settings: Settings, database: Database) -> None:
    """Raises BadSettingError where none of the documents opens with our keys; a store that is away is no reason."""

    async def read(work: Callable[[Connection], Any]) -> Any:
        return await database.read(lambda db: work(db.connection()))

    try:
        async with open_store(settings) as store, asyncio.timeout(KEY_CHECK):
            checked = await check_key(read, store, make_cipher(settings), sample=KEY_SAMPLE)
    except (StoreDown, TimeoutError) as error:
        log.error("the store of documents does not answer: %s", str(error) or "no answer in time")
        return
    if checked.absent:
        log.error("documents are missing from the store; see `bot.py doctor`")
    if not checked.unknown:
        return
    if checked.known or settings.allow_unreadable_documents:
        log.error("SECRET_KEY: %s", checked)
        return
    raise BadSettingError(
        f"SECRET_KEY: {checked}. Where it is lost for ever, ALLOW_UNREADABLE_DOCUMENTS=true starts without them"
    )


async def _run(
    bot: RunningBot,
    sockets: list[socket.socket],
    metrics: list[socket.socket] | None,
    stopping: asyncio.Event,
) -> None:
    """Serve until `stopping`, then let the updates in hand end."""
    service, web = bot.service, bot.web
    web_task = asyncio.create_task(web.serve(sockets=sockets), name="web")
    metrics_task = None
    if bot.metrics is not None and metrics is not None:
        metrics_task = asyncio.create_task(_serve_metrics(bot.metrics, metrics), name="metrics")
    timers = [asyncio.create_task(_repeat(timer, service), name=timer.name) for timer in bot.timers]
    timers.append(asyncio.create_task(bot.watchdog.run(), name="loop watchdog"))
    starting = asyncio.create_task(service.start())
    try:
        await _first(starting, asyncio.create_task(stopping.wait()), web_task)
        if web.failed is not None:
            raise listen.listen_error("LISTEN", web.config.host, web.config.port, web.failed)
        if service.gave_up.is_set() and not service.taking.is_set():
            raise BadSettingError(f"{', '.join(service.refused.values())}: refused by the messenger")
        if not stopping.is_set():
            _settle_memory()
            _tell_ready()
            await _first(asyncio.create_task(stopping.wait()), web_task)
    finally:
        log.info("stopping")
        for task in (starting, *timers):
            task.cancel()
        web.should_exit = True
        if bot.metrics is not None and metrics_task is not None:
            bot.metrics.should_exit = True
        # The web first: an update that still came in finds its chat queue open, and does not wait for the restart.
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.wait({web_task}, timeout=1)
        await service.stop(timeout=GRACE - (loop.time() - begun))
        await asyncio.gather(starting, *timers, return_exceptions=True)
        with contextlib.suppress(TimeoutError, SystemExit):
            async with asyncio.timeout(1):
                await web_task


def _tell_ready() -> None:
    """In the log, in its form; and by itself on standard output for a program that waits for it, unless that is the log."""
    log.info("ready")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        out, err = os.fstat(sys.__stdout__.fileno()), os.fstat(sys.__stderr__.fileno())  # type: ignore[union-attr]
        if (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino):
            return
    print("ready", flush=True)  # noqa: T201


def _settle_memory() -> None:
    """What was loaded stays for ever: the collector need not walk through it at every look (5% of a step's cost)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)


async def _serve_metrics(server: WebServer, sockets: list[socket.socket]) -> None:
    await server.serve(sockets=sockets)
    if server.failed is not None:  # another process was quicker; people are served all the same
        host, port = server.config.host, server.config.port
        log.error("%s", listen.listen_error("METRICS_LISTEN", host, port, server.failed))


async def _first(*tasks: asyncio.Task[Any]) -> None:
    """Wait for the first of them; its error is ours. The stop signal's own task is let go."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if (
            not task.cancelled()
            and (error := task.exception()) is not None
            and not isinstance(error, SystemExit)
        ):
            raise error


async def _repeat(timer: Timer, service: Service) -> None:
    """One timer, at its interval; a failure is logged and never stops the others."""
    CORRELATION_ID.set(f"timer:{timer.name}")
    while True:
        await asyncio.sleep(min(timer.interval, FIRST_RUN))
        while True:
            try:
                await timer.work()
                service.outbox.wake()
            except StoreDown as error:
                log.warning("the timer %r is put off: %s", timer.name, error)
            except Exception as error:
                log_unless_outage(log, "the timer %r failed", timer.name, error=error)
            await asyncio.sleep(timer.interval)
