"""A channel: the Bot of a live messenger, its rate limits, and messages as it takes them: buttons, long texts, sending one.

The only place that makes a Bot: a forgotten base address would send Bale's traffic to Telegram (docs/performance.md 10.2).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.core.refusals import FileRejected
from bot.core.screens import Button, Screen
from bot.messengers.transport import bale_request, bale_updates, telegram
from bot.messengers.transport.aiohttp_request import AioRequest, DownloadTooLarge, Fields, make_request
from bot.messengers.transport.bale_request import BaleRequest
from bot.messengers.transport.rate_limits import RATE, RateLimiter
from bot.messengers.transport.telegram import is_unreachable
from bot.texts.words import BAR
from storage.enums import Messenger

log = logging.getLogger(__name__)

#: Bots may fetch files up to 20 MB on both messengers.
MAX_DOWNLOAD = 20 * 1024 * 1024
#: A `reply_markup`, as JSON.
Markup = dict[str, Any]
#: Makes one call when the chat may be written to.
Caller = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]

#: Takes a reply keyboard away.
KEYBOARD_CLOSED: Markup = {"remove_keyboard": True}

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_NOTICE = 200


class StatelessApplication(Application[Any, Any, Any, Any, Any, Any]):
    """PTB notes every person who ever wrote, for a persistence that we do not use: memory without end, and a stumble
    where an id is no number. A private name of the pinned version; a test looks that nothing is noted."""

    __slots__ = ()

    def _mark_for_persistence_update(self, **what: Any) -> None:
        return


@dataclass(slots=True)
class Channel:
    messenger: Messenger
    application: Application[Any, Any, Any, Any, Any, Any]
    request: AioRequest | BaleRequest | Any
    api_url: str
    #: Makes of one raw update what PTB parses; None: it is that already.
    normalise: Callable[[dict[str, Any]], dict[str, Any]] | None
    allowed_updates: tuple[str, ...] | None
    #: Whether a line over a pressed button is seen, by callback id.
    shows_notices: Callable[[str | None], bool]
    #: What the link to the bot begins with; its name follows.
    link_url: str
    #: Whose updates, message ids and file ids are ours: those of another bot mean nothing here.
    bot_id: int = 0
    limiter: RateLimiter = field(default_factory=RateLimiter)
    #: Known after getMe.
    ready: bool = False
    #: PTB's.
    bot: Any = field(init=False)

    def __post_init__(self) -> None:
        self.bot = self.application.bot

    @property
    def link(self) -> str:
        """Where people find the bot; known after getMe."""
        return f"{self.link_url}/{self.bot.username}"

    async def download(self, handle: str, *, limit: int) -> bytes:
        """See `bot.application.resources.Downloader`."""
        try:
            file = await self.bot.get_file(handle)
            if file.file_size is not None and file.file_size > limit:
                raise FileRejected("error.too_large")
            if not file.file_path:
                raise FileRejected("error.download_failed")
            if isinstance(self.request, AioRequest | BaleRequest):
                return await self.request.download(file.file_path, limit=limit)
            content = bytes(await self.request.retrieve(file.file_path))
        except DownloadTooLarge:
            raise FileRejected("error.too_large") from None
        except TelegramError as error:
            too_large = "too big" in str(error).lower()
            raise FileRejected("error.too_large" if too_large else "error.download_failed") from error
        if len(content) > limit:
            raise FileRejected("error.too_large")
        return content


def make_channel(
    messenger: Messenger,
    *,
    token: str,
    api_url: str,
    proxy: str | None = None,
    link_url: str | None = None,
    chat_rate: float = RATE,
) -> Channel:
    """A channel that is not connected yet. `api_url` is the server's root, `link_url` what the link to the bot begins with
    (None: the messenger's own), `chat_rate` messages a second to one chat."""
    request: Any = make_request(proxy=proxy)
    if messenger is Messenger.BALE:
        request = BaleRequest(request)
    root = api_url.rstrip("/")
    own_links = "https://t.me" if messenger is Messenger.TELEGRAM else "https://ble.ir"
    application: Application[Any, Any, Any, Any, Any, Any] = (
        ApplicationBuilder()
        .application_class(StatelessApplication)
        .token(token)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .request(request)
        # Never used: intake polls by itself, on the same connections.
        .get_updates_request(request)
        .updater(None)
        .job_queue(None)
        .build()
    )
    on_bale = messenger is Messenger.BALE
    return Channel(
        messenger,
        application,
        request,
        f"{root}/bot{token}",
        normalise=bale_updates.normalise_update if on_bale else None,
        allowed_updates=None if on_bale else telegram.ALLOWED_UPDATES,
        shows_notices=bale_request.shows_notices if on_bale else bool,
        link_url=link_url or own_links,
        bot_id=bot_number(token),
        limiter=RateLimiter(rate=chat_rate),
    )


def bot_number(token: str) -> int:
    """The bot's id, which is the part of its token before the colon; for a token of another form, a number made from that
    part. It stays the same where a token is replaced."""
    name = token.partition(":")[0].strip()
    if name.isascii() and name.isdigit() and 0 < int(name[:19]) < 2**62:
        return int(name[:19])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7]) + 1


