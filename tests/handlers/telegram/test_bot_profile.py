"""The menu of commands and what an empty chat says: by role, told once, refusals tolerated."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.texts import t
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from demo.emulators import Emulators
from handlers import all_routes
from handlers.telegram import bot_profile
from handlers.telegram.bot_profile import COMMANDS
from storage.database.database import Database
from storage.enums import Messenger, Role
from storage.tables import BotProfile, Chat
from tests.support.factories.people import account
from tests.support.messenger_app import running_app
from tests.support.pending import until


def names(commands: list[dict[str, Any]]) -> list[str]:
    return [command["command"] for command in commands]


@pytest.mark.parametrize("role", list(COMMANDS))
def test_every_command_opens_something_for_its_role(role: Role | None) -> None:
    routes = all_routes(Engine(ALL))
    for name in COMMANDS[role]:
        assert role in routes.by_action[routes.commands[name].action].roles, name
        assert 1 <= len(t(f"command.{name}")) <= 256
    assert len(t("profile.description")) <= 512
    assert len(t("profile.short")) <= 120


async def test_guests_commands_and_descriptions_are_told_once(
    emulators: Emulators, database: Database
) -> None:
    telegram, bale = emulators.telegram, emulators.bale
    async with running_app(emulators, database) as app:
        await app.until(lambda: telegram.bot.short_description and bale.bot.commands)
        assert names(telegram.bot.commands["default"]) == list(COMMANDS[None])
        assert names(bale.bot.commands["default"]) == list(COMMANDS[None])
        assert "احراز صلاحیت" in telegram.bot.description
        assert bale.bot.description == ""

        async def noted() -> bool:
            return len(await database.read(lambda db: db.exec(select(BotProfile)).all())) == 2

        await until(noted)
    telegram.bot.description, telegram.bot.commands = "as it was", {}
    async with running_app(emulators, database) as app:
        await app.service.profile.publish(app.service.channels[Messenger.TELEGRAM])
        assert telegram.bot.description == "as it was"
        assert telegram.bot.commands == {}


async def test_after_a_change_of_words_the_menus_of_all_chats_are_told_some_at_a_time(
    emulators: Emulators, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot_profile, "BATCH", 2)
    telegram = emulators.telegram

    def logged_in(db: Session) -> None:
        for number in range(5):
            told = {"account_id": account(db, chat=False).id, "role": Role.OFFICER, "menu_role": Role.OFFICER}
            db.add(Chat(messenger=Messenger.TELEGRAM, chat_id=900 + number, **told))

    await database.run(logged_in)
    async with running_app(emulators, database) as app:
        profile = app.service.profile
        await app.until(lambda: telegram.bot.short_description)

        async def begun() -> bool:
            due = select(BotProfile.menus_after).where(BotProfile.messenger == Messenger.TELEGRAM)
            return await database.read(lambda db: db.exec(due).first()) is not None

        await until(begun)
        assert [await profile.publish_chats() for _ in range(4)] == [2, 2, 1, 0]
        assert {f"chat:{900 + number}" for number in range(5)} <= set(telegram.bot.commands)


async def test_a_chat_has_the_commands_of_its_role_and_a_guests_after_it_logged_out(
    emulators: Emulators, database: Database
) -> None:
    telegram = emulators.telegram
    person = telegram.person("سارا")
    async with running_app(emulators, database) as app:
        await person.type("/start")
        await person.sees("خانه")
        profile, key = app.service.profile, f"chat:{person.user.id}"
        assert await profile.publish_chats() == 0

        def log_in(role: Role | None) -> Any:
            def unit(db: Any) -> None:
                chat = db.exec(select(Chat).where(Chat.chat_id == person.user.id)).one()
                chat.role, chat.account_id = role, None if role is None else account(db, chat=False).id
                db.add(chat)

            return unit

        await database.run(log_in(Role.OFFICER))
        assert await profile.publish_chats() == 1
        assert names(telegram.bot.commands[key]) == list(COMMANDS[Role.OFFICER])
        assert await profile.publish_chats() == 0
        await database.run(log_in(None))
        assert await profile.publish_chats() == 1
        assert key not in telegram.bot.commands
