"""A messenger that records the calls made to it, without HTTP: each ends as the test says."""

import json
from collections.abc import Callable
from typing import Any, cast

from bot.messengers.transport.channel import Channel
from bot.messengers.transport.rate_limits import RateLimiter
from storage.enums import Messenger


class RecordedMessenger:
    """`calls` are method, message (where one is named), text and markup; `results` are by method: an exception is raised.
    Where none is left, the call succeeds."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.results: dict[str, list[Any]] = {}
        #: Whether clients show a line over a pressed button.
        self.shows_notices = True

    def channel(self, messenger: Messenger, clock: Callable[[], float]) -> Channel:
        """A channel whose Bot and request are this one."""
        return Channel(
            messenger,
            cast(Any, self._Application(self)),
            self,
            "https://api.example/bot1:x",
            normalise=None,
            allowed_updates=None,
            shows_notices=lambda callback_id: callback_id is not None and self.shows_notices,
            link_url="https://t.me",
            bot_id=3,
            limiter=RateLimiter(clock=clock),
        )

    async def post(self, url: str, fields: Any) -> Any:
        method, given = url.rpartition("/")[2], fields.json_parameters
        markup = json.loads(given["reply_markup"]) if "reply_markup" in given else None
        message = (int(given["message_id"]),) if "message_id" in given else ()
        self.calls.append((method, *message, given.get("text"), markup))
        return self._result(method)

    async def answer_callback_query(self, callback_id: str, *, text: str | None) -> None:
        self.calls.append(("press", callback_id, text))
        self._result("press")

    async def delete_message(self, chat_id: int, message_id: int) -> None:
        self.calls.append(("delete", message_id))
        self._result("delete")

    async def leave_chat(self, chat_id: int) -> None:
        self.calls.append(("leave", chat_id))
        self._result("leave")

    async def send_document(self, chat_id: int, file: Any, *, caption: str | None) -> Any:
        self.calls.append(("document", caption))
        return self._result("document")

    def _result(self, method: str) -> Any:
        left = self.results.get(method)
        answer = left.pop(0) if left else {"message_id": 100 + len(self.calls)}
        if isinstance(answer, Exception):
            raise answer
        return answer

    class _Application:
        def __init__(self, bot: Any) -> None:
            self.bot = bot
