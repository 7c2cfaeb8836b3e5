"""The folder of sealed papers: whole files or none, and no way out of it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.documents.store import FolderStore, NoSuchFile, new_key

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


async def test_what_was_put_is_there_until_deleted(store: FolderStore) -> None:
    key = new_key()

    await store.put(key, b"one")
    await store.put(key, b"two")

    assert await store.get(key) == b"two"
    assert await store.exists(key)
    assert [found async for found in store.keys(before=LATER)] == [key]
    await store.delete(key)
    await store.delete(key)
    assert not await store.exists(key)
    with pytest.raises(NoSuchFile):
        await store.get(key)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "", "A" * 32, "0" * 31, "0" * 32 + "\n", "نام"]
)
async def test_only_keys_of_ours_are_taken(store: FolderStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await store.put(key, b"")
    with pytest.raises(ValueError, match="not a key"):
        await store.get(key)


async def test_a_failed_write_leaves_the_former_file_and_no_rubbish(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    await store.put(key, b"whole")

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        await store.put(key, b"half")

    assert await store.get(key) == b"whole"
    assert len(list((tmp_path / "files" / key[:2]).iterdir())) == 1


async def test_file_and_folder_are_synced_before_put_returns(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    key = new_key()

    await store.put(key, b"data")

    assert [Path(path).name for path in synced[1:]] == [key[:2], "files"]
    assert Path(synced[0]).name.startswith(key)


async def test_what_a_crash_left_half_written_is_no_file_and_goes_away(
    store: FolderStore, tmp_path: Path
) -> None:
    key = new_key()
    await store.put(key, b"data")
    rubbish = tmp_path / "files" / key[:2] / f"{key}.abcd.part"
    rubbish.write_bytes(b"da")

    assert [found async for found in store.keys(before=LATER - timedelta(days=2))] == []
    assert rubbish.exists()
    assert [found async for found in store.keys(before=LATER)] == [key]
    assert not rubbish.exists()


async def test_files_are_the_bots_alone(store: FolderStore, tmp_path: Path) -> None:
    key = new_key()
    await store.put(key, b"data")

    assert (tmp_path / "files" / key[:2] / key).stat().st_mode & 0o077 == 0
