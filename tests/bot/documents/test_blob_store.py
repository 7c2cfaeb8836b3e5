"""Stores of sealed papers, a folder and an S3 server over HTTP: whole files or none, and no way out."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.documents import s3_store
from bot.documents.blob_store import FileStore, FolderStore, NoSuchFile, StoreDown, new_key
from bot.documents.s3_store import S3Store
from tests.support.asgi import serving
from tests.support.s3 import KEYS, Bucket

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture(params=["folder", "s3"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "files")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.store("papers/of/bot")


async def test_what_was_put_is_there_until_deleted(any_store: FileStore) -> None:
    key, other = new_key(), new_key()
    for content in (b"one", b"two"):
        await any_store.put(key, content)
    assert await any_store.get(key) == b"two"
    assert await any_store.exists(key)
    assert await keys(any_store) == [key]
    for _ in range(2):
        await any_store.delete(key)
    assert not await any_store.exists(key)
    for call in (any_store.get(key), any_store.head(other, 14)):
        with pytest.raises(NoSuchFile):
            await call


async def test_large_and_many_documents_come_back_as_they_were(any_store: FileStore) -> None:
    contents = {new_key(): os.urandom(size) for size in (0, 1, 63, 12_000_000)}
    contents |= {new_key(): b"x" for _ in range(30)}
    for key, content in contents.items():
        await any_store.put(key, content)
    assert {*await keys(any_store)} == contents.keys()
    for key, content in contents.items():
        assert await any_store.get(key) == content
        assert await any_store.head(key, 14) == content[:14]
    assert [key async for key in any_store.keys(before=LATER - timedelta(days=2))] == []


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "", "A" * 32, "0" * 31, "0" * 32 + "\n", "نام"]
)
async def test_only_keys_of_ours_are_taken(any_store: FileStore, key: str) -> None:
    for call in (any_store.put(key, b""), any_store.get(key)):
        with pytest.raises(ValueError, match="not a key"):
            await call


async def test_other_things_in_the_bucket_are_left_alone(bucket: Bucket) -> None:
    store, other = bucket.store("papers"), bucket.store("papers2")
    mine, theirs = new_key(), new_key()
    await store.put(mine, b"mine")
    await other.put(theirs, b"theirs")
    bucket.put("papers/readme.txt", b"x")
    bucket.put(f"papers/elsewhere/{theirs}", b"x")

    assert [key async for key in store.keys(before=LATER)] == [mine]
    others = {"papers/readme.txt", f"papers/elsewhere/{theirs}"}
    assert {*bucket.names()} == others | {f"papers/{mine[:2]}/{mine}", f"papers2/{theirs[:2]}/{theirs}"}


@pytest.fixture(params=["refuses", "silent"])
async def no_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[str, str]]:
    """An address that refuses the connection, or takes it and never answers; and what is said of it."""
    if request.param == "refuses":
        yield "http://127.0.0.1:9", r"127\.0\.0\.1:9"
        return
    end = asyncio.Event()

    async def never(request: Request) -> Response:
        await end.wait()
        return Response()

    monkeypatch.setattr(s3_store, "CALL_TIMEOUT", 0.3)
    methods = ["GET", "PUT", "HEAD", "DELETE"]
    async with serving(Starlette(routes=[Route("/{path:path}", never, methods=methods)])) as url:
        yield url, "no answer within"
        end.set()


async def keys(store: FileStore) -> list[str]:
    return [key async for key in store.keys(before=LATER)]


async def test_a_store_that_is_down_is_an_error_and_no_missing_document(no_server: tuple[str, str]) -> None:
    """Whoever waits for a document is told in time, and the connection is free again."""
    url, words = no_server
    store, key = S3Store("s3://papers", endpoint=url, **KEYS), new_key()
    for call in (
        lambda: store.get(key),
        lambda: store.get(key),
        lambda: store.exists(key),
        lambda: store.put(key, b"x"),
        lambda: keys(store),
    ):
        with pytest.raises(StoreDown, match=words):
            await call()
    await store.aclose()


async def test_a_failed_write_leaves_the_former_file_and_no_rubbish(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    await store.put(key, b"whole")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreDown, match="No space"):
        await store.put(key, b"half")

    assert await store.get(key) == b"whole"
    assert len(list((tmp_path / "files" / key[:2]).iterdir())) == 1


async def test_file_and_folder_are_synced_before_put_returns_and_the_bots_alone(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    key = new_key()

    await store.put(key, b"data")

    assert [Path(path).name for path in synced[1:]] == [key[:2], "files"]
    assert Path(synced[0]).name.startswith(key)
    assert (tmp_path / "files" / key[:2] / key).stat().st_mode & 0o077 == 0


async def test_what_a_crash_left_half_written_goes_away(store: FolderStore, tmp_path: Path) -> None:
    key = new_key()
    await store.put(key, b"data")
    rubbish = tmp_path / "files" / key[:2] / f"{key}.abcd.part"
    rubbish.write_bytes(b"da")

    assert [found async for found in store.keys(before=LATER - timedelta(days=2))] == []
    assert rubbish.exists()
    assert [found async for found in store.keys(before=LATER)] == [key]
    assert not rubbish.exists()


async def test_what_is_removed_while_it_is_listed_hides_nothing_else(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"00{'f' * 30}"
    await store.put(key, b"data")
    gone = tmp_path / "files" / "00" / f"00{'0' * 30}"
    gone.symlink_to(tmp_path / "nowhere")
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(sorted(listed(folder))))
    assert [found async for found in store.keys(before=LATER)] == [key]
    assert gone.is_symlink()
