"""What polling makes of an answer, and how long it waits before it asks again."""

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.core.counters import Counters
from bot.messengers.delivery import outbox
from bot.messengers.intake import polling
from bot.messengers.intake.polling import BATCH, LONGEST_PAUSE, Polling, PollingError, UnparsableError
from bot.messengers.transport.backoff import backoff, break_pause
from handlers.telegram import runtime
from storage.enums import Messenger


class Intake:
    """Takes what comes; `new` of each batch were not there."""

    def __init__(self) -> None:
        self.resources = SimpleNamespace(counters=Counters())
        self.queues = SimpleNamespace(wait_until_below=self._wait)
        self.stored: list[Any] = []
        self.unreadable: list[tuple[Any, ...]] = []
        self.waited: list[tuple[Any, ...]] = []
        self.new: int | None = None

    async def _wait(self, *given: Any) -> None:
        self.waited.append(given)

    async def store_updates(self, messenger: Messenger, updates: list[Any]) -> int:
        self.stored += updates
        return len(updates) if self.new is None else self.new

    async def keep_unreadable(self, messenger: Messenger, *given: Any) -> bool:
        self.unreadable.append(given)
        return True


class Asked:
    """Stands for the connection: answers in order, and notes what was asked for."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.fields: list[dict[str, str]] = []

    async def do_request(self, url: str, method: str, data: Any, **more: Any) -> tuple[int, bytes]:
        assert (url, method, more) == ("https://x/getUpdates", "POST", {"read_timeout": 35})
        self.fields.append(data.json_parameters)
        status, body = self.answers.pop(0)
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()


def poller(
    *answers: tuple[int, Any], messenger: Messenger = Messenger.TELEGRAM, allowed: Any = None
) -> tuple[Polling, Intake, Asked]:
    intake, asked = Intake(), Asked(*answers)
    channel: Any = SimpleNamespace(
        messenger=messenger, api_url="https://x", request=asked, allowed_updates=allowed
    )
    return Polling(channel, intake), intake, asked  # type: ignore[arg-type]


def result(*numbers: int) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": [{"update_id": number} for number in numbers]}


SPOILT = b'{"ok": true, "result": [{"update_id": 7, "message": {"date": 1' + b"0" * 9 + b"}]}}}"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []

    async def note(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(polling, "pause_without_updates", note)
    return made


@pytest.mark.parametrize(
    ("status", "answer", "wait"),
    [
        (200, {"ok": True}, None),
        (200, b"<html>", None),
        (200, b"[]", None),
        (300, {"ok": True, "result": []}, None),
        (300, SPOILT, None),
        (400, {"description": "Bad Request"}, None),
        (401, {"description": "Unauthorized"}, LONGEST_PAUSE),
        (403, {"description": "Forbidden"}, LONGEST_PAUSE),
        (404, {"description": "Not Found"}, LONGEST_PAUSE),
        (409, {"description": "Conflict"}, 5.0),
        (429, {"description": "x", "parameters": {"retry_after": 7}}, 7.0),
        (429, {"description": "x", "parameters": {"retry_after": 1.5}}, 1.5),
        (429, {"description": "x", "parameters": {"retry_after": 0}}, None),
        (429, {"description": "x", "parameters": {"retry_after": -3}}, None),
        (429, {"description": "x", "parameters": {"retry_after": "7"}}, None),
        (429, {"description": "x", "parameters": []}, None),
        (502, b"bad gateway", None),
    ],
    ids=str,
)
async def test_what_is_no_batch_of_updates(status: int, answer: Any, wait: float | None) -> None:
    poll, intake, _ = poller((status, answer))
    before = poll.last_good
    with pytest.raises(PollingError) as error:
        await poll._poll_once()
    assert type(error.value) is PollingError
    assert error.value.retry_after == wait
    assert (intake.stored, poll.last_good, poll._offset.value) == ([], before, None)
    assert ("409" in str(error.value)) is (status == 409)


@pytest.mark.parametrize(
    ("body", "spoilt"),
    [
        (SPOILT, True),
        (b" \n" + SPOILT + b"\r\n ", True),
        (SPOILT[:-3], False),
        (b"x" + SPOILT, False),
        (SPOILT.replace(b"update_id", b"upd_id"), False),
    ],
    ids=["whole", "with blanks", "cut off", "of somebody else", "no updates"],
)
async def test_an_answer_that_is_no_json_but_the_messengers(body: bytes, spoilt: bool) -> None:
    poll, _, _ = poller()
    with pytest.raises(PollingError) as error:
        poll._result(200, body)
    assert isinstance(error.value, UnparsableError) is spoilt


async def test_bale_says_errors_in_its_own_way() -> None:
    answer = {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 4}}
    poll, _, _ = poller((200, answer), messenger=Messenger.BALE)
    with pytest.raises(PollingError, match="status 429"):
        await poll._poll_once()


@pytest.mark.parametrize(("allowed", "sent"), [(None, None), (["message"], '["message"]')])
async def test_each_call_asks_for_what_comes_after_the_last(allowed: Any, sent: str | None) -> None:
    poll, intake, asked = poller(result(7, 8), result(), result(9), allowed=allowed)
    for _ in range(3):
        await poll._poll_once()
    assert [one.get("offset") for one in asked.fields] == [None, "9", "9"]
    assert {(one["timeout"], one["limit"], one.get("allowed_updates")) for one in asked.fields} == {
        ("25", str(BATCH), sent)
    }
    assert [one["update_id"] for one in intake.stored] == [7, 8, 9]


async def test_one_that_spoils_the_answer_is_found_kept_and_passed() -> None:
    poll, intake, asked = poller(result(6), (200, SPOILT), (200, SPOILT), result(), result(8))
    for _ in range(5):
        await poll._poll_once()
    assert [(one["limit"], one.get("offset")) for one in asked.fields] == [
        ("100", None),
        ("100", "7"),
        ("1", "7"),
        ("100", "8"),
        ("100", "8"),
    ]
    assert intake.unreadable == [(SPOILT, 7, "no JSON")]


async def test_a_good_answer_ends_the_search_for_one_that_spoils_it() -> None:
    poll, _, asked = poller(result(6), (200, SPOILT), result(), result(7))
    for _ in range(4):
        await poll._poll_once()
    assert [one["limit"] for one in asked.fields] == ["100", "100", "1", "100"]


async def test_what_is_no_json_and_has_no_number_where_none_came_before() -> None:
    body = b'{"ok": true, "result": [{"update_id": x}]}'
    poll, intake, _ = poller((200, body), (200, body))
    await poll._poll_once()
    with pytest.raises(UnparsableError):
        await poll._poll_once()
    assert intake.unreadable == []


@pytest.mark.parametrize(
    ("after", "number", "expected"),
    [(6, b"9", 9), (6, b"7", 7), (6, b"3", None), (6, b"x", None), (None, b"3", 3)],
)
async def test_which_number_an_unreadable_one_has(
    after: int | None, number: bytes, expected: int | None
) -> None:
    """One below the offset is the first that the messenger has, whatever it calls itself."""
    body = b'{"ok": true, "result": [{"update_id": ' + number + b", x}]}"
    first = [result(after)] if after is not None else []
    poll, intake, _ = poller(*first, (200, body), (200, body))
    for _ in range(len(first) + 2):
        await poll._poll_once()
    assert [one[1] for one in intake.unreadable] == [expected]


async def test_batches_with_nothing_new_are_asked_for_ever_more_slowly(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    poll, intake, _ = poller(*[result(7)] * 9, result(8), result(7))
    intake.new = 0
    for _ in range(9):
        await poll._poll_once()
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5])
    assert intake.resources.counters.stale_polls[Messenger.TELEGRAM] == 9
    assert sum("nothing new among them" in one.getMessage() for one in caplog.records) == 1
    intake.new = 1
    await poll._poll_once()
    assert len(pauses) == 9
    intake.new = 0
    await poll._poll_once()
    assert pauses[-1] < 5
    assert sum("nothing new among them" in one.getMessage() for one in caplog.records) == 2


async def test_updates_without_any_number_are_an_error() -> None:
    poll, _, _ = poller((200, {"ok": True, "result": [{"message": {}}]}))
    with pytest.raises(PollingError, match="none has a number"):
        await poll._poll_once()


async def test_after_two_silent_days_the_offset_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    poll, _, asked = poller(result(7), result(), result(), result())
    now = time.monotonic()
    for later in (0, 2 * 86_400 - 1, 2 * 86_400 + 1, 2 * 86_400 + 2):
        monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda later=later: now + later))
        await poll._poll_once()
    assert [one.get("offset") for one in asked.fields] == [None, "8", "8", None]


async def test_errors_are_waited_out_and_a_good_answer_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Any] = [
        PollingError("x"), PollingError("x"), PollingError("x", 7.0), PollingError("x", 3600.0),
        OSError("the database"), None, PollingError("x"), asyncio.CancelledError(),
    ]  # fmt: skip
    slept: list[float] = []
    poll, intake, _ = poller()

    async def once() -> None:
        if (step := steps.pop(0)) is not None:
            raise step

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(poll, "_poll_once", once)
    monkeypatch.setattr(polling, "_pause", lambda failures: float(failures))
    monkeypatch.setattr(polling.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await poll.run()
    assert slept == [1, 2, 7, LONGEST_PAUSE, 5, 1]
    assert set(intake.waited) == {(polling.MAX_BACKLOG, Messenger.TELEGRAM)}


#: What waits, for how long after 1, 2, 3, 4 failures and after very many, and the smallest part of it that chance leaves.
WAITS = [
    (polling._pause, [0.6, 1.2, 2.4, 4.8], 30, 0.7),
    (outbox._pause, [4, 8, 16, 32], 900, 0.5),
    (runtime._pause, [1, 2, 4, 8], 60, 1.0),
]


@pytest.mark.parametrize(("pause", "first", "longest", "least"), WAITS, ids=["updates", "pushes", "start"])
def test_pauses_double_up_to_the_longest(
    pause: Any, first: list[float], longest: float, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (polling, outbox):
        monkeypatch.setattr(module.random, "uniform", lambda low, high: high)
    assert [pause(failures) for failures in (1, 2, 3, 4)] == pytest.approx(first)
    assert [pause(failures) for failures in (20, 10_000)] == [longest, longest]
    for module in (polling, outbox):
        monkeypatch.setattr(module.random, "uniform", lambda low, high: low)
    assert pause(1) == pytest.approx(first[0] * least)


def test_how_long_is_waited() -> None:
    assert [backoff(0.5, failures, 3) for failures in range(5)] == [0.5, 1, 2, 3, 3]
    assert [break_pause(attempt) for attempt in range(3)] == pytest.approx([0.3, 1.2, 4.8])


@pytest.mark.parametrize(
    ("error", "said"),
    [(TimeoutError(), "no answer in time"), (NetworkError("the line broke"), "the line broke")],
)
async def test_an_answer_that_does_not_come(error: Exception, said: str) -> None:
    poll, intake, asked = poller()

    async def fail(*given: Any, **more: Any) -> tuple[int, bytes]:
        raise error

    asked.do_request = fail  # type: ignore[method-assign]
    with pytest.raises(PollingError) as told:
        await poll._poll_once()
    assert (str(told.value), told.value.retry_after, intake.stored) == (said, None, [])
