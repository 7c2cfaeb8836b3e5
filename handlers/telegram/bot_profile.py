"""What the messengers show of the bot beside its messages: the menu of commands by role, and Telegram's descriptions.

Told once, and again only where it changed: what was told is in the database. A refusal is logged, never fatal: Bale does
not document setMyCommands, knows no scopes and no descriptions.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col, select
from telegram import BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.application.resources import Resources
from bot.messengers.transport.channel import Channel
from bot.texts import t
from storage.enums import Messenger, Role
from storage.tables import BotProfile, Chat

log = logging.getLogger(__name__)

#: Chats that are told in one go; the others follow in the next.
BATCH = 20
_READER = ("queue", "mine", "menu", "help", "cancel", "privacy")
_OTHER = ("menu", "help", "cancel", "privacy")
#: Role → its commands in the order of the menu; None: guests, and every chat that was told of no role.
COMMANDS: Mapping[Role | None, tuple[str, ...]] = {
    None: ("start", "requirements", "help", "cancel", "privacy"),
    Role.OFFICER: ("menu", "status", "requirements", "help", "cancel", "privacy"),
    Role.EXPERT: _READER,
    Role.IN_CHARGE: _READER,
    Role.DISTRIBUTOR: _OTHER,
    Role.STAFF: _OTHER,
}


class ProfilePublisher:
    def __init__(self, resources: Resources, channels: Mapping[Messenger, Channel]) -> None:
        self._database = resources.database
        self._channels = channels

    async def publish(self, channel: Channel) -> None:
        """Tell a messenger the guests' commands and what the bot is, unless it knows. Raises nothing of the
        messenger's."""
        told = _fingerprint()

        def known(db: Session) -> bool:
            row = db.get(BotProfile, channel.messenger)
            return row is not None and (row.bot_id, row.fingerprint) == (channel.bot_id, told)

        if await self._database.read(known):
            return
        try:
            await channel.bot.set_my_commands(_commands(None))
            if channel.messenger is Messenger.TELEGRAM:
                await channel.bot.set_my_description(t("profile.description"))
                await channel.bot.set_my_short_description(t("profile.short"))
        except TelegramError as error:
            log.info("%s: commands or descriptions were not taken (%s)", channel.messenger.value, error)
            if _passes(error):
                return

        def note(db: Session) -> None:
            row = db.get(BotProfile, channel.messenger)
            db.add(row := row or BotProfile(messenger=channel.messenger, bot_id=0, fingerprint=""))
            row.bot_id, row.fingerprint = channel.bot_id, told
            if channel.messenger is Messenger.TELEGRAM:
                # The menus of all who are logged in are told anew, some at a time.
                row.menus_after = 0

        await self._database.run(note)

    async def publish_chats(self) -> int:
        """Give chats whose role changed the menu of their role; return how many. Only Telegram has menus of single
        chats."""
        channel = self._channels.get(Messenger.TELEGRAM)
        if channel is None or not channel.ready:
            return 0
        told: dict[int, Role | None] = {}
        due = await self._database.read(_due)
        for row_id, chat_id, role in due.chats:
            try:
                scope = BotCommandScopeChat(chat_id)
                if role is None:
                    await channel.bot.delete_my_commands(scope)
                else:
                    await channel.bot.set_my_commands(_commands(role), scope)
            except TelegramError as error:
                log.info("the commands of a chat were not taken (%s)", error)
                if _passes(error):
                    break
            told[row_id] = role
        if told or due.again is not None:
            await self._database.run(lambda db: _note_chats(db, told, due))
        return len(told)


def _passes(error: TelegramError) -> bool:
    """Whether the messenger may take it later: it was not reached, or it asks for a pause."""
    return isinstance(error, RetryAfter) or (
        isinstance(error, NetworkError) and not isinstance(error, BadRequest)
    )


def _commands(role: Role | None) -> list[BotCommand]:
    return [BotCommand(name, t(f"command.{name}")) for name in COMMANDS[role]]


def _fingerprint() -> str:
    """Of everything that is told."""
    whole = {str(role): [(one.command, one.description) for one in _commands(role)] for role in COMMANDS}
    texts = [t("profile.description"), t("profile.short")]
    return hashlib.sha256(json.dumps([whole, texts], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Due:
    """Chats whose menus are to be told: (chat.id, the messenger's chat id, its role now). `again`: those after this
    chat.id are told anew, up to `last`, None where there are no more."""

    chats: list[tuple[int, int, Role | None]]
    again: int | None
    last: int | None


def _due(db: Session) -> _Due:
    """Chats whose menu is another role's, by their index; else the next of those that are told anew."""
    # As the index says it.
    telegram = col(Chat.messenger) != Messenger.BALE, col(Chat.dead).is_(False)
    query = select(Chat.id, Chat.chat_id, Chat.role).where(*telegram).order_by(col(Chat.id)).limit(BATCH)
    changed = db.exec(query.where(col(Chat.role).is_distinct_from(col(Chat.menu_role)))).all()
    again = db.exec(select(BotProfile.menus_after).where(BotProfile.messenger == Messenger.TELEGRAM)).first()
    if changed or again is None:
        return _Due([_line(row) for row in changed], None, None)
    rest = db.exec(query.where(col(Chat.id) > again, col(Chat.account_id).is_not(None))).all()
    last = rest[-1][0] if len(rest) == BATCH else None
    return _Due([_line(row) for row in rest], again, last)


def _line(row: tuple[int | None, int, str | None]) -> tuple[int, int, Role | None]:
    row_id, chat_id, role = row
    return row_id or 0, chat_id, Role(role) if role is not None else None


def _note_chats(db: Session, told: Mapping[int, Role | None], due: _Due) -> None:
    for row_id, role in told.items():
        db.execute(update(Chat).where(col(Chat.id) == row_id).values(menu_role=role))
    if due.again is None:
        return
    # Where the messenger refused in between, the next go begins after the last one that it took.
    after = due.last if len(told) == len(due.chats) else max(told, default=due.again)
    db.execute(
        update(BotProfile)
        .where(col(BotProfile.messenger) == Messenger.TELEGRAM, col(BotProfile.menus_after) == due.again)
        .values(menus_after=after)
    )
