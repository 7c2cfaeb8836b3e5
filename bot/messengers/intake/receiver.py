"""Takes raw JSON: every update is durable before it is acknowledged, and none can stop the others.

See docs/architecture.md, "The way of an update".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from bot.application.resources import Resources
from bot.messengers.processing import inbox_store
from bot.messengers.processing.inbox_store import InboxRow
from storage.database.outage import log_unless_outage
from storage.enums import InboxState, Messenger

log = logging.getLogger(__name__)

#: Bytes of a body that we keep; a real update is far smaller.
MAX_BODY = 512 * 1024
#: Characters of an update that is held in memory as it was read, beside its text.
KEPT_READ = 4096
_BIGGEST = 2**62
#: A whole number that came as text.
_NUMBER = re.compile(r"-?[0-9]{1,18}")
#: Levels that are kept of an update nested too deep to be written down whole.
_DEPTH = 100
#: Where the chat of an update is found, by kind.
_KINDS = (
    "message",
    "edited_message",
    "my_chat_member",
    "channel_post",
    "edited_channel_post",
    "chat_member",
    "chat_join_request",
    "message_reaction",
)


class UpdateQueues(Protocol):
    """Where stored updates wait for their turn, chat by chat (`handlers.telegram.dispatcher`)."""

    def put(self, rows: Iterable[InboxRow]) -> None:
        """Rows into their chat queues, in order."""
        ...

    async def wait_until_below(self, limit: int, messenger: Messenger) -> None:
        """Wait while more than `limit` updates of this messenger wait."""
        ...


class Intake:
    """Polling and webhooks feed it; what it has stored goes into the chat queues."""

    def __init__(
        self,
        resources: Resources,
        queues: UpdateQueues,
        *,
        secret_key: str,
        bots: Mapping[Messenger, int],
        received: Callable[[], None] = lambda: None,
    ) -> None:
        """`bots` are the ids of our bots. `received` is called whenever something came in."""
        self.resources = resources
        self.queues = queues
        self._received = received
        self._secret_key = secret_key
        self._bots = bots
        #: Whose last batch may be stored though we were not told so.
        self._doubtful: set[Messenger] = set()
        #: The last part of each webhook's address (long, random, the same after a restart) → messenger.
        self.paths: Mapping[str, Messenger] = {
            _derive(secret_key, "path", messenger, bot): messenger for messenger, bot in bots.items()
        }
        #: What Telegram sends in its header; Bale has no such thing.
        self.secrets: Mapping[Messenger, str] = {
            Messenger.TELEGRAM: _derive(
                secret_key, "header", Messenger.TELEGRAM, bots.get(Messenger.TELEGRAM, 0)
            )
        }

    async def accept_webhook(self, messenger: Messenger, body: bytes, secret: str | None = None) -> int:
        """One webhook call: the HTTP status to answer with. 200 once the update is durable, 403 for a wrong secret,
        503 where it could not be stored (the messenger then sends it again)."""
        expected = self.secrets.get(messenger)
        if expected is not None and not hmac.compare_digest(expected.encode(), (secret or "").encode()):
            return 403
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            # Asking for it again would bring the same: kept, so that the next one comes.
            update = None
        try:
            if isinstance(update, dict):
                await self.store_updates(messenger, [update])
            else:
                await self.keep_unreadable(messenger, body)
        except Exception as error:
            log_unless_outage(log, "an update could not be stored", error=error)
            return 503
        return 200

    def path_of(self, messenger: Messenger) -> str:
        """The address below PUBLIC_URL that this messenger is told."""
        return webhook_path(self._secret_key, messenger, self._bots[messenger])

    async def store_updates(self, messenger: Messenger, updates: list[Any]) -> int:
        """Store a batch in one transaction and put what is new into the chat queues; how many were new. Returns after the
        commit: only then may the messenger forget the batch. Raises what the database raises."""
        more = {"received_at": self.resources.clock(), "bot_id": self._bots[messenger]}
        values = [_row(messenger, update) | more for update in updates]
        # Most are looked at next: they need not be read again.
        read = {
            value["raw"]: update
            for value, update in zip(values, updates, strict=True)
            if len(value["raw"]) <= KEPT_READ
        }

        def put(rows: list[InboxRow]) -> None:
            # What their chats' units write is committed together with the rows, where nothing else waits for these chats.
            self.queues.put(replace(row, update=read.get(row.raw)) for row in rows if row.waits)

        doubtful = messenger in self._doubtful
        try:
            new = await self.resources.database.run(
                lambda db: inbox_store.insert(db, values), before_commit=None if doubtful else put
            )
            waiting = [row for row in new if row.waits]
            if doubtful:
                # Sent again they are not new, and would wait for the sweep.
                unfinished = await self.resources.database.read(inbox_store.unfinished_updates)
                waiting = [row for row in unfinished if row.messenger is messenger]
                put(waiting)
        except Exception:
            self._doubtful.add(messenger)
            raise
        self._doubtful.discard(messenger)
        self.resources.counters.received[messenger] += len(waiting)
        self.resources.counters.repeated[messenger] += len(values) - len(new)
        notes = {value["update_id"]: value["note"] for value in values}
        for row in new:
            if not row.waits:
                self._note_quarantined(messenger, row.update_id, notes[row.update_id])
        self._received()
        return len(new)

    async def keep_unreadable(
        self, messenger: Messenger, body: bytes, number: int | None = None, note: str = "not a JSON object"
    ) -> bool:
        """Store a body that is no update as it came, under its `number` where one could be made out; whether it was
        new."""
        raw = body[:MAX_BODY].decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
        values = _quarantined_row(messenger, _made_up_id(body) if number is None else number, raw, note) | {
            "received_at": self.resources.clock(),
            "bot_id": self._bots[messenger],
        }
        new = bool(await self.resources.database.run(lambda db: inbox_store.insert(db, [values])))
        if new:
            self._note_quarantined(messenger, values["update_id"], values["note"])
        else:
            self.resources.counters.repeated[messenger] += 1
        return new

    def _note_quarantined(self, messenger: Messenger, update_id: int, note: str) -> None:
        self.resources.counters.quarantined[messenger] += 1
        log_fields = {"messenger": messenger.value, "update_id": update_id}
        log.warning("quarantined: %s update %s: %s", messenger.value, update_id, note, extra=log_fields)


def webhook_path(secret_key: str, messenger: Messenger, bot_id: int | None = None) -> str:
    """The address below PUBLIC_URL where this bot's updates come; it is secret. Without `bot_id`, the one of
    releases that did not tell bots apart."""
    return f"/hook/{messenger.value}/{_derive(secret_key, 'path', messenger, bot_id)}"


def update_number(update: Any) -> int | None:
    """The update's id, also where it came as text."""
    number = update.get("update_id") if isinstance(update, dict) else None
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _BIGGEST:
        return None
    return number


