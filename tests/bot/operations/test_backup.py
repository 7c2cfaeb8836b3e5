"""A backup is made while the bot writes, and is worth something only if it can be restored."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.operations import archive
from bot.operations.backup import back_up
from bot.operations.errors import UpkeepError
from bot.operations.restore import restore
from storage.database.database import Database, open_database
from storage.tables import StaffAlert, StoredFile
from storage.tables.column_types import utcnow
from tests.support.backups import SECRET, busy, furnish, keep

ROOT = Path(__file__).parents[3]


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "identity"
    archive.make_identity(path)
    return path


def public(identity: Path) -> str:
    return identity.read_text().split("public key: ")[1].split("\n")[0]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


@pytest.fixture
async def made(database_url: str, store: FolderStore, identity: Path, tmp_path: Path) -> Path:
    """A small backup."""
    database = await open_database(database_url)
    await furnish(database, await keep(store, [b"one", b"two"]))
    await database.close()
    file, _ = await back_up(
        database_url=database_url,
        store=store,
        target=tmp_path / "b.age",
        recipients=[public(identity)],
        secret=SECRET,
    )
    return file


def keys_and_pairs(db: Session) -> tuple[set[str], set[str]]:
    return set(db.exec(select(StaffAlert.key))), set(db.exec(select(StoredFile.shown_key)))


async def test_a_busy_bot_is_backed_up_and_restored(
    database: Database,
    database_url: str,
    store: FolderStore,
    identity: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    papers = await keep(store, [os.urandom(300_000), b"", *(f"paper {n}".encode() for n in range(60))])
    await furnish(database, papers)
    (tmp_path / "backups").mkdir()

    async with busy(database) as writer:
        before = writer.pairs
        file, manifest = await back_up(
            database_url=database_url,
            store=store,
            target=tmp_path / "backups",
            recipients=[public(identity)],
            secret=SECRET,
        )
        after = writer.pairs

    assert after > before  # nobody waited for the backup
    assert file.parent == tmp_path / "backups"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o077 == 0
    assert manifest["papers"] == len(papers)

    into = tmp_path / "restored"
    sqlite = database_url.startswith("sqlite")
    url = f"sqlite:///{into / archive.SQLITE}" if sqlite else request.getfixturevalue("empty_postgres_url")
    found = await restore(
        file=file, identity=identity, into=into, secrets=[SECRET], database_url=None if sqlite else url
    )

    assert found.missing_documents == 0
    restored = await open_database(url)
    alerts, keys = await restored.read(keys_and_pairs)
    await restored.close()
    numbers = {int(key.split(":")[0]) for key in alerts}
    assert alerts == {f"{number}:{half}" for number in numbers for half in "ab"}
    assert before <= len(numbers) <= after + 1
    assert numbers == set(range(len(numbers)))
    assert keys == papers.keys()
    files = FolderStore(into / "files")
    sealer = DocumentCipher(SECRET)
    assert {key async for key in files.keys(before=utcnow() + timedelta(hours=1))} == papers.keys()
    for key, content in papers.items():
        assert sealer.open(await files.get(key), key) == content
    assert not list(into.parent.glob("*.part"))


async def test_the_file_is_for_the_recipient_alone(made: Path, tmp_path: Path) -> None:
    content = made.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    for mark in (b"SQLite format", b"PGDMP", b"papers/", b"MANIFEST"):
        assert mark not in content
    stranger = tmp_path / "stranger"
    archive.make_identity(stranger)

    with pytest.raises(UpkeepError, match="not for this key"):
        await restore(file=made, identity=stranger, into=tmp_path / "new", secrets=[SECRET])

    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("where", [0.3, 0.7, 0.999])
async def test_damage_is_noticed_and_leaves_nothing(
    made: Path, identity: Path, tmp_path: Path, where: float
) -> None:
    content = made.read_bytes()
    for damaged in (
        content[: int(len(content) * where)],
        content[: (at := int(len(content) * where))] + bytes([content[at] ^ 1]) + content[at + 1 :],
    ):
        made.write_bytes(damaged)
        with pytest.raises(UpkeepError, match="does not open"):
            await restore(file=made, identity=identity, into=tmp_path / "new", secrets=[SECRET])
        assert not list(tmp_path.glob("new*"))


async def test_nothing_is_overwritten(
    made: Path, identity: Path, tmp_path: Path, database_url: str, store: FolderStore
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "bot.db").write_text("precious")

    with pytest.raises(UpkeepError, match="not empty"):
        await restore(file=made, identity=identity, into=full, secrets=[SECRET])
    with pytest.raises(UpkeepError, match="not empty"):
        await restore(file=made, identity=identity, into=tmp_path / "new", secrets=[SECRET], store=store)
    if database_url.startswith("postgres"):
        with pytest.raises(UpkeepError, match="not empty"):
            await restore(
                file=made,
                identity=identity,
                into=tmp_path / "new",
                secrets=[SECRET],
                database_url=database_url,
            )
    with pytest.raises(UpkeepError, match="never overwritten"):
        await back_up(
            database_url=database_url, store=store, target=made, recipients=[public(identity)], secret=SECRET
        )

    assert [path.name for path in full.iterdir()] == ["bot.db"]
    assert not (tmp_path / "new").exists()


async def test_another_tar_is_no_backup(identity: Path, tmp_path: Path) -> None:
    """Encrypted for us by a stranger: nothing gets out of the folder, nothing is believed."""
    for name, entry in (
        ("../escaped", b"x"),
        ("papers/../../escaped", b"x"),
        (archive.DOCUMENTS_PREFIX + "0" * 32, b"x"),
    ):
        tar = archive.TarStream()
        chunks = [chunk async for chunk in tar.data(name, entry)]
        chunks += [chunk async for chunk in tar.end({}, SECRET)]
        file = tmp_path / "x.age"
        key = pyrage.x25519.Recipient.from_str(public(identity))
        file.write_bytes(pyrage.encrypt(b"".join(chunks), [key]))

        with pytest.raises(UpkeepError, match=r"unexpected|damaged"):
            await restore(file=file, identity=identity, into=tmp_path / "in" / "new", secrets=[SECRET])

    assert not list(tmp_path.rglob("escaped"))
    assert list((tmp_path / "in").iterdir()) == []


async def test_a_failed_backup_leaves_no_file(
    sqlite_url: str, store: FolderStore, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(store, [b"one"])

    async def broken(key: str) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store, "get", broken)
    (tmp_path / "backups").mkdir()
    with pytest.raises(UpkeepError, match="Input/output"):
        await back_up(
            database_url=sqlite_url,
            store=store,
            target=tmp_path / "backups",
            recipients=[public(identity)],
            secret=SECRET,
        )

    assert list((tmp_path / "backups").iterdir()) == []
    assert not list(tmp_path.glob(".backup-*"))


async def test_without_the_client_programs_it_says_what_to_install(
    postgres_url: str, store: FolderStore, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UpkeepError, match="pg_dump is not installed"):
        await back_up(
            database_url=postgres_url,
            store=store,
            target=tmp_path / "b.age",
            recipients=[public(identity)],
            secret=SECRET,
        )


async def test_the_audit_trail_cannot_be_changed_in_the_copy_either(
    made: Path, identity: Path, tmp_path: Path, database_url: str, request: pytest.FixtureRequest
) -> None:
    if not database_url.startswith("postgres"):
        pytest.skip("a copied file has its triggers")
    url = request.getfixturevalue("empty_postgres_url")
    await restore(file=made, identity=identity, into=tmp_path / "new", secrets=[SECRET], database_url=url)
    restored = await open_database(url)
    names = await restored.read(
        lambda db: db.connection().execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).all()
    )
    await restored.close()

    assert names


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_the_commands_speak_plainly(sqlite_url: str, store: FolderStore, tmp_path: Path) -> None:
    await keep(store, [b"one"])
    settings = {"DATABASE_URL": sqlite_url, "FILES_URL": str(tmp_path / "files"), "SECRET_KEY": SECRET}

    def play() -> None:
        refused = run(tmp_path, "backup", "b.age", **settings)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith("--recipient or BACKUP_RECIPIENT: ")
        wrong = run(tmp_path, "backup", "b.age", "--recipient", "age1nonsense", **settings)
        assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)

        name, _, value = run(tmp_path, "backup-key", "key").stdout.strip().partition("=")
        assert name == "BACKUP_RECIPIENT"
        done = run(tmp_path, "backup", "b.age", BACKUP_RECIPIENT=value, **settings)
        assert done.stdout.startswith("b.age: 1 papers, ")
        back = run(tmp_path, "restore", "b.age", "--identity", "key", "--into", "new", SECRET_KEY=SECRET)
        assert "database.sqlite3" in back.stdout, back.stderr
        assert DocumentCipher(SECRET).key_id in back.stdout
        assert SECRET not in done.stdout + done.stderr + back.stdout + back.stderr
        again = run(tmp_path, "restore", "b.age", "--identity", "key", "--into", "new", SECRET_KEY=SECRET)
        assert (again.returncode, again.stderr) == (2, "new is not empty; nothing is ever overwritten\n")

    await asyncio.to_thread(play)
