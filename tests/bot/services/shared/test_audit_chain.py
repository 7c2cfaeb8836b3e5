"""Audit events are linked into a signed chain, each once, whatever commits when."""

import asyncio
import logging
from typing import Any

import pytest
from sqlalchemy import text

from bot.services.shared import audit_chain, audit_check
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import Database, open_database
from tests.bot.services.shared.audit_lines import SECRET, content, faults, insert, link, tamper, write


async def add_line(database: Database, number: int) -> None:
    await database.run(lambda db: db.execute(text(insert(number))))
    await link(database)


async def test_a_whole_chain(linked: Database) -> None:
    _, links = await content(linked)
    assert [one["position"] for one in links] == list(range(1, 11))
    assert [one["position"] for one in links if one["mac"]] == [4, 9, 10], "the last of each batch is signed"
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]))
    assert (checked.faults, checked.links, checked.waiting) == ([], 10, 0)
    await write(linked, 3)
    assert (await audit_check.check_chain(linked, ChainKeys([SECRET]))).waiting == 3


async def test_an_end_that_was_cut_off_is_seen_by_the_running_bot(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, 5)
    chain = await link(database)
    await write(database, 5)
    await chain.link_new()
    await tamper(
        database, "DELETE FROM audit_event WHERE id > 5", "DELETE FROM audit_link WHERE position > 5"
    )
    await write(database, 1)
    with caplog.at_level(logging.ERROR):
        await chain.link_new()
        await chain.link_new()
    assert caplog.text.count("it ended with link 10 before, and with link 5 now") == 1


async def test_the_end_is_named_in_the_log_once_an_hour(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await write(database, 5)
        chain = await link(database)
        await write(database, 5)
        await chain.link_new()
    assert caplog.text.count("it ends with link") == 1
    assert (await content(database))[1][4]["hash"] in caplog.text


async def test_lines_that_commit_out_of_order_are_all_linked_once(database: Database) -> None:
    """On PostgreSQL a lower id may be committed after a higher one was linked."""
    await write(database, 3)
    for number in (9, 7, 8, 6):
        await add_line(database, number)
    _, links = await content(database)
    assert [one["event_id"] for one in links] == [1, 2, 3, 9, 7, 8, 6]
    assert await faults(database) == []


async def test_a_line_with_an_absurd_number_does_not_stop_the_chain(postgres_url: str) -> None:
    """On SQLite the next line follows it."""
    database = await open_database(postgres_url)
    await write(database, 3)
    await add_line(database, 4_000_000_000_000)
    await write(database, 3)
    await link(database)
    assert len((await content(database))[1]) == 7
    assert await faults(database) == []
    await database.close()


async def test_two_processes_and_a_backlog(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "PAUSE", 0)
    await write(database, 450)
    url = database.url.render_as_string(hide_password=False)
    other = await open_database(url.replace("+aiosqlite", "").replace("+asyncpg", ""))
    try:
        await asyncio.gather(*(link(one) for one in (database, other, database, other)))
    finally:
        await other.close()
    _, links = await content(database)
    assert [one["position"] for one in links] == list(range(1, 451))
    assert {one["event_id"] for one in links} == set(range(1, 451))
    assert await faults(database) == []


async def test_an_idle_bot_writes_nothing(linked: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError("nothing to write")

    chain = AuditChain(linked, ChainKeys([SECRET]))
    monkeypatch.setattr(linked, "run", never)
    await chain.link_new()
