"""The states in which operators found their bot broken: `doctor` names each, says what to do, and changes nothing. Beside them a
bot that is in order, of which it finds no fault."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from bot.application.backup_record import note_backup
from bot.config.settings import Settings
from bot.core.context import SYSTEM
from bot.doctor import Finding, examine, external_services, file_modes, machine
from bot.documents.blob_store import new_key
from bot.documents.inspection_pool import InspectionPool
from bot.operations import archive
from bot.services.accounts import experts
from bot.services.qualification import fees
from demo.emulators import Emulators
from storage.database.database import open_database
from storage.enums import AttemptState, PushChannel, PushState, RequestKind, RequestState, Role
from storage.migrations.seed import seed
from storage.tables import Account, PaymentAttempt, Push, QualificationRequest, StoredFile
from storage.tables.column_types import utcnow
from tests.support.asgi import serving
from tests.support.backups import SECRET, store_documents
from tests.support.commands import NOWHERE
from tests.support.documents import FolderStore
from tests.support.ports import free_port
from tests.support.s3 import Bucket

Inspection = Callable[[], Awaitable[Finding]]
OTHER_KEY = "the key of somebody else, as long as it has to be"


@dataclass
class World:
    """A bot that has lived for some days, and what is to become of it."""

    folder: Path
    settings: dict[str, Any]
    emulators: Emulators
    monkeypatch: pytest.MonkeyPatch
    request: pytest.FixtureRequest
    check_file_inspection: Inspection
    #: Closed after the test.
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def file(self) -> Path:
        return self.folder / "data" / "bot.db"

    def sql(self, *statements: str) -> None:
        connection = sqlite3.connect(self.file)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    async def write(self, unit: Callable[[Session], Any]) -> None:
        database = await open_database(self.settings["database_url"])
        await database.run(unit)
        await database.close()

    async def serve(self, app: Any) -> str:
        """host:port"""
        return (await self.stack.enter_async_context(serving(app))).removeprefix("http://")

    async def call(self, method: str, **fields: str) -> None:
        telegram = self.emulators.telegram
        async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
            address = f"{telegram.server.url}/bot{telegram.token}/{method}"
            assert (await client.post(address, json=fields)).json()["ok"]

    async def findings(self) -> dict[str, Finding]:
        loaded = Settings.load(_env_file=None, **self.settings)
        return {one.name: one async for one in examine(loaded)}

    def tree(self) -> dict[str, Any]:
        """Every file below the folder by its content, every folder by its mode."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else path.stat().st_mode
            for path in sorted(self.folder.rglob("*"))
        }


def bot_of_some_days(db: Session, keys: list[str]) -> None:
    now = utcnow()
    seed(db)
    for role, university in ((Role.STAFF, None), (Role.EXPERT, "sums")):
        experts.create_user(
            db, role=role, university_code=university, name="سارا کریمی", now=now, password_hash="x"
        )
    for kind in (RequestKind.NEW, RequestKind.AMENDMENT):
        fees.set_tariff(
            db,
            kind=kind,
            amount_rial=500_000,
            valid_from=now.date() - timedelta(days=1),
            actor=SYSTEM,
            now=now,
        )
    file = {"account_id": 1, "sha256": "0" * 64, "media_type": "application/pdf", "size": 1}
    db.add_all(StoredFile(**file, original_key=key, shown_key=key) for key in keys)
    note_backup(db, documents=len(keys), size=1, now=now)


@pytest.fixture
async def world(
    emulators: Emulators,
    tmp_path: Path,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    inspection_once: Inspection,
) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(sqlite_template, tmp_path / "data" / "bot.db")
    (tmp_path / "data" / "bot.db").chmod(0o600)
    env = {name.lower(): value for name, value in emulators.env().items()}
    settings = env | {
        "database_url": f"sqlite:///{tmp_path / 'data' / 'bot.db'}",
        "files_url": str(tmp_path / "files"),
        "secret_key": SECRET,
        "public_url": "https://pay.example.ir",
        "support_contact": "021-00000000",
        "listen": f"127.0.0.1:{free_port()}",
        "backup_recipient": str(archive.pyrage.x25519.Identity.generate().to_public()),
        "min_free_disk": "1MB",
    }
    world = World(tmp_path, settings, emulators, monkeypatch, request, inspection_once)
    keys = list(await store_documents(FolderStore(world.files), [b"one", b"two", b"three"]))
    for path in (world.files, *world.files.iterdir()):
        path.chmod(0o700)
    for path in world.files.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    await world.write(lambda db: bot_of_some_days(db, keys))
    async with world.stack:
        yield world


