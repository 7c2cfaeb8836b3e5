"""Each kind of push as the calls that it makes and what comes of it; how many are under way, and when the outbox looks again."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.core.context import PublicInfo
from bot.gateways.interfaces import SmsAccepted, SmsRejected, SmsRetry
from bot.messengers.delivery import outbox as outbox_module
from bot.messengers.delivery import outbox_store
from bot.messengers.delivery.outbox import Outbox
from bot.messengers.delivery.outbox_store import ClaimedPush, RouteCapacity, SendResult, SentMessage
from bot.messengers.transport.channel import Channel, split_text
from bot.messengers.transport.rate_limits import BURST, RESERVED_FOR_ANSWERS
from storage.correlation import CORRELATION_ID
from storage.enums import Messenger, PushChannel, PushState
from tests.support.recorded_messenger import RecordedMessenger

NOW = datetime(2026, 5, 1, 8, 0)
TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE
HOME = [[{"label": "خانه", "press": "1f|home|||"}]]
HOME_KEYS = {"inline_keyboard": [[{"text": "خانه", "callback_data": "1f|home|||"}]]}
SENT = ("sendMessage", "خبر", HOME_KEYS)
LONG = "\n".join(["س" * 99] * 90)
PIECES = split_text(LONG)
MESSAGE = SentMessage(3, 9)


def push(**values: Any) -> ClaimedPush:
    given: dict[str, Any] = {
        "id": 1,
        "key": "e:1:1",
        "kind": "N1",
        "channel": PushChannel.CHAT,
        "account_id": 5,
        "chat_row_id": 1,
        "messenger": TELEGRAM,
        "chat_id": 7,
        "mobile": None,
        "text": "خبر",
        "buttons": HOME,
        "sms": {},
        "attempts": 1,
        "letter_id": None,
        "correlation_id": None,
    }
    return ClaimedPush(**given | values)


def sms(**values: Any) -> ClaimedPush:
    way = {"channel": PushChannel.SMS, "messenger": None, "chat_id": None, "chat_row_id": None}
    return push(**way | {"mobile": "+989120000001"} | values)


class Database:
    def __init__(self) -> None:
        #: What is due, and when something else is; what is asked for it.
        self.due: tuple[list[int], float] = ([], 3600.0)
        self.pushes: dict[int, ClaimedPush] = {}
        self.written: list[tuple[Any, ...]] = []

    async def read(self, unit: Callable[[Any], Any]) -> Any:
        return unit(self)

    async def run(self, unit: Callable[[Any], Any], **more: Any) -> Any:
        return unit(self)

    def execute(self, statement: Any, values: dict[str, Any]) -> None:
        self.written.append(("rests", values["chat_row"], (values["until"] - NOW).total_seconds()))


class World:
    """An outbox whose clocks move by its pauses alone."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.wire = RecordedMessenger()
        self.database = Database()
        self.texts: list[dict[str, Any]] = []
        self.sms_result: Any = SmsAccepted("p1")
        self.channels: dict[Messenger, Channel] = {
            messenger: self.wire.channel(messenger, lambda: self.now) for messenger in (TELEGRAM, BALE)
        }
        for channel in self.channels.values():
            channel.ready = True
        self.resources: Any = SimpleNamespace(
            database=self.database,
            clock=lambda: NOW,
            sms=SimpleNamespace(send=self.send_sms),
            public_info=PublicInfo("021-1234", "https://bot.example"),
        )
        self.outbox = Outbox(self.resources, self.channels)

    async def send_sms(self, **given: Any) -> Any:
        self.texts.append(given)
        return self.sms_result

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    asyncio_with = SimpleNamespace(**vars(asyncio) | {"sleep": made.sleep})
    monkeypatch.setattr(outbox_module, "asyncio", asyncio_with)
    monkeypatch.setattr(outbox_module, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(outbox_module, "random", SimpleNamespace(uniform=lambda low, high: low + high))
    asked = made.database

    def record(db: Any, claimed: ClaimedPush, outcome: SendResult, now: datetime) -> None:
        asked.written.append((claimed.id, outcome.state, now))

    def claim(db: Any, ids: list[int], now: datetime, lease: datetime) -> list[ClaimedPush]:
        asked.written.append(("claimed", ids, (now - NOW).total_seconds(), (lease - now).total_seconds()))
        return [asked.pushes[one] for one in ids]

    def due(db: Any, now: datetime, capacities: Any) -> tuple[list[int], float]:
        asked.written.append(("asked", dict(capacities)))
        return asked.due

    monkeypatch.setattr(outbox_store, "record_result", record)
    monkeypatch.setattr(outbox_store, "claim_pushes", claim)
    monkeypatch.setattr(outbox_store, "due_pushes", due)
    return made


def queued(note: str, pause: float, **more: Any) -> SendResult:
    return SendResult(PushState.QUEUED, note, pause=pause, **more)


def given_up(note: str) -> SendResult:
    return SendResult(PushState.GIVEN_UP, note)


def skipped(note: str | None, **more: Any) -> SendResult:
    return SendResult(PushState.SKIPPED, note, **more)


EDIT = push(edits=MESSAGE)
EDITED = ("editMessageText", 9, "خبر", HOME_KEYS)
BROKEN = NetworkError("reset")
SAME = BadRequest("message is not modified")
#: A push; what comes of its calls; the calls; the result.
PUSHES: dict[str, tuple[ClaimedPush, list[Any], list[Any], SendResult]] = {
    "sent": (
        push(),
        [{"message_id": 12}],
        [SENT],
        SendResult(PushState.SENT, sent=SentMessage(3, 12)),
    ),
    "sent, without a number": (push(), [True], [SENT], SendResult(PushState.SENT)),
    "without words": (
        push(text="", buttons=[]),
        [True],
        [("sendMessage", "…", None)],
        SendResult(PushState.SENT),
    ),
    "in pieces": (
        push(text=LONG),
        [True] * 3,
        [("sendMessage", piece, None) for piece in PIECES[:-1]] + [("sendMessage", PIECES[-1], HOME_KEYS)],
        SendResult(PushState.SENT),
    ),
    "skipped": (push(skip="why"), [], [], skipped("why")),
    "an SMS skipped": (sms(skip="why"), [], [], skipped("why")),
    "an edit": (EDIT, [True], [EDITED], SendResult(PushState.SENT)),
    "buttons taken off": (
        replace(EDIT, text="", buttons=[]),
        [True],
        [("editMessageReplyMarkup", 9, None, None)],
        SendResult(PushState.SENT),
    ),
    "an edit that was made": (EDIT, [SAME], [EDITED], SendResult(PushState.SENT)),
    "the same said of a message": (
        push(),
        [SAME],
        [SENT],
        given_up("BadRequest: message is not modified"),
    ),
    "an edit of another bot": (
        push(edits=SentMessage(4, 9)),
        [],
        [],
        skipped("a message of another bot"),
    ),
    "an edit that is refused": (
        EDIT,
        [BadRequest("too old")],
        [EDITED],
        skipped("BadRequest: too old"),
    ),
    "an edit, line broken": (EDIT, [BROKEN], [EDITED], queued("NetworkError: reset", 4.0 * 1.5)),
    "an edit, tried long": (
        replace(EDIT, attempts=40),
        [BROKEN],
        [EDITED],
        skipped("NetworkError: reset"),
    ),
    "refused for good": (push(), [BadRequest("too long")], [SENT], given_up("BadRequest: too long")),
    "blocked": (
        push(),
        [Forbidden("bot was blocked by the user")],
        [SENT],
        skipped("Forbidden: bot was blocked by the user", dead=True),
    ),
    "never started": (
        push(),
        [BadRequest("chat not found")],
        [SENT],
        skipped("BadRequest: chat not found", dead=True),
    ),
    "wrong token": (push(), [InvalidToken("gone")], [SENT], queued("InvalidToken: gone", 900.0)),
    "broken line": (push(), [BROKEN], [SENT], queued("NetworkError: reset", 4.0 * 1.5)),
    "broken for the third time": (
        push(attempts=3),
        [BROKEN],
        [SENT],
        queued("NetworkError: reset", 16.0 * 1.5),
    ),
    "broken for long": (push(attempts=39), [BROKEN], [SENT], queued("NetworkError: reset", 900.0 * 1.5)),
    "broken too long": (push(attempts=40), [BROKEN], [SENT], given_up("NetworkError: reset")),
    "a long reason": (push(), [TelegramError("x" * 400)], [SENT], queued("TelegramError: " + "x" * 285, 6.0)),
}


@pytest.mark.parametrize("kind", PUSHES)
async def test_what_is_called_and_comes_of_it(w: World, kind: str) -> None:
    claimed, results, calls, outcome = PUSHES[kind]
    w.wire.results = {"sendMessage": results, "editMessageText": list(results)}
    assert await w.outbox._try(claimed) == outcome
    assert w.wire.calls == calls
    assert w.slept == []


@pytest.mark.parametrize(("asked", "pause"), [(1, 1.0), (15, 15.0), (16, 15.0), (9000, 15.0)])
async def test_a_refusal_is_the_chats_and_costs_no_try(w: World, asked: int, pause: float) -> None:
    """The push is looked at again within seconds; the chat rests as long as it was told."""
    w.wire.results["sendMessage"] = [RetryAfter(asked)]
    outcome = await w.outbox._try(push(attempts=40))
    note = f"RetryAfter: {RetryAfter(asked)}"
    assert outcome == queued(note, pause, free=True, rest=float(asked))


@pytest.mark.parametrize(
    ("rest", "slept", "calls"), [(2.0, [2.0], 1), (2.125, [], 0), (15.0, [], 0), (40.0, [], 0)]
)
async def test_a_push_waits_two_seconds_for_its_chat_and_is_put_off_else(
    w: World, rest: float, slept: list[float], calls: int
) -> None:
    w.channels[TELEGRAM].limiter.rest(7, rest)
    outcome = await w.outbox._try(push(attempts=99))
    assert (w.slept, len(w.wire.calls)) == (slept, calls)
    if not calls:
        assert outcome == queued("its chat has its limit", min(rest, 15.0), free=True)


@pytest.mark.parametrize(("until", "waits"), [(NOW + timedelta(seconds=1), [1.0]), (NOW, []), (None, [])])
async def test_a_rest_that_is_written_down_is_kept(
    w: World, until: datetime | None, waits: list[float]
) -> None:
    await w.outbox._try(push(rest_until=until))
    assert w.slept == waits


async def test_pushes_leave_answers_their_part_of_a_chats_limit(w: World) -> None:
    w.channels[TELEGRAM].limiter.spend(7, BURST - RESERVED_FOR_ANSWERS - 1)
    await w.outbox._try(push())
    assert w.slept == []
    await w.outbox._try(push())
    assert w.slept == [0.05, 0.95], "its turn, and a second for its chat"
    assert w.channels[TELEGRAM].limiter.wait(7) == 0


async def test_a_long_push_that_began_is_finished_within_a_minute(w: World) -> None:
    w.wire.results["sendMessage"] = [True, RetryAfter(20), RetryAfter(39), True]
    outcome = await w.outbox._try(push(text=LONG))
    assert (outcome.state, w.slept) == (PushState.SENT, [20.0, 39.0])
    assert [call[1] for call in w.wire.calls] == [PIECES[0], PIECES[1], PIECES[1], PIECES[1], *PIECES[2:]]
    w.now += 99
    w.wire.results["sendMessage"] = [True, RetryAfter(20), RetryAfter(41)]
    assert await w.outbox._try(push(text=LONG)) == queued("its chat has its limit", 15.0, free=True)


# -- SMS -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "attempts", "outcome"),
    [
        (SmsAccepted("p1"), 1, SendResult(PushState.SENT, provider_id="p1")),
        (SmsRejected("no such number"), 1, given_up("no such number")),
        (SmsRetry("busy"), 2, queued("busy", 8.0 * 1.5)),
        (SmsRetry("busy", unknown=True), 2, queued("busy", 600.0)),
        (SmsRetry("busy"), 40, given_up("busy")),
    ],
    ids=str,
)
async def test_what_comes_of_an_sms(w: World, result: Any, attempts: int, outcome: SendResult) -> None:
    w.sms_result = result
    assert await w.outbox._try(sms(attempts=attempts)) == outcome


