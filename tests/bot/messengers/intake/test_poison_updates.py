"""What a messenger would never send, over getUpdates: whatever it is, the next person's message comes through."""

import json
from itertools import product

from storage.enums import InboxState, Messenger
from tests.support.messenger_app import MessengerApp, started, starts

DEEP = b"[" * 20_000 + b"]" * 20_000


SPOILT = (
    b'{"update_id": %d, "message": ' + DEEP + b"}",
    b'{"update_id": %d, "message": ' + b"9" * 5000 + b"}",
    b'{"update_id": %d, "message": "\xff"}',
    b'{"update_id": 3, "message": "\xff", "number": %d}',
)


async def test_what_is_no_json_stands_aside_alone(app: MessengerApp) -> None:
    """It spoils the whole answer: the others in it are taken all the same."""
    for face, spoilt in product(app.emulators.messengers, SPOILT):
        server, queue = face.server, face.server.state.queues[face.token]
        before, after = face.person("پیش"), face.person("پس")
        await starts(before)
        number = queue.next_id + 1
        server.go_out()
        await before.command("start")
        raw = spoilt.replace(b"%d", b"%d" % number)
        server.inject_raw(raw)
        await after.start()
        server.come_back()
        await before.sees("خانه")
        await after.sees("خانه")
        await app.until(lambda server=server: server.pending() == 0)
        kept = [row for row in await app.inbox() if row.messenger == face.kind and row.note == "no JSON"]
        assert kept[-1].state is InboxState.QUARANTINED
        assert raw.decode("utf-8", "backslashreplace") in kept[-1].raw
        assert kept[-1].update_id == number or kept[-1].update_id < 0
    assert len([row for row in await app.inbox() if row.state is InboxState.QUARANTINED]) == 2 * len(SPOILT)


async def test_a_number_of_long_ago_does_not_come_for_ever(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        await started(face)
        for raw in (b'{"update_id": 0}', b'{"update_id": "1", "message": 5}', b"null", b'{"update_id": -7}'):
            face.server.inject_raw(raw)
            await app.until(lambda face=face: face.server.pending() == 0)


async def test_what_cannot_be_written_down_whole_is_kept_as_far_as_it_goes(app: MessengerApp) -> None:
    deep: list[object] = ["the end"]
    for _ in range(3000):
        deep = [deep]
    await app.service.intake.store_updates(Messenger.BALE, [{"update_id": 77, "message": deep}, {"a": deep}])
    numbered, bare = await app.inbox()
    assert (numbered.update_id, numbered.note) == (77, "nested too deep")
    assert numbered.state is InboxState.QUARANTINED
    assert json.loads(numbered.raw)["update_id"] == 77
    assert bare.update_id < 0


async def test_a_stranger_cannot_say_that_a_chat_is_blocked(app: MessengerApp) -> None:
    """Who is taken for dead gets no pushes."""
    sara = await started(app.emulators.telegram)
    bot = {"id": 1, "is_bot": True, "first_name": "ب"}
    change = {
        "chat": {"id": sara.user.id, "type": "private"},
        "from": {"id": sara.user.id + 1, "is_bot": False, "first_name": "غ"},
        "date": 1,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": "kicked", "user": bot, "until_date": 0},
    }
    app.emulators.telegram.server.inject({"my_chat_member": change})
    await app.until(lambda: app.emulators.telegram.server.pending() == 0)
    await app.until_idle()
    row = (await app.inbox())[-1]
    assert row.state is InboxState.QUARANTINED
    assert row.note == "UnreadableError: another sender in a private chat"
