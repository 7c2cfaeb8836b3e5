"""Which way an update takes once its turn has come, how many of a chat are held in memory, and what is taken over."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.incoming import Incoming
from bot.messengers.processing import inbox_store
from bot.messengers.processing.inbox_store import InboxRow
from handlers.telegram import dispatcher as dispatcher_module
from handlers.telegram.dispatcher import ABANDONED, MAX_ROWS_IN_MEMORY, SETTLE, UpdateDispatcher
from handlers.telegram.update_handler import CURRENT_UPDATE, UnreadableError
from storage.correlation import CORRELATION_ID
from storage.enums import Messenger

NOW = datetime(2026, 5, 1, 8, 0)
TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE
BOT = 3
SARA = {"id": 7, "is_bot": False, "first_name": "س"}
PRIVATE = {"id": 7, "type": "private"}
GROUP = {"id": -5, "type": "group", "title": "گ"}


def message(chat: dict[str, Any] = PRIVATE, **parts: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_760_000_000, "chat": chat, "from": SARA, **parts}


def member(status: str, chat: dict[str, Any] = PRIVATE, sender: dict[str, Any] = SARA) -> dict[str, Any]:
    user = {"id": BOT, "is_bot": True, "first_name": "b"}
    old = {"status": "left", "user": user}
    new = {"user": user, "status": status} | ({"until_date": 0} if status == "kicked" else {})
    if status == "administrator":
        new |= dict.fromkeys(
            (
                *(
                    "can_be_edited",
                    "is_anonymous",
                    "can_manage_chat",
                    "can_delete_messages",
                    "can_manage_video_chats",
                ),
                *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users"),
                *("can_post_stories", "can_edit_stories", "can_delete_stories"),
            ),
            False,
        )
    return {"chat": chat, "from": sender, "date": 1, "old_chat_member": old, "new_chat_member": new}


class World:
    """A dispatcher whose chat queues are lists of jobs, and whose work is written down."""

    def __init__(self, *, shared: bool = False) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.jobs: list[tuple[Any, Callable[[], Awaitable[None]]]] = []
        #: What PTB makes of an update.
        self.ptb: Callable[[Any], None] = lambda scope: None
        self.process_error: Exception | None = None
        lanes: Any = SimpleNamespace(
            put=lambda key, job: self.jobs.append((key, job)),
            waiting=lambda key: sum(1 for one, _ in self.jobs if one == key),
        )
        self.channels: dict[Messenger, Any] = {
            TELEGRAM: SimpleNamespace(
                messenger=TELEGRAM,
                ready=True,
                bot_id=BOT,
                bot=None,
                normalise=None,
                application=SimpleNamespace(process_update=self.process_update),
            )
        }
        database: Any = SimpleNamespace(read=self.unit, run=self.unit)
        self.resources: Any = SimpleNamespace(database=database, clock=lambda: NOW)
        processor: Any = SimpleNamespace(
            resources=self.resources,
            process=self.process,
            fail=self.record("fail", 1),
            delivery=None,
            router=None,
        )
        self.dispatcher = UpdateDispatcher(self.resources, self.channels, lanes, processor, shared=shared)
        names = {"quarantine": 1, "in_group": 0, "ignore": 1, "membership": 0}
        beside: Any = SimpleNamespace(**{name: self.record(name, kept) for name, kept in names.items()})
        beside.show_current = self.record("show", 0, scoped=False)
        beside.delete_secret_message = self.record("delete", 0, scoped=False)
        self.dispatcher.beside = beside

    async def unit(self, unit: Callable[[Any], Any], **more: Any) -> Any:
        return unit(None)

    def record(self, name: str, kept: int, *, scoped: bool = True) -> Callable[..., Awaitable[None]]:
        async def called(first: Any, *given: Any, **named: Any) -> None:
            told = [str(one) if isinstance(one, str) else type(one).__name__ for one in given[:kept]]
            self.done.append(
                (name, *([] if scoped else [getattr(first, "id", first)]), *told, *named.values())
            )

        return called

    async def process(self, incoming: Incoming) -> None:
        scope = CURRENT_UPDATE.get()
        scope.served = True
        self.done.append(("process", incoming.text, scope.foreign, scope.again, CORRELATION_ID.get()))
        if self.process_error is not None:
            raise self.process_error

    async def process_update(self, update: Any) -> None:
        self.done.append(("ptb", update.update_id))
        self.ptb(CURRENT_UPDATE.get())

    async def carry(self, raw: Any, /, **values: Any) -> list[tuple[Any, ...]]:
        """What becomes of it."""
        await self.dispatcher._carry(row(1, raw, **values), False)
        return self.done

    async def work(self) -> None:
        """All jobs, in order."""
        while self.jobs:
            _, job = self.jobs[0]
            await job()
            self.jobs.pop(0)


def row(number: int, of: Any = None, /, **values: Any) -> InboxRow:
    """Of an update, or of the text of one."""
    given: dict[str, Any] = {"lane": 7, "bot_id": BOT, "messenger": TELEGRAM} | values
    update = of or {"update_id": number, "message": message(text=f"{number}")}
    raw = update if isinstance(update, str) else json.dumps(update)
    return InboxRow(number, given.pop("messenger"), number, given.pop("lane"), raw, **given)


@pytest.fixture
def w() -> World:
    return World()


PHOTO = {
    "update_id": 1,
    "message": message(photo=[{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]),
}
QUERY = {"update_id": 1, "inline_query": {"id": "1", "from": SARA, "query": "x", "offset": ""}}
BROKEN = {"update_id": 1, "message": {**message(text="x"), "photo": 5}}
#: An update, of which bot and lane; what is done with it.
WAYS: dict[str, tuple[Any, dict[str, Any], list[tuple[Any, ...]]]] = {
    "a text": (None, {}, [("process", "1", False, False, "update:1")]),
    "a text of before ids were noted": (None, {"bot_id": 0}, [("process", "1", False, False, "update:1")]),
    "a text to another bot": (None, {"bot_id": 4}, [("process", "1", True, False, "update:1")]),
    "a text as it was read": (
        {"update_id": 1},
        {"update": {"update_id": 1, "message": message(text="دیگر")}},
        [("process", "دیگر", False, False, "update:1")],
    ),
    "of a messenger without a token": (None, {"messenger": BALE}, []),
    "no JSON": (
        "{",
        {},
        [
            (
                "quarantine",
                "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                False,
            )
        ],
    ),
    "a private message that PTB does not take": (
        BROKEN,
        {},
        [("quarantine", "TypeError: 'int' object is not iterable", True)],
    ),
    "such a message in a group": (
        {"update_id": 1, "message": BROKEN["message"] | {"chat": GROUP}},  # type: ignore[dict-item, operator]
        {"lane": -5},
        [("in_group",)],
    ),
    "such a message in a supergroup": (
        {"update_id": 1, "edited_message": BROKEN["message"] | {"chat": GROUP | {"type": "supergroup"}}},  # type: ignore[dict-item, operator]
        {"lane": -5},
        [("in_group",)],
    ),
    "such a message whose chat is not known": (
        {"update_id": 1, "message": BROKEN["message"] | {"chat": GROUP}},  # type: ignore[dict-item, operator]
        {"lane": None},
        [("quarantine", "TypeError: 'int' object is not iterable", False)],
    ),
    "a text in a group": (
        {"update_id": 1, "message": message(GROUP, text="x")},
        {"lane": -5},
        [("in_group",)],
    ),
    "a text in a group to another bot": (
        {"update_id": 1, "message": message(GROUP, text="x")},
        {"lane": -5, "bot_id": 4},
        [("ignore", "a group of another bot")],
    ),
    "put into a group": (
        {"update_id": 1, "my_chat_member": member("member", GROUP)},
        {"lane": -5},
        [("in_group",)],
    ),
    "made an administrator": (
        {"update_id": 1, "my_chat_member": member("administrator", GROUP)},
        {"lane": -5},
        [("in_group",)],
    ),
    "removed from a group": (
        {"update_id": 1, "my_chat_member": member("left", GROUP)},
        {"lane": -5},
        [("ignore", "no member of a group any more")],
    ),
    "banned from a group": (
        {"update_id": 1, "my_chat_member": member("kicked", GROUP)},
        {"lane": -5},
        [("ignore", "no member of a group any more")],
    ),
    "blocked": ({"update_id": 1, "my_chat_member": member("kicked")}, {}, [("membership", False)]),
    "left": ({"update_id": 1, "my_chat_member": member("left")}, {}, [("membership", False)]),
    "unblocked": ({"update_id": 1, "my_chat_member": member("member")}, {}, [("membership", True)]),
    "another bot blocked": (
        {"update_id": 1, "my_chat_member": member("kicked")},
        {"bot_id": 4},
        [("ignore", "another bot was blocked or unblocked")],
    ),
    "blocked by somebody else": (
        {"update_id": 1, "my_chat_member": member("kicked", sender=SARA | {"id": 8})},
        {},
        [("quarantine", "UnreadableError: another sender in a private chat", False)],
    ),
    "what PTB hands to nobody": (PHOTO, {}, [("ptb", 1), ("fail", "Incoming")]),
    "what was not asked for": (QUERY, {}, [("ptb", 1), ("ignore", "a kind that nobody asked for")]),
    "what was not asked for, of nobody": (
        QUERY,
        {"lane": None},
        [("ptb", 1), ("ignore", "a kind that nobody asked for")],
    ),
}


@pytest.mark.parametrize("kind", WAYS)
async def test_which_way_an_update_takes(w: World, kind: str) -> None:
    update, values, done = WAYS[kind]
    assert await w.carry(update, **values) == done


async def test_what_a_messenger_writes_otherwise_is_completed_first(w: World) -> None:
    w.channels[TELEGRAM].normalise = lambda raw: raw | {"message": message(text="کامل")}
    assert await w.carry({"update_id": 1}) == [("process", "کامل", False, False, "update:1")]


@pytest.mark.parametrize(
    ("served", "noted", "raised", "done"),
    [
        pytest.param(True, None, None, [], id="served"),
        pytest.param(True, ZeroDivisionError(), None, [("fail", "Incoming")], id="a mistake of ours"),
        pytest.param(True, None, ZeroDivisionError("x"), [("fail", "Incoming")], id="one that came through"),
        pytest.param(
            False, None, KeyError("x"), [("quarantine", "KeyError: 'x'", True)], id="PTB stumbled over it"
        ),
        pytest.param(
            True, UnreadableError("odd"), None, [("quarantine", "odd", True)], id="it makes no sense"
        ),
        pytest.param(
            False,
            UnreadableError("odd"),
            KeyError("x"),
            [("quarantine", "odd", True)],
            id="what was noted first",
        ),
    ],
)
async def test_what_comes_of_a_failure(
    w: World, served: bool, noted: Any, raised: Any, done: list[tuple[Any, ...]]
) -> None:
    def ptb(scope: Any) -> None:
        scope.served, scope.error = served, noted
        if raised is not None:
            raise raised

    w.ptb = ptb
    assert await w.carry(PHOTO) == [("ptb", 1), *done]
    with pytest.raises(LookupError):
        CURRENT_UPDATE.get()


async def test_a_plain_text_that_breaks_fails(w: World) -> None:
    w.process_error = ZeroDivisionError()
    assert (await w.carry(None))[1:] == [("fail", "Incoming")]


# -- how many are held -----------------------------------------------------------------------------


async def test_rows_go_into_their_queues_once_and_in_order(w: World) -> None:
    rows = [row(1), row(2, lane=8), row(1), row(3, messenger=BALE), row(4, lane=None)]
    w.dispatcher.put(rows)
    w.channels[TELEGRAM].ready = False
    w.dispatcher.put([row(5)])
    w.channels[TELEGRAM].ready = True
    assert [key for key, _ in w.jobs] == [(TELEGRAM, 7), (TELEGRAM, 8), (TELEGRAM, None)]
    w.dispatcher.put([row(6)], again=True)
    await w.work()
    assert [(one[1], one[3]) for one in w.done] == [("1", False), ("2", False), ("4", False), ("6", True)]
    w.dispatcher.put([row(1)])
    assert len(w.jobs) == 1, "done: it may come again"


async def test_who_polls_waits_for_room_of_its_messenger(w: World) -> None:
    asked: list[tuple[int, Messenger]] = []

    async def wait(limit: int, messenger: Messenger) -> None:
        asked.append((limit, messenger))

    w.dispatcher.lanes.wait_until_below = wait  # type: ignore[method-assign, assignment]
    await w.dispatcher.wait_until_below(5, BALE)
    assert asked == [(5, BALE)]


async def test_of_who_floods_thirty_two_are_held_and_the_rest_follows(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_ROWS_IN_MEMORY == 32
    stored = [row(number) for number in range(1, 80)]
    asked: list[tuple[int, int]] = []

    def next_unfinished(db: Any, after: InboxRow, most: int) -> list[InboxRow]:
        asked.append((after.id, most))
        return [one for one in stored if one.id > after.id][:most]

    monkeypatch.setattr(inbox_store, "next_unfinished", next_unfinished)
    w.dispatcher.put(stored[:40])
    w.dispatcher.put([row(900, lane=8)])
    assert len([key for key, _ in w.jobs if key == (TELEGRAM, 7)]) == 32
    w.dispatcher.put(stored[40:60])
    assert len(w.jobs) == 33, "more waits in the inbox: what comes goes behind it"
    await w.work()
    assert [one[1] for one in w.done if one[1] != "900"] == [f"{number}" for number in range(1, 80)]
    assert asked == [(32, 32), (64, 32)], "read where the last in hand is done"
    assert (w.dispatcher._behind, w.dispatcher._mine) == ({}, set())
    w.dispatcher.put([row(901)])
    assert len(w.jobs) == 1, "held again"


async def test_what_comes_while_the_inbox_is_read_is_not_forgotten(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [[], [row(2)], []]

    def next_unfinished(db: Any, after: InboxRow, most: int) -> list[InboxRow]:
        if len(pages) == 3:
            # Stored and put while this was read.
            w.dispatcher.put([row(2)])
        return pages.pop(0)

    monkeypatch.setattr(inbox_store, "next_unfinished", next_unfinished)
    w.dispatcher._behind[TELEGRAM, 7] = True
    w.dispatcher._enter(row(1))
    await w.work()
    assert [one[1] for one in w.done] == ["1", "2"]
    assert (pages, w.dispatcher._behind) == ([[]], {})


async def test_an_inbox_that_cannot_be_read_is_left_to_the_sweep(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(db: Any, after: InboxRow, most: int) -> list[InboxRow]:
        raise ZeroDivisionError

    monkeypatch.setattr(inbox_store, "next_unfinished", broken)
    w.dispatcher._behind[TELEGRAM, 7] = True
    w.dispatcher._enter(row(1))
    await w.work()
    assert w.dispatcher._behind == {}


async def test_on_a_shared_database_what_a_person_sent_before_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for shared, order in ((True, ["1", "2", "3"]), (False, ["3"])):
        w = World(shared=shared)
        monkeypatch.setattr(inbox_store, "older_unfinished", lambda db, after: [row(1), row(2)])
        await w.dispatcher._carry(row(3), True)
        assert [(one[1], one[3]) for one in w.done] == [(number, True) for number in order]


# -- passwords, screens, taking over ---------------------------------------------------------------


async def test_a_message_with_a_password_is_deleted_and_its_screen_shown_once(w: World) -> None:
    rows = [row(1), row(2, bot_id=4), row(3, messenger=BALE)]
    w.dispatcher.put_pending_deletions(rows)
    w.dispatcher.put_pending_deletions(rows[:1])
    await w.work()
    w.dispatcher.put_pending_deletions(rows[:1])
    await w.work()
    # The row; whether it is ours; whether its screen was shown.
    assert w.done == [("delete", 1, True, False), ("delete", 2, False, False), ("delete", 1, True, True)]
    w.channels[TELEGRAM].ready = False
    w.dispatcher.put_pending_deletions(rows)
    assert w.jobs == []


async def test_what_is_remembered_of_passwords_has_an_end(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher_module, "MOST_UNDELETED", 1)
    w.dispatcher.put_pending_deletions([row(1), row(2)])
    await w.work()
    assert w.dispatcher._undeleted == {1}


async def test_a_screen_is_shown_in_its_queue_and_then_noted(w: World) -> None:
    noted: list[str] = []
    w.dispatcher.put_screen(TELEGRAM, 7, 31, due=NOW, done=lambda: noted.append(f"{CORRELATION_ID.get()}"))
    w.dispatcher.put_screen(TELEGRAM, 8, 32, due=NOW)
    assert [key for key, _ in w.jobs] == [(TELEGRAM, 7), (TELEGRAM, 8)]
    await w.work()
    assert (w.done, noted) == ([("show", 31, NOW), ("show", 32, NOW)], ["chat:31"])


FAR = timedelta(days=36_500)


@pytest.mark.parametrize(
    ("shared", "alone", "before"),
    [(False, False, FAR), (False, True, FAR), (True, True, FAR), (True, False, timedelta(seconds=-60))],
)
async def test_what_a_start_takes_up(
    monkeypatch: pytest.MonkeyPatch, shared: bool, alone: bool, before: timedelta
) -> None:
    """What another process may have in hand is left to it for a minute."""
    w = World(shared=shared)
    asked: list[Any] = []
    monkeypatch.setattr(inbox_store, "unfinished_updates", lambda db: [row(2), row(3, messenger=BALE)])
    monkeypatch.setattr(
        inbox_store,
        "pending_deletions",
        lambda db, at: asked.append(at - NOW) or [row(1), row(4, messenger=BALE)],
    )
    monkeypatch.setattr(inbox_store, "older_unfinished", lambda db, after: [])
    monkeypatch.setattr(
        inbox_store, "show_unanswered", lambda db, now, at: asked.append((now - NOW, at - NOW))
    )
    monkeypatch.setattr(inbox_store, "assign_bot_id", lambda db, *given: asked.append(given))
    assert await w.dispatcher.recover(TELEGRAM, alone=alone) == 1
    await w.work()
    assert [one[:2] for one in w.done] == [("delete", 1), ("process", "2")]
    await w.dispatcher.show_unanswered(alone=alone)
    await w.dispatcher.adopt(w.channels[TELEGRAM])
    assert asked == [before, (timedelta(seconds=SETTLE), before), (TELEGRAM, BOT)]


@pytest.mark.parametrize("shared", [False, True])
async def test_what_was_left_behind_for_a_minute_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    w = World(shared=shared)
    asked: list[Any] = []
    monkeypatch.setattr(inbox_store, "unfinished_updates", lambda db, at: asked.append(at - NOW) or [row(2)])
    monkeypatch.setattr(inbox_store, "pending_deletions", lambda db, at: asked.append(at - NOW) or [row(1)])
    monkeypatch.setattr(inbox_store, "older_unfinished", lambda db, after: [])
    monkeypatch.setattr(
        inbox_store, "show_unanswered", lambda db, now, at: asked.append((now - NOW, at - NOW))
    )
    await w.dispatcher.take_over()
    minute = timedelta(seconds=-ABANDONED)
    assert asked == [minute, minute, (timedelta(0), minute)]
    await w.work()
    assert [one[:4] for one in w.done] == [("process", "2", False, True), ("delete", 1, True, False)]
    assert asyncio.current_task() is not None
