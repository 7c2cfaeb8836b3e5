"""What a messenger would never send, over getUpdates: whatever it is, the next person's message comes through."""

import json

import pytest

from bot.messengers.intake.receiver import lane_of
from storage.enums import InboxState, Messenger
from tests.support.messenger_app import House

DEEP = b"[" * 20_000 + b"]" * 20_000


@pytest.mark.parametrize(
    "spoilt",
    [
        b'{"update_id": %d, "message": ' + DEEP + b"}",
        b'{"update_id": %d, "message": ' + b"9" * 5000 + b"}",
        b'{"update_id": %d, "message": "\xff"}',
        b'{"update_id": 3, "message": "\xff", "number": %d}',
    ],
    ids=["depth", "digits", "letters", "old number"],
)
async def test_what_is_no_json_stands_aside_alone(house: House, spoilt: bytes) -> None:
    """It spoils the whole answer: the others in it are taken all the same."""
    for face in house.town.messengers:
        server, queue = face.server, face.server.state.queues[face.token]
        before, after = face.person("پیش"), face.person("پس")
        await before.start()
        await before.sees("خانه")
        number = queue.next_id + 1
        server.go_out()
        await before.command("start")
        raw = spoilt.replace(b"%d", b"%d" % number)
        server.inject_raw(raw)
        await after.start()
        server.come_back()
        await before.sees("خانه")
        await after.sees("خانه")
        await house.until(lambda server=server: server.pending() == 0)
        kept = [row for row in await house.inbox() if row.messenger == face.kind and row.note == "no JSON"]
        assert [row.state for row in kept] == [InboxState.QUARANTINED]
        assert raw.decode("utf-8", "backslashreplace") in kept[0].raw
        assert kept[0].update_id == number or kept[0].update_id < 0


async def test_a_number_of_long_ago_does_not_come_for_ever(house: House) -> None:
    for face in house.town.messengers:
        sara = face.person("سارا")
        await sara.start()
        await sara.sees("خانه")
        for raw in (b'{"update_id": 0}', b'{"update_id": "1", "message": 5}', b"null", b'{"update_id": -7}'):
            face.server.inject_raw(raw)
            await house.until(lambda face=face: face.server.pending() == 0)


async def test_a_sign_that_is_no_number_is_no_lane(house: House) -> None:
    assert lane_of({"message": {"chat": {"id": "--5"}}}) is None
    sara = house.town.telegram.person("سارا")
    house.town.telegram.server.inject({"message": {"chat": {"id": "--5"}}})
    await sara.start()
    await sara.sees("خانه")


async def test_what_cannot_be_written_down_whole_is_kept_as_far_as_it_goes(house: House) -> None:
    deep: list[object] = ["the end"]
    for _ in range(3000):
        deep = [deep]
    await house.service.intake.store_updates(
        Messenger.BALE, [{"update_id": 77, "message": deep}, {"a": deep}]
    )
    numbered, bare = await house.inbox()
    assert (numbered.update_id, numbered.state, numbered.note) == (
        77,
        InboxState.QUARANTINED,
        "nested too deep",
    )
    assert json.loads(numbered.raw)["update_id"] == 77
    assert bare.update_id < 0


async def test_a_stranger_cannot_say_that_a_chat_is_blocked(house: House) -> None:
    """Who is taken for dead gets no pushes."""
    sara = house.town.telegram.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    bot = {"id": 1, "is_bot": True, "first_name": "ب"}
    change = {
        "chat": {"id": sara.user.id, "type": "private"},
        "from": {"id": sara.user.id + 1, "is_bot": False, "first_name": "غ"},
        "date": 1,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": "kicked", "user": bot, "until_date": 0},
    }
    house.town.telegram.server.inject({"my_chat_member": change})
    await house.until(lambda: house.town.telegram.server.pending() == 0)
    await house.until(lambda: not len(house.service.lanes))
    row = (await house.inbox())[-1]
    assert (row.state, row.note) == (
        InboxState.QUARANTINED,
        "UnreadableError: another sender in a private chat",
    )
