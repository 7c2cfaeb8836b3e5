"""One update, from reading to its answer: the unit of work around handlers and dialogues.

See docs/architecture.md, "The way of an update".
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session

from bot.application.resources import Resources
from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.incoming import FileTaken, Incoming
from bot.core.refusals import Refusal
from bot.core.screens import Press, Screen, button
from bot.messengers.delivery.screens import ScreenDelivery
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.processing.uploads import Uploads
from bot.rules import credentials
from bot.services.qualification import unused_files
from bot.texts import t
from bot.texts.formats import digits
from conversations.engine.declaration import Preparation
from conversations.engine.engine import Engine
from handlers.telegram.router import Destination, RoutedReply, UpdateRouter
from handlers.telegram.update_handler import CURRENT_UPDATE, UpdateScope
from storage.database.outage import log_unless_outage
from storage.database.unit_of_work import deferred, flush_row, inserted, run_when_available
from storage.enums import InboxState, Messenger
from storage.tables import Push

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Needed:
    """The unit did nothing yet: this comes first. `stands` is the position of the chat when it was asked."""

    preparation: Preparation
    stands: tuple[Any, ...]
    account_id: int | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    stands: tuple[Any, ...]
    result: Any = None
    refusal: Refusal | None = None
    secret: bool = False


class UpdateProcessor:
    """Takes what PTB's handlers read, runs the unit, and hands the answer to delivery after the commit."""

    def __init__(
        self,
        resources: Resources,
        dialogues: Engine,
        routes: Routes,
        delivery: ScreenDelivery,
        *,
        release_slot: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """`release_slot` gives the chat queue's slot back while an external server is waited for; `committed` is
        called after a commit with new pushes."""
        self.resources = resources
        self.dialogues = dialogues
        self.routes = routes
        self.delivery = delivery
        self.router = UpdateRouter(routes, dialogues)
        self._uploads = Uploads(resources)
        self._release_slot = release_slot
        self._committed = committed

    async def process(self, incoming: Incoming) -> None:
        """Serve the present update (`update_scope.CURRENT_UPDATE`)."""
        update_scope = CURRENT_UPDATE.get()
        update_scope.served = True
        prepared: _Prepared | None = None
        taken: list[FileTaken] = []
        broke = False
        try:
            outcome = await self._run(incoming, partial(self._unit, update_scope, incoming, prepared))
            while isinstance(outcome, _Needed):
                prepared = await self._prepare(outcome, incoming)
                if isinstance(prepared.result, FileTaken):
                    taken.append(prepared.result)
                outcome = await self._run(incoming, partial(self._unit, update_scope, incoming, prepared))
            answer = outcome
            self.resources.counters.done[incoming.messenger] += 1
        except Exception as error:
            broke = True
            answer = await self.broken(
                update_scope,
                incoming,
                error,
                secret=(prepared is not None and prepared.secret) or credentials.are_in(incoming.text or ""),
            )
        if answer is not None:
            if answer.pushes:
                self._committed()
            if update_scope.told_to_wait:
                # Below that sentence, not above it.
                answer = replace(answer, edit=None)
            if update_scope.foreign:
                # The numbers of its messages are another bot's.
                answer = replace(answer, edit=None, delete=None, callback_id=None)
            await self.delivery.deliver(answer)
        if not broke:
            # Only where it is known how the unit ended; else the sweep of orphans decides.
            removed = answer.removed if answer is not None else frozenset()
            if taken or removed:
                await self._uploads.drop_unused(taken, removed)
            did, chat_address = self._asked(incoming), answer.chat_address if answer is not None else None
            # Nothing came of it where another process has done it.
            log.log(
                logging.DEBUG if answer is None else logging.INFO,
                "update done",
                extra=log_fields(update_scope)
                | {"asked": did, "chat": chat_address.row_id if chat_address is not None else None},
            )

    def _asked(self, incoming: Incoming) -> str:
        """What was asked, in our own words: nothing that a person typed."""
        if incoming.pressed:
            return incoming.press.action if incoming.press is not None else "a foreign button"
        if incoming.command is not None:
            return f"/{incoming.command}" if incoming.command in self.routes.commands else "a foreign command"
        if incoming.text is not None:
            return "text"
        return "file" if incoming.file is not None else "contact" if incoming.contact is not None else "other"

    async def broken(
        self,
        update_scope: UpdateScope,
        incoming: Incoming | None,
        error: BaseException,
        *,
        secret: bool = False,
    ) -> Answer | None:
        """Something of ours broke: the row is FAILED, the person gets a number that is in the log beside `error`."""
        row = update_scope.row
        self.resources.counters.failed[row.messenger] += 1
        number = str(row.id)
        log.error(
            "an update failed: number %s, %s update %s",
            number,
            row.messenger.value,
            row.update_id,
            exc_info=error,
            extra=log_fields(update_scope),
        )

        def unit(db: Session) -> bool:
            if secret:
                inbox_store.wipe_body(db, row)
            return inbox_store.mark_finished(db, row, self.resources.clock(), InboxState.FAILED, note=number)

        try:
            ours = await self._run(None, unit, lane=lane_of(row.messenger, row.lane))
        except Exception as trouble:
            log_unless_outage(
                log, "the failure could not be noted; the update stays in the inbox", error=trouble
            )
            ours = not update_scope.again
        if not ours or incoming is None or not incoming.private:
            return None
        screen = Screen(t("error.crash", number=digits(number)), ((button(t("nav.home"), "home"),),))
        chat_address = ChatAddress(incoming.messenger, incoming.chat_id)
        return Answer(chat_address, (screen,), callback_id=incoming.callback_id)

    async def fail(self, update_scope: UpdateScope, incoming: Incoming | None, error: BaseException) -> None:
        """Something broke outside `serve`: as `broken`, and the answer is sent."""
        answer = await self.broken(update_scope, incoming, error)
        if answer is not None:
            await self.delivery.deliver(answer)

    # -- the unit ------------------------------------------------------------------------------------

    def _unit(
        self, update_scope: UpdateScope, incoming: Incoming, prepared: _Prepared | None, db: Session
    ) -> Answer | _Needed | None:
        turn = inbox_store.load_turn(db, incoming, self.resources.clock(), self.resources.public_info)
        stands, destination = _stands(turn), self.router.destination(turn)
        if prepared is None or prepared.stands != stands:
            needed = self._preparation(turn, destination)
            if needed is not None and (needed.work is not None or needed.file):
                return _Needed(needed, stands, turn.account.id if turn.account is not None else None)
            prepared = _Prepared(stands, secret=needed is not None and needed.secret)
        if not inbox_store.mark_finished(db, update_scope.row, turn.now):
            if not update_scope.doubtful or not inbox_store.is_stored(db, update_scope.row):
                # Done before; or its row was rolled back with a transaction that failed, and the messenger sends it again.
                return None
            # Our own commit, whose word was lost: only the answer is missing.
            return Answer(
                address_of(turn),
                (self.router.current(turn),),
                update_row=update_scope.row.id,
                plain=True,
            )
        welcome(turn)
        turn.prepared = prepared.result
        decided = self.router.decide(turn, destination, prepared.refusal, update_scope.row)
        if prepared.secret or decided.wipe:
            inbox_store.wipe_body(db, update_scope.row)
            if incoming.message_id is not None and not incoming.pressed:
                inbox_store.schedule_deletion(db, update_scope.row.id, incoming.message_id)
        answer = answer_of(turn, decided, update_scope.row.id, secret=prepared.secret)
        flush_row(db, turn.chat)
        return answer

    def _preparation(self, turn: Turn, destination: Destination) -> Preparation | None:
        """What must be done before the unit, by the open dialogue or by the pressed route. Nothing for an update that
        will be refused."""
        match destination:
            case "dialogue":
                needed = self.dialogues.preparation(turn)
                if needed is None or self.router.shut(turn) is None:
                    return needed
                return Preparation(secret=needed.secret)
            case Press() as press if (prepare := self.routes.by_action[press.action].prepare) is not None:
                try:
                    self.router.route(turn, press)
                except Refusal:
                    return None
                return Preparation(work=lambda resources: prepare(resources, turn.incoming, press))
        return None

    async def _prepare(self, needed: _Needed, incoming: Incoming) -> _Prepared:
        secret = needed.preparation.secret
        try:
            async with self._release_slot():
                if needed.preparation.work is not None:
                    result = await needed.preparation.work(self.resources)
                else:
                    tell = partial(self._ask_to_wait, incoming)
                    result = await self._uploads.store_offered(incoming, needed.account_id, tell)
        except Refusal as refusal:
            return _Prepared(needed.stands, refusal=refusal, secret=secret)
        except Exception as error:
            # Told as any other failure, with the secret wiped.
            return _Prepared(needed.stands, refusal=_Broken(error), secret=secret)
        return _Prepared(needed.stands, result, secret=secret)

    async def _run(
        self, incoming: Incoming | None, unit: Callable[[Session], T], *, lane: str | None = None
    ) -> T:
        """Run a unit; while the database is unavailable the chat queue waits, and with it what this person sent next."""
        if incoming is None:
            return await run_when_available(self.resources.database, unit, lane=lane)
        lane, update_scope = lane_of(incoming.messenger, incoming.chat_id), CURRENT_UPDATE.get()

        def failed() -> None:
            update_scope.doubtful = True

        return await run_when_available(
            self.resources.database, unit, lane=lane, tell=partial(self._ask_to_wait, incoming), failed=failed
        )

    async def _ask_to_wait(self, incoming: Incoming) -> None:
        """What was sent is in the inbox and will be done; only nothing can be written just now."""
        update_scope = CURRENT_UPDATE.get()
        if incoming.private and not update_scope.told_to_wait:
            update_scope.told_to_wait = True
            screen = Screen(t("error.database_away"))
            chat_address = ChatAddress(incoming.messenger, incoming.chat_id)
            await self.delivery.deliver(Answer(chat_address, (screen,), plain=True))


class _Broken(Refusal):
    """A preparation that broke: raised inside the unit, so that it fails like everything else."""

    def __init__(self, error: Exception) -> None:
        super().__init__("error.crash")
        self.__cause__ = error


def welcome(turn: Turn) -> None:
    """A new chat gets its row; a dead chat that writes is live again."""
    if turn.chat.id is None:
        inbox_store.store_new_chat(turn.db, turn.chat)
    elif turn.chat.dead:
        turn.chat.dead = False


def answer_of(turn: Turn, decided: RoutedReply, row_id: int | None, *, secret: bool = False) -> Answer:
    chat_address = address_of(turn)
    asks_contact = bool(decided.screens) and decided.screens[-1].ask_contact is not None
    if decided.screens and turn.chat.keyboard != asks_contact:
        turn.chat.keyboard = asks_contact
    if decided.screens and turn.chat.show_at is not None:
        turn.chat.show_at = None
    incoming = turn.incoming
    editable = incoming.pressed and not decided.send_as_new and not (incoming.press and incoming.press.fresh)
    if decided.quiet is not None and not decided.screens and row_id is not None:
        inbox_store.mark_quiet(turn.db, row_id, turn.chat, turn.now, decided.quiet)
    return Answer(
        chat_address,
        decided.screens,
        notice=decided.notice,
        toast=decided.toast,
        update_row=row_id,
        edit=incoming.message_id if editable else None,
        callback_id=incoming.callback_id,
        delete=incoming.message_id if (secret or decided.wipe) and not incoming.pressed else None,
        credentials_of=decided.credentials_of,
        quiet=decided.quiet if not decided.screens else None,
        pushes=inserted(turn.db, Push),
        removed=deferred(turn.db, unused_files.REMOVED),
        plain=not decided.files and decided.credentials_of is None,
        said=decided.said,
    )


def log_fields(update_scope: UpdateScope) -> dict[str, Any]:
    """What the log's line of an update holds."""
    row, took = update_scope.row, round((time.monotonic() - update_scope.began) * 1000)
    return {"messenger": row.messenger.value, "update_id": row.update_id, "took_ms": took}


def lane_of(messenger: Messenger, chat_id: int | None) -> str | None:
    return None if chat_id is None else f"{messenger.value}:{chat_id}"


def address_of(turn: Turn) -> ChatAddress:
    chat = turn.chat
    guest = chat.account_id is None
    return ChatAddress(
        chat.messenger,
        chat.chat_id,
        chat.id,
        chat.keyboard,
        guest,
        chat.rest_until,
        chat.has_pay_message,
    )


def _stands(turn: Turn) -> tuple[Any, ...]:
    """The position of the chat: work that was prepared for another position is discarded."""
    chat = turn.chat
    return (chat.account_id, chat.role, chat.dialogue, chat.draft_id, repr(chat.dialogue_state), chat.view)
