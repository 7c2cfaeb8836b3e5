"""A group hears one sentence and is left, whoever adds the bot and whatever is written there."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.messengers.processing.groups import NOTIFY_AGAIN_AFTER
from demo.botapi.faults import Fault
from demo.botapi.state import Chat
from demo.emulators import EmulatedMessenger, Emulators
from storage.database.database import Database
from storage.enums import InboxState
from storage.tables import LeftGroup
from tests.support.messenger_app import MessengerApp, is_served, raw_message, running_app

#: More than a messenger lets a bot write to a group in a minute.
FLOOD = 60
KINDS = [(0, "group"), (0, "supergroup"), (0, "channel"), (1, "group"), (1, "channel")]


def said(face: EmulatedMessenger, group: Chat) -> list[str]:
    found = face.server.state.conversation(face.bot, group.id)
    assert found is not None
    return [one.words for one in found.live() if one.from_bot]


async def until_left(app: MessengerApp, face: EmulatedMessenger, *groups: Chat) -> None:
    """The bot is in none of these groups, and owes no answer."""

    async def left() -> bool:
        found = [face.server.state.conversation(face.bot, group.id) for group in groups]
        done = set(await app.states()) == {InboxState.ANSWERED} and not len(app.service.lanes)
        return done and all(one is not None and one.left for one in found)

    await app.until(left)


@pytest.mark.parametrize(("number", "kind"), KINDS)
async def test_a_flood_in_a_group_costs_one_sentence(app: MessengerApp, number: int, kind: str) -> None:
    face = app.emulators.messengers[number]
    stranger, other = face.person("غریبه"), face.person("کاربر")
    group = face.group("همکاران", kind)
    # However long it takes: what comes after LEAVE_INTERVAL has the group left once more.
    begun = app.service.resources.clock()
    app.service.resources.clock = lambda: begun
    await stranger.add_bot(group)
    for _ in range(FLOOD):
        await stranger.type("سلام", chat=group)
    await is_served(other)
    await until_left(app, face, group)
    assert len(said(face, group)) == 1
    assert "خصوصی" in said(face, group)[0]
    assert face.server.limits[face.token].refused == {}
    assert len(face.server.calls_of("leaveChat")) == 1


@pytest.mark.parametrize("number", [0, 1], ids=["telegram", "bale"])
async def test_who_adds_the_bot_again_and_again_gets_nothing_more(
    emulators: Emulators, database: Database, number: int
) -> None:
    face = emulators.messengers[number]
    stranger, group = face.person("غریبه"), face.group("همکاران")
    async with running_app(emulators, database) as app:
        await stranger.type("سلام", chat=group)
        await until_left(app, face, group)
    # Also after a restart.
    async with running_app(emulators, database) as app:
        passed = timedelta()
        begun = app.service.resources.clock()
        app.service.resources.clock = lambda: begun + passed
        for again in range(1, 4):
            passed = again * timedelta(minutes=1)
            await stranger.add_bot(group)
            await until_left(app, face, group)
        assert len(said(face, group)) == 1
        assert len(face.server.calls_of("leaveChat")) == 4
        passed = NOTIFY_AGAIN_AFTER + timedelta(minutes=5)
        await stranger.add_bot(group)
        await until_left(app, face, group)
        assert len(said(face, group)) == 2
    assert len(await database.read(lambda db: db.exec(select(LeftGroup)).all())) == 1


@pytest.mark.parametrize("method", ["sendMessage", "leaveChat"])
async def test_a_group_that_is_refused_is_left_all_the_same(app: MessengerApp, method: str) -> None:
    for face in app.emulators.messengers:
        stranger, group = face.person("غریبه"), face.group("همکاران")
        face.faults.add(Fault.flood(1), method=method)
        await stranger.type("سلام", chat=group)
        await is_served(face.person("کاربر"))
        await until_left(app, face, group)
    assert app.emulators.violations == []


async def test_many_groups_at_once_do_not_hold_up_people(app: MessengerApp) -> None:
    face = app.emulators.telegram
    stranger = face.person("غریبه")
    groups = [face.group(f"گروه {number}") for number in range(80)]
    for group in groups:
        await stranger.add_bot(group)
    await is_served(face.person("کاربر"))
    await until_left(app, face, *groups)
    assert sum(len(said(face, one)) for one in groups) < len(groups)


async def test_a_button_pressed_in_a_group_is_no_press(app: MessengerApp) -> None:
    face = app.emulators.bale
    sara, group = face.person("سارا"), face.group("گروه")
    held = raw_message(sara.user.id, "", number=77) | {"chat": {"id": group.id, "type": "group"}}
    press = {"id": "999", "from": held.pop("from"), "message": held, "data": "1|note||first|"}
    face.server.inject({"callback_query": press})
    await until_left(app, face, group)
    assert await app.notes() == []
