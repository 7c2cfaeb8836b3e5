"""The composition root: here, and nowhere else, the parts of the running bot are made and handed to each other.

The only module of `bot` that may import `conversations` and `handlers`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.application.resources import Resources
from bot.config.settings import Settings
from bot.core.context import PublicInfo
from bot.core.loop_watchdog import LoopWatchdog
from bot.documents.disk_space import DiskSpace
from bot.documents.factory import make_cipher, make_store
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.gateways.factory import payment_gateway, sms_gateway
from bot.jobs.schedule import sweeps
from bot.messengers.transport.channel import Channel, make_channel
from bot.security.passwords import Passwords
from bot.services.shared import audit_chain
from bot.services.shared.upload_quota import DailyLimit
from bot.web.app import build_app, health_of
from bot.web.http_server.connections import Limits
from bot.web.http_server.server import WebServer
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.runtime import Service
from storage.database.database import Database, asynchronous
from storage.database.job_database import JobDatabase
from storage.enums import Messenger

#: Connections to the address of the metrics, where nobody but a monitoring server asks.
METRICS_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Timer:
    name: str
    #: Seconds.
    interval: float
    work: Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class RunningBot:
    """What `bot.cli.serve` starts and stops."""

    service: Service
    web: WebServer
    #: /metrics on its own private address, where there is one.
    metrics: WebServer | None
    timers: list[Timer]
    watchdog: LoopWatchdog


@asynccontextmanager
async def open_resources(settings: Settings, database: Database, public_url: str) -> AsyncIterator[Resources]:
    """Documents, gateways and what else services work with, closed at the end."""
    disk_space = DiskSpace.of(settings)
    resources = Resources(
        database=database,
        documents=DocumentLibrary(make_store(settings), make_cipher(settings), InspectionPool(), disk_space),
        passwords=Passwords(weak=settings.cheap_password_hashes),
        gateway=payment_gateway(settings),
        sms=sms_gateway(settings),
        public_info=PublicInfo(
            settings.support_contact,
            public_url,
            decision_undo=timedelta(minutes=settings.decision_undo_minutes),
            sms_price=settings.sms_price,
            letter_delay=timedelta(seconds=settings.letter_delay_seconds),
            overdue_days=settings.overdue_working_days,
        ),
        settings=settings,
        disk_space=disk_space,
        daily_uploads=DailyLimit(settings.uploads_per_day, int(settings.upload_size_per_day)),
    )
    try:
        yield resources
    finally:
        await resources.documents.close()
        await resources.gateway.aclose()
        await resources.sms.aclose()


def make_channels(settings: Settings) -> dict[Messenger, Channel]:
    """One for each messenger with a token."""
    return {
        messenger: make_channel(
            messenger,
            token=messenger_settings.token,
            api_url=messenger_settings.api_url,
            proxy=messenger_settings.proxy,
            link_url=messenger_settings.link_url,
            chat_rate=settings.chat_rate,
        )
        for messenger, messenger_settings in settings.messengers().items()
    }


def make_bot(
    settings: Settings, resources: Resources, channels: dict[Messenger, Channel], *, alone: bool
) -> RunningBot:
    """`alone`: no other process serves on the database at the start."""
    engine = Engine(ALL)
    routes = all_routes(engine)
    database_url = asynchronous(settings.database_url)
    by_webhook = settings.updates == "webhook"
    service = Service(
        resources,
        channels,
        engine,
        routes,
        secret_key=settings.key(),
        shared=database_url.get_backend_name() != "sqlite",
        webhook_url=resources.public_info.public_url if by_webhook else None,
        alone=alone,
    )
    job_database = JobDatabase(resources.database)
    of_jobs = replace(resources, database=job_database)
    chain = audit_chain.AuditChain(job_database, audit_chain.ChainKeys(settings.held_keys()))
    return RunningBot(
        service,
        _web_server(settings, resources, service if by_webhook else None),
        _metrics_server(settings, resources, service),
        [
            *(Timer(*sweep) for sweep in sweeps(of_jobs, drafts=engine.delete_expired_drafts)),
            Timer("audit-chain", audit_chain.INTERVAL, chain.link_new),
        ],
        LoopWatchdog(resources.counters.loop, lambda: job_database.running),
    )


def _web_server(settings: Settings, resources: Resources, webhooks: Service | None) -> WebServer:
    host, port = settings.address
    trusted = settings.trusted_networks()
    counters = resources.counters.web
    intake = webhooks.intake if webhooks is not None else None
    app = build_app(resources, webhooks=intake, trusted=trusted, counters=counters)
    return WebServer(app, host=host, port=port, trusted=trusted, counters=counters)


def _metrics_server(settings: Settings, resources: Resources, service: Service) -> WebServer | None:
    if settings.metrics_address is None:
        return None
    # With what it imports 1.3 MB, which a service without it does not need.
    from bot.web.metrics import metrics_app

    host, port = settings.metrics_address
    app = metrics_app(resources, service.states, health=health_of(resources))
    limits = Limits(most=METRICS_CONNECTIONS, per_address=METRICS_CONNECTIONS)
    return WebServer(app, host=host, port=port, limits=limits)
