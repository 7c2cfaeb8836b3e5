"""The figures on which a finding of `doctor` turns, each on both sides of its bound, and its whole words."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import Session

from bot.application.backup_record import note_backup
from bot.config.settings import MessengerSettings, Settings
from bot.doctor import audit, database, disk, documents, external_services, growth, machine, service_data
from bot.doctor.finding import Because, Finding, first_line
from bot.doctor.growth import Growth
from bot.documents.disk_space import DiskSpace
from bot.gateways.interfaces import GatewayDown, GatewayRefused
from bot.operations.audit_check import Checked
from bot.operations.stored_documents import Comparison
from storage.enums import (
    AttemptState,
    InboxState,
    Messenger,
    PushChannel,
    PushState,
    RequestKind,
    RequestState,
)
from storage.tables import (
    Account,
    AuditEvent,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    Tariff,
)

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
GB, MB = 1024**3, 1024**2


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.fixture
def db(sqlite_session: Session) -> Session:
    return sqlite_session


def told(finding: Finding) -> tuple[bool, str]:
    return finding.good, finding.words


# -- what waits in the database ----------------------------------------------------------------------------------


def update(number: int, seconds: float, state: InboxState = InboxState.RECEIVED) -> InboxUpdate:
    at = NOW - timedelta(seconds=seconds)
    return InboxUpdate(messenger=Messenger.BALE, update_id=number, raw="{}", state=state, received_at=at)


def test_updates_that_wait_for_more_than_two_minutes(db: Session) -> None:
    assert told(database._updates(db, NOW)) == (True, "none waits")
    db.add(update(1, 900, InboxState.DONE))
    db.add(update(2, 120))
    db.add(update(3, 0))
    assert told(database._updates(db, NOW)) == (True, "2 in hand")
    later = NOW + timedelta(seconds=1)
    words = (
        "2 wait, the oldest for 2 minutes; is the bot running, and is its messenger connected? see the log"
    )
    assert told(database._updates(db, later)) == (False, words)


BACKUP = "run `bot.py backup`, and look at technical-officer-bot-backup.timer (docs/operations.md)"
KEY = "set BACKUP_RECIPIENT (`bot.py backup-key` makes a pair of keys), then run `bot.py backup`"


def test_a_backup_of_fifty_hours_ago(db: Session) -> None:
    known, unknown = settings(backup_recipient="age1x"), settings()
    assert told(database._backup(db, unknown, NOW)) == (True, "none was made yet")
    first = NOW - timedelta(hours=50)
    db.add(AuditEvent(at=first, event="claimed", subject="q", subject_id=1, actor_role="expert"))
    db.flush()
    assert told(database._backup(db, unknown, NOW - timedelta(seconds=1))) == (True, "none was made yet")
    assert told(database._backup(db, unknown, NOW)) == (False, f"none was ever made; {KEY}")
    assert told(database._backup(db, known, NOW)) == (False, f"none was ever made; {BACKUP}")
    note_backup(db, documents=1, size=1, now=first + timedelta(hours=1))
    db.flush()
    assert told(database._backup(db, known, NOW)) == (True, "the newest is 49 hours old")
    later = NOW + timedelta(hours=10)
    assert told(database._backup(db, known, later)) == (False, f"the newest is 2.5 days old; {BACKUP}")
    # Lines of others that stand after it are none.
    for subject, number in (("backup", 1), ("q", 0)):
        db.add(AuditEvent(at=later, event="x", subject=subject, subject_id=number, actor_role="expert"))
    db.flush()
    assert told(database._backup(db, known, later))[0] is False
    # A clock that went back.
    assert told(database._backup(db, known, first)) == (True, "the newest is 0 hours old")


def push(key: str, state: PushState, note: str | None = None, channel: PushChannel = PushChannel.SMS) -> Push:
    return Push(
        key=key, kind="N5", text="x", channel=channel, state=state, note=note, next_at=NOW, created_at=NOW
    )


def test_pushes_that_were_given_up(db: Session) -> None:
    db.add(push("a", PushState.SENT, "status 200"))
    db.flush()
    assert told(database._given_up(db)) == (True, "none was given up")
    for key, note in (("b", "status 1"), ("c", "status 2")):
        db.add(push(key, PushState.GIVEN_UP, note))
        db.flush()
    db.add(push("d", PushState.SENT, "status 3"))
    db.flush()
    words = "{0} were given up; staff set them going again from their desk (the last: {1})"
    assert told(database._given_up(db)) == (False, words.format(2, "status 2"))
    db.add(push("e", PushState.GIVEN_UP))
    db.flush()
    assert told(database._given_up(db)) == (False, words.format(3, "–"))


def test_alerts_are_counted_up_to_999(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    opened = [0]

    def count_open(db: Session, *, actor: Any, most: int) -> int:
        asked.append(most)
        return opened[0]

    monkeypatch.setattr(database.alert_list, "count_open", count_open)
    for number, expected in (
        (0, (True, "none is open")),
        (1, (False, "1 wait for staff, on their desk")),
        (999, (False, "999 wait for staff, on their desk")),
        (1000, (False, "more than 999 wait for staff, on their desk")),
    ):
        opened[0] = number
        found = {one.name: one for one in database._inside(db, settings(), NOW)}
        assert told(found["alerts"]) == expected
    assert set(asked) == {999}
    assert list(found) == ["tariff (new)", "tariff (amendment)", "updates", "backup", "pushes", "alerts"]


def test_tariffs_of_both_kinds(db: Session) -> None:
    db.add(Tariff(kind=RequestKind.AMENDMENT, amount_rial=1_500_000, valid_from=NOW.date() - timedelta(400)))
    db.flush()
    words = "none is in force, so nothing can be approved; run `bot.py set-tariff --kind new --rial N`"
    new, amendment = (database._tariff(db, kind) for kind in (RequestKind.NEW, RequestKind.AMENDMENT))
    assert (new.name, *told(new)) == ("tariff (new)", False, words)
    assert (amendment.name, *told(amendment)) == ("tariff (amendment)", True, "1,500,000 rial")


def request_of(db: Session, university: str | None = None) -> int:
    """One that is over: of those an account may have several."""
    state = {"kind": RequestKind.NEW, "state": RequestState.COMPLETED, "university_code": university}
    db.add(request := QualificationRequest(account_id=1, **state))
    db.flush()
    return request.id or 0


def attempt(db: Session, gateway: str, state: AttemptState) -> None:
    db.add(PaymentAttempt(request_id=request_of(db), gateway=gateway, state=state, amount_rial=1))
    db.flush()


def somebody(db: Session) -> None:
    db.add(Account(id=1, user_code="1", password_hash="x", first_name="ا", last_name="ب"))
    db.flush()


def test_payments_begun_at_another_gateway(db: Session) -> None:
    somebody(db)
    for state in (AttemptState.PAID, AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.REFUND_DUE):
        attempt(db, "zibal", state)
    attempt(db, "zarinpal", AttemptState.CREATED)
    assert database._other_gateway(db, "zarinpal") is None
    states = (AttemptState.CREATED, AttemptState.VERIFYING, AttemptState.UNCERTAIN)
    for number, state in enumerate(states, start=1):
        attempt(db, "zibal", state)
        found = database._other_gateway(db, "zarinpal")
        assert found is not None
        words = (
            f"{number} of zibal are not settled and PAYMENT_GATEWAY is zarinpal; set it back until they are"
        )
        assert (found.name, *told(found)) == ("payments", False, words)
    ours = database._other_gateway(db, "zibal")
    assert ours is not None
    assert ours.words.startswith("1 of zarinpal are not settled")


def test_sms_that_were_only_written_to_the_log(db: Session) -> None:
    console = settings(public_url="https://pay.x.ir")
    db.add(push("a", PushState.QUEUED))
    db.add(push("b", PushState.SENT, channel=PushChannel.CHAT))
    db.flush()
    assert service_data._console(db, console) is None
    db.add_all([push("c", PushState.SENT), push("d", PushState.SENT)])
    db.flush()
    found = service_data._console(db, console)
    assert found is not None
    words = "2 SMS were only written to the log and reached nobody; set SMS_GATEWAY=kavenegar and KAVENEGAR_API_KEY"
    assert (found.name, *told(found)) == ("SMS sent", False, words)
    for other in (
        {"sms_gateway": "kavenegar", "public_url": "https://pay.x.ir"},
        {"public_url": "http://pay.x.ir"},
        {"public_url": ""},
        *({"public_url": f"https://{host}:8443"} for host in ("localhost", "127.0.0.1", "[::1]")),
    ):
        assert service_data._console(db, settings(**other)) is None


def test_universities_without_an_expert(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_data, "university_name", lambda db, code: code.upper())
    monkeypatch.setattr(service_data, "has_active_expert", lambda db, code: code == "e")
    monkeypatch.setattr(service_data, "QUEUES", (SimpleNamespace(row=QualificationRequest, unclaimed=True),))
    somebody(db)
    db.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
    assert told(service_data._experts(db)) == (True, "every file that waits has somebody to read it")

    def waits(*codes: str | None) -> tuple[bool, str]:
        for code in codes:
            request_of(db, code)
        return told(service_data._experts(db))

    assert waits("e", None)[0] is True
    words = "files wait at universities without an expert: {0}; staff invite one, or run `bot.py create-user --role expert --university {1}`"
    assert waits("d", "d", "c") == (False, words.format("c (C), d (D)", "c"))
    assert waits("b") == (False, words.format("b (B), c (C), d (D)", "b"))
    assert waits("a", "f") == (False, words.format("a (A), b (B), c (C) and 2 more", "a"))


def test_people_who_are_not_found(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, count in ((0, None), (1, "1"), (199, "199"), (200, "200 or more")):
        monkeypatch.setattr(service_data, "count_lacking", lambda db, most, number=number: min(number, most))
        found = service_data._search(db)
        words = f"{count} people, companies or files are not found by name; run `bot.py rebuild-search-index`"
        assert told(found) == ((True, "everybody is found by name") if count is None else (False, words))


async def test_a_file_of_more_than_two_gigabytes_is_not_looked_at(tmp_path: Path) -> None:
    said: list[Any] = ["ok"]

    async def read(work: Any, *, large: bool) -> Any:
        assert large
        return said[0]

    file = tmp_path / "bot.db"
    file.touch()
    url = SimpleNamespace(get_backend_name=lambda: "sqlite", database=str(file))
    held = cast(Any, SimpleNamespace(url=url, read=read))
    assert told(await service_data.integrity(held)) == (True, "the file is whole")
    said[0] = "row 1 missing"
    words = "the file is damaged (row 1 missing); stop the bot and restore a backup"
    assert told(await service_data.integrity(held)) == (False, words)
    os.truncate(file, 2 * GB)
    assert (await service_data.integrity(held)).good is False
    os.truncate(file, 2 * GB + 1)
    assert told(await service_data.integrity(held)) == (True, "not looked at: 2,048 MB")


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"pg_dump", "pg_restore"}, "pg_dump and pg_restore are there"),
        ({"pg_dump"}, "pg_restore not found, so no backup can be made here; install PostgreSQL's client programs"),
        (set(), "pg_dump and pg_restore not found, so no backup can be made here; install PostgreSQL's client programs"),
    ],
)  # fmt: skip
async def test_programs_for_backups(there: set[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_data.shutil, "which", lambda name: name if name in there else None)
    url = SimpleNamespace(get_backend_name=lambda: "postgresql")
    found = await service_data.integrity(cast(Any, SimpleNamespace(url=url)))
    assert (found.name, *told(found)) == ("backup programs", len(there) == 2, words)


# -- the audit record ----------------------------------------------------------------------------------------------


async def test_the_audit_record(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    checked = Checked(links=1_200, total=1_200)

    async def read(work: Any) -> Any:
        return gone

    async def check_chain(database: Any, keys: Any, *, newest: int) -> Checked:
        assert newest == 100_000
        return checked

    monkeypatch.setattr(audit.audit_check, "check_chain", check_chain)
    database = cast(Any, SimpleNamespace(read=read))
    given = settings(secret_key="k" * 32)

    async def found(given: Settings = given) -> list[str]:
        return [str(one) async for one in audit.check_audit_record(database, given)]

    stand = "✓ audit triggers: stand"
    assert await found() == [stand, "✓ audit chain: 1,200 links are whole"]
    checked = Checked(links=1_200, total=5_000, waiting=3)
    assert await found() == [
        stand,
        "✓ audit chain: the newest 1,200 of 5,000 links are whole, 3 lines wait for the running bot",
    ]
    checked = Checked(faults=["one"])
    mend = "; run `bot.py check-audit`, and compare with a backup"
    assert await found() == [stand, f"✗ audit chain: one{mend}"]
    checked, gone = Checked(faults=["one", "two", "three"]), ["a", "b"]
    assert await found() == [
        "✗ audit triggers: a, b: gone or changed, so lines can be changed; see docs/operations.md",
        f"✗ audit chain: one (and 2 more){mend}",
    ]


# -- growth --------------------------------------------------------------------------------------------------------


def test_how_bytes_and_spans_are_told() -> None:
    for number, words in (
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 kB"),
        (MB - 1, "1,024.0 kB"),
        (MB, "1.0 MB"),
        (GB, "1.0 GB"),
        (1536 * GB, "1,536.0 GB"),
    ):
        assert growth._bytes(number) == words
    for days, words in (
        (0.0, "0 days, on 2026-11-26"),
        (90.4, "90 days, on 2027-02-24"),
        (730.0, "730 days, on 2028-11-25"),
        (731.0, "about 2 years"),
        (7300.0, "about 20 years"),
        (7301.0, "more than 20 years"),
    ):
        assert growth._span(days, NOW) == words


@pytest.mark.parametrize(
    ("size", "unused", "due"),
    [
        (400 * MB + 4, 100 * MB + 1, False),
        (400 * MB, 100 * MB + 1, True),
        (200 * MB, 100 * MB, False),
        (401 * MB, 100.25 * MB, False),
    ],
)
def test_when_vacuum_is_due(size: int, unused: int, due: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_size_of_file", lambda db: (size, unused))
    found = growth.check_clean_up(cast(Any, None), settings(database_url="sqlite:///a.db"))
    if due:
        words = (
            "100.0 MB of the file's 400.0 MB are unused. VACUUM gives them back: stop the bot, run `sqlite3 a.db VACUUM` "
            "(it needs 300.0 MB free beside the file), start it again"
        )
        assert (*told(found), found.because) == (False, words, Because.ATTENTION)
    else:
        assert (found.good, found.words.endswith(" are unused")) == (True, True)


def test_the_size_of_a_file_and_of_its_free_pages(db: Session) -> None:
    size, unused = growth._size_of_file(db)
    file = Path(str(db.get_bind().url.database))  # type: ignore[union-attr]
    assert (size, unused, growth._size(db)) == (file.stat().st_size, 0, size)


class Postgres:
    """Answers the questions about autovacuum."""

    def __init__(self, age: int, tables: list[Any]) -> None:
        self.age, self.tables = age, tables

    def execute(self, statement: Any, values: Any = None) -> Any:
        if "datfrozenxid" in str(statement):
            return SimpleNamespace(scalar_one=lambda: self.age)
        assert values == {"dead": 10_000}
        return self.tables


def test_when_autovacuum_falls_behind() -> None:
    def found(age: int = 0, *tables: Any) -> tuple[bool, str]:
        given = settings(database_url="postgresql://x/y")
        finding = growth.check_clean_up(cast(Any, Postgres(age, list(tables))), given)
        assert finding.good or finding.because is Because.ATTENTION
        return told(finding)

    assert found() == (True, "autovacuum keeps up")
    assert found(1_000_000_000)[0]
    assert found(1_000_000_001) == (
        False,
        "no row was frozen for 1,000,000,001 transactions, and at 2,000,000,000 the server stops; run `VACUUM (FREEZE)` as the "
        "owner of the database, and see why autovacuum does not",
    )
    whole, behind = ("a", 50_000, 20_000, None), ("b", 50_000, 20_001, NOW)
    assert found(0, whole)[0]
    assert found(0, whole, behind) == (
        False,
        "b has 20,001 dead rows beside 50,000 (last vacuumed on 2026-11-26). Look at autovacuum: is it on, and is no session "
        "idle in a transaction? `VACUUM (ANALYZE) b` does it now",
    )
    assert "(never vacuumed)" in found(0, ("c", 1, 2, None))[1]


def lines(db: Session, *days: float, each: int = 100) -> None:
    for at in days:
        db.add_all(
            AuditEvent(at=NOW - timedelta(days=at), event="x", subject="q", subject_id=1, actor_role="expert")
            for _ in range(each)
        )
        db.flush()


def test_the_pace_of_the_last_month(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_size", lambda db: 600 * MB)
    assert growth.growth_of(db, NOW) is None
    lines(db, 60.0)
    lines(db, 29.0, each=99)
    assert growth.growth_of(db, NOW) is None, "199 lines"
    lines(db, 30.0, each=1)
    # A line of just a month ago counts: 1 + ids behind it.
    found = growth.growth_of(db, NOW)
    assert found is not None
    assert (found.database, found.documents_daily) == (600 * MB, 0.0)
    assert found.database_daily == pytest.approx(600 * MB * 1 / 200 / 30)


@pytest.mark.parametrize(("age", "known"), [(6.99, False), (7.0, True)])
def test_a_service_of_a_week(age: float, known: bool, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_size", lambda db: 700 * MB)
    lines(db, age, each=200)
    found = growth.growth_of(db, NOW)
    assert (found is not None) is known
    if found is not None:
        assert found.database_daily == pytest.approx(100 * MB)


def test_nothing_since_a_month(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_size", lambda db: MB)
    lines(db, 60.0, each=200)
    assert growth.growth_of(db, NOW) == Growth(MB, 0.0, 0.0)


SPACE = {"documents": 20 * GB, "database": 20 * GB}


def full(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    database: float = 0,
    documents: float = 0,
    free: dict[str, int] = SPACE,
    devices: dict[str, list[str]] | None = None,
) -> Finding:
    folders = dict.fromkeys(free, tmp_path)
    reserve = 10 * GB
    space = SimpleNamespace(folders=folders, reserve=reserve, free=lambda: free)
    monkeypatch.setattr(growth, "DiskSpace", SimpleNamespace(of=lambda settings: space))
    if devices is not None:
        monkeypatch.setattr(growth, "_by_disk", lambda space, free: devices)
    (found,) = growth.check_growth(settings(), Growth(GB, database, documents), NOW)
    return found


def test_when_a_disk_is_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    head = "the database has 1.0 GB and grows by {0} a day, documents by {1}"
    slow = full(monkeypatch, tmp_path, database=0.5, documents=0.4)
    assert told(slow) == (True, head.format("0 bytes", "0 bytes"))
    one = full(monkeypatch, tmp_path, database=0.5, documents=0.5)
    assert one.words.endswith("; the disk of the database and documents is full in more than 20 years")
    both = full(monkeypatch, tmp_path, database=50 * MB, documents=50 * MB)
    words = (
        head.format("50.0 MB", "50.0 MB")
        + "; the disk of the database and documents is full in 102 days, on 2027-03-08"
    )
    assert told(both) == (True, words)
    apart = {"database": 20 * GB, "documents": 11 * GB}
    disks = {"1": ["database"], "2": ["documents"]}
    near = full(monkeypatch, tmp_path, database=50 * MB, documents=50 * MB, free=apart, devices=disks)
    words = head.format("50.0 MB", "50.0 MB") + (
        "; the disk of the documents is full in 20 days, on 2026-12-16: move it to a larger one (docs/operations.md, Growth)"
    )
    assert (*told(near), near.because) == (False, words, Because.ATTENTION)
    over = full(monkeypatch, tmp_path, documents=50 * MB, free={"documents": 9 * GB})
    assert "is full in 0 days, on 2026-11-26:" in over.words


@pytest.mark.parametrize(("days", "good"), [(90, True), (89, False)])
def test_ninety_days_are_soon(days: int, good: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = {"database": 10 * GB + days * GB}
    assert full(monkeypatch, tmp_path, database=GB, free=free).good is good


def test_folders_of_one_disk_are_one(tmp_path: Path) -> None:
    space = DiskSpace({"documents": tmp_path / "not" / "yet", "database": tmp_path})
    (names,) = growth._by_disk(space, {"documents": 1, "database": 1}).values()
    assert names == ["documents", "database"]


# -- disks ---------------------------------------------------------------------------------------------------------


def test_disks_below_their_bounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    given = settings(
        files_url=str(tmp_path / "files"), database_url=f"sqlite:///{tmp_path}/bot.db", min_free_disk="100MiB"
    )
    for free, good, words in (
        (100 * MB - 1, False, "only 99 MB free for {0}: no upload is taken below MIN_FREE_DISK; free some space, or move it"),
        (100 * MB, False, "only 100 MB free for {0}; free some space, or move it to a larger disk"),
        (GB - 1, False, "only 1,023 MB free for {0}; free some space, or move it to a larger disk"),
        (GB, True, "1,024 MB free for {0}"),
    ):  # fmt: skip
        monkeypatch.setattr(DiskSpace, "free", lambda self, free=free: dict.fromkeys(self.folders, free))
        # Both folders are on one disk.
        assert [told(one) for one in disk.check_disks(given)] == [(good, words.format(tmp_path / "files"))]


def test_a_folder_that_is_not_there_is_not_looked_at(tmp_path: Path) -> None:
    given = settings(files_url=str(tmp_path / "files"), database_url=f"sqlite:///{tmp_path}/bot.db")
    (found,) = disk.check_disks(given, min_free=0)
    assert found.words.endswith(f" MB free for {tmp_path}")


# -- documents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compared", "present", "rows", "words"),
    [
        (Comparison(1_200), 1_200, True, "✓ stored documents: all 1,200 of the database are there"),
        (Comparison(0), 0, False, "✓ stored documents: all 0 of the database are there"),
        (
            Comparison(0),
            1_200,
            False,
            "✗ stored documents: the store holds 1,200 files and the database knows of none; do DATABASE_URL and FILES_URL belong together?",
        ),
        (Comparison(0), 5, True, "✓ stored documents: all 0 of the database are there"),
        (
            Comparison(2, 2, 7),
            0,
            True,
            "✗ stored documents: 2 of 2 documents of the database are not in the store (the first is stored_file 7); does "
            "FILES_URL=files name the store that the bot used? Else put back the documents of a backup",
        ),
        (
            Comparison(3, 2, 7),
            1,
            True,
            "✗ stored documents: 2 of 3 documents of the database are not in the store (the first is stored_file 7); put back "
            "the documents of a backup (docs/operations.md)",
        ),
    ],
)
async def test_documents_against_the_database(
    compared: Comparison, present: int, rows: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keys_in(store: Any) -> set[bytes]:
        return {number.to_bytes(4) for number in range(present)}

    async def compare(*others: Any) -> Comparison:
        return compared

    async def read(work: Any) -> bool:
        return rows

    monkeypatch.setattr(documents.stored_documents, "keys_in", keys_in)
    monkeypatch.setattr(documents.stored_documents, "compare", compare)
    found = await documents._all_there(read, cast(Any, None), settings(files_url="files"))
    assert str(found) == words


# -- services outside ----------------------------------------------------------------------------------------------


def channel(kind: Messenger = Messenger.TELEGRAM) -> Any:
    return SimpleNamespace(messenger=kind, bot_id=7, link="https://t.me/x")


@pytest.mark.parametrize(
    ("url", "waiting", "error", "given", "trouble"),
    [
        ("", None, None, {}, None),
        ("", 100, None, {}, None),
        ("", 101, None, {}, "101 updates wait there; is the bot running?"),
        (
            "https://other.ir/x",
            0,
            None,
            {},
            "its webhook leads to other.ir; another program has this token, or restart the bot with UPDATES=polling",
        ),
        ("", 0, None, {"updates": "webhook"}, "no webhook is set; start the bot, or stop another that polls with this token"),
        (
            "https://other.ir/x",
            0,
            None,
            {"updates": "webhook"},
            "its webhook leads to other.ir and not to this bot; another program has this token, or restart the bot (after a new "
            "PUBLIC_URL or SECRET_KEY)",
        ),
        ("ours", 101, None, {"updates": "webhook"}, "101 updates wait there; is the bot running?"),
        ("ours", 0, None, {"updates": "webhook"}, None),
        ("as before", 0, None, {"updates": "webhook"}, None),
        (
            "ours",
            0,
            "SSL error",
            {"updates": "webhook"},
            "it cannot reach PUBLIC_URL (SSL error); check TLS, firewall and web server",
        ),
        ("", 0, "SSL error", {}, None),
    ],
)  # fmt: skip
def test_how_updates_come(
    url: str, waiting: int | None, error: str | None, given: dict[str, Any], trouble: str | None
) -> None:
    known = settings(secret_key="k" * 32, public_url="https://pay.x.ir", **given)
    paths = {"ours": 7, "as before": None}
    if url in paths:
        path = external_services.webhook_path("k" * 32, Messenger.TELEGRAM, paths[url])
        url = f"https://pay.x.ir{path}"
    info: Any = SimpleNamespace(url=url, last_error_message=error, pending_update_count=waiting)
    assert external_services._intake_trouble(channel(), info, known) == trouble


def test_a_webhook_where_no_key_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another finding says it already."""

    def no_key(self: Settings) -> list[str]:
        raise external_services.BadSettingError("SECRET_KEY: x")

    monkeypatch.setattr(Settings, "held_keys", no_key)
    info: Any = SimpleNamespace(url="https://a.ir", last_error_message="x", pending_update_count=500)
    assert external_services._intake_trouble(channel(), info, settings(updates="webhook")) is None


