"""A new SECRET_KEY: every paper readable at every moment, also when the rotation is stopped in the middle."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.operations import key_rotation
from bot.operations.key_rotation import Count, count_by_key, rotate
from tests.support.backups import SECRET, keep

ROOT = Path(__file__).parents[3]
NEW = "another secret key of the tests, as long"
LOST = "a key that nobody has any more, forgotten"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


async def readable(store: FolderStore, sealer: DocumentCipher, papers: dict[str, bytes]) -> bool:
    return all([sealer.open(await store.get(key), key) == content for key, content in papers.items()])


async def test_stopped_and_run_again_it_brings_all_under_the_new_key(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 8)
    papers = await keep(store, [f"{n}".encode() * n for n in range(50)])
    papers |= await keep(store, [b"new already"], NEW)
    both = DocumentCipher(NEW, [SECRET])
    assert await count_by_key(store, both) == Count(current=1, former=50)

    async for moved in rotate(store, both):
        assert moved >= 8
        break  # stopped

    count = await count_by_key(store, both)
    assert 0 < count.former < 50
    assert await readable(store, both, papers)
    assert sum([moved async for moved in rotate(store, both)]) == count.former
    assert await count_by_key(store, both) == Count(current=51)
    assert await readable(store, DocumentCipher(NEW), papers)
    assert [moved async for moved in rotate(store, both)] == []


async def test_what_cannot_be_opened_is_counted_and_left_as_it_is(store: FolderStore) -> None:
    (lost,) = await keep(store, [b"lost"], LOST)
    (torn,) = await keep(store, [b"torn"])
    await store.put(torn, (await store.get(torn))[:40])
    (good,) = await keep(store, [b"good"])
    before = {key: await store.get(key) for key in (lost, torn)}
    both = DocumentCipher(NEW, [SECRET])

    assert [moved async for moved in rotate(store, both)] == [1]

    assert await count_by_key(store, both) == Count(current=1, former=1, unknown=1)
    assert {key: await store.get(key) for key in (lost, torn)} == before
    assert DocumentCipher(NEW).open(await store.get(good), good) == b"good"


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), "rotate-key", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_the_command_with_keys_in_the_settings(store: FolderStore, tmp_path: Path) -> None:
    papers = await keep(store, [b"one", b"two"])
    settings = {"FILES_URL": str(tmp_path / "files"), "SECRET_KEY": NEW}

    alone = run(tmp_path, **settings)
    assert alone.returncode == 1
    assert "2 documents are under keys that are not in FORMER_SECRET_KEYS" in alone.stdout
    counted = run(tmp_path, "--count", **settings, FORMER_SECRET_KEYS=SECRET)
    assert (counted.returncode, counted.stdout) == (1, "0 documents are under the present key, 2 are left\n")
    done = run(tmp_path, **settings, FORMER_SECRET_KEYS=SECRET)

    assert done.returncode == 0
    assert "left: 0" in done.stdout
    assert NEW not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert await readable(store, DocumentCipher(NEW), papers)
    assert run(tmp_path, **settings).returncode == 0
    assert run(tmp_path, "--new", **settings).returncode == 2


async def test_the_key_kept_under_data_is_replaced_and_the_former_one_kept(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text(SECRET)
    store = FolderStore(tmp_path / "data" / "files")
    papers = await keep(store, [b"one"])

    assert "restart the bot" in run(tmp_path, "--new").stdout

    new = (tmp_path / "data" / "secret_key").read_text().strip()
    assert len(new) == 64
    assert new != SECRET
    for path in (tmp_path / "data").glob("*key*"):
        assert path.stat().st_mode & 0o077 == 0
    assert await readable(store, DocumentCipher(new, [SECRET]), papers)
    assert run(tmp_path).returncode == 0
    assert await readable(store, DocumentCipher(new), papers)
