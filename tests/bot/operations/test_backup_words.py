"""What a backup and its way back say where something is wrong, in whole, and how PostgreSQL's programs are called."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyrage
import pytest

from bot.documents.blob_store import FolderStore, StoreDown
from bot.operations import archive, backup, restore, signature
from bot.operations.errors import UpkeepError
from storage.database.database import asynchronous
from tests.support.backups import SECRET, Installation
from tests.support.commands import Ended, run_beside

KEY, OTHER = "k" * 32, "l" * 32


@pytest.fixture
def installation(sqlite_url: str, tmp_path: Path) -> Installation:
    return Installation(tmp_path, sqlite_url)


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://u:p%40ss@h:6543/b?sslmode=require",
            {"PGHOST": "h", "PGPORT": "6543", "PGSSLMODE": "require", "PGUSER": "u", "PGPASSWORD": "p@ss", "PGDATABASE": "b"},
        ),
        (
            "postgresql://u@one,two/b?sslrootcert=/ca.pem&connect_timeout=7&application_name=x",
            {"PGHOST": "one,two", "PGUSER": "u", "PGDATABASE": "b", "PGSSLROOTCERT": "/ca.pem", "PGCONNECT_TIMEOUT": "7"},
        ),
        ("postgresql:///b?host=/run/pg&port=5433", {"PGHOST": "/run/pg", "PGPORT": "5433", "PGDATABASE": "b"}),
    ],
)  # fmt: skip
def test_how_an_address_goes_to_the_programs_of_postgresql(url: str, variables: dict[str, str]) -> None:
    found = dict(backup._libpq(asynchronous(url)))
    assert {name: found.get(name) for name in variables} == variables
    assert set(found) - set(variables) <= {"PGSSLMODE", "PGPORT"}
    assert all(found.values())


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (0, b"a warning", None),
        (1, b"\none\ntwo\n", "pg_dump failed: one"),
        (1, b"", "pg_dump failed: no reason given"),
        (3, b"\xff", "pg_dump failed: \ufffd"),
    ],
)
async def test_a_program_that_fails(
    status: int, said: bytes, words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []

    async def execute(*arguments: str, env: dict[str, str], stderr: int) -> Any:
        called.append((arguments, env["PGDATABASE"], "PATH" in env))

        async def communicate() -> tuple[bytes, bytes]:
            return b"", said

        return SimpleNamespace(communicate=communicate, returncode=status)

    monkeypatch.setattr(backup.shutil, "which", lambda name: name)
    subprocess = SimpleNamespace(PIPE=-1)
    monkeypatch.setattr(
        backup, "asyncio", SimpleNamespace(create_subprocess_exec=execute, subprocess=subprocess)
    )
    url = asynchronous("postgresql://u@h/b")
    if words is None:
        await backup.run_tool("pg_dump", url, "-x")
    else:
        with pytest.raises(UpkeepError) as caught:
            await backup.run_tool("pg_dump", url, "-x")
        assert str(caught.value) == words
    assert called == [(("pg_dump", "-x"), "b", True)]


async def test_what_cannot_be_backed_up(installation: Installation, tmp_path: Path) -> None:
    async def told(**given: Any) -> str:
        known = {
            "database_url": installation.database_url,
            "store": installation.store,
            "target": tmp_path / "b.age",
            "recipients": [installation.recipient],
            "secret": SECRET,
        }
        with pytest.raises(UpkeepError) as caught:
            await backup.back_up(**known | given)
        assert not list(tmp_path.glob("*.part"))
        return str(caught.value)

    (tmp_path / "there").touch()
    no_key = "--recipient, BACKUP_RECIPIENT: must be a public key of age (age1…)"
    assert (
        await told(recipients=[])
        == "--recipient or BACKUP_RECIPIENT: name the public key (age1…) that may open it"
    )
    assert await told(recipients=[installation.recipient, "age1x"]) == no_key
    assert (
        await told(target=tmp_path / "there")
        == f"{tmp_path}/there is there already; backups are never overwritten"
    )
    nowhere = tmp_path / "no" / "b.age"
    assert await told(target=nowhere) == f"{nowhere} cannot be written (No such file or directory)"
    missing = f"sqlite:///{tmp_path}/nothing.db"
    assert await told(database_url=missing) == f"DATABASE_URL: there is no file {tmp_path}/nothing.db"

    class Away(FolderStore):
        def keys(self, *, before: Any) -> Any:
            raise StoreDown("timeout")

    assert await told(store=Away(tmp_path)) == "the documents cannot be read (timeout); see `bot.py doctor`"
    assert not (tmp_path / "b.age").exists()


class FullDisk:
    """A file that takes nothing, at the end neither."""

    def __init__(self, handle: int, mode: str) -> None:
        self.handle = handle

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *error: Any) -> None:
        os.close(self.handle)

    def write(self, data: bytes) -> int:
        raise OSError(28, "No space left on device")


async def test_a_disk_that_is_full_is_told_in_one_line(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the backups, and that of the database, beside which it is copied first."""
    await installation.fill([b"one"])
    settings = {
        "DATABASE_URL": installation.database_url,
        "FILES_URL": str(tmp_path / "files"),
        "SECRET_KEY": SECRET,
    }
    command = ("backup", "b.age", "--recipient", installation.recipient)
    with monkeypatch.context() as patched:
        patched.setattr(backup, "open", FullDisk, raising=False)
        told = await run_beside(tmp_path, *command, **settings)
    assert told == Ended(2, "", "b.age cannot be written (No space left on device)\n")

    def full(file: Path, copy: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy_sqlite", full)
    words = (
        "the database cannot be copied into its own folder (database or disk is full); free some space there, or see "
        "`bot.py doctor`\n"
    )
    assert await run_beside(tmp_path, *command, **settings) == Ended(2, "", words)
    assert not [*tmp_path.glob("b.age*"), *tmp_path.glob(".backup-*")]


async def test_a_backup_into_a_folder(installation: Installation, tmp_path: Path) -> None:
    contents = await installation.fill([b"one", b"two"])
    (tmp_path / "backups").mkdir()
    file, manifest = await installation.back_up("backups")
    assert file.name.startswith("backup-20")
    assert file.name.endswith("Z.tar.age")
    assert len(file.name) == len("backup-20261126T090000Z.tar.age")
    assert file.stat().st_mode & 0o777 == 0o600
    size = sum([len(await installation.store.get(key)) for key in contents])
    with sqlite3.connect(installation.database_url.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT count(*) FROM stored_file").fetchone() == (2,)
    with tarfile.open(fileobj=io.BytesIO(decrypted(file, tmp_path / "identity"))) as opened:
        members = opened.getmembers()
    kinds = [member.name.partition("/")[0] for member in members]
    assert kinds == ["database.sqlite3", "papers", "papers", "MANIFEST.json"]
    assert all(member.mode == 0o600 for member in members)
    copy = members[0].size
    known = {name: manifest[name] for name in ("papers", "bytes", "documents", "missing", "first_missing")}
    assert known == {"papers": 2, "bytes": size + copy, "documents": 2, "missing": 0, "first_missing": None}
    assert not list(tmp_path.glob(".backup-*"))


def decrypted(file: Path, identity: Path) -> bytes:
    (key,) = archive.read_identities(identity)
    return pyrage.decrypt(file.read_bytes(), [key])  # type: ignore[no-any-return]


# -- the way back --------------------------------------------------------------------------------------------------


def signed(secret: str = KEY, **facts: Any) -> dict[str, Any]:
    return signature.sign({"key_id": restore.DocumentCipher(secret).key_id} | facts, secret)


MINE = restore.DocumentCipher(KEY).key_id
CHANGED = "b.age was not made by this bot, or was changed since: its signature is wrong"
UNSIGNED = (
    "b.age is not signed: made by an older version of the bot, or by another program. Where you know that it is yours, repeat with "
    "--unsigned"
)


@pytest.mark.parametrize(
    ("manifest", "secrets", "unsigned", "outcome"),
    [
        (signed(), [KEY], False, True),
        (signed(), [OTHER, KEY], False, True),
        (signed() | {"x": 1}, [KEY], False, CHANGED),
        (signed() | {"x": 1}, [OTHER, KEY], True, CHANGED),
        (signed(), [OTHER], True, False),
        ({"key_id": MINE}, [KEY], True, False),
        ({"key_id": MINE}, [KEY], False, UNSIGNED),
        ({}, [], False, UNSIGNED),
        (
            signed(),
            [OTHER],
            False,
            f"b.age is signed under the SECRET_KEY whose id is {MINE}; set that key here as SECRET_KEY or among FORMER_SECRET_KEYS. "
            "Where it is lost and you know that the backup is yours, repeat with --unsigned",
        ),
    ],
)
def test_who_signed_a_backup(
    manifest: dict[str, Any], secrets: list[str], unsigned: bool, outcome: bool | str
) -> None:
    if isinstance(outcome, bool):
        assert restore._check_signature("b.age", manifest, secrets, unsigned) is outcome
        return
    with pytest.raises(UpkeepError) as caught:
        restore._check_signature("b.age", manifest, secrets, unsigned)
    assert str(caught.value) == outcome


async def refused(installation: Installation, file: Path, **given: Any) -> str:
    with pytest.raises(UpkeepError) as caught:
        await installation.restore(file, **given)
    assert not list(installation.folder.glob("*.part"))
    return str(caught.value)


async def test_where_nothing_is_restored(installation: Installation, tmp_path: Path) -> None:
    await installation.fill([b"one"])
    file, _ = await installation.back_up()
    folder = tmp_path
    assert await refused(installation, folder / "no.age") == f"there is no file {folder}/no.age"
    assert await refused(installation, folder) == f"there is no file {folder}"
    (folder / "taken").touch()
    (folder / "full").mkdir()
    (folder / "full" / "x").touch()
    for name in ("taken", "full"):
        words = f"{folder}/{name} is not empty; nothing is ever overwritten"
        assert await refused(installation, file, into=name) == words
    assert await refused(installation, file, store=installation.store) == (
        "the store of --files-url is not empty; nothing is ever overwritten"
    )
    for url, words in (
        ("mysql://x", None),
        ("sqlite:///a.db", "--database-url: is for PostgreSQL; an SQLite database is unpacked into --into"),
        ("postgresql://u@127.0.0.1:9/b", None),
    ):
        told = await refused(installation, file, database_url=url)
        assert told.startswith("--database-url: ")
        assert words is None or told == words
    assert not (folder / "new").exists()


async def test_an_empty_folder_may_be_there(installation: Installation, tmp_path: Path) -> None:
    contents = await installation.fill([b"one"])
    file, _ = await installation.back_up()
    (tmp_path / "new").mkdir()
    found = await installation.restore(file)
    assert (found.database, found.missing_documents, found.signed) == ("database.sqlite3", 0, True)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    for path in ("database.sqlite3",):
        assert (tmp_path / "new" / path).stat().st_mode & 0o777 == 0o600
    assert {
        path.name for path in (tmp_path / "new" / "files").rglob("*") if path.is_file()
    } == contents.keys()
    # Into a store of one's own no folder for documents is made.
    elsewhere = FolderStore(tmp_path / "elsewhere")
    await installation.restore(file, into="second", store=elsewhere)
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["database.sqlite3"]


async def test_documents_of_an_archive_that_is_refused_do_not_stay(
    installation: Installation, tmp_path: Path
) -> None:
    await installation.fill([b"one", b"two"])
    file, _ = await installation.back_up()
    elsewhere = FolderStore(tmp_path / "elsewhere")
    told = await refused(installation, file, store=elsewhere, secrets=[OTHER])
    assert "is signed under the SECRET_KEY whose id is" in told
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()]


async def test_a_store_that_takes_nothing(installation: Installation, tmp_path: Path) -> None:
    await installation.fill([os.urandom(2_000_000)])
    file, _ = await installation.back_up()

    class Full(FolderStore):
        async def put(self, key: str, data: bytes) -> None:
            raise StoreDown("no room")

    told = await refused(installation, file, store=Full(tmp_path / "elsewhere"))
    assert told == "the documents cannot be written (no room)"


def in_a_tar(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = (len(data), kind) if kind == tarfile.REGTYPE else (0, kind)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


DATABASE, DOCUMENT = ("database.sqlite3", b"x"), ("papers/" + "0" * 32, b"x")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (in_a_tar(("x", b"y")), "unexpected in a backup: 'x'"),
        (in_a_tar(("x" * 90, b"y")), f"unexpected in a backup: {'x' * 80!r}"),
        (in_a_tar(DATABASE, DATABASE), "unexpected in a backup: 'database.sqlite3'"),
        (in_a_tar(DATABASE, ("database.dump", b"x")), "unexpected in a backup: 'database.dump'"),
        (in_a_tar(("papers/x", b"y")), "unexpected in a backup: 'papers/x'"),
        (
            in_a_tar(DATABASE, kind=tarfile.SYMTYPE),
            "b.age holds no backup of this bot (cannot extract (sym)link as file object)",
        ),
        (in_a_tar(DATABASE, kind=tarfile.DIRTYPE), "unexpected in a backup: 'database.sqlite3'"),
        (
            in_a_tar(
                ("MANIFEST.json", b"{"),
            ),
            "the manifest of the backup cannot be read",
        ),
        (in_a_tar(("MANIFEST.json", b'{"a": 1}'), DOCUMENT), f"unexpected in a backup: {DOCUMENT[0]!r}"),
        (
            in_a_tar(DATABASE, ("MANIFEST.json", b"{}")),
            "b.age is damaged: it does not hold what its manifest says",
        ),
        (in_a_tar(DOCUMENT), "b.age is damaged: it does not hold what its manifest says"),
    ],
)
async def test_what_is_no_backup(
    content: bytes, words: str, installation: Installation, tmp_path: Path
) -> None:
    recipient = pyrage.x25519.Recipient.from_str(installation.recipient)
    (tmp_path / "b.age").write_bytes(pyrage.encrypt(content, [recipient]))
    assert await refused(installation, tmp_path / "b.age") == words
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"format": 3}, "b.age was made by a newer version of the bot"),
        ({"format": 1}, "b.age is damaged: its manifest contradicts itself"),
        ({"format": None}, "b.age was made by a newer version of the bot"),
    ],
)
async def test_the_form_of_a_backup(
    fact: dict[str, Any], words: str, installation: Installation, tmp_path: Path
) -> None:
    tar = archive.TarStream()
    chunks = [chunk async for chunk in tar.data("database.sqlite3", b"x")]
    chunks += [chunk async for chunk in tar.end(fact, SECRET)]
    # What `end` says of the form is replaced by what is given.
    recipient = pyrage.x25519.Recipient.from_str(installation.recipient)
    (tmp_path / "b.age").write_bytes(pyrage.encrypt(b"".join(chunks), [recipient]))
    assert await refused(installation, tmp_path / "b.age") == words


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (b"x" * 5000, "the database within is damaged (file is not a database)"),
        ("UPDATE stored_file SET account_id = 99", "the database within is damaged"),
    ],
)
async def test_a_database_within_that_is_damaged(
    damage: bytes | str, words: str, installation: Installation, tmp_path: Path
) -> None:
    await installation.fill([b"one"])
    file = Path(installation.database_url.removeprefix("sqlite:///"))
    if isinstance(damage, str):
        with sqlite3.connect(file) as connection:
            connection.execute(damage)
        backed, _ = await installation.back_up()
        assert await refused(installation, backed) == words
        return
    tar = archive.TarStream()
    chunks = [chunk async for chunk in tar.data("database.sqlite3", damage)]
    chunks += [chunk async for chunk in tar.end({}, SECRET)]
    recipient = pyrage.x25519.Recipient.from_str(installation.recipient)
    (tmp_path / "b.age").write_bytes(pyrage.encrypt(b"".join(chunks), [recipient]))
    assert await refused(installation, tmp_path / "b.age") == words


async def test_a_dump_is_for_postgresql(tmp_path: Path) -> None:
    words = "--database-url: this backup holds an SQLite database; leave the option out"
    with pytest.raises(UpkeepError) as caught:
        await restore._load("postgresql://u@h/b", tmp_path, "database.sqlite3")
    assert str(caught.value) == words