def given_messenger(proxy: str | None = None) -> MessengerSettings:
    return MessengerSettings("1:x", "https://api.x", proxy, "https://t.me")


@pytest.mark.parametrize(
    ("proxy", "said", "words"),
    [
        (None, "", "does not answer at https://api.x; check the network, or set BALE_PROXY"),
        (
            "http://u:p@127.0.0.1",
            "",
            "does not answer at https://api.x through the proxy 127.0.0.1:80; check BALE_PROXY",
        ),
        (
            "https://127.0.0.1",
            "",
            "does not answer at https://api.x through the proxy 127.0.0.1:443; check BALE_PROXY",
        ),
        (
            "socks5://127.0.0.1",
            "",
            "does not answer at https://api.x through the proxy 127.0.0.1:1080; check BALE_PROXY",
        ),
        (
            "http://127.0.0.1:3128",
            "",
            "does not answer at https://api.x through the proxy 127.0.0.1:3128; check BALE_PROXY",
        ),
        (
            "http://127.0.0.1:3128",
            "Proxy refused" + "x" * 200,
            f"the proxy 127.0.0.1:3128 does not let it through (Proxy refused{'x' * 87}); check BALE_PROXY, its user and password",
        ),
        (
            "http://127.0.0.1:3128",
            "answered 407",
            "the proxy 127.0.0.1:3128 does not let it through (answered 407); check BALE_PROXY, its user and password",
        ),
    ],
)
async def test_whose_fault_it_is_that_no_answer_came(
    proxy: str | None, said: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []

    async def connect(host: str, port: int) -> Any:
        return None, SimpleNamespace(close=lambda: closed.append(host))

    monkeypatch.setattr(external_services.asyncio, "open_connection", connect)
    assert await external_services._silence("bale", given_messenger(proxy), said) == words
    assert len(closed) == (proxy is not None)


async def test_a_proxy_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError(111, "refused"), TimeoutError()):

        async def connect(host: str, port: int, error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(external_services.asyncio, "open_connection", connect)
        words = "the proxy 127.0.0.1:80 does not answer; start it, or correct BALE_PROXY"
        assert await external_services._silence("bale", given_messenger("http://127.0.0.1"), "407") == words


@pytest.mark.parametrize(
    ("url", "runs", "answers", "found"),
    [
        ("http://pay.x.ir", True, True, (False, "is not https, so neither banks nor messengers come to it; put TLS before it", "wrong")),
        ("https://pay.x.ir", False, False, (True, "not tried: no bot answers at LISTEN=127.0.0.1:8080", "wrong")),
        ("https://pay.x.ir", True, True, (True, "https://pay.x.ir leads here", "wrong")),
        (
            "https://pay.x.ir",
            True,
            False,
            (False, "does not lead to the bot at 127.0.0.1:8080; check DNS, TLS and the web server before it", "attention"),
        ),
        ("", True, False, (True, "leads to this machine only: nobody else can pay", "wrong")),
        ("http://127.0.0.1:8080", True, True, (True, "leads to this machine only: nobody else can pay", "wrong")),
        ("http://localhost", True, True, (True, "leads to this machine only: nobody else can pay", "wrong")),
        ("http://[::1]:80", True, True, (True, "leads to this machine only: nobody else can pay", "wrong")),
        (
            "http://localhost",
            True,
            False,
            (False, "does not lead to the bot at 127.0.0.1:8080; check DNS, TLS and the web server before it", "attention"),
        ),
    ],
)  # fmt: skip
async def test_where_the_public_address_leads(
    url: str, runs: bool, answers: bool, found: tuple[bool, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def health_at(root: str, timeout: float) -> Any:
        assert (root, timeout) == (url, 10.0)
        return {"ok": True} if answers else None

    monkeypatch.setattr(external_services, "_health_at", health_at)
    finding = await external_services.public_address(settings(public_url=url), runs=runs)
    assert (*told(finding), finding.because.value) == found


def test_how_this_machine_gets_to_an_address() -> None:
    for host, root in (
        ("127.0.0.1", "http://127.0.0.1:8"),
        ("0.0.0.0", "http://127.0.0.1:8"),
        ("::", "http://[::1]:8"),
        ("fe80::1", "http://[fe80::1]:8"),
        ("bot.local", "http://bot.local:8"),
    ):
        assert external_services.root_of(host, 8) == root


class Client:
    """A gateway or provider that answers so."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.closed = answer, False

    async def check(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    credit = check

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, (True, "payment.zarinpal.com knows the merchant", "wrong")),
        (
            GatewayDown("timeout"),
            (
                False,
                "payment.zarinpal.com does not answer; check the network and ZARINPAL_URL (timeout)",
                "silent",
            ),
        ),
        (
            GatewayRefused(-9),
            (
                False,
                "refuses the merchant (code -9); check ZARINPAL_MERCHANT_ID and the terminal's state there",
                "wrong",
            ),
        ),
    ],
)
async def test_a_payment_gateway(
    answer: Any, found: tuple[bool, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(answer)
    monkeypatch.setattr(external_services, "payment_gateway", lambda settings, read_timeout: client)
    finding = await external_services.gateway(settings(zarinpal_merchant_id="m"))
    assert finding.name == "payment gateway (zarinpal)"
    assert (*told(finding), finding.because.value) == found
    assert client.closed
    unset = await external_services.gateway(settings(payment_gateway="zibal"))
    assert (unset.name, *told(unset)) == ("payment gateway (zibal)", False, "set ZIBAL_MERCHANT_ID")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, (True, "api.kavenegar.com answers", "wrong")),
        (500_000, (True, "api.kavenegar.com, 500,000 rial of credit", "wrong")),
        (499_999, (False, "only 499,999 rial of credit are left; charge the account", "attention")),
        (0, (False, "only 0 rial of credit are left; charge the account", "attention")),
        (
            GatewayDown("timeout"),
            (
                False,
                "api.kavenegar.com does not answer; check the network and KAVENEGAR_URL (timeout)",
                "silent",
            ),
        ),
        (GatewayRefused(403), (False, "refuses the key (status 403); check KAVENEGAR_API_KEY", "wrong")),
    ],
)
async def test_an_sms_provider(
    answer: Any, found: tuple[bool, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(answer)
    monkeypatch.setattr(external_services, "sms_gateway", lambda settings, read_timeout: client)
    finding = await external_services.sms(settings(sms_gateway="kavenegar", kavenegar_api_key="k"))
    assert finding.name == "SMS (kavenegar)"
    assert (*told(finding), finding.because.value) == found
    assert client.closed
    unset = await external_services.sms(settings(sms_gateway="kavenegar"))
    assert (unset.name, *told(unset)) == ("SMS (kavenegar)", False, "set KAVENEGAR_API_KEY")
    console = await external_services.sms(settings())
    assert str(console) == "✓ SMS: only written to the log (SMS_GATEWAY=console)"


class Answers:
    """In the place of httpx's client: what comes from each address."""

    def __init__(self, by_url: dict[str, Any], **options: Any) -> None:
        self.by_url = by_url
        assert options["trust_env"] is False

    async def __aenter__(self) -> Answers:
        return self

    async def __aexit__(self, *error: Any) -> None:
        pass

    async def get(self, url: str) -> Any:
        answer = self.by_url[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(monkeypatch: pytest.MonkeyPatch, module: Any, by_url: dict[str, Any]) -> None:
    real = module.httpx
    client = SimpleNamespace(
        AsyncClient=lambda **options: Answers(by_url, **options),
        HTTPError=real.HTTPError,
        InvalidURL=real.InvalidURL,
    )
    monkeypatch.setattr(module, "httpx", client)


def dated(seconds: float) -> Any:
    at = (NOW - timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return SimpleNamespace(headers={"date": at})


BOTH = {
    "telegram_token": "1:x",
    "bale_token": "1:x",
    "telegram_api_url": "http://t",
    "bale_api_url": "http://b",
}


@pytest.mark.parametrize(
    ("telegram", "bale", "found"),
    [
        (dated(0), None, (True, "right")),
        (dated(60), None, (True, "right")),
        (dated(61), None, (False, "off by 61 seconds; set up NTP (timedatectl set-ntp true)")),
        (dated(-61), None, (False, "off by 61 seconds; set up NTP (timedatectl set-ntp true)")),
        (external_services.httpx.ConnectError("x"), dated(99), (False, "off by 99 seconds; set up NTP (timedatectl set-ntp true)")),
        (SimpleNamespace(headers={}), dated(0), (True, "right")),
        (SimpleNamespace(headers={"date": "yesterday"}), dated(0), (True, "right")),
        (
            SimpleNamespace(headers={}),
            external_services.httpx.ConnectError("x"),
            (True, "not compared, no answer of a messenger has a date; it says 2026-11-26 09:00 UTC"),
        ),
        (
            external_services.httpx.ConnectError("x"),
            external_services.httpx.ConnectError("x"),
            (True, "not compared, no messenger answers; it says 2026-11-26 09:00 UTC"),
        ),
    ],
)  # fmt: skip
async def test_the_clock(
    telegram: Any, bale: Any, found: tuple[bool, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, external_services, {"http://t": telegram, "http://b": bale})
    monkeypatch.setattr(external_services, "datetime", SimpleNamespace(now=lambda zone: NOW))
    assert told(await external_services.clock(settings(**BOTH))) == found


async def test_what_is_no_health(monkeypatch: pytest.MonkeyPatch) -> None:
    for json, health in (
        ({"ok": True}, True),
        ({"ok": False}, True),
        ({}, False),
        ([], False),
        ("ok", False),
    ):
        here = SimpleNamespace(json=lambda json=json: json)
        answer(monkeypatch, external_services, {"http://127.0.0.1:8080/health": here})
        assert (await external_services.health(settings()) is not None) is health


async def test_whose_figures_are_served_at_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    one = 'officer_bot_info{bot_id="1",messenger="bale"} 1.0'
    for text, bots in (
        ("It works!", None),
        ("officer_database_up 1.0\n", set()),
        (f"# x {one}\n{one}\n{one.replace('1', '22')}", {"1", "22"}),
    ):
        answer(monkeypatch, machine, {"http://x/metrics": SimpleNamespace(text=text)})
        assert await machine._bots_at("http://x") == bots
    answer(monkeypatch, machine, {"http://x/metrics": machine.httpx.HTTPError("x")})
    assert await machine._bots_at("http://x") is None


# -- the machine ----------------------------------------------------------------------------------------------------


OTHER = "another bot, or another process of this one, listens there; choose another port"


@pytest.mark.parametrize(
    ("runs", "taken", "bots", "lines"),
    [
        (False, set(), None, ["✓ LISTEN: 127.0.0.1:8080 is free", "✓ METRICS_LISTEN: 127.0.0.1:9100 is free"]),
        (True, set(), None, ["✓ LISTEN: 127.0.0.1:8080 is free", "✓ METRICS_LISTEN: 127.0.0.1:9100 is free"]),
        (True, {8080, 9100}, {"1"}, ["✓ LISTEN: the bot that runs listens there", "✓ METRICS_LISTEN: the bot that runs listens there"]),
        (True, {8080, 9100}, set(), ["✓ LISTEN: the bot that runs listens there", "✓ METRICS_LISTEN: the bot that runs listens there"]),
        (True, {8080, 9100}, {"2"}, ["✓ LISTEN: the bot that runs listens there", f"✗ METRICS_LISTEN: {OTHER}"]),
        (True, {8080, 9100}, None, ["✓ LISTEN: the bot that runs listens there", "✗ METRICS_LISTEN: in use"]),
        (False, {8080}, None, ["✗ LISTEN: in use", "✓ METRICS_LISTEN: 127.0.0.1:9100 is free"]),
        (False, {9100}, {"1"}, ["✓ LISTEN: 127.0.0.1:8080 is free", f"✗ METRICS_LISTEN: {OTHER}"]),
        (True, {9100}, {"1"}, ["✓ LISTEN: 127.0.0.1:8080 is free", f"✗ METRICS_LISTEN: {OTHER}"]),
    ],
)  # fmt: skip
async def test_who_listens_at_our_addresses(
    runs: bool, taken: set[int], bots: set[str] | None, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        machine, "_why_taken", lambda name, address: "in use" if address[1] in taken else None
    )

    async def bots_at(root: str) -> set[str] | None:
        assert root == "http://127.0.0.1:9100"
        return bots

    monkeypatch.setattr(machine, "_bots_at", bots_at)
    given = settings(telegram_token="1:x", metrics_listen="127.0.0.1:9100")
    assert [str(one) async for one in machine.check_addresses(given, runs=runs)] == lines
    alone = [str(one) async for one in machine.check_addresses(settings(telegram_token="1:x"), runs=runs)]
    assert alone == lines[:1]


@pytest.mark.parametrize(
    ("hard", "found"),
    [
        (machine.resource.RLIM_INFINITY, (True, "no limit")),
        (1024, (True, "1,024")),
        (
            1023,
            (
                False,
                "only 1023 may be open, so the bot takes few connections; raise the limit (LimitNOFILE=4096, ulimit -n)",
            ),
        ),
    ],
)
def test_descriptors(hard: int, found: tuple[bool, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    limits = SimpleNamespace(
        getrlimit=lambda which: asked.append(which) or (64, hard),  # type: ignore[func-returns-value]
        RLIMIT_NOFILE=machine.resource.RLIMIT_NOFILE,
        RLIM_INFINITY=machine.resource.RLIM_INFINITY,
    )
    monkeypatch.setattr(machine, "resource", limits)
    assert told(machine.check_descriptors()) == found
    assert asked == [machine.resource.RLIMIT_NOFILE]


def test_summer_time_that_is_abolished(monkeypatch: pytest.MonkeyPatch) -> None:
    right = "Tehran is three and a half hours ahead, also in summer"
    assert told(machine.check_time_zone()) == (True, right)
    monkeypatch.setattr(machine.zone, "is_right", lambda zone: False)
    words = "Asia/Tehran has summer time, which is abolished; update tzdata"
    assert told(machine.check_time_zone()) == (False, words)


def test_the_first_line_of_an_error() -> None:
    assert first_line(ValueError("  one\ntwo")) == "one"
    assert first_line(ValueError("x" * 300)) == "x" * 200
    assert first_line(ValueError()) == "ValueError"
