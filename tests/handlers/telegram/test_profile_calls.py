"""The menus of commands and descriptions as they are told: to whom, when again, and where the messenger refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.texts import t
from handlers.telegram import bot_profile
from handlers.telegram.bot_profile import COMMANDS, ProfilePublisher
from storage.database.database import Database
from storage.enums import Messenger, Role
from storage.tables import BotProfile, Chat
from tests.support.factories.people import account

TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls: list[tuple[Any, ...]] = []
        #: What comes of the next calls; True where none is left.
        self.results: list[Exception | None] = []
        bot = SimpleNamespace(
            set_my_commands=self.set_commands,
            delete_my_commands=self.delete_commands,
            set_my_description=self.say("description"),
            set_my_short_description=self.say("short"),
        )
        self.telegram: Any = SimpleNamespace(messenger=TELEGRAM, bot=bot, bot_id=3, ready=True)
        self.bale: Any = SimpleNamespace(messenger=BALE, bot=bot, bot_id=4, ready=True)
        resources: Any = SimpleNamespace(database=database)
        self.publisher = ProfilePublisher(resources, {TELEGRAM: self.telegram, BALE: self.bale})

    def _end(self) -> None:
        if self.results and (error := self.results.pop(0)) is not None:
            raise error

    async def set_commands(self, commands: list[Any], scope: Any = None) -> None:
        names = tuple(one.command for one in commands)
        self.calls.append(("set", scope.chat_id if scope is not None else None, names))
        self._end()

    async def delete_commands(self, scope: Any) -> None:
        self.calls.append(("delete", scope.chat_id))
        self._end()

    def say(self, what: str) -> Any:
        async def said(text: str) -> None:
            self.calls.append((what, text))
            self._end()

        return said

    async def told(self) -> list[tuple[Any, ...]]:
        """The calls of one go."""
        self.calls.clear()
        await self.publisher.publish_chats()
        return list(self.calls)

    async def rows(self) -> list[tuple[Any, ...]]:
        query = select(BotProfile).order_by(col(BotProfile.messenger))
        found = await self.database.read(lambda db: list(db.exec(query)))
        return [(one.messenger, one.bot_id, one.menus_after) for one in found]

    async def chats(self, *roles: Role | None, messenger: Messenger = TELEGRAM, **values: Any) -> None:
        """Chats that were told of no role, with ids that count up from the last."""

        def unit(db: Session) -> None:
            first = len(db.exec(select(Chat)).all()) + 1
            for number, role in enumerate(roles, first):
                owner = account(db, chat=False).id if role is not None else None
                db.add(Chat(messenger=messenger, chat_id=number, account_id=owner, role=role, **values))

        await self.database.run(unit)


@pytest.fixture
def w(database: Database) -> World:
    return World(database)


GUEST = ("set", None, COMMANDS[None])
TEXTS = [("description", t("profile.description")), ("short", t("profile.short"))]


async def test_each_messenger_is_told_what_it_knows_of_once(w: World) -> None:
    for _ in range(2):
        await w.publisher.publish(w.telegram)
        await w.publisher.publish(w.bale)
    assert w.calls == [GUEST, *TEXTS, GUEST]
    assert await w.rows() == [(BALE, 4, None), (TELEGRAM, 3, 0)]


async def test_another_bot_and_other_words_are_told_anew(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await w.publisher.publish(w.bale)
    w.bale.bot_id = 5
    await w.publisher.publish(w.bale)
    monkeypatch.setattr(bot_profile, "_fingerprint", lambda: "other words")
    await w.publisher.publish(w.bale)
    await w.publisher.publish(w.bale)
    assert w.calls == [GUEST] * 3
    assert await w.rows() == [(BALE, 5, None)]


@pytest.mark.parametrize(
    ("error", "again"),
    [(RetryAfter(5), True), (NetworkError("x"), True), (BadRequest("x"), False), (Forbidden("x"), False)],
)
async def test_what_is_refused_for_good_is_not_told_again(w: World, error: Exception, again: bool) -> None:
    w.results = [error]
    await w.publisher.publish(w.telegram)
    assert w.calls == [GUEST]
    await w.publisher.publish(w.telegram)
    assert w.calls[1:] == ([GUEST, *TEXTS] if again else [])


async def test_each_chat_has_the_menu_of_its_role(w: World) -> None:
    await w.chats(Role.OFFICER, None, Role.STAFF)
    await w.chats(Role.OFFICER, messenger=BALE)
    await w.chats(Role.OFFICER, dead=True)
    assert await w.told() == [("set", 1, COMMANDS[Role.OFFICER]), ("set", 3, COMMANDS[Role.STAFF])]
    assert await w.told() == []

    def out(db: Session) -> None:
        for chat in db.exec(select(Chat).where(col(Chat.chat_id).in_([1, 3]))):
            chat.role = None if chat.chat_id == 1 else Role.DISTRIBUTOR

    await w.database.run(out)
    assert await w.told() == [("delete", 1), ("set", 3, COMMANDS[Role.DISTRIBUTOR])]


async def test_menus_need_telegram(w: World) -> None:
    await w.chats(Role.OFFICER)
    w.telegram.ready = False
    assert await w.publisher.publish_chats() == 0
    assert await ProfilePublisher(SimpleNamespace(database=w.database), {BALE: w.bale}).publish_chats() == 0  # type: ignore[arg-type]
    assert w.calls == []


async def test_a_chat_that_refuses_its_menu_holds_up_no_other(w: World) -> None:
    await w.chats(*[Role.OFFICER] * 3)
    w.results = [None, BadRequest("chat not found")]
    assert await w.publisher.publish_chats() == 3
    await w.chats(*[Role.STAFF] * 3)
    w.results = [None, RetryAfter(5)]
    assert await w.publisher.publish_chats() == 1
    assert [call[1] for call in await w.told()] == [5, 6], "the rest comes when the messenger takes it"


async def test_twenty_are_told_in_one_go(w: World) -> None:
    await w.chats(*[Role.OFFICER] * 21)
    assert [await w.publisher.publish_chats() for _ in range(3)] == [20, 1, 0]


async def test_after_other_words_all_who_are_logged_in_are_told_anew(w: World) -> None:
    await w.chats(*[Role.OFFICER] * 20, None, Role.STAFF)
    while await w.publisher.publish_chats():
        pass
    await w.publisher.publish(w.telegram)
    assert [call[1] for call in await w.told()] == list(range(1, 21))
    assert (await w.rows())[-1] == (TELEGRAM, 3, 20)
    await w.chats(Role.DISTRIBUTOR)
    assert [call[1] for call in await w.told()] == [23], "whose role changed comes first"
    w.results = [NetworkError("x")]
    assert [call[1] for call in await w.told()] == [22]
    assert (await w.rows())[-1] == (TELEGRAM, 3, 20), "nobody was told"
    w.results = [None, NetworkError("x")]
    assert [call[1] for call in await w.told()] == [22, 23]
    assert (await w.rows())[-1] == (TELEGRAM, 3, 22)
    assert [call[1] for call in await w.told()] == [23]
    assert (await w.rows())[-1] == (TELEGRAM, 3, None)
    assert await w.told() == []
