"""What is stored, put into the queues and counted of what comes, also where the database fails or may have failed."""

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.counters import Counters
from bot.messengers.intake.receiver import KEPT_READ, MAX_BODY, Intake, lane_of, update_number, webhook_path
from bot.messengers.processing import inbox_store
from bot.messengers.processing.inbox_store import InboxRow
from storage.enums import InboxState, Messenger
from tests.support.factories.reference_data import NOW

TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE
BOTS = {TELEGRAM: 3, BALE: 4}


class World:
    """An intake over a database that stores or breaks off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stored: list[dict[str, Any]] = []
        self.known: set[int] = set()
        self.put: list[InboxRow] = []
        self.before_commit: list[bool] = []
        self.received = 0
        self.breaks: list[bool] = []
        self.unfinished: list[InboxRow] = []
        self.counters = Counters()
        database: Any = SimpleNamespace(run=self.run, read=self.read)
        resources: Any = SimpleNamespace(database=database, clock=lambda: NOW, counters=self.counters)
        queues: Any = SimpleNamespace(put=self.put.extend)
        self.intake = Intake(resources, queues, secret_key="k" * 64, bots=BOTS, received=self.note)
        monkeypatch.setattr(inbox_store, "insert", self.insert)
        monkeypatch.setattr(inbox_store, "unfinished_updates", lambda db: self.unfinished)

    def note(self) -> None:
        self.received += 1

    async def run(self, unit: Any, *, before_commit: Any = None) -> Any:
        found = unit(None)
        self.before_commit.append(before_commit is not None)
        if before_commit is not None:
            before_commit(found)
        if self.breaks and self.breaks.pop(0):
            raise OSError("the line to the database broke")
        return found

    async def read(self, unit: Any) -> Any:
        return unit(None)

    def insert(self, db: Any, values: list[dict[str, Any]]) -> list[InboxRow]:
        rows = []
        for value in values:
            if value["update_id"] in self.known:
                continue
            self.stored.append(value)
            waits = value["state"] is InboxState.RECEIVED
            number = len(self.stored)
            rows.append(
                InboxRow(
                    number, value["messenger"], value["update_id"], value["lane"], value["raw"], waits=waits
                )
            )
        return rows


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def message(number: Any, text: str = "x") -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 7}, "text": text}}


async def test_a_batch_is_stored_and_put_into_the_queues(w: World) -> None:
    w.known = {2}
    assert await w.intake.store_updates(TELEGRAM, [message(1), message(2), message("3")]) == 2
    (first, third) = w.stored
    assert first == {
        "messenger": TELEGRAM,
        "update_id": 1,
        "lane": 7,
        "raw": json.dumps(message(1)),
        "state": InboxState.RECEIVED,
        "note": None,
        "done_at": None,
        "received_at": NOW,
        "bot_id": 3,
    }
    assert third["update_id"] == 3
    assert [(row.update_id, row.update) for row in w.put] == [(1, message(1)), (3, message("3"))]
    assert (w.received, w.before_commit) == (1, [True])
    assert (w.counters.received, w.counters.repeated, w.counters.quarantined) == (
        {TELEGRAM: 2},
        {TELEGRAM: 1},
        {},
    )


async def test_of_a_large_update_only_the_text_is_held(w: World) -> None:
    rest = KEPT_READ - len(json.dumps(message(1, "")))
    await w.intake.store_updates(BALE, [message(1, "x" * rest), message(2, "x" * (rest + 1))])
    assert [row.update is not None for row in w.put] == [True, False]
    assert w.stored[0]["bot_id"] == 4


@pytest.mark.parametrize(
    ("update", "number", "note"),
    [
        ({"message": {}}, None, "no update_id"),
        (["x"], None, "no update_id"),
        (message(1, "x" * MAX_BODY), 1, "too large"),
    ],
)
async def test_what_cannot_be_an_update_stands_aside(
    w: World, update: Any, number: int | None, note: str
) -> None:
    assert await w.intake.store_updates(TELEGRAM, [update]) == 1
    (stored,) = w.stored
    raw = json.dumps(update)
    made_up = -1 - int.from_bytes(hashlib.sha256(raw.encode()).digest()[:7])
    assert (stored["update_id"], stored["raw"]) == (made_up if number is None else number, raw[:MAX_BODY])
    assert (stored["state"], stored["lane"], stored["note"]) == (InboxState.QUARANTINED, None, note)
    assert (w.put, w.counters.quarantined, w.counters.received) == ([], {TELEGRAM: 1}, {TELEGRAM: 0})


async def test_the_largest_update_is_one(w: World) -> None:
    rest = MAX_BODY - len(json.dumps(message(1, "")))
    await w.intake.store_updates(TELEGRAM, [message(1, "x" * rest)])
    assert w.stored[0]["state"] is InboxState.RECEIVED


async def test_after_a_batch_that_may_be_stored_all_that_waits_is_put(w: World) -> None:
    """Sent again it is known, and would wait for the sweep."""
    w.breaks = [True, True]
    for _ in range(2):
        with pytest.raises(OSError, match="broke"):
            await w.intake.store_updates(TELEGRAM, [message(1)])
    w.put.clear()
    w.known = {1}
    w.unfinished = [InboxRow(1, TELEGRAM, 1, 7, "{}"), InboxRow(2, BALE, 1, 7, "{}")]
    assert await w.intake.store_updates(BALE, [message(5)]) == 1
    assert [row.update_id for row in w.put] == [5], "the other messenger is sure"
    w.put.clear()
    assert await w.intake.store_updates(TELEGRAM, [message(1)]) == 0
    assert [(row.messenger, row.id) for row in w.put] == [(TELEGRAM, 1)]
    assert (w.before_commit, w.counters.received[TELEGRAM], w.received) == ([True, False, True, False], 1, 2)
    w.put.clear()
    await w.intake.store_updates(TELEGRAM, [message(1)])
    assert w.put == [], "sure again"


async def test_a_body_that_is_no_update_is_kept_once(w: World) -> None:
    body = b"\xff\x00" + b"x" * MAX_BODY
    assert await w.intake.keep_unreadable(BALE, body)
    (stored,) = w.stored
    assert stored["raw"] == "\\xff\\x00" + "x" * (MAX_BODY - 2)
    assert (stored["note"], stored["bot_id"], stored["received_at"]) == ("not a JSON object", 4, NOW)
    assert stored["update_id"] < 0
    w.known = {stored["update_id"], 8}
    assert not await w.intake.keep_unreadable(BALE, body)
    assert not await w.intake.keep_unreadable(BALE, b"{", 8, "no JSON")
    assert await w.intake.keep_unreadable(BALE, b"{", 9, "no JSON")
    assert (w.stored[1]["update_id"], w.stored[1]["note"]) == (9, "no JSON")
    assert (w.counters.quarantined, w.counters.repeated) == ({BALE: 2}, {BALE: 2})


async def test_what_a_webhook_is_answered(w: World) -> None:
    secret, body = w.intake.secrets[TELEGRAM], json.dumps(message(1)).encode()
    for given, status in ((None, 403), ("", 403), (secret + "x", 403), ("سر", 403), (secret, 200)):
        assert await w.intake.accept_webhook(TELEGRAM, body, given) == status
    assert await w.intake.accept_webhook(BALE, body) == 200
    for odd in (b"{", b"[1]", b"[" * 100_000):
        assert await w.intake.accept_webhook(BALE, odd) == 200
    assert [one["state"] for one in w.stored[2:]] == [InboxState.QUARANTINED] * 3
    w.breaks = [True]
    assert await w.intake.accept_webhook(BALE, body) == 503


def test_addresses_are_secret_and_each_bots_own(w: World) -> None:
    for messenger in (TELEGRAM, BALE):
        path = w.intake.path_of(messenger)
        assert path == webhook_path("k" * 64, messenger, BOTS[messenger])
        head, _, last = path.rpartition("/")
        assert (head, len(last), w.intake.paths[last]) == (f"/hook/{messenger.value}", 48, messenger)
    others = {
        webhook_path("k" * 64, TELEGRAM),
        webhook_path("k" * 64, TELEGRAM, 9),
        webhook_path("j" * 64, TELEGRAM, 3),
    }
    assert len(others | {w.intake.path_of(TELEGRAM)}) == 4
    assert set(w.intake.secrets) == {TELEGRAM}


@pytest.mark.parametrize(
    ("came", "number"),
    [
        (0, 0),
        (-1, None),
        (2**62 - 1, 2**62 - 1),
        (2**62, None),
        (True, None),
        ("12", 12),
        ("-1", None),
        ("1" * 18, int("1" * 18)),
        ("1" * 19, None),
        ("x", None),
        (1.0, None),
        (None, None),
    ],
)
def test_the_number_of_an_update(came: Any, number: int | None) -> None:
    assert update_number({"update_id": came}) == number
    signed = {"-1": -1, -1: -1}.get(came, number)
    assert lane_of({"message": {"chat": {"id": came}}}) == signed


def test_whose_queue_an_update_is() -> None:
    chat, sender = {"chat": {"id": 5}}, {"from": {"id": 6}}
    for kind in ("message", "edited_message", "my_chat_member", "channel_post", "message_reaction"):
        assert lane_of({kind: chat | sender}) == 5
        assert lane_of({kind: sender}) is None
    assert lane_of({"message": {"chat": {"id": -(2**62)}}}) is None
    assert lane_of({"message": {"chat": {"id": 1 - 2**62}}}) == 1 - 2**62
    assert lane_of({"callback_query": sender | {"message": chat}}) == 5
    assert lane_of({"callback_query": sender | {"message": {"chat": {"id": 0}}}}) == 0
    for query in (sender, sender | {"message": "x"}, sender | {"message": {"chat": 5}}):
        assert lane_of({"callback_query": query}) == 6
    assert lane_of({"callback_query": "x"}) is None
    assert lane_of({"message": None, "inline_query": sender}) == 6
    assert lane_of({"poll": sender}) is None
    assert lane_of({}) is None
