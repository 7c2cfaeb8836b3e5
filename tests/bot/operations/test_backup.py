"""A backup is made while the bot writes, and is worth something only if it can be restored."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.operations import archive
from bot.operations.errors import UpkeepError
from storage.database.database import Database, open_database
from storage.tables import StaffAlert, StoredFile
from storage.tables.column_types import utcnow
from tests.support.backups import SECRET, Installation, add_rows, store_documents, writing
from tests.support.commands import run_beside

#: By whether the database is SQLite.
TRIGGERS = {
    True: "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    False: "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture
async def made(installation: Installation) -> Path:
    """A small backup."""
    await installation.fill([b"one", b"two"])
    return (await installation.back_up())[0]


def keys_and_pairs(db: Session) -> tuple[set[str], set[str]]:
    return set(db.exec(select(StaffAlert.key))), set(db.exec(select(StoredFile.shown_key)))


async def test_a_busy_bot_is_backed_up_and_restored(
    database: Database, installation: Installation, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    contents = [os.urandom(300_000), b"", *(f"document {n}".encode() for n in range(60))]
    documents = await store_documents(installation.store, contents)
    await add_rows(database, documents)
    (tmp_path / "backups").mkdir()

    async with writing(database) as pairs:
        before = len(pairs)
        file, manifest = await installation.back_up("backups")
        after = len(pairs)

    assert after > before  # no unit waited for the backup
    assert file.parent == tmp_path / "backups"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o077 == 0
    assert manifest["papers"] == len(documents)

    into = tmp_path / "restored"
    sqlite = installation.database_url.startswith("sqlite")
    url = f"sqlite:///{into / archive.SQLITE}" if sqlite else request.getfixturevalue("empty_postgres_url")
    found = await installation.restore(file, "restored", database_url=None if sqlite else url)

    assert found.missing_documents == 0
    restored = await open_database(url)
    alerts, keys = await restored.read(keys_and_pairs)
    triggers = await restored.read(lambda db: db.connection().execute(text(TRIGGERS[sqlite])).all())
    await restored.close()
    assert triggers, "the audit trail can be changed in the copy"
    numbers = {int(key.split(":")[0]) for key in alerts}
    assert alerts == {f"{number}:{half}" for number in numbers for half in "ab"}
    assert before <= len(numbers) <= after + 1
    assert numbers == set(range(len(numbers)))
    assert keys == documents.keys()
    files, cipher = FolderStore(into / "files"), DocumentCipher(SECRET)
    assert {key async for key in files.keys(before=utcnow() + timedelta(hours=1))} == documents.keys()
    for key, content in documents.items():
        assert cipher.open(await files.get(key), key) == content
    assert not list(into.parent.glob("*.part"))


async def test_the_file_is_for_the_recipient_alone(
    made: Path, installation: Installation, tmp_path: Path
) -> None:
    content = made.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    for mark in (b"SQLite format", b"PGDMP", b"papers/", b"MANIFEST"):
        assert mark not in content
    archive.make_identity(tmp_path / "stranger")

    with pytest.raises(UpkeepError, match="not for this key"):
        await installation.restore(made, identity=tmp_path / "stranger")

    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("where", [0.3, 0.7, 0.999])
async def test_damage_is_noticed_and_leaves_nothing(
    made: Path, installation: Installation, tmp_path: Path, where: float
) -> None:
    content = made.read_bytes()
    at = int(len(content) * where)
    for damaged in (content[:at], content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]):
        made.write_bytes(damaged)
        with pytest.raises(UpkeepError, match="does not open"):
            await installation.restore(made)
        assert not list(tmp_path.glob("new*"))


async def test_nothing_is_overwritten(made: Path, installation: Installation, tmp_path: Path) -> None:
    (full := tmp_path / "full").mkdir()
    (full / "bot.db").write_text("precious")

    with pytest.raises(UpkeepError, match="not empty"):
        await installation.restore(made, "full")
    with pytest.raises(UpkeepError, match="not empty"):
        await installation.restore(made, store=installation.store)
    if installation.database_url.startswith("postgres"):
        with pytest.raises(UpkeepError, match="not empty"):
            await installation.restore(made, database_url=installation.database_url)
    with pytest.raises(UpkeepError, match="never overwritten"):
        await installation.back_up(made.name)

    assert [path.name for path in full.iterdir()] == ["bot.db"]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../escaped", "papers/../../escaped", archive.DOCUMENTS_PREFIX + "0" * 32])
async def test_another_tar_is_no_backup(name: str, on_sqlite: Installation, tmp_path: Path) -> None:
    """Encrypted for us by a stranger: nothing gets out of the folder, nothing is believed."""
    tar = archive.TarStream()
    chunks = [chunk async for chunk in tar.data(name, b"x")]
    chunks += [chunk async for chunk in tar.end({}, SECRET)]
    file = tmp_path / "x.age"
    key = pyrage.x25519.Recipient.from_str(on_sqlite.recipient)
    file.write_bytes(pyrage.encrypt(b"".join(chunks), [key]))

    with pytest.raises(UpkeepError, match=r"unexpected|damaged"):
        await on_sqlite.restore(file, "in/new")

    assert not list(tmp_path.rglob("escaped"))
    assert list((tmp_path / "in").iterdir()) == []


async def test_a_failed_backup_leaves_no_file(
    on_sqlite: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_documents(on_sqlite.store, [b"one"])

    async def broken(key: str) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(on_sqlite.store, "get", broken)
    (tmp_path / "backups").mkdir()
    with pytest.raises(UpkeepError, match="Input/output"):
        await on_sqlite.back_up("backups")

    assert list((tmp_path / "backups").iterdir()) == []
    assert not list(tmp_path.glob(".backup-*"))


async def test_without_the_client_programs_it_says_what_to_install(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UpkeepError, match="pg_dump is not installed"):
        await Installation(tmp_path, postgres_url).back_up()


async def test_the_commands_speak_plainly(on_sqlite: Installation, tmp_path: Path) -> None:
    await store_documents(on_sqlite.store, [b"one"])
    settings = {"DATABASE_URL": on_sqlite.database_url, "FILES_URL": str(tmp_path / "files")}
    command = partial(run_beside, tmp_path, SECRET_KEY=SECRET)

    refused = await command("backup", "b.age", **settings)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("--recipient or BACKUP_RECIPIENT: ")
    wrong = await command("backup", "b.age", "--recipient", "age1nonsense", **settings)
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)

    name, _, value = (await command("backup-key", "key")).out.strip().partition("=")
    assert name == "BACKUP_RECIPIENT"
    done = await command("backup", "b.age", **settings, BACKUP_RECIPIENT=value)
    assert done.out.startswith("b.age: 1 documents, ")
    restore = ("restore", "b.age", "--identity", "key", "--into", "new")
    back = await command(*restore)
    assert "database.sqlite3" in back.out, back
    assert DocumentCipher(SECRET).key_id in back.out
    assert SECRET not in done.out + done.err + back.out + back.err
    again = await command(*restore)
    assert (again.status, again.err) == (2, "new is not empty; nothing is ever overwritten\n")
