#!/usr/bin/env python3
"""Start script and command line; the only place where everything is put together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.config import output
from bot.config.output import say as _say
from bot.config.settings import BadSettingError, Settings
from bot.config.startup_errors import DATABASE, ReportingGroup, fail
from bot.config.startup_errors import refuse as _refuse
from storage.correlation import CAUSE
from storage.database.database import asynchronous
from storage.enums import RequestKind, Role

if TYPE_CHECKING:
    from sqlmodel import Session

    from bot.core.resources import Resources
    from bot.documents.blob_store import FileStore
    from bot.documents.encryption import DocumentCipher
    from bot.gateways.interfaces import PaymentGateway, SmsGateway
    from bot.messengers.runtime import Service
    from bot.web.http_server.server import WebServer
    from storage.database.database import Database

log = logging.getLogger("bot")
app = typer.Typer(
    cls=ReportingGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

#: Seconds that SIGTERM leaves to the updates in hand.
GRACE = 3.0


def main() -> None:
    # Database, papers, keys, reports and backups are for the bot's own user, whatever the shell or systemd says.
    os.umask(0o077)
    output.install()
    try:
        app()
    except Exception as error:
        fail(error)


def _settings() -> Settings:
    from bot.config import logging_config

    settings = Settings.load()
    logging_config.set_up(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    DATABASE.set(asynchronous(settings.database_url))
    return settings


# -- putting it together -------------------------------------------------------------------------


def make_gateway(settings: Settings) -> PaymentGateway:
    from bot.gateways.http import make_client
    from bot.gateways.zarinpal import Zarinpal
    from bot.gateways.zibal import Zibal

    merchant = settings.merchant_id() or ""
    if settings.payment_gateway == "zibal":
        return Zibal(make_client(), url=settings.zibal_url, merchant_id=merchant)
    return Zarinpal(make_client(), url=settings.zarinpal_url, merchant_id=merchant)


def make_sms(settings: Settings) -> SmsGateway:
    from bot.gateways.console_sms import ConsoleSms
    from bot.gateways.http import make_client
    from bot.gateways.kavenegar import Kavenegar

    if settings.sms_gateway == "console":
        return ConsoleSms()
    key = settings.kavenegar_api_key
    return Kavenegar(
        make_client(),
        url=settings.kavenegar_url,
        api_key=key.get_secret_value() if key is not None else "",
        sender=settings.kavenegar_sender,
        templates=settings.sms_templates(),
    )


def make_store(settings: Settings, url: str | None = None) -> FileStore:
    """Of the papers: a folder, or an S3-compatible store."""
    from bot.documents.blob_store import FolderStore

    where = url or settings.files_url
    if where.startswith("s3://"):
        from bot.documents.s3_store import S3Papers

        return S3Papers(where, **settings.s3())
    return FolderStore(Path(where.removeprefix("file://")))


@asynccontextmanager
async def open_store(settings: Settings, url: str | None = None) -> AsyncIterator[FileStore]:
    """`make_store`, closed at the end."""
    store = make_store(settings, url)
    try:
        yield store
    finally:
        await store.aclose()


def make_sealer(settings: Settings) -> DocumentCipher:
    from bot.documents.encryption import DocumentCipher

    return DocumentCipher(settings.key(), settings.former_keys())


@asynccontextmanager
async def open_desk(settings: Settings, database: Database, public_url: str) -> AsyncIterator[Resources]:
    """The outside things, closed again at the end."""
    from bot.core.context import PublicInfo
    from bot.core.resources import Resources
    from bot.documents.disk_space import Room
    from bot.documents.inspection_pool import Checker
    from bot.documents.library import DocumentLibrary
    from bot.security.passwords import Passwords
    from bot.services.shared.upload_quota import DailyLimit

    resources = Resources(
        database=database,
        papers=DocumentLibrary(make_store(settings), make_sealer(settings), Checker()),
        passwords=Passwords(weak=settings.cheap_password_hashes),
        gateway=make_gateway(settings),
        sms=make_sms(settings),
        world=PublicInfo(settings.support_contact, public_url),
        settings=settings,
        room=Room.of(settings),
        daily_uploads=DailyLimit(settings.uploads_per_day, int(settings.upload_size_per_day)),
    )
    try:
        yield resources
    finally:
        await resources.papers.close()
        await resources.gateway.aclose()
        await resources.sms.aclose()


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises BadSettingError, DatabaseUnusable."""
    from bot.config import startup
    from bot.jobs import lease_recovery
    from bot.jobs.schedule import sweeps
    from bot.messengers.runtime import Service
    from bot.messengers.transport.factory import make_channel
    from bot.services.shared import audit_chain
    from bot.web.app import build_app
    from bot.web.http_server import listen
    from bot.web.http_server.descriptors import raise_descriptor_limit
    from bot.web.http_server.server import WebServer
    from conversations.catalogue import ALL
    from conversations.engine.engine import Engine
    from handlers import all_routes
    from handlers.telegram.update_handler import ConversationUpdateHandler
    from storage.database.database import open_database
    from storage.migrations.seed import seed

    startup.check_settings(settings)
    secret_key = settings.key()
    raise_descriptor_limit()
    host, port = settings.address
    sockets = listen.bind("LISTEN", host, port)
    watching = listen.bind("METRICS_LISTEN", *settings.metrics_address) if settings.metrics_address else None
    await startup.prepare_database(settings)
    startup.check_papers(settings)
    startup.tell_ignored(settings)
    engine = Engine(ALL)
    routes = all_routes(engine)
    channels = {
        messenger: make_channel(
            messenger,
            token=one.token,
            api_url=one.api_url,
            proxy=one.proxy,
            chat_rate=settings.chat_rate,
        )
        for messenger, one in settings.messengers().items()
    }
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    database = await open_database(settings.database_url)
    try:
        await database.run(seed, lane="seed")
        public_url = settings.public_url or f"http://{host}:{port}"
        async with open_desk(settings, database, public_url) as resources:
            alone = await database.announce_process()
            if alone:
                await database.run(lambda db: lease_recovery.release_all_leases(db, now=resources.clock()))
            service = Service(
                resources,
                channels,
                engine,
                routes,
                ConversationUpdateHandler,
                secret_key=secret_key,
                shared=asynchronous(settings.database_url).get_backend_name() != "sqlite",
                webhook_url=public_url if settings.updates == "webhook" else None,
                alone=alone,
            )
            webhooks = service.intake if settings.updates == "webhook" else None
            trusted = settings.trusted_networks()
            web = WebServer(
                build_app(resources, webhooks=webhooks, trusted=trusted, counters=resources.counters.web),
                host=host,
                port=port,
                trusted=trusted,
                counters=resources.counters.web,
            )
            web_task = asyncio.create_task(web.serve(sockets=sockets), name="web")
            chain = audit_chain.AuditChain(
                database, audit_chain.ChainKeys([secret_key, *settings.former_keys()])
            )
            watched = _watch(watching, settings, resources, service)
            timers = [
                asyncio.create_task(_every(name, interval, work, service), name=name)
                for name, interval, work in (
                    *sweeps(resources, drafts=engine.sweep),
                    ("audit-chain", audit_chain.INTERVAL, chain.link_new),
                )
            ]
            try:
                starting = asyncio.create_task(service.start())
                await _first(starting, asyncio.create_task(stopping.wait()), web_task)
                if web.failed is not None:
                    raise listen.refused("LISTEN", host, port, web.failed)
                if service.gave_up.is_set() and not service.taking.is_set():
                    raise BadSettingError(f"{', '.join(service.refused.values())}: refused by the messenger")
                if not stopping.is_set():
                    _settle_memory()
                    print("ready", flush=True)  # noqa: T201
                    await _first(asyncio.create_task(stopping.wait()), web_task)
            finally:
                log.info("stopping")
                for task in (starting, *timers):
                    task.cancel()
                web.should_exit = True
                if watched is not None:
                    watched[0].should_exit = True
                # The web first: an update that still came in finds its lane open, and does not wait for the restart.
                begun = loop.time()
                await asyncio.wait({web_task}, timeout=1)
                await service.stop(timeout=GRACE - (loop.time() - begun))
                await asyncio.gather(starting, *timers, return_exceptions=True)
                with contextlib.suppress(TimeoutError, SystemExit):
                    async with asyncio.timeout(1):
                        await web_task
    finally:
        await database.close()


