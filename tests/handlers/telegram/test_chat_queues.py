"""Everyone in order, nobody waits for a stranger: by the order of events, not by the clock."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

import pytest

from handlers.telegram.chat_queues import Lanes
from tests.support.messenger_app import MessengerApp, note, starts

Job = Callable[[], Awaitable[None]]


class Script:
    """Jobs for chat queues: what they did, and the gate that some of them wait for."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.gate = asyncio.Event()

    def says(self, word: str, *, first: Callable[[], Awaitable[object]] | None = None) -> Job:
        async def job() -> None:
            if first is not None:
                await first()
            self.seen.append(word)

        return job

    def behind_gate(self, word: str) -> Job:
        return self.says(word, first=self.gate.wait)

    def outside(self, lanes: Lanes) -> Callable[[], Awaitable[object]]:
        """Waits for another server, without a slot."""

        async def wait() -> None:
            async with lanes.release_slot():
                await self.gate.wait()

        return wait

    async def until_seen(self, word: str) -> None:
        async with asyncio.timeout(90):
            while word not in self.seen:
                await asyncio.sleep(0)


def put(lanes: Lanes, jobs: dict[Hashable, list[Job]]) -> None:
    for chat, waiting in jobs.items():
        for job in waiting:
            lanes.put(chat, job)


async def test_one_chat_keeps_its_order_and_others_pass_by() -> None:
    lanes, script = Lanes(at_once=4), Script()
    words = [f"a{number}" for number in range(200)]
    slow = script.says("slow", first=script.outside(lanes))
    put(lanes, {"a": [slow, *map(script.says, words)], "b": [script.says("b1")]})
    await script.until_seen("b1")
    assert script.seen == ["b1"]
    script.gate.set()
    while len(lanes):
        await asyncio.sleep(0)
    assert script.seen == ["b1", "slow", *words]
    await asyncio.sleep(0)
    assert (lanes.active, lanes._tasks) == (0, set()), "nothing of a person stays in memory"


async def test_waiting_for_other_servers_holds_no_slot() -> None:
    lanes, script = Lanes(at_once=2), Script()
    for number in range(50):
        lanes.put(number, script.says("waited", first=script.outside(lanes)))
    lanes.put("stranger", script.says("stranger"))
    await script.until_seen("stranger")
    script.gate.set()
    assert await lanes.drain(90)


async def test_a_messenger_that_hangs_holds_up_no_other() -> None:
    lanes, script = Lanes(at_once=2), Script()
    for number in range(50):
        lanes.put(("slow", number), script.behind_gate("slow"))
    lanes.put(("quick", 1), script.says("quick"))
    await script.until_seen("quick")
    await asyncio.wait_for(lanes.wait_until_below(10, "quick"), 90)
    full = asyncio.create_task(lanes.wait_until_below(10, "slow"))
    await asyncio.sleep(0)
    assert not full.done()
    script.gate.set()
    await asyncio.wait_for(full, 90)
    assert await lanes.drain(90)


async def test_a_failing_job_does_not_stop_its_queue() -> None:
    lanes, script = Lanes(), Script()

    async def fails() -> None:
        raise ZeroDivisionError

    put(lanes, {1: [fails, script.says("works")]})
    await script.until_seen("works")


async def test_drain_finishes_the_job_in_hand_only() -> None:
    lanes, script = Lanes(), Script()
    put(lanes, {1: [script.behind_gate("first"), script.says("second")]})
    await asyncio.sleep(0)
    draining = asyncio.create_task(lanes.drain(90))
    await asyncio.sleep(0)
    script.gate.set()
    assert await draining
    assert script.seen == ["first"]


async def test_what_is_not_finished_in_time_is_cancelled() -> None:
    lanes, script = Lanes(), Script()
    assert await lanes.drain(90), "nothing was under way"
    lanes, ended = Lanes(), list[str]()

    async def hangs() -> None:
        try:
            await script.gate.wait()
        finally:
            ended.append("cancelled")

    put(lanes, {1: [hangs, script.says("behind it")]})
    await asyncio.sleep(0)
    assert not await lanes.drain(0.01)
    lanes.put(2, script.says("too late"))
    await asyncio.sleep(0)
    assert (ended, script.seen, len(lanes), lanes.active) == (["cancelled"], [], 0, 0)


@pytest.mark.parametrize("at_once", [64, 1])
async def test_so_many_run_at_a_time_also_after_one_waited_for_another_server(at_once: int) -> None:
    """64 where nothing else is said."""
    lanes = Lanes() if at_once == 64 else Lanes(at_once=at_once)
    script, begun = Script(), list[int]()
    script.gate.set()
    lanes.put("first", script.says("first", first=script.outside(lanes)))
    await script.until_seen("first")
    script.gate.clear()

    def begins(number: int) -> Job:
        async def job() -> None:
            begun.append(number)
            await script.gate.wait()

        return job

    for number in range(70):
        lanes.put(number, begins(number))
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(begun) == at_once
    script.gate.set()
    while len(lanes):
        await asyncio.sleep(0)
    assert sorted(begun) == list(range(70))


async def test_who_waits_for_room_goes_on_once_a_queue_waits_for_its_chat() -> None:
    lanes, script = Lanes(), Script()

    async def waits() -> None:
        await script.gate.wait()
        await lanes.pause(30)

    put(lanes, {("m", 1): [waits, *[script.says("late")] * 10]})
    room = asyncio.create_task(lanes.wait_until_below(5, "m"))
    await asyncio.sleep(0.01)
    assert not room.done()
    script.gate.set()
    await asyncio.wait_for(room, 90)
    assert script.seen == []
    await lanes.drain(0)


async def test_queues_that_wait_for_their_chats_hold_up_nobody() -> None:
    """Neither a slot nor the polling."""
    lanes, script, limit = Lanes(at_once=2), Script(), 20

    async def waits() -> None:
        await lanes.pause(30)

    def crowd(chats: range) -> dict[Hashable, list[Job]]:
        return {("m", chat): [waits, *[script.says("late")] * 8] for chat in chats}

    put(lanes, crowd(range(6)))
    await asyncio.sleep(0.05)
    assert len(lanes) > limit
    await asyncio.wait_for(lanes.wait_until_below(limit, "m"), 90)
    lanes.put(("m", "stranger"), script.says("stranger"))
    await script.until_seen("stranger")
    # But for a flood of them the memory has an end.
    put(lanes, crowd(range(6, 16)))
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.wait_until_below(limit, "m"), 0.1)
    await lanes.drain(0.05)


async def test_a_pause_ends_with_a_newcomer() -> None:
    lanes, script = Lanes(), Script()
    told: list[bool] = []

    async def waits() -> None:
        told.append(await lanes.pause(30, for_newcomer=True))

    lanes.put(1, waits)
    await asyncio.sleep(0.01)
    assert told == []
    lanes.put(1, script.says("newcomer"))
    await script.until_seen("newcomer")
    put(lanes, {1: [waits, script.says("the next")]})
    await script.until_seen("the next")
    assert told == [True, True]


async def test_order_of_a_person_while_strangers_are_served(app: MessengerApp) -> None:
    emulators = app.emulators
    slow, quick = emulators.telegram.person("کند"), emulators.telegram.person("تند")
    gate = app.route_state.gates[slow.user.id] = asyncio.Event()
    for person in (slow, quick):
        await starts(person)
    await slow.tap("کند")
    for word in ("اول", "دوم", "اول"):
        await slow.type("/start").type(word)
    await note(quick, "first")
    assert await app.notes(slow.user.id) == []
    gate.set()
    await app.until_noted("slow", "first", "second", "first", by=slow)
