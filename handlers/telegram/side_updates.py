"""What comes beside messages and presses: updates that cannot be read, memberships, groups; screens that are shown again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from bot.core.incoming import Incoming
from bot.core.refusals import Refusal
from bot.messengers.processing import groups, inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.texts import t
from handlers.telegram.processor import UpdateProcessor, address_of, answer_of, lane_of, log_fields, welcome
from handlers.telegram.update_handler import UpdateScope
from storage.database.unit_of_work import read_when_available, run_when_available
from storage.enums import InboxState
from storage.tables import Chat

log = logging.getLogger(__name__)
T = TypeVar("T")


class SideUpdates:
    """Each is one unit, with its answer where there is one."""

    def __init__(self, processor: UpdateProcessor) -> None:
        self._processor = processor
        self._resources = processor.resources

    async def quarantine(self, update_scope: UpdateScope, reason: str, *, answer: bool) -> None:
        """Keep an update that cannot be read, out of the way. Its sender is told to use the buttons."""
        row = update_scope.row
        # It may quote the update: of any length, with letters that no database keeps.
        reason = reason[:500].replace("\x00", "").encode("utf-8", "replace").decode()
        self._resources.counters.quarantined[row.messenger] += 1
        log.warning(
            "quarantined: %s update %s: %s",
            row.messenger.value,
            row.update_id,
            reason,
            extra=log_fields(update_scope),
        )

        def unit(db: Session) -> Answer | None:
            now = self._resources.clock()
            if not inbox_store.mark_finished(db, row, now, InboxState.QUARANTINED, note=reason):
                return None
            if not answer or row.lane is None:
                return None
            incoming = Incoming(row.messenger, row.update_id, row.lane)
            turn = inbox_store.load_turn(db, incoming, self._resources.clock(), self._resources.public_info)
            welcome(turn)
            return answer_of(turn, self._processor.router.refused(turn, Refusal("error.unknown")), None)

        made = await self._run(unit, lane=lane_of(row.messenger, row.lane))
        if made is not None:
            await self._processor.delivery.deliver(made)

    async def membership(self, update_scope: UpdateScope, *, alive: bool) -> None:
        """Telegram says that this chat blocked us, or came back."""
        row = update_scope.row

        def unit(db: Session) -> None:
            if (
                inbox_store.mark_finished(db, row, self._resources.clock(), InboxState.ANSWERED)
                and row.lane is not None
            ):
                turn = inbox_store.load_turn(
                    db,
                    Incoming(row.messenger, row.update_id, row.lane),
                    self._resources.clock(),
                    self._resources.public_info,
                )
                if turn.chat.id is not None:
                    turn.chat.dead = not alive

        await self._run(unit, lane=lane_of(row.messenger, row.lane))
        log.info(
            "update done", extra=log_fields(update_scope) | {"asked": "unblocked" if alive else "blocked"}
        )

    async def in_group(self, update_scope: UpdateScope) -> None:
        """Something came from a group or channel, whatever it was: told where the bot answers, and left."""
        row = update_scope.row
        chat_id = row.lane
        assert chat_id is not None

        def unit(db: Session) -> tuple[bool, bool]:
            now = self._resources.clock()
            if not inbox_store.mark_finished(db, row, now, InboxState.ANSWERED):
                return False, False
            return groups.note_group_update(db, row.messenger, chat_id, now)

        say, leave = await self._run(unit, lane=lane_of(row.messenger, chat_id))
        self._resources.counters.done[row.messenger] += 1
        log.info("update done", extra=log_fields(update_scope) | {"asked": "something in a group"})
        if leave:
            sentence = t("error.group_chat") if say else None
            await self._processor.delivery.leave_group(ChatAddress(row.messenger, chat_id), sentence)

    async def ignore(self, update_scope: UpdateScope, note: str) -> None:
        """Done without an answer: of a kind that was not asked for."""
        row = update_scope.row
        await self._run(
            lambda db: inbox_store.mark_finished(
                db, row, self._resources.clock(), InboxState.ANSWERED, note=note
            ),
        )
        log.info("update done", extra=log_fields(update_scope) | {"asked": note})

    async def show_current(self, chat_row: int, *, due: datetime | None = None) -> None:
        """Show a chat its current screen (again): after a restart, or when an album has become quiet.

        With `due` only where `chat.show_at` is still that: an update that was in hand meanwhile was answered with a
        screen, or one more file of the album has put it off."""

        def unit(db: Session) -> Answer | None:
            chat = db.get(Chat, chat_row)
            if chat is None or chat.dead or (due is not None and chat.show_at != due):
                return None
            incoming = Incoming(chat.messenger, 0, chat.chat_id)
            turn = inbox_store.load_turn(
                db, incoming, self._resources.clock(), self._resources.public_info, reading=True
            )
            screen = self._processor.router.current(turn)
            return Answer(address_of(turn), (screen,), plain=True)

        answer = await read_when_available(self._resources.database, unit)
        if answer is not None:
            await self._processor.delivery.deliver(answer)

    async def delete_secret_message(
        self, row: inbox_store.InboxRow, *, ours: bool = True, shown: bool = False
    ) -> None:
        """Delete the message with a password that a process which died may have left, and show the current screen, unless
        it was `shown`. One that is not `ours` was sent to another bot, and cannot be deleted."""

        def unit(db: Session) -> Answer | None:
            message_id = inbox_store.message_to_delete(db, row.id)
            if message_id is None or row.lane is None:
                return None
            incoming = Incoming(row.messenger, row.update_id, row.lane)
            turn = inbox_store.load_turn(
                db, incoming, self._resources.clock(), self._resources.public_info, reading=True
            )
            screens = () if turn.chat.dead else (self._processor.router.current(turn),)
            delete = message_id if ours else None
            return Answer(address_of(turn), screens, update_row=row.id, delete=delete, shown=shown)

        answer = await read_when_available(self._resources.database, unit)
        if answer is not None:
            await self._processor.delivery.deliver(answer)

    async def _run(self, unit: Callable[[Session], T], *, lane: str | None = None) -> T:
        return await run_when_available(self._resources.database, unit, lane=lane)
