"""A new SECRET_KEY: every paper readable at every moment, also when the rotation is stopped in the middle."""

from functools import partial
from pathlib import Path

import pytest

from bot.documents.blob_store import FolderStore, new_key
from bot.documents.encryption import DocumentCipher
from bot.operations import key_rotation
from bot.operations.key_rotation import Count, count_by_key, rotate
from tests.support.backups import SECRET, store_documents
from tests.support.commands import run_beside

NEW = "another secret key of the tests, as long"
LOST = "a key that nobody has any more, forgotten"


async def readable(store: FolderStore, cipher: DocumentCipher, documents: dict[str, bytes]) -> bool:
    return all([cipher.open(await store.get(key), key) == content for key, content in documents.items()])


async def test_stopped_and_run_again_it_brings_all_under_the_new_key(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 8)
    documents = await store_documents(store, [f"{n}".encode() * n for n in range(50)])
    documents |= await store_documents(store, [b"new already"], NEW)
    both = DocumentCipher(NEW, [SECRET])
    assert await count_by_key(store, both) == Count(current=1, former=50)

    async for moved in rotate(store, both):
        assert moved >= 8
        break  # stopped

    count = await count_by_key(store, both)
    assert 0 < count.former < 50
    assert await readable(store, both, documents)
    assert sum([moved async for moved in rotate(store, both)]) == count.former
    assert await count_by_key(store, both) == Count(current=51)
    assert await readable(store, DocumentCipher(NEW), documents)
    assert [moved async for moved in rotate(store, both)] == []


async def test_what_cannot_be_opened_is_counted_and_left_as_it_is(store: FolderStore) -> None:
    (lost,) = await store_documents(store, [b"lost"], LOST)
    (torn,) = await store_documents(store, [b"torn"])
    await store.put(torn, (await store.get(torn))[:40])
    (good,) = await store_documents(store, [b"good"])
    before = {key: await store.get(key) for key in (lost, torn)}
    both = DocumentCipher(NEW, [SECRET])

    assert [moved async for moved in rotate(store, both)] == [1]

    assert await count_by_key(store, both) == Count(current=1, former=1, unknown=1)
    assert {key: await store.get(key) for key in (lost, torn)} == before
    assert DocumentCipher(NEW).open(await store.get(good), good) == b"good"


@pytest.mark.parametrize("call", ["head", "get"])
async def test_a_document_that_is_removed_meanwhile_is_passed_over(
    call: str, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed, *kept = await store_documents(store, [b"removed", b"one", b"two"])
    read = getattr(store, call)

    async def reads(key: str, *others: int) -> bytes:
        return await read(new_key() if key == removed else key, *others)  # type: ignore[no-any-return]

    monkeypatch.setattr(store, call, reads)
    both = DocumentCipher(NEW, [SECRET])
    former = len(kept) + (call == "get")
    assert await count_by_key(store, both) == Count(former=former)
    assert [moved async for moved in rotate(store, both)] == [2]
    assert await count_by_key(store, both) == Count(current=2, former=former - 2)


async def test_the_command_with_keys_in_the_settings(store: FolderStore, tmp_path: Path) -> None:
    documents = await store_documents(store, [b"one", b"two"])
    settings = {"FILES_URL": str(tmp_path / "files"), "SECRET_KEY": NEW}
    command = partial(run_beside, tmp_path, "rotate-key", **settings)

    alone = await command()
    assert alone.status == 1
    assert "2 documents are under keys that are not in FORMER_SECRET_KEYS" in alone.out
    counted = await command("--count", FORMER_SECRET_KEYS=SECRET)
    assert (counted.status, counted.out) == (1, "0 documents are under the present key, 2 are left\n")
    done = await command(FORMER_SECRET_KEYS=SECRET)

    assert done.status == 0
    assert "left: 0" in done.out
    assert NEW not in done.out + done.err
    assert SECRET not in done.out + done.err
    assert await readable(store, DocumentCipher(NEW), documents)
    assert (await command()).status == 0
    assert (await command("--new")).status == 2


async def test_the_key_kept_under_data_is_replaced_and_the_former_one_kept(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text(SECRET)
    store = FolderStore(tmp_path / "data" / "files")
    documents = await store_documents(store, [b"one"])

    assert "restart the bot" in (await run_beside(tmp_path, "rotate-key", "--new")).out

    new = (tmp_path / "data" / "secret_key").read_text().strip()
    assert len(new) == 64
    assert new != SECRET
    for path in (tmp_path / "data").glob("*key*"):
        assert path.stat().st_mode & 0o077 == 0
    assert await readable(store, DocumentCipher(new, [SECRET]), documents)
    assert (await run_beside(tmp_path, "rotate-key")).status == 0
    assert await readable(store, DocumentCipher(new), documents)


async def test_the_id_of_a_key_that_one_holds_is_printed_and_never_the_key(tmp_path: Path) -> None:
    """With it one finds the key that a backup names."""
    told = await run_beside(tmp_path, "key-id", SECRET_KEY=NEW, FORMER_SECRET_KEYS=SECRET)
    assert told.status == 0
    assert told.out.splitlines() == [
        f"SECRET_KEY: {DocumentCipher(NEW).key_id}",
        f"a former key: {DocumentCipher(SECRET).key_id}",
    ]
    assert NEW not in told.out + told.err
    assert SECRET not in told.out + told.err

    none = await run_beside(tmp_path, "key-id")
    assert none.status == 2
    assert "SECRET_KEY" in none.err
    assert not (tmp_path / "data").exists()  # asking makes none
