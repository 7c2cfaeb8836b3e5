"""The emulated messengers refuse a bot that writes too much, as the real ones do."""

import httpx
import pytest

from demo.botapi.limits import GROUP_MINUTE, PRIVATE_BURST, TOTAL_BURST, Limits
from demo.emulators import Emulators
from demo.person import Person
from tests.demo.conftest import Raw


async def _until_refused(
    raw: Raw, method: str = "sendMessage", **params: object
) -> tuple[int, dict[str, object]]:
    for number in range(1, 400):
        status, body = await raw(method, **params)
        if status != 200:
            assert status == 429
            return number, body
    raise AssertionError("never refused")


async def test_a_person_can_be_written_to_in_a_burst_and_then_not(
    emulators: Emulators, telegram: Raw
) -> None:
    sara, reza = emulators.telegram.person("سارا"), emulators.telegram.person("رضا")
    for one in (sara, reza):
        await one.start()
    number, body = await _until_refused(telegram, chat_id=sara.user.id, text="سلام")
    assert PRIVATE_BURST < number < PRIVATE_BURST + 10
    assert body["parameters"]["retry_after"] >= 1  # type: ignore[index]
    assert (await telegram("sendMessage", chat_id=sara.user.id, text="سلام"))[0] == 429
    assert (await telegram("sendMessage", chat_id=reza.user.id, text="سلام"))[0] == 200
    assert emulators.violations == []


async def test_a_group_gets_twenty_a_minute(emulators: Emulators, telegram: Raw) -> None:
    group = emulators.telegram.group("گروه")
    number, body = await _until_refused(telegram, chat_id=group.id, text="سلام")
    assert number == GROUP_MINUTE + 1
    assert 50 <= body["parameters"]["retry_after"] <= 60  # type: ignore[index]


async def test_all_chats_together(emulators: Emulators, telegram: Raw) -> None:
    people = [emulators.telegram.person(f"نفر {number}") for number in range(int(TOTAL_BURST) + 60)]
    statuses = []
    for one in people:
        await one.start()
    for one in people:
        statuses.append((await telegram("sendMessage", chat_id=one.user.id, text="سلام"))[0])
        if statuses[-1] == 429:
            break
    assert 429 in statuses or len(statuses) == len(people)
    limits = Limits(bale=False)
    refused = [limits.refuse("sendMessage", chat, private=True) for chat in range(int(TOTAL_BURST) + 60)]
    assert refused[0] is None
    assert refused[-1] is not None


@pytest.mark.parametrize("form", ["full", "bare", "text"])
async def test_bale_refuses_in_three_forms(emulators: Emulators, http: httpx.AsyncClient, form: str) -> None:
    bale = Raw(http, emulators.bale)
    sara = emulators.bale.person("سارا")
    await sara.start()
    bodies = set()
    for _ in range(int(PRIVATE_BURST) + 20):
        answer = await http.post(f"{bale.root}/sendMessage", data={"chat_id": sara.user.id, "text": "سلام"})
        if answer.status_code == 429:
            text = answer.text
            bodies.add(
                "full"
                if "retry_after" in text and "parameters" in text
                else "text"
                if "{" not in text
                else "bare"
            )
    assert form in bodies


async def test_what_writes_nothing_is_not_counted(telegram: Raw, sara: Person) -> None:
    for _ in range(200):
        await telegram.result("sendChatAction", chat_id=sara.user.id, action="typing")
    await telegram.result("sendMessage", chat_id=sara.user.id, text="سلام")
