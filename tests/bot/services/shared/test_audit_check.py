"""What was changed past the triggers is found at its place, by whoever has the key."""

import logging
from typing import Any

import pytest

from bot.config.settings import Settings
from bot.doctor import audit as doctor
from bot.services.shared import audit_check
from bot.services.shared.audit_chain import ChainKeys
from storage.database.database import Database
from tests.bot.services.shared.audit_lines import (
    OTHER,
    SECRET,
    content,
    faults,
    insert,
    link,
    tamper,
    write,
)

FORGED = "UPDATE audit_event SET event = 'forged' WHERE id = 3"
NO_HASH = f"'{'0' * 64}'"
CHANGES: dict[str, tuple[list[str], str]] = {
    "a word": ([FORGED], "audit line 3 "),
    "who did it": (["UPDATE audit_event SET actor_role = 'STAFF' WHERE id = 5"], "audit line 5 "),
    "when": (["UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE id = 10"], "audit line 10 "),
    "the data": (['UPDATE audit_event SET data = \'{"note": "x"}\' WHERE id = 1'], "audit line 1 "),
    "a line gone": (["DELETE FROM audit_event WHERE id = 6"], "audit line 6 "),
    "a line and its link gone": (
        ["DELETE FROM audit_event WHERE id = 6", "DELETE FROM audit_link WHERE event_id = 6"],
        "links 6 to 6 are gone",
    ),
    "the first gone": (
        ["DELETE FROM audit_event WHERE id = 1", "DELETE FROM audit_link WHERE event_id = 1"],
        "links 1 to 1 are gone",
    ),
    "a link": ([f"UPDATE audit_link SET hash = {NO_HASH} WHERE position = 7"], "audit line 7 "),
    "two lines exchanged": (["UPDATE audit_link SET event_id = 99 WHERE event_id = 2"], "audit line 99 "),
    "the signature": (
        [f"UPDATE audit_link SET mac = {NO_HASH} WHERE position = 10"],
        "link 10, the last one",
    ),
    "no signature": (
        ["UPDATE audit_link SET mac = NULL, key_id = NULL WHERE position = 10"],
        "link 10, the last one",
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_is_found_at_its_place(kind: str, linked: Database) -> None:
    statements, told = CHANGES[kind]
    await tamper(linked, *statements)
    found = await faults(linked)
    assert found
    assert told in found[0]


async def test_a_line_that_was_put_in_later_is_found(linked: Database) -> None:
    await tamper(linked, insert(-3, "forged"))
    await link(linked)
    (fault,) = await faults(linked)
    assert "1 audit lines are not in the chain, the first is line -3" in fault


async def test_a_chain_that_was_worked_out_anew_is_not_signed(
    linked: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await tamper(linked, rewriting=True)
    found = await faults(linked)
    assert "link 10, the last one" in found[0]
    assert "audit line 4 (link 4): the links up to here were recomputed" in found[1]
    # The running bot does not lend its signature to it.
    await write(linked, 3)
    with caplog.at_level(logging.ERROR):
        await link(linked)
    assert "bears a wrong signature; run `bot.py check-audit`" in caplog.text
    assert len((await content(linked))[1]) == 10


async def test_a_signature_under_an_unknown_key_leaves_a_mark_for_ever(linked: Database) -> None:
    unknown = "UPDATE audit_link SET key_id = '0000000000000000' WHERE key_id IS NOT NULL"
    await tamper(linked, unknown, rewriting=True)
    await write(linked, 3)
    await link(linked)
    await link(linked)
    assert any("line 11" in one and "key that was not here" in one for one in await faults(linked))
    await tamper(linked, "UPDATE audit_link SET resumed = false")
    assert any("line 11" in one and "recomputed" in one for one in await faults(linked))


async def test_the_key_may_be_changed(linked: Database) -> None:
    await write(linked, 2)
    await link(linked, OTHER, SECRET)
    assert await faults(linked, OTHER, SECRET) == []
    assert await faults(linked, OTHER) == [], "the newest signature vouches for all that came before"
    assert "key that is not here" in (await faults(linked, SECRET))[0]


async def test_only_the_newest_are_looked_at_where_there_are_many(
    linked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "PIECE", 3)
    await tamper(linked, FORGED)
    assert await faults(linked, newest=4) == []
    assert len(await faults(linked)) == 1
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]), newest=4)
    assert doctor.summary(checked) == "the newest 4 of 10 links are whole"


async def test_the_doctor_names_triggers_and_the_first_break(linked: Database, database_url: str) -> None:
    settings = Settings.load(_env_file=None, database_url=database_url, secret_key=SECRET)

    async def told() -> dict[str, Any]:
        return {one.name: one async for one in doctor.check_audit_record(linked, settings)}

    assert all(one.good for one in (await told()).values())
    await tamper(linked, FORGED, "UPDATE audit_event SET event = 'forged' WHERE id = 8")
    chain = (await told())["audit chain"]
    assert not chain.good
    assert "audit line 3 " in chain.words
    assert "1 more" in chain.words