def _settle_memory() -> None:
    """What was loaded stays for ever: the collector need not walk through it at every look (5% of a step's cost)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _watch(
    sockets: list[socket.socket] | None, settings: Settings, resources: Resources, service: Service
) -> tuple[WebServer, asyncio.Task[None]] | None:
    """/metrics on its own private address, where there is one."""
    if sockets is None or settings.metrics_address is None:
        return None
    from bot.web.app import health_of
    from bot.web.http_server.connections import Limits
    from bot.web.http_server.listen import refused
    from bot.web.http_server.server import WebServer
    from bot.web.metrics import metrics_app

    host, port = settings.metrics_address
    server = WebServer(
        metrics_app(resources, service.states, health=health_of(resources)),
        host=host,
        port=port,
        limits=Limits(most=32, per_address=32),
    )

    async def run() -> None:
        await server.serve(sockets=sockets)
        if server.failed is not None:  # another process was quicker; people are served all the same
            log.error("%s", refused("METRICS_LISTEN", host, port, server.failed))

    return server, asyncio.create_task(run(), name="metrics")


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


async def _every(name: str, interval: float, work: Any, service: Any) -> None:
    """One sweep, at its interval; a failure is logged and never stops the others."""
    from bot.documents.blob_store import StoreDown
    from storage.database.outage import log_unless_outage

    CAUSE.set(f"timer:{name}")
    while True:
        await asyncio.sleep(min(interval, 5.0))
        while True:
            try:
                await work()
                service.outbox.wake()
            except StoreDown as error:
                log.warning("the timer %r is put off: %s", name, error)
            except Exception as error:
                log_unless_outage(log, "the timer %r failed", name, error=error)
            await asyncio.sleep(interval)


# -- commands ------------------------------------------------------------------------------------


@app.command()
def run() -> None:
    """Serve Telegram and Bale until SIGTERM."""
    asyncio.run(serve(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    from storage.database.database import check_database
    from storage.migrations.migrate import upgrade

    async def work(url: str) -> None:
        await check_database(url)
        await upgrade(url)

    asyncio.run(work(_settings().database_url))
    _say("the schema is up to date")


@app.command("check-migrations")
def check_migrations() -> None:
    """Compare the migrations with the tables."""
    from storage.migrations.migrate import check

    differences = asyncio.run(check())
    for line in differences:
        _say(line)
    raise SystemExit(1 if differences else 0)


@app.command()
def doctor() -> None:
    """Say in one line each what is in order, and how to mend what is not."""
    from bot.doctor import examine

    try:
        settings = _settings()
    except BadSettingError as error:
        _say(f"✗ settings: {error}")
        raise SystemExit(1) from None

    async def look() -> bool:
        healthy = True
        async for finding in examine(settings):
            healthy &= finding.good
            _say(str(finding))
        return healthy

    healthy = asyncio.run(look())
    raise SystemExit(0 if healthy else 1)


@app.command("check-audit")
def check_audit() -> None:
    """Read the whole hash chain over the audit lines, and say where it is broken. Status 1 where it is."""
    from bot.doctor.audit import summary
    from bot.services.shared.audit_chain import ChainKeys
    from bot.services.shared.audit_check import Checked, check
    from storage.database.database import open_database
    from storage.migrations.migrate import current_is_head
    from storage.migrations.schema import missing_guards

    settings = _settings()

    async def work() -> tuple[Checked, list[str]]:
        if not await current_is_head(settings.database_url):
            raise BadSettingError("DATABASE_URL: the schema is old; run `python bot.py migrate` first")
        database = await open_database(settings.database_url)
        try:
            gone = await database.read(lambda db: missing_guards(db.connection()))
            with typer.progressbar(length=0, label="links", file=sys.stderr) as bar:

                def progress(done: int, total: int) -> None:
                    bar.length = total
                    bar.update(done - bar.pos)

                return await check(database, ChainKeys(settings.held_keys()), progress=progress), gone
        finally:
            await database.close()

    found, gone = asyncio.run(work())
    for name in gone:
        _say(f"trigger {name}: gone or changed")
    for fault in found.faults:
        _say(fault)
    if found.faults or gone:
        raise SystemExit(1)
    _say(f"{summary(found)}; the last is {found.end[0]}, {found.end[1]}")


@app.command()
def demo() -> None:
    """The bot against emulated messengers, bank and SMS, with phones in a browser page."""
    from demo.__main__ import main as play

    play()


@app.command("create-user")
def create_user(
    role: Annotated[Role, typer.Option(help="staff, expert, expert-in-charge or distributor")],
    name: Annotated[str, typer.Option(help="first and last name")] = "کاربر جدید",
    university: Annotated[str | None, typer.Option(help="code of the expert's university")] = None,
    distributor: Annotated[int | None, typer.Option(help="number of the manager's distributor")] = None,
    company: Annotated[str | None, typer.Option(help="name of a new company that the user manages")] = None,
    guild: Annotated[str | None, typer.Option(help="name of a new guild that the user manages")] = None,
    number: Annotated[str, typer.Option(help="the company's legal id, the guild's licence")] = "",
    province: Annotated[str, typer.Option(help="of the new distributor")] = "",
    city: Annotated[str, typer.Option(help="of the new distributor")] = "",
    address: Annotated[str, typer.Option(help="of the new distributor")] = "",
    mobile: Annotated[str | None, typer.Option(help="the manager's, for the SMS of terminations")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Make an account; print its user code and password.

    A distributor's manager needs --distributor, or --company or --guild with --number, --province, --city, --address
    and --mobile, which make a distributor (in Tehran with --university)."""
    from bot.core.context import SYSTEM
    from bot.core.refusals import Refusal
    from bot.security.passwords import Passwords
    from bot.services.accounts import experts
    from bot.services.distributors import registry
    from bot.texts import t
    from storage.enums import DistributorKind
    from storage.tables.column_types import utcnow

    if role in (Role.OFFICER, Role.SYSTEM):
        _refuse("--role: one of staff, expert, expert-in-charge, distributor")
    settings = _settings()
    passwords = Passwords(weak=settings.cheap_password_hashes)
    password = passwords.make()
    hashed = passwords.hash_now(password)

    def unit(db: Session) -> tuple[str, int | None]:
        now = utcnow()
        if role is not Role.DISTRIBUTOR:
            made = experts.create_user(
                db, role=role, university_code=university, name=name, now=now, password_hash=hashed
            )
            return made.user_code, None
        firm_id = distributor
        if company or guild:
            details = registry.Details(
                kind=DistributorKind.COMPANY if company else DistributorKind.GUILD,
                name=company or guild or "",
                number=number,
                manager_name=name,
                province=province,
                city=city,
                university=university,
                address=address,
                manager_mobile=mobile,
            )
            firm_id = registry.create(db, actor=SYSTEM, details=details, now=now).distributor.id
        if firm_id is None:
            raise Refusal("error.distributor_needed")
        manager = registry.NewManager(name, hashed, mobile=mobile)
        hired = registry.add_manager(db, actor=SYSTEM, distributor_id=firm_id, manager=manager, now=now)
        return hired.account.user_code, firm_id

    try:
        user_code, firm_id = asyncio.run(_with_database(settings, lambda database: database.run(unit)))
    except Refusal as refusal:
        _refuse(t(refusal.key, **refusal.args_of_text))
    if as_json:
        found = {"user_code": user_code, "password": password, "role": role.value}
        _say(json.dumps(found | ({"distributor": firm_id} if firm_id is not None else {})))
    else:
        _say(f"user code: {user_code}\npassword: {password}")
        if firm_id is not None:
            _say(f"distributor: {firm_id}")


