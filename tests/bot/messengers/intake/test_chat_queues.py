"""Everyone in order, nobody waits for a stranger: by the order of events, not by the clock."""

import asyncio

from bot.messengers.intake.chat_queues import Lanes
from tests.support.messenger_app import House


async def test_one_lane_keeps_order_and_others_pass_by() -> None:
    lanes = Lanes(at_once=4)
    gate = asyncio.Event()
    seen: list[str] = []

    async def slow() -> None:
        async with lanes.release_slot():
            await gate.wait()
        seen.append("slow")

    def say(word: str) -> None:
        async def job() -> None:
            seen.append(word)

        lanes.put(word[0], job)

    lanes.put("a", slow)
    for number in range(200):
        say(f"a{number}")
    say("b1")
    while "b1" not in seen:
        await asyncio.sleep(0)
    assert seen == ["b1"]
    gate.set()
    while len(lanes):
        await asyncio.sleep(0)
    assert seen == ["b1", "slow", *(f"a{number}" for number in range(200))]
    assert lanes.active == 0, "nothing of a person stays in memory"


async def test_waiting_for_other_servers_holds_no_slot() -> None:
    lanes = Lanes(at_once=2)
    gate = asyncio.Event()
    passed = asyncio.Event()

    async def waits() -> None:
        async with lanes.release_slot():
            await gate.wait()

    for number in range(50):
        lanes.put(number, waits)

    async def stranger() -> None:
        passed.set()

    lanes.put("stranger", stranger)
    await asyncio.wait_for(passed.wait(), 5)
    gate.set()
    assert await lanes.drain(5)


async def test_a_messenger_that_hangs_holds_up_no_other() -> None:
    lanes = Lanes(at_once=2)
    gate, passed = asyncio.Event(), asyncio.Event()

    async def hangs() -> None:
        await gate.wait()

    async def stranger() -> None:
        passed.set()

    for number in range(50):
        lanes.put(("slow", number), hangs)
    lanes.put(("quick", 1), stranger)
    await asyncio.wait_for(passed.wait(), 5)
    await asyncio.wait_for(lanes.wait_until_below(10, "quick"), 5)
    full = asyncio.create_task(lanes.wait_until_below(10, "slow"))
    await asyncio.sleep(0)
    assert not full.done()
    gate.set()
    await asyncio.wait_for(full, 5)
    assert await lanes.drain(5)


async def test_a_failing_job_does_not_stop_its_lane() -> None:
    lanes = Lanes()
    done = asyncio.Event()

    async def fails() -> None:
        raise ZeroDivisionError

    async def works() -> None:
        done.set()

    lanes.put(1, fails)
    lanes.put(1, works)
    await asyncio.wait_for(done.wait(), 5)


async def test_drain_finishes_the_job_in_hand_only() -> None:
    lanes = Lanes()
    gate, seen = asyncio.Event(), []

    async def first() -> None:
        await gate.wait()
        seen.append("first")

    async def second() -> None:
        seen.append("second")

    lanes.put(1, first)
    lanes.put(1, second)
    await asyncio.sleep(0)
    draining = asyncio.create_task(lanes.drain(5))
    await asyncio.sleep(0)
    gate.set()
    assert await draining
    assert seen == ["first"]


async def test_order_of_a_person_while_strangers_are_served(house: House) -> None:
    town = house.town
    slow, quick = town.telegram.person("کند"), town.telegram.person("تند")
    gate = house.doings.gates[slow.user.id] = asyncio.Event()
    for person in (slow, quick):
        await person.start()
        await person.sees("خانه")
    await slow.tap("کند")
    for word in ("اول", "دوم", "اول"):
        await slow.send("/start")
        await slow.send(word)
    await quick.tap("اول")
    await quick.sees("یادداشت شد: first")
    assert await house.notes(slow.user.id) == []
    gate.set()
    await house.until(lambda: _noted(house, slow.user.id, 4))
    assert await house.notes(slow.user.id) == ["slow", "first", "second", "first"]


async def _noted(house: House, chat_id: int, number: int) -> bool:
    return len(await house.notes(chat_id)) == number