def isolated(address: str) -> str:
    """As it stands in a sentence that is read from the right."""
    return f"\u2066{address}\u2069"


WRAPPED = "سامانه مسئولان فنی: خبر. برای دیدن جزئیات وارد شوید: "


@pytest.mark.parametrize(
    ("links", "how", "text"),
    [
        ({}, {}, f"{WRAPPED}{isolated('https://bot.example')}"),
        ({BALE: "https://ble.ir/b"}, {}, f"{WRAPPED}{isolated('https://ble.ir/b')}"),
        (
            {BALE: "https://ble.ir/b", TELEGRAM: "https://t.me/b"},
            {},
            f"{WRAPPED}{isolated('https://t.me/b')}",
        ),
        ({}, {"whole": True}, "خبر"),
        ({}, {"template": "t", "tokens": ["1", "2"]}, "خبر"),
    ],
    ids=str,
)
async def test_the_words_of_an_sms(w: World, links: Any, how: dict[str, Any], text: str) -> None:
    w.resources.public_info = PublicInfo("021-1234", "https://bot.example", bot_links=links)
    await w.outbox._try(sms(sms=how))
    assert w.texts == [
        {
            "to": "+989120000001",
            "text": text,
            "idempotency_id": 1,
            "template": how.get("template"),
            "tokens": how.get("tokens", ()),
        }
    ]


