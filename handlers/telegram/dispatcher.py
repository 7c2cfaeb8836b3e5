"""Dispatching: an update from its inbox row through its chat queue and PTB to the processor."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from telegram import Chat, ChatMember, Update

from bot.application.resources import Resources
from bot.core.incoming import Incoming
from bot.messengers.processing import inbox_store
from bot.messengers.processing.inbox_store import InboxRow
from bot.messengers.processing.plain_updates import read_plain
from bot.messengers.transport.channel import Channel
from handlers.telegram.chat_queues import Lanes
from handlers.telegram.processor import UpdateProcessor
from handlers.telegram.side_updates import SideUpdates
from handlers.telegram.update_handler import CURRENT_UPDATE, UnreadableError, UpdateScope, require_own_sender
from storage.correlation import CORRELATION_ID
from storage.database.unit_of_work import read_when_available, run_when_available
from storage.enums import Messenger

log = logging.getLogger(__name__)

#: Kinds of update that are a message to the bot.
ANSWERED_KINDS = ("message", "edited_message", "callback_query")
#: Seconds after a start until screens are shown again. What people sent meanwhile comes first: its answer
#: spares them the old question, which they would answer twice.
SETTLE = 1.0
#: Updates of one person that are held in memory; those behind them wait in the inbox alone, so that who
#: floods neither fills the memory nor stops the polling for strangers.
MAX_ROWS_IN_MEMORY = 32
#: Messages with passwords that are known not to be deleted yet; past that a screen may be shown again.
MOST_UNDELETED = 10_000
#: A bot with one of these stands in a group is a member there.
_GROUPS = (Chat.GROUP, Chat.SUPERGROUP, Chat.CHANNEL)
_MEMBER = (ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER, ChatMember.RESTRICTED)
#: Seconds after which another process's unfinished update is taken over.
ABANDONED = 60


class UpdateDispatcher:
    """Puts rows into chat queues, and carries each to the processor: the plain ones directly, all others through PTB's
    `Application.process_update`."""

    def __init__(
        self,
        resources: Resources,
        channels: Mapping[Messenger, Channel],
        lanes: Lanes,
        processor: UpdateProcessor,
        *,
        shared: bool,
    ) -> None:
        """`shared`: other processes may work on the same database (PostgreSQL)."""
        self.resources = resources
        self.lanes = lanes
        self._channels = channels
        self._processor = processor
        self.beside = SideUpdates(processor)
        self._shared = shared
        self._mine: set[tuple[int, int]] = set()
        #: Updates whose screen was shown and whose message with a password is still there.
        self._undeleted: set[int] = set()
        #: Chats of which more waits in the inbox than is held → whether more came since that was last read.
        self._behind: dict[tuple[Messenger, int], bool] = {}

    def put(self, rows: Iterable[InboxRow], *, again: bool = False) -> None:
        """Rows into their chat queues, in order."""
        for row in rows:
            channel = self._channels.get(row.messenger)
            # Not connected yet: `recover` fetches it then.
            if row.key in self._mine or channel is None or not channel.ready:
                continue
            key = (row.messenger, row.lane)
            if row.lane is not None and (
                key in self._behind or self.lanes.waiting(key) >= MAX_ROWS_IN_MEMORY
            ):
                self._behind[row.messenger, row.lane] = True
                continue
            self._enter(row, again)

    async def wait_until_below(self, limit: int, messenger: Messenger) -> None:
        """Wait while more than `limit` updates of this messenger are in the chat queues."""
        await self.lanes.wait_until_below(limit, messenger)

    def _enter(self, row: InboxRow, again: bool = False) -> None:
        self._mine.add(row.key)
        self.lanes.put((row.messenger, row.lane), partial(self._carry, row, again))

    async def _refill(self, row: InboxRow) -> None:
        """After `row`, the last that was held of its chat: what waits behind it in the inbox."""
        if row.lane is None:
            return
        key = (row.messenger, row.lane)
        while key in self._behind and self.lanes.waiting(key) <= 1:
            self._behind[key] = False
            try:
                rows_read = await read_when_available(
                    self.resources.database,
                    lambda db: inbox_store.next_unfinished(db, row, MAX_ROWS_IN_MEMORY),
                )
            except Exception:
                del self._behind[key]
                log.exception("what waits could not be read; the sweep will find it")
                return
            more = self._behind.pop(key)
            rows = [inbox_row for inbox_row in rows_read if inbox_row.key not in self._mine]
            for inbox_row in rows:
                self._enter(inbox_row)
            if more or len(rows_read) == MAX_ROWS_IN_MEMORY:
                self._behind[key] = True
            if rows or not more:
                return

    def put_screen(
        self,
        messenger: Messenger,
        chat_id: int,
        chat_row: int,
        *,
        due: datetime,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        """Show a chat its current screen, in its chat queue, if `chat.show_at` is still `due` then; then call `done`."""

        async def show() -> None:
            CORRELATION_ID.set(f"chat:{chat_row}")
            await self.beside.show_current(chat_row, due=due)
            done()

        self.lanes.put((messenger, chat_id), show)

    def put_pending_deletions(self, rows: Iterable[InboxRow]) -> None:
        """Show the current screen of these chats and delete the messages with passwords that are still
        there."""
        for row in rows:
            channel = self._channels.get(row.messenger)
            if row.key not in self._mine and channel is not None and channel.ready:
                self._mine.add(row.key)
                self.lanes.put((row.messenger, row.lane), partial(self._forget, row))

    async def _forget(self, row: InboxRow) -> None:
        CORRELATION_ID.set(f"update:{row.id}")
        try:
            ours = _is_ours(row, self._channels[row.messenger])
            await self.beside.delete_secret_message(row, ours=ours, shown=row.id in self._undeleted)
            if len(self._undeleted) < MOST_UNDELETED:
                self._undeleted.add(row.id)
        finally:
            self._mine.discard(row.key)

    async def adopt(self, channel: Channel) -> None:
        """Call before anything is taken: what came before a bot's id was noted is taken for this bot's."""
        messenger, bot_id = channel.messenger, channel.bot_id
        await run_when_available(
            self.resources.database, lambda db: inbox_store.assign_bot_id(db, messenger, bot_id)
        )

    async def recover(self, messenger: Messenger, *, alone: bool = False) -> int:
        """Once a messenger is connected, before anything new is taken: its unfinished updates go back into
        their chat queues. On a shared database another process may be at some of them; the unit excludes
        doubles."""
        rows = await read_when_available(self.resources.database, inbox_store.unfinished_updates)
        rows = [row for row in rows if row.messenger is messenger]
        before = self._left_before(alone=alone)
        pending = await read_when_available(
            self.resources.database, lambda db: inbox_store.pending_deletions(db, before)
        )
        # First: they are older than what waits.
        self.put_pending_deletions(row for row in pending if row.messenger is messenger)
        self.put(rows)
        return len(rows)

    def _left_before(self, *, alone: bool = False, older_than: float = 0.0) -> datetime:
        """What was done before this and is unanswered still is in no living process's hands."""
        others = self._shared and not alone
        if not others and not older_than:
            # All of it, also what was done before the clock was set back.
            return self.resources.clock() + timedelta(days=36_500)
        return self.resources.clock() - timedelta(seconds=max(older_than, ABANDONED if others else 0.0))

    async def show_unanswered(self, *, alone: bool = False, older_than: float = 0.0) -> None:
        """Chats whose answer may not have been sent are shown the current screen. At start (`alone`: no other
        process serves), and now and then for what another process left behind (`older_than` seconds ago)."""
        now, before = self.resources.clock(), self._left_before(alone=alone, older_than=older_than)
        at = now if older_than else now + timedelta(seconds=SETTLE)
        await self.resources.database.run(lambda db: inbox_store.show_unanswered(db, at, before))

    async def take_over(self) -> None:
        """Take over what another process, or a moment without database, left behind. Called now and then."""
        before = self.resources.clock() - timedelta(seconds=ABANDONED)
        self.put(
            await self.resources.database.read(lambda db: inbox_store.unfinished_updates(db, before)),
            again=True,
        )
        self.put_pending_deletions(
            await self.resources.database.read(lambda db: inbox_store.pending_deletions(db, before))
        )
        await self.show_unanswered(older_than=ABANDONED)

    async def _carry(self, row: InboxRow, again: bool) -> None:
        try:
            if self._shared:
                # Another process may have been given an earlier message of this person.
                for earlier in await read_when_available(
                    self.resources.database, lambda db: inbox_store.older_unfinished(db, row)
                ):
                    await self._process_row(UpdateScope(earlier, again))
            await self._process_row(UpdateScope(row, again))
        finally:
            self._mine.discard(row.key)
            await self._refill(row)

    async def _process_row(self, update_scope: UpdateScope) -> None:
        row = update_scope.row
        # Of this chat queue's task alone; what else runs in it sets its own.
        CORRELATION_ID.set(f"update:{row.id}")
        channel = self._channels.get(row.messenger)
        if channel is None:
            return  # its token was taken out of the settings; the row waits
        update_scope.foreign = not _is_ours(row, channel)
        raw: dict[str, Any] = {}
        try:
            raw = row.update if row.update is not None else json.loads(row.raw)
            whole = raw if channel.normalise is None else channel.normalise(raw)
            incoming = read_plain(whole, row.messenger)
            update = Update.de_json(whole, channel.bot) if incoming is None else None
            status = _member_status(update) if update is not None else None
            in_group = update is not None and row.lane is not None and _is_of_group(update)
        except Exception as error:
            if row.lane is not None and _chat_type(raw) in _GROUPS:
                await self.beside.in_group(update_scope)
                return
            # Whatever is in it, only this one update is skipped.
            await self._quarantine(update_scope, raw, f"{type(error).__name__}: {error}")
            return
        if incoming is not None:
            await self._process(update_scope, raw, self._processor.process(incoming))
        elif update is None or in_group:
            await self._in_group(update_scope, status)
        elif update.my_chat_member is not None:
            await self._membership(update_scope, status)
        else:
            await self._process(update_scope, raw, channel.application.process_update(update))

    async def _in_group(self, update_scope: UpdateScope, status: str | None) -> None:
        if update_scope.foreign:
            await self.beside.ignore(update_scope, "a group of another bot")
        elif status is None or status in _MEMBER:
            await self.beside.in_group(update_scope)
        else:
            await self.beside.ignore(update_scope, "no member of a group any more")

    async def _membership(self, update_scope: UpdateScope, status: str | None) -> None:
        """A private chat blocked or unblocked the bot."""
        if update_scope.foreign:
            await self.beside.ignore(update_scope, "another bot was blocked or unblocked")
        else:
            alive = status not in (ChatMember.BANNED, ChatMember.LEFT)
            await self.beside.membership(update_scope, alive=alive)

    async def _process(
        self, update_scope: UpdateScope, raw: dict[str, Any], processing: Coroutine[Any, Any, None]
    ) -> None:
        token = CURRENT_UPDATE.set(update_scope)
        try:
            await processing
        except Exception as error:
            # Where nobody served it yet, PTB stumbled over what it had parsed. Left as it is, it would come again for ever.
            unreadable = UnreadableError(f"{type(error).__name__}: {error}")
            update_scope.error = update_scope.error or (error if update_scope.served else unreadable)
        finally:
            CURRENT_UPDATE.reset(token)
        if isinstance(update_scope.error, UnreadableError):
            await self._quarantine(update_scope, raw, str(update_scope.error))
        elif update_scope.error is not None:
            await self._broken(update_scope, update_scope.error)
        elif not update_scope.served:
            if any(raw.get(kind) is not None for kind in ANSWERED_KINDS):
                await self._broken(update_scope, RuntimeError("no handler took it"))
            else:
                await self.beside.ignore(update_scope, "a kind that nobody asked for")

    async def _broken(self, update_scope: UpdateScope, error: BaseException) -> None:
        row = update_scope.row
        incoming = Incoming(row.messenger, row.update_id, row.lane) if row.lane is not None else None
        await self._processor.fail(update_scope, incoming, error)

    async def _quarantine(self, update_scope: UpdateScope, raw: Any, reason: str) -> None:
        await self.beside.quarantine(update_scope, reason, answer=_is_private(raw))


def _member_status(update: Update) -> str | None:
    """How the bot now stands in the chat, where the update tells it. Raises where PTB's object is
    incomplete."""
    member = update.my_chat_member
    if member is None:
        return None
    require_own_sender(member.chat, member.from_user)
    return member.new_chat_member.status


def _is_of_group(update: Update) -> bool:
    chat = update.effective_chat
    return chat is not None and chat.type != Chat.PRIVATE


def _is_ours(row: InboxRow, channel: Channel) -> bool:
    """Whether the update was sent to the bot that we are now."""
    return row.bot_id in (0, channel.bot_id)


def _is_private(raw: Any) -> bool:
    """Whether a person waits for an answer in a private chat, as far as that can be seen."""
    return isinstance(raw, dict) and _chat_type(raw, ("message", "callback_query")) == "private"


def _chat_type(raw: dict[str, Any], kinds: Iterable[str] | None = None) -> Any:
    """Of the chat that an update is about, from its raw JSON."""
    for kind in kinds if kinds is not None else raw:
        payload = raw.get(kind)
        payload = payload.get("message", payload) if isinstance(payload, dict) else None
        chat = payload.get("chat") if isinstance(payload, dict) else None
        if isinstance(chat, dict):
            return chat.get("type")
    return None