State = Callable[[World], Awaitable[None]]
STATES: dict[str, tuple[State, str, str]] = {}


def state(name: str, words: str) -> Callable[[State], State]:
    """What `doctor` calls it, and the words that it says."""

    def add(function: State) -> State:
        STATES[function.__name__] = function, name, words
        return function

    return add


@state(
    "SECRET_KEY",
    "3 of the 3 documents that were looked at are under a key that is neither SECRET_KEY nor among FORMER_SECRET_KEYS; set the key that they were stored under (no backup holds it)",
)
async def another_secret_key(world: World) -> None:
    world.settings["secret_key"] = OTHER_KEY


@state(
    "SECRET_KEY",
    "3 of the 3 documents that were looked at are under a key that is neither SECRET_KEY nor among FORMER_SECRET_KEYS; set the key that they were stored under (no backup holds it)",
)
async def no_secret_key_where_documents_are(world: World) -> None:
    del world.settings["secret_key"]


@state(
    "settings",
    "SECRET_KEY: data/secret_key is damaged; put back the copy that you keep elsewhere (no backup holds it)",
)
async def a_cut_off_key_file(world: World) -> None:
    del world.settings["secret_key"]
    (world.folder / "data" / "secret_key").write_text("abc\n")
    (world.folder / "data" / "secret_key").chmod(0o600)


@state(
    "SECRET_KEY",
    "1 of the 4 documents that were looked at are under a key that is neither SECRET_KEY nor among FORMER_SECRET_KEYS; set the key that they were stored under (no backup holds it)",
)
async def a_former_key_that_is_gone(world: World) -> None:
    (key,) = await store_documents(FolderStore(world.files), [b"old"], OTHER_KEY)
    file = {"account_id": 1, "sha256": "0" * 64, "media_type": "application/pdf", "size": 1}
    await world.write(lambda db: db.add(StoredFile(**file, original_key=key, shown_key=key)))


@state(
    "stored documents",
    "3 of 3 documents of the database are not in the store (the first is stored_file N); does FILES_URL={folder}/files name the store that the bot used? Else put back the documents of a backup",
)
async def an_emptied_folder_of_documents(world: World) -> None:
    shutil.rmtree(world.files)
    world.files.mkdir(mode=0o700)


@state(
    "stored documents",
    "3 of 3 documents of the database are not in the store (the first is stored_file N); does FILES_URL={folder}/flies name the store that the bot used? Else put back the documents of a backup",
)
async def a_mistyped_folder_of_documents(world: World) -> None:
    world.settings["files_url"] = str(world.folder / "flies")


@state(
    "stored documents",
    "the store holds 3 files and the database knows of none; do DATABASE_URL and FILES_URL belong together?",
)
async def the_database_of_another_bot(world: World) -> None:
    world.sql("DELETE FROM stored_file")


@state(
    "stored documents",
    "1 of 3 documents of the database are not in the store (the first is stored_file N); put back the documents of a backup (docs/operations.md)",
)
async def a_document_that_is_gone(world: World) -> None:
    next(path for path in world.files.rglob("*") if path.is_file()).unlink()


@state("stored documents", "cannot be listed (Permission denied); check FILES_URL, and who owns it")
async def a_folder_of_documents_that_cannot_be_read(world: World) -> None:
    listdir = os.listdir

    def refuse(path: Any = ".") -> list[str]:
        if Path(path) == world.files:
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    world.monkeypatch.setattr("os.listdir", refuse)


@state(
    "documents",
    "FILES_URL: {folder}/files cannot be written (a file is in its place); name a folder that can, or change its owner",
)
async def a_file_in_place_of_the_folder(world: World) -> None:
    shutil.rmtree(world.files)
    world.files.touch(mode=0o600)


@state(
    "documents",
    "s3://no-such-bucket/papers cannot be used; check FILES_URL and S3_… (An error occurred (NoSuchBucket) when calling the PutObject operation: The specified bucket does not exist)",
)
async def a_bucket_that_refuses(world: World) -> None:
    bucket: Bucket = world.request.getfixturevalue("bucket")
    world.settings |= {name.lower(): value for name, value in bucket.env("papers").items()}
    world.settings["files_url"] = "s3://no-such-bucket/papers"