def inline_keyboard(rows: tuple[tuple[Button, ...], ...]) -> Markup | None:
    """Inline buttons. Clients lay rows left-to-right, our rows begin at the right: turned around."""
    if not rows:
        return None
    return {"inline_keyboard": [[_inline(button) for button in reversed(row)] for row in rows if row]}


def _inline(button: Button) -> Markup:
    if button.press is not None:
        return {"text": button.label, "callback_data": button.press.pack()}
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    return {"text": button.label, "copy_text": {"text": button.copy or button.label}}


def without_links(markup: Markup) -> tuple[Markup | None, list[str]]:
    """Of inline buttons only those that press something, and the addresses of the others as lines of text."""
    keyboard = markup["inline_keyboard"]
    rows = [[key for key in row if "callback_data" in key] for row in keyboard]
    links = [f"{key['text']}: {key['url']}" for row in keyboard for key in row if "url" in key]
    rows = [row for row in rows if row]
    return {"inline_keyboard": rows} if rows else None, links


def contact_keyboard(screen: Screen) -> Markup:
    """The contact button, and below it the screen's other buttons as words to be sent."""
    assert screen.ask_contact is not None
    rows: list[list[Markup]] = [[{"text": screen.ask_contact, "request_contact": True}]]
    rows += [[{"text": button.label} for button in reversed(row)] for row in screen.rows if row]
    return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": False}


def split_text(text: str, limit: int = MAX_TEXT) -> list[str]:
    """`text` in pieces of at most `limit` UTF-16 units, cut at lines where possible, else at spaces."""
    pieces = []
    while utf16_units(text) > limit:
        head = _first(text, limit)
        cut = max(head.rfind("\n"), 0) or max(head.rfind(" ", len(BAR)), 0) or len(head)
        pieces.append(text[:cut].rstrip())
        # A line of quoted words stays one where it goes on in the next message.
        quoted = text[:cut].rpartition("\n")[2].startswith(BAR) and text[cut] != "\n"
        text = (BAR if quoted else "") + text[cut:].lstrip()
    pieces.append(text)
    return [piece for piece in pieces if piece]


def shorten(text: str, limit: int) -> str:
    """`text`, with an ellipsis in place of whatever is over `limit` UTF-16 units."""
    return text if utf16_units(text) <= limit else f"{_first(text, limit - 1).rstrip()}…"


def utf16_units(text: str) -> int:
    """Length as the messengers count it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _first(text: str, limit: int) -> str:
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")


async def call_method(channel: Channel, method: str, **fields: Any) -> Any:
    """One call as PTB's Bot makes it, without its objects around parameters and answer: for texts, where nobody
    looks at the answer. Its `result`; None is left out. Raises TelegramError."""
    data = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
        if value is not None
    }
    request: Any = channel.request
    return await request.post(f"{channel.api_url}/{method}", Fields(data, None))


async def send_text(
    channel: Channel, chat_id: int, text: str, markup: Markup | None, *, caller: Caller
) -> int | None:
    """Send one message; its id, where the messenger tells it. Where it takes a link for no link, it is sent as text.
    Raises TelegramError."""

    async def send(text: str, markup: Markup | None) -> int | None:
        message = await caller(
            lambda: call_method(
                channel,
                "sendMessage",
                chat_id=chat_id,
                text=text,
                reply_markup=markup,
                link_preview_options=without_preview(text),
            )
        )
        return (message.get("message_id") or None) if isinstance(message, dict) else None

    try:
        return await send(text, markup)
    except BadRequest as error:
        if is_unreachable(error) or markup is None or "inline_keyboard" not in markup:
            raise
        pressable, links = without_links(markup)
        if not links:
            raise
        log.error("a message was refused, sent with its links as text: %s", error)
        return await send("\n".join((text, *links)), pressable)


async def edit_text(channel: Channel, chat_id: int, message_id: int, text: str, markup: Markup | None) -> Any:
    """Edit one message of ours; an empty text leaves its words and changes its buttons alone. Raises TelegramError."""
    method = "editMessageText" if text else "editMessageReplyMarkup"
    return await call_method(
        channel,
        method,
        chat_id=chat_id,
        message_id=message_id,
        text=text or None,
        reply_markup=markup,
        link_preview_options=without_preview(text),
    )


def without_preview(text: str) -> dict[str, bool] | None:
    """`link_preview_options` of a text: no page is shown below it."""
    return {"is_disabled": True} if "://" in text else None