@app.command("set-tariff")
def set_tariff(
    kind: Annotated[str, typer.Option(help="new or amendment")],
    rial: Annotated[int, typer.Option(help="amount in rial; 0 is free of charge")],
    valid_from: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="day")] = None,
) -> None:
    """Set the review fee of a kind of request, from today on unless a day is given."""
    from bot.core.context import SYSTEM
    from bot.core.refusals import Refusal
    from bot.services.qualification import fees
    from bot.texts import t
    from bot.texts.formats import TEHRAN
    from storage.tables.column_types import utcnow

    if kind.upper() not in RequestKind.__members__:
        _refuse("--kind: new or amendment")
    now = utcnow()
    day: date = valid_from.date() if valid_from is not None else now.astimezone(TEHRAN).date()

    async def work(database: Database) -> None:
        await database.run(
            lambda db: fees.set_tariff(
                db, kind=RequestKind(kind.upper()), amount_rial=rial, valid_from=day, actor=SYSTEM, now=now
            )
        )

    try:
        asyncio.run(_with_database(_settings(), work))
    except Refusal as refusal:
        _refuse(t(refusal.key, **refusal.args_of_text))
    _say(f"{kind.lower()}: {rial:,} rial from {day}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX; the columns are in docs/import.md")],
    report: Annotated[
        Path | None, typer.Option(help="where refused rows are written; beside the file unless given")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything, store nothing")] = False,
) -> None:
    """Take in officers and distributors of the old system. May be run again and again."""
    from bot.core.context import SYSTEM
    from bot.legacy_import.importer import LegacyImport, Totals
    from bot.legacy_import.readers.table import UnusableFile
    from bot.legacy_import.summary import summary
    from bot.security.passwords import Passwords
    from bot.texts import t

    settings = _settings()
    report_path = report or file.with_name(f"{file.name}.report.csv")

    async def work(database: Database) -> Totals:
        with typer.progressbar(length=0, label=t("import.progress"), file=sys.stderr) as bar:

            def progress(done: int, size: int) -> None:
                bar.length = max(size, done)
                bar.update(done - bar.pos)

            moving_in = LegacyImport(
                database,
                Passwords(weak=settings.cheap_password_hashes, moving_in=True, at_once=os.cpu_count() or 1),
                SYSTEM,
                dry_run=dry_run,
                progress=progress,
            )
            return await moving_in.run(file, report_path)

    try:
        totals = asyncio.run(_with_database(settings, work))
    except UnusableFile as unusable:
        _refuse(str(unusable))
    _say(summary(totals, report_path, dry_run=dry_run))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="a new file, or a folder to make one in")],
    recipient: Annotated[
        list[str] | None, typer.Option(help="public key of age; again for more; else BACKUP_RECIPIENT")
    ] = None,
) -> None:
    """Copy database and papers into one encrypted file, while the bot goes on. SECRET_KEY is not in it."""
    from bot.operations.backup import back_up
    from bot.operations.errors import UpkeepError

    settings = _settings()

    async def work() -> tuple[Path, dict[str, Any]]:
        async with open_store(settings) as store:
            return await back_up(
                database_url=settings.database_url,
                store=store,
                target=target,
                recipients=recipient or settings.recipients(),
                secret=settings.key(),
            )

    try:
        file, manifest = asyncio.run(work())
    except UpkeepError as error:
        _refuse(str(error))
    _say(f"{file}: {manifest['papers']} papers, {manifest['bytes']:,} bytes; keep SECRET_KEY elsewhere")
    _say(f"it opens and restores with the SECRET_KEY whose id is {manifest['key_id']}")