async def test_an_sms_to_nobody_is_given_up(w: World) -> None:
    assert await w.outbox._try(sms(mobile=None)) == given_up("no mobile")
    assert w.texts == []


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "chat", "kept"),
    [
        (15.0, push(), []),
        (16.0, push(), [("rests", 1, 16.0)]),
        (0.0, push(), []),
        (16.0, sms(), []),
    ],
)
async def test_a_long_rest_is_written_with_the_result(
    w: World, rest: float, chat: ClaimedPush, kept: list[Any]
) -> None:
    await w.outbox._settle(chat, queued("slow", 1.0, rest=rest))
    assert w.database.written == [(1, PushState.QUEUED, NOW), *kept]


@pytest.mark.parametrize(
    ("outcome", "level", "says"),
    [
        (SendResult(PushState.SENT), logging.INFO, "push sent"),
        (skipped("x"), logging.INFO, "push skipped"),
        (queued("x", 1.0), logging.INFO, "push put off"),
        (queued("x", 1.0, free=True), logging.DEBUG, "push put off"),
        (given_up("x"), logging.ERROR, "push given up"),
    ],
)
async def test_what_the_log_says(
    w: World, outcome: SendResult, level: int, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, outbox_module.log.name)
    await w.outbox._settle(push(), outcome)
    await w.outbox._settle(sms(), outcome)
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [(level, says)] * 2
    assert [getattr(one, "channel", None) for one in caplog.records] == ["telegram", "sms"]


