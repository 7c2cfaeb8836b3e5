"""The emulated messengers refuse a bot that writes too much, as the real ones do."""

import httpx

from demo.botapi.limits import GROUP_MINUTE, PRIVATE_BURST, TOTAL_BURST, Limits
from demo.emulators import Emulators
from demo.person import Person
from tests.demo.conftest import Raw


async def _until_refused(raw: Raw, chat_id: int) -> tuple[int, dict[str, object]]:
    for number in range(1, 400):
        status, body = await raw("sendMessage", chat_id=chat_id, text="سلام")
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
    number, body = await _until_refused(telegram, sara.user.id)
    assert PRIVATE_BURST < number < PRIVATE_BURST + 10
    assert body["parameters"]["retry_after"] >= 1  # type: ignore[index]
    assert (await telegram("sendMessage", chat_id=sara.user.id, text="سلام"))[0] == 429
    assert (await telegram("sendMessage", chat_id=reza.user.id, text="سلام"))[0] == 200
    assert emulators.violations == []


async def test_a_group_gets_twenty_a_minute(emulators: Emulators, telegram: Raw) -> None:
    group = emulators.telegram.group("گروه")
    number, body = await _until_refused(telegram, group.id)
    assert number == GROUP_MINUTE + 1
    assert 50 <= body["parameters"]["retry_after"] <= 60  # type: ignore[index]


def test_all_chats_together() -> None:
    limits = Limits()
    refused = [limits.refuse("sendMessage", chat, private=True) for chat in range(int(TOTAL_BURST) + 60)]
    assert refused[0] is None
    assert refused[-1] is not None


async def test_bale_refuses_in_three_forms(emulators: Emulators, bale: Raw, http: httpx.AsyncClient) -> None:
    sara = emulators.bale.person("سارا")
    await sara.start()
    forms = set()
    for _ in range(int(PRIVATE_BURST) + 20):
        answer = await http.post(f"{bale.root}/sendMessage", data={"chat_id": sara.user.id, "text": "سلام"})
        if answer.status_code == 429:
            forms.add(("{" in answer.text, "parameters" in answer.text and "retry_after" in answer.text))
    assert forms == {(True, True), (True, False), (False, False)}, "full, bare, no JSON"


async def test_what_writes_nothing_is_not_counted(telegram: Raw, sara: Person) -> None:
    for _ in range(200):
        await telegram.result("sendChatAction", chat_id=sara.user.id, action="typing")
    await telegram.result("sendMessage", chat_id=sara.user.id, text="سلام")