@app.command("backup-key")
def backup_key(
    file: Annotated[Path, typer.Argument(help="the new secret key; keep it off this machine")],
) -> None:
    """Make a pair of keys for backups: the secret one into a file, the public one printed."""
    from bot.operations.archive import make_identity
    from bot.operations.errors import UpkeepError

    try:
        _say(f"BACKUP_RECIPIENT={make_identity(file)}")
    except UpkeepError as error:
        _refuse(str(error))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="as `backup` wrote it")],
    identity: Annotated[Path, typer.Option(help="file with the secret key of age")],
    into: Annotated[Path, typer.Option(help="a new folder")],
    database_url: Annotated[
        str | None, typer.Option(help="an empty PostgreSQL database, for a backup of PostgreSQL")
    ] = None,
    files_url: Annotated[
        str | None, typer.Option(help="an empty store for the papers, else a folder in --into")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="take a backup that no SECRET_KEY of ours vouches for")
    ] = False,
) -> None:
    """Unpack and check a backup. Nothing is ever overwritten.

    It must be signed under SECRET_KEY or one of FORMER_SECRET_KEYS, unless --unsigned is given."""
    from bot.operations import restore as restoring
    from bot.operations.errors import UpkeepError

    settings = _settings()

    async def work() -> restoring.Restored:
        asked: dict[str, Any] = {
            "file": file,
            "identity": identity,
            "into": into,
            "secrets": settings.held_keys(),
            "unsigned": unsigned,
            "database_url": database_url,
        }
        if files_url is None:
            return await restoring.restore(**asked)
        async with open_store(settings, files_url) as store:
            return await restoring.restore(**asked, store=store)

    try:
        found = asyncio.run(work())
    except UpkeepError as error:
        _refuse(str(error))
    manifest = found.manifest
    if not found.signed:
        print(  # noqa: T201
            f"WARNING: no key of ours signed {file}: whoever has the public key can have made it. "
            "Look at the data before you serve them",
            file=sys.stderr,
        )
    _say(f"{into}: {found.database} of {manifest.get('made_at')}, {manifest['papers']} papers")
    if found.without_paper:
        _say(f"{found.without_paper} papers of the database are not in the backup")
    _say(f"the papers open with the SECRET_KEY whose id is {manifest.get('key_id')}")