def lane_of(update: dict[str, Any]) -> int | None:
    """The chat whose queue this is, read from raw JSON; None where it cannot be read."""
    for kind in _KINDS:
        if (payload := update.get(kind)) is not None:
            return _id(payload, "chat")
    if (query := update.get("callback_query")) is not None:
        message = query.get("message") if isinstance(query, dict) else None
        lane = _id(message, "chat")
        return lane if lane is not None else _id(query, "from")
    for kind in (
        "pre_checkout_query",
        "shipping_query",
        "inline_query",
        "chosen_inline_result",
        "poll_answer",
    ):
        if (payload := update.get(kind)) is not None:
            return _id(payload, "from")
    return None


def _id(holder: Any, name: str) -> int | None:
    ident = holder.get(name) if isinstance(holder, dict) else None
    number = ident.get("id") if isinstance(ident, dict) else None
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not -_BIGGEST < number < _BIGGEST:
        return None
    return number


def _row(messenger: Messenger, update: Any) -> dict[str, Any]:
    number = update_number(update)
    try:
        # ASCII: halves of surrogate pairs and NUL stay escaped, any database keeps them.
        raw = json.dumps(update)
    except RecursionError:
        raw = json.dumps(_shallow(update, _DEPTH))[:MAX_BODY]
        return _quarantined_row(
            messenger, _made_up_id(raw.encode()) if number is None else number, raw, "nested too deep"
        )
    if number is None:
        return _quarantined_row(messenger, _made_up_id(raw.encode()), raw, "no update_id")
    if len(raw) > MAX_BODY:
        return _quarantined_row(messenger, number, raw[:MAX_BODY], "too large")
    return {
        "messenger": messenger,
        "update_id": number,
        "lane": lane_of(update),
        "raw": raw,
        "state": InboxState.RECEIVED,
        "note": None,
        "done_at": None,
    }


def _shallow(value: Any, depth: int) -> Any:
    """Without what is nested deeper than `depth`."""
    if isinstance(value, dict):
        return {name: _shallow(item, depth - 1) for name, item in value.items()} if depth else "…"
    if isinstance(value, list):
        return [_shallow(item, depth - 1) for item in value] if depth else "…"
    return value


def _quarantined_row(messenger: Messenger, update_id: int, raw: str, note: str) -> dict[str, Any]:
    return {
        "messenger": messenger,
        "update_id": update_id,
        "lane": None,
        "raw": raw,
        "state": InboxState.QUARANTINED,
        "note": note,
        "done_at": None,
    }


def _made_up_id(body: bytes) -> int:
    """A negative number for what has none of its own: the same body gives the same."""
    return -1 - int.from_bytes(hashlib.sha256(body).digest()[:7])


def _derive(secret_key: str, purpose: str, messenger: Messenger, bot_id: int | None) -> str:
    name = f"webhook {purpose} {messenger.value}" + ("" if bot_id is None else f" {bot_id}")
    return hmac.new(secret_key.encode(), name.encode(), hashlib.sha256).hexdigest()[:48]