# -- how many at a time ----------------------------------------------------------------------------

FULL = RouteCapacity(16, 12)


async def test_each_way_that_is_open_is_asked_for_what_it_takes(w: World) -> None:
    await w.outbox.dispatch()
    w.channels[BALE].ready = False
    await w.outbox.dispatch()
    w.outbox._in_hand.update({TELEGRAM: 15, None: 16})
    w.outbox._letters.update({TELEGRAM: 12})
    await w.outbox.dispatch()
    w.outbox._in_hand.update({TELEGRAM: 1})
    await w.outbox.dispatch()
    assert w.database.written == [
        ("asked", {TELEGRAM: FULL, BALE: FULL, None: FULL}),
        ("asked", {TELEGRAM: FULL, None: FULL}),
        ("asked", {TELEGRAM: RouteCapacity(1, 0)}),
        ("asked", {}),
    ]


async def refuse_all(w: World, messenger: Messenger, pause: int) -> None:
    """Several chats are refused, then the probe as well: the whole messenger rests."""

    async def refused() -> None:
        raise RetryAfter(pause)

    for chat in range(4):
        with pytest.raises(RetryAfter):
            await w.channels[messenger].limiter.call(chat, refused)


async def test_a_messenger_that_rests_is_asked_for_nothing_and_looked_at_after_it(w: World) -> None:
    await refuse_all(w, BALE, 9)
    assert await w.outbox.dispatch() == 0.5
    assert w.database.written == [("asked", {TELEGRAM: FULL, None: FULL})]


@pytest.mark.parametrize(("due_in", "pause"), [(0.05, 0.05), (4.0, 4.0), (3600.0, 5.0)])
async def test_when_it_looks_again(w: World, due_in: float, pause: float) -> None:
    w.database.due = [], due_in
    assert await w.outbox.dispatch() == pause