@app.command("rotate-key")
def rotate_key(
    new: Annotated[
        bool, typer.Option("--new", help="first put a new key in the place of the one kept under data/")
    ] = False,
    count: Annotated[bool, typer.Option("--count", help="only say how many papers are left")] = False,
) -> None:
    """Bring every paper under the present SECRET_KEY; FORMER_SECRET_KEYS must hold the one before.

    May be stopped and run again at any time, while the bot serves (restarted with both keys). Status 1 while papers are
    left."""
    from bot.config.settings import renew_kept_key
    from bot.operations.key_rotation import Count, look, rotate

    settings = _settings()
    if new:
        if settings.secret_key is not None:
            _refuse("--new: SECRET_KEY is set; change it there, and move the old one to FORMER_SECRET_KEYS")
        renew_kept_key()
        _say("a new key is in its place; restart the bot, then run `bot.py rotate-key`")
        return
    sealer = make_sealer(settings)

    async def work() -> Count:
        async with open_store(settings) as store:
            return await bring_over(store)

    async def bring_over(store: FileStore) -> Count:
        found = await look(store, sealer)
        _say(f"{found.current} papers are under the present key, {found.former} are left")
        if count or not found.former:
            return found
        left = found.former
        async for moved in rotate(store, sealer):
            left -= moved
            _say(f"left: {max(left, 0)}")
        return await look(store, sealer)

    found = asyncio.run(work())
    if found.unknown:
        _say(f"{found.unknown} papers are under keys that are not in FORMER_SECRET_KEYS, or are damaged")
    if found.former or found.unknown:
        raise SystemExit(1)
    _say("no paper needs a former key any more; backups made before still do")


@app.command("retention")
def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Remove the papers whose time is over (Q44). A running bot does so by itself every few hours."""
    from bot.jobs import retention
    from storage.tables.column_types import utcnow

    settings = _settings()

    async def work(database: Database) -> retention.Total:
        if dry_run:
            return await retention.preview(database, now=utcnow())
        async with open_desk(settings, database, settings.public_url) as resources:
            return await retention.sweep(resources, now=utcnow())

    total = asyncio.run(_with_database(settings, work))
    _say(f"{total.papers} papers, {total.size:,} bytes {'would be' if dry_run else 'were'} removed")


async def _with_database(settings: Settings, work: Any) -> Any:
    from bot.config.startup import prepare_database
    from storage.database.database import open_database
    from storage.migrations.seed import seed

    await prepare_database(settings)
    database = await open_database(settings.database_url)
    try:
        await database.run(seed, lane="seed")
        return await work(database)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