@state(
    "database",
    "{folder}/data/bto.db is not there and would be made anew, though {folder}/files holds documents of a bot; correct the path, or restore the backup (to begin anew, name an empty FILES_URL)",
)
async def a_mistyped_database(world: World) -> None:
    world.settings["database_url"] = f"sqlite:///{world.folder / 'data' / 'bto.db'}"


@state(
    "database",
    "{folder}/data/bto.db is not there, and `bot.py run` would make it anew; but {folder}/data/bot.db is there. Is the path in DATABASE_URL right?",
)
async def a_mistyped_database_before_the_first_document(world: World) -> None:
    world.settings["database_url"] = f"sqlite:///{world.folder / 'data' / 'bto.db'}"
    shutil.rmtree(world.files)


@state("database", "{folder}/data/bot.db is no SQLite database; name another file, or restore a backup")
async def a_database_of_other_bytes(world: World) -> None:
    with world.file.open("r+b") as file:
        file.seek(0)
        file.write(b"SQLite format 3\0" + b"\xff" * 200)


@state(
    "integrity",
    "the file is damaged (DAMAGE); stop the bot and restore a backup",
)
async def a_database_with_a_broken_page(world: World) -> None:
    connection = sqlite3.connect(world.file)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_letter_file_file_id'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with world.file.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * 64)


@state("migrations", "the schema is older than this code; run `bot.py migrate`")
async def an_older_schema(world: World) -> None:
    world.sql("UPDATE alembic_version SET version_num = '0016'")


@state(
    "migrations",
    "the schema is newer than this code (9999; this code knows 0032); run the release that made it, or restore the backup from before the upgrade",
)
async def a_newer_schema(world: World) -> None:
    world.sql("UPDATE alembic_version SET version_num = '9999'")


@state(
    "audit triggers",
    "audit_event_no_update: gone or changed, so lines can be changed; see docs/operations.md",
)
async def an_audit_trigger_that_is_gone(world: World) -> None:
    connection = sqlite3.connect(world.file)
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
    (name,) = connection.execute(query).fetchone()
    connection.close()
    world.sql(f"DROP TRIGGER {name}")


@state("METRICS_LISTEN", "another bot, or another process of this one, listens there; choose another port")
async def another_bot_at_the_metrics_address(world: World) -> None:
    text = 'officer_database_up 1.0\nofficer_bot_info{bot_id="1",messenger="bale"} 1.0\n'
    metrics = Starlette(routes=[Route("/metrics", lambda request: PlainTextResponse(text))])
    world.settings["metrics_listen"] = await world.serve(metrics)


@state(
    "METRICS_LISTEN",
    "cannot listen on 127.0.0.1:PORT: another process listens there; stop it, or choose another port",
)
async def a_program_at_the_metrics_address(world: World) -> None:
    world.settings["metrics_listen"] = await world.serve(PlainTextResponse("It works!"))


@state("settings", "METRICS_LISTEN: is the address of LISTEN; choose another port")
async def metrics_where_the_pages_are(world: World) -> None:
    world.settings["metrics_listen"] = world.settings["listen"]


@state(
    "LISTEN",
    "cannot listen on 127.0.0.1:PORT: another process listens there; stop it, or choose another port",
)
async def a_program_at_the_public_address(world: World) -> None:
    taken = world.stack.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    world.monkeypatch.setattr(external_services, "LOCAL_TIMEOUT", 0.5)  # it never answers
    world.settings["listen"] = f"127.0.0.1:{taken.getsockname()[1]}"


@state(
    "telegram",
    "https://t.me/technical_officer_bot, but another process polls with this token (409), so some people get no answer; stop it, or take a new token from BotFather",
)
async def a_second_poller(world: World) -> None:
    health = JSONResponse({"ok": True, "database": True, "polled_by_others": ["telegram"]})
    world.settings["listen"] = await world.serve(health)
    world.settings["public_url"] = f"http://{world.settings['listen']}"


@state("telegram", "refuses the token; take TELEGRAM_TOKEN from BotFather again")
async def a_mistyped_token(world: World) -> None:
    world.settings["telegram_token"] = "110201543:" + "x" * 35