async def test_what_is_claimed_is_carried_once_and_counted_until_it_ends(w: World) -> None:
    gate = asyncio.Event()
    carried: list[tuple[int, str | None]] = []

    async def wait(url: str, fields: Any) -> Any:
        carried.append((int(fields.json_parameters["chat_id"]), CORRELATION_ID.get()))
        await gate.wait()
        return True

    w.wire.post = wait  # type: ignore[method-assign]
    w.database.pushes = {
        1: push(id=1, correlation_id="a"),
        2: push(id=2, chat_id=8, letter_id=4, messenger=BALE),
        3: sms(id=3, letter_id=4),
    }
    w.database.due = [1, 2, 3], 0.0
    assert await w.outbox.dispatch() == 5.0, "it is woken by what ends"
    assert (w.outbox._in_hand, w.outbox._letters) == (
        {TELEGRAM: 1, BALE: 1, None: 1},
        {TELEGRAM: 0, BALE: 1, None: 1},
    )
    assert w.outbox._holding == {1, 2, 3}
    w.database.written.clear()
    # The clock was put forward: their leases seem over.
    assert await w.outbox.dispatch() == 5.0
    assert [kind for kind, *_ in w.database.written if kind == "claimed"] == []
    w.database.pushes[4] = sms(id=4)
    w.database.due = [2, 4], 0.0
    await w.outbox.dispatch()
    assert [one for one in w.database.written if one[0] == "claimed"] == [("claimed", [4], 0.0, 90.0)]
    gate.set()
    w.outbox._wake.clear()
    await asyncio.gather(*w.outbox._tasks)
    await asyncio.sleep(0)
    assert sorted(carried, key=str) == [(7, "a"), (8, None)]
    assert (w.outbox._holding, w.outbox._tasks) == (set(), set())
    assert {*w.outbox._in_hand.values(), *w.outbox._letters.values()} == {0}
    assert w.outbox._wake.is_set()
    assert {one[0]: one[1] for one in w.database.written if isinstance(one[0], int)} == dict.fromkeys(
        (1, 2, 3, 4), PushState.SENT
    )


async def test_a_push_that_cannot_be_carried_is_left_to_its_lease(w: World) -> None:
    w.wire.results["sendMessage"] = [ZeroDivisionError()]
    await w.outbox._carry(push())
    assert w.database.written == []


async def test_the_turns_of_a_messenger_are_evenly_spaced(w: World) -> None:
    for chat in range(3):
        await w.outbox._try(push(chat_id=chat))
    assert w.slept == [0.05, 0.05], "twenty a second on Telegram"
    w.slept.clear()
    for chat in range(2):
        await w.outbox._try(push(chat_id=chat, messenger=BALE))
    assert w.slept == [0.125], "eight on Bale, by its own turns"
    w.now += 9
    await w.outbox._try(push(chat_id=9))
    assert w.slept == [0.125], "no turn is saved up or owed"


async def test_commits_that_follow_each_other_are_looked_at_once(w: World) -> None:
    rung: list[float] = []
    loop: Any = SimpleNamespace(call_later=lambda after, ring: rung.append(after) or ring)
    outbox_module.asyncio.get_running_loop = lambda: loop
    w.outbox.wake()
    w.outbox.wake()
    assert rung == [0.02]
    assert not w.outbox._wake.is_set()
    w.outbox._ring()
    assert w.outbox._wake.is_set()
    w.outbox.wake()
    assert rung == [0.02, 0.02]


async def test_what_fails_while_looking_is_looked_at_again(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    pauses: list[float | Exception] = [ZeroDivisionError(), 0.0, 60.0]

    async def dispatch(outbox: Outbox) -> float:
        if not pauses:
            looked.set()
            return 60.0
        pause = pauses.pop(0)
        if isinstance(pause, Exception):
            raise pause
        if pause:
            outbox.wake()
        return pause

    monkeypatch.setattr(Outbox, "dispatch", dispatch)
    monkeypatch.setattr(outbox_module, "IDLE", 0.0)
    task = asyncio.create_task(w.outbox.run())
    await asyncio.wait_for(looked.wait(), 60)
    task.cancel()


async def test_at_the_end_what_is_under_way_is_finished_or_left_to_its_lease(w: World) -> None:
    await w.outbox.drain(0.0)
    ended: list[str] = []

    async def carry(name: str, gate: asyncio.Event) -> None:
        try:
            await gate.wait()
            ended.append(name)
        except asyncio.CancelledError:
            ended.append(f"{name} cancelled")
            raise

    quick, never = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(carry("quick", quick)), asyncio.create_task(carry("late", never))]
    w.outbox._tasks.update(tasks)
    quick.set()
    await w.outbox.drain(0.05)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert ended == ["quick", "late cancelled"]