@state(
    "telegram",
    "https://t.me/technical_officer_bot, but its webhook leads to other.example.ir; another program has this token, or restart the bot with UPDATES=polling",
)
async def a_webhook_elsewhere(world: World) -> None:
    await world.call("setWebhook", url="https://other.example.ir/hook")


@state("telegram", "the proxy 127.0.0.1:9 does not answer; start it, or correct TELEGRAM_PROXY")
async def a_dead_proxy(world: World) -> None:
    world.settings["telegram_proxy"] = "http://me:geheim@127.0.0.1:9"


@state("telegram", "does not answer at http://127.0.0.1:9; check the network, or set TELEGRAM_PROXY")
async def a_messenger_that_is_away(world: World) -> None:
    world.settings["telegram_api_url"] = NOWHERE


@state("PUBLIC_URL", "is not https, so neither banks nor messengers come to it; put TLS before it")
async def a_public_address_without_tls(world: World) -> None:
    world.settings["public_url"] = "http://pay.example.ir"


@state(
    "payment gateway (zarinpal)",
    "refuses the merchant (code -9); check ZARINPAL_MERCHANT_ID and the terminal's state there",
)
async def a_mistyped_merchant(world: World) -> None:
    world.settings["zarinpal_merchant_id"] = "mistyped"


@state("payments", "1 of zibal are not settled and PAYMENT_GATEWAY is zarinpal; set it back until they are")
async def payments_at_another_gateway(world: World) -> None:
    def unit(db: Session) -> None:
        account = db.get_one(Account, 1)
        request = QualificationRequest(
            account_id=account.id, kind=RequestKind.NEW, state=RequestState.AWAITING_PAYMENT
        )
        db.add(request)
        db.flush()
        waits = {"gateway": "zibal", "state": AttemptState.UNCERTAIN, "amount_rial": 1}
        db.add(PaymentAttempt(request_id=request.id, **waits))

    await world.write(unit)


@state("SMS (kavenegar)", "refuses the key (status 403); check KAVENEGAR_API_KEY")
async def a_mistyped_key_of_the_sms(world: World) -> None:
    world.settings["kavenegar_api_key"] = "another-key-altogether"


@state(
    "SMS sent",
    "1 SMS were only written to the log and reached nobody; set SMS_GATEWAY=kavenegar and KAVENEGAR_API_KEY",
)
async def sms_that_reach_nobody(world: World) -> None:
    now = utcnow()
    world.settings["sms_gateway"] = "console"
    sent = {"channel": PushChannel.SMS, "state": PushState.SENT}
    await world.write(
        lambda db: db.add(Push(key="x", kind="N5", text="x", next_at=now, created_at=now, **sent))
    )


@state(
    "tariff (new)",
    "none is in force, so nothing can be approved; run `bot.py set-tariff --kind new --rial N`",
)
async def no_tariff(world: World) -> None:
    world.sql("DELETE FROM tariff WHERE kind = 'NEW'")


@state("staff", "nobody can log in as staff; run `bot.py create-user --role staff --name …`")
async def no_staff(world: World) -> None:
    world.sql("UPDATE role_grant SET active = 0 WHERE role = 'staff'")


@state(
    "experts",
    "files wait at universities without an expert: sums (دانشگاه علوم پزشکی شیراز); staff invite one, or run `bot.py create-user --role expert --university sums`",
)
async def a_university_without_an_expert(world: World) -> None:
    def unit(db: Session) -> None:
        waits = {"state": RequestState.SUBMITTED, "university_code": "sums", "submitted_at": utcnow()}
        db.add(QualificationRequest(account_id=1, kind=RequestKind.NEW, **waits))

    await world.write(unit)
    world.sql("UPDATE role_grant SET active = 0 WHERE role = 'expert'")


@state("search", "2 people, companies or files are not found by name; run `bot.py rebuild-search-index`")
async def an_index_without_people(world: World) -> None:
    world.sql("DELETE FROM search_key")


@state(
    "backup",
    "the newest is 7.0 days old; run `bot.py backup`, and look at technical-officer-bot-backup.timer (docs/operations.md)",
)
async def a_backup_of_last_week(world: World) -> None:
    later = utcnow() + timedelta(days=7)
    world.monkeypatch.setattr("bot.doctor.database.utcnow", lambda: later)


@state("settings", "--recipient, BACKUP_RECIPIENT: must be a public key of age (age1…)")
async def a_secret_key_for_a_recipient(world: World) -> None:
    world.settings["backup_recipient"] = "AGE-SECRET-KEY-1"


@state(
    "disk",
    "only N MB free for {folder}/files: no upload is taken below MIN_FREE_DISK; free some space, or move it",
)
async def a_full_disk(world: World) -> None:
    world.settings["min_free_disk"] = "900TB"


@state(
    "descriptors",
    "only 256 may be open, so the bot takes few connections; raise the limit (LimitNOFILE=4096, ulimit -n)",
)
async def few_descriptors(world: World) -> None:
    world.monkeypatch.setattr(machine.resource, "getrlimit", lambda which: (256, 256))


@state("clock", "off by N seconds; set up NTP (timedatectl set-ntp true)")
async def a_clock_that_is_off(world: World) -> None:
    when = format_datetime(utcnow() - timedelta(minutes=7), usegmt=True)
    address = await world.serve(JSONResponse({"ok": True}, headers={"Date": when}))
    del world.settings["bale_token"]
    world.settings["telegram_api_url"] = f"http://{address}"


@state("file modes", "other users of this machine can read .env; run `chmod o-rwx .env`")
async def settings_that_everybody_can_read(world: World) -> None:
    (world.folder / ".env").touch()
    (world.folder / ".env").chmod(0o644)


@state(
    "owners",
    "{folder}/data/bot.db to USER and {folder}/files to root: who runs the bot cannot use both; stop it and give all to its user (chown -R)",
)
async def a_command_that_was_run_as_root(world: World) -> None:
    owned = {**dict.fromkeys(world.files.rglob("*"), 0), world.file: 1000}
    stat = Path.stat

    def told(path: Path, **how: Any) -> Any:
        real = stat(path, **how)
        return os.stat_result((*real[:4], owned.get(path, 0), *real[5:]))

    world.monkeypatch.setattr(file_modes.Path, "stat", told)


@state("file inspection", "no process can check a file ([Errno 12] Cannot allocate memory); is there memory?")
async def no_process_for_files(world: World) -> None:
    def fail(*others: Any, **more: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    world.monkeypatch.setattr(InspectionPool, "reserve_worker", fail)
    world.monkeypatch.setattr(machine, "check_file_inspection", world.check_file_inspection)


REPORT = [
    "✓ settings: complete",
    "✓ file modes: only the bot's own user reads them",
    "✓ owners: all belongs to one user",
    "✓ time zone: Tehran is three and a half hours ahead, also in summer",
    "✓ descriptors: N",
    "✓ LISTEN: 127.0.0.1:PORT is free",
    "✓ database: sqlite",
    "✓ migrations: up to date",
    "✓ writing: the database takes what is written",
    "✓ integrity: the file is whole",
    "✓ tariff (new): 500,000 rial",
    "✓ tariff (amendment): 500,000 rial",
    "✓ updates: none waits",
    "✓ backup: the newest is 0 hours old",
    "✓ pushes: none was given up",
    "✓ alerts: none is open",
    "✓ staff: 1 accounts",
    "✓ experts: every file that waits has somebody to read it",
    "✓ search: everybody is found by name",
    "✓ clean-up: 0 bytes of the file's SIZE are unused",
    "✓ growth: too little was recorded to tell",
    "✓ audit triggers: stand",
    "✓ audit chain: 0 links are whole, 5 lines wait for the running bot",
    "✓ stored documents: all 3 of the database are there",
    "✓ SECRET_KEY: opens the documents",
    "✓ documents: {folder}/files",
    "✓ disk: N MB free for {folder}/files",
    "✓ file inspection: works",
    "✓ clock: right",
    "✓ telegram: https://t.me/technical_officer_bot",
    "✓ bale: https://ble.ir/technical_officer_bot",
    "✓ PUBLIC_URL: not tried: no bot answers at LISTEN=127.0.0.1:PORT",
    "✓ payment gateway (zarinpal): 127.0.0.1 knows the merchant",
    "✓ SMS (kavenegar): 127.0.0.1, 1,000,000 rial of credit",
]
IN_ORDER = {line.removeprefix("✓ ").partition(": ")[0] for line in REPORT}


def plain(world: World, words: str) -> str:
    """Without what differs from machine to machine."""
    words = words.replace(str(world.folder), "{folder}")
    for pattern, name in (
        (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT"),
        (r"[\d,]+ MB free", "N MB free"),
        (r"file's [\d.]+ [kM]B", "file's SIZE"),
        (r"stored_file \d+", "stored_file N"),
        (r"file is damaged \(\*\*\* .*\);", "file is damaged (DAMAGE);"),
        (r"bot\.db to \S+ and", "bot.db to USER and"),
        (r"off by \d+ seconds", "off by N seconds"),
    ):
        words = re.sub(pattern, name, words)
    return words


async def test_a_bot_that_is_in_order(world: World) -> None:
    world.monkeypatch.setattr(machine, "check_file_inspection", world.check_file_inspection)
    found = await world.findings()
    lines = [plain(world, str(one)) for one in found.values()]
    lines = [re.sub(r"descriptors: (no limit|[\d,]+)", "descriptors: N", line) for line in lines]
    isolation = (
        r"file inspection: works; (no network, no files, no new processes|this kernel does not hold: .*)"
    )
    assert [re.sub(isolation, "file inspection: works", line) for line in lines] == REPORT


def test_there_are_as_many_states_as_were_found_and_more() -> None:
    assert len(STATES) >= 26


#: What else a state brings with it.
ALSO: dict[str, dict[str, str]] = {
    "a_cut_off_key_file": {
        "SECRET_KEY": "data/secret_key is damaged; put back the copy that you keep elsewhere (no backup holds it)"
    },
    "a_folder_of_documents_that_cannot_be_read": {
        "documents": "FILES_URL: {folder}/files cannot be written (Permission denied); name a folder that can, or change its owner"
    },
    "a_file_in_place_of_the_folder": {
        "stored documents": "cannot be listed (Not a directory); check FILES_URL, and who owns it"
    },
    "a_bucket_that_refuses": {
        "stored documents": "cannot be listed (An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist); check FILES_URL, and who owns it"
    },
    "a_clock_that_is_off": {
        "telegram": "what answers at http://127.0.0.1:PORT is no messenger; check TELEGRAM_API_URL and the proxy (KeyError)"
    },
}

#: What is not looked at then.
WITHOUT_DATABASE = {
    *("writing", "integrity", "tariff (new)", "tariff (amendment)", "updates", "backup", "pushes", "alerts"),
    *("staff", "experts", "search", "clean-up", "growth", "audit triggers", "audit chain"),
    *("stored documents", "SECRET_KEY"),
}
LEFT_OUT = {
    **dict.fromkeys(
        ("a_mistyped_database", "a_mistyped_database_before_the_first_document", "a_database_of_other_bytes"),
        WITHOUT_DATABASE | {"migrations"},
    ),
    "an_older_schema": WITHOUT_DATABASE,
    "a_newer_schema": WITHOUT_DATABASE | {"database"},
    "a_folder_of_documents_that_cannot_be_read": {"SECRET_KEY"},
    "a_file_in_place_of_the_folder": {"SECRET_KEY"},
    "a_bucket_that_refuses": {"SECRET_KEY"},
    "sms_that_reach_nobody": {"SMS (kavenegar)"},
    "a_clock_that_is_off": {"bale"},
}


@pytest.mark.parametrize("broken", STATES)
async def test_doctor_names_what_is_broken_and_changes_nothing(broken: str, world: World) -> None:
    breaking, name, words = STATES[broken]
    await breaking(world)
    before = world.tree()
    found = await world.findings()
    bad = {one.name: plain(world, one.words) for one in found.values() if not one.good}
    assert bad == {name: words} | ALSO.get(broken, {})
    assert IN_ORDER - LEFT_OUT.get(broken, set()) <= set(found)
    assert not LEFT_OUT.get(broken, set()) & set(found)
    assert "geheim" not in str(bad)
    world.monkeypatch.undo()
    assert world.tree() == before


async def test_nothing_is_made_where_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first start: neither the folder of the data, nor a key, nor one of the documents."""
    monkeypatch.chdir(tmp_path)
    found = [one async for one in examine(Settings.load(_env_file=None))]
    assert list(tmp_path.iterdir()) == []
    assert any("bot.py run` makes" in one.words for one in found)
    assert new_key()
