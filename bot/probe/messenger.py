"""`bot.py probe telegram|bale`: the methods and shapes of docs/messengers.md, tried on the real messenger."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from telegram import Update
from telegram.error import BadRequest, Forbidden

from bot.config.settings import BadSettingError
from bot.messengers.transport.bale_request import from_bale
from bot.messengers.transport.bale_updates import normalise_update
from bot.messengers.transport.telegram import is_unreachable
from bot.probe.bot_api import Answer, BotApi, Refused
from bot.probe.facts import Facts
from bot.probe.report import Report
from storage.enums import Messenger

Json = dict[str, Any]
#: Seconds in which more of the same may follow: a second press, the rest of an album.
COLLECT = 3.0


@dataclass(slots=True)
class MessengerProbe:
    """One run: what all steps share."""

    messenger: Messenger
    api: BotApi
    chat_id: int
    report: Report
    facts: Facts
    me: Json
    offset: int = 0
    #: Seconds that a person is waited for, at each thing.
    wait: float = 0

    @property
    def bale(self) -> bool:
        return self.messenger is Messenger.BALE

    async def run(self, steps: Sequence[Step]) -> None:
        """Each step by itself: one that fails does not end the others."""
        for step in steps:
            what = (step.__doc__ or step.__name__).strip().splitlines()[0].rstrip(".")
            try:
                await step(self)
            except Refused as refused:
                self.report.add(what, "it is carried out", refused.answer, ok=False)
            except (httpx.HTTPError, KeyError, TypeError, IndexError, AttributeError) as error:
                self.report.add(
                    what, "an answer that can be read", f"{type(error).__name__}: {error}", ok=False
                )

    async def send(self, method: str = "sendMessage", **fields: Any) -> Any:
        return await self.api.result(method, chat_id=self.chat_id, **fields)

    async def await_update(
        self, wanted: Callable[[Json], bool], seconds: float, *, several: bool = False
    ) -> list[Json]:
        """Updates of our chat that are `wanted`: the first, or with `several` those of a few seconds after it too; none where none
        came in time. Raises BadSettingError where somebody else writes to this bot: asking further would take the updates away."""
        found: list[Json] = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            fields: Json = {"timeout": min(10, int(left)), "limit": 100}
            if not fields["timeout"]:
                await asyncio.sleep(min(left, 0.1))
            if self.offset:
                fields["offset"] = self.offset
            for update in await self.api.result("getUpdates", **fields):
                self._must_be_ours(update)
                self.offset = update["update_id"] + 1
                if wanted(update):
                    self._readable(update)
                    found.append(update)
                    until = min(until, time.monotonic() + COLLECT)
            if found and not several:
                break
        return found

    def dead_chat(self, what: str, answer: Answer) -> None:
        """Whether the product, too, takes it for a chat that nothing can be written to."""
        if self.bale:
            body = json.dumps(answer.body).encode()
            dead = from_bale("sendMessage", answer.status, body)[0] == 403
        else:
            error = Forbidden if answer.code == 403 else BadRequest
            dead = is_unreachable(error(str(answer)))
        came = "a chat that cannot be written to" if dead else "another error"
        self.report.add(f"{what}, as the product reads it", "a chat that cannot be written to", came, ok=dead)

    def _must_be_ours(self, update: Json) -> None:
        kind: Json = next((update[name] for name in update if isinstance(update[name], dict)), {})
        chat = (kind.get("message") or kind).get("chat") or {}
        if chat.get("id") != self.chat_id and (kind.get("from") or {}).get("id") != self.chat_id:
            raise BadSettingError(
                f"{self.messenger.value.upper()}_TOKEN: somebody else writes to this bot, whose updates the probe would take away; "
                "make a bot of its own for the probe"
            )

    def _readable(self, update: Json) -> None:
        """Whether the product takes it."""
        try:
            Update.de_json(normalise_update(update) if self.bale else update, None)
        except Exception as error:  # whatever the library makes of what it does not know
            name = next(name for name in update if name != "update_id")
            self.report.add(
                f"{name} is read by the product", "it is", f"{type(error).__name__}: {error}", ok=False
            )


Step = Callable[[MessengerProbe], Awaitable[None]]


async def begin(messenger: Messenger, api: BotApi, chat_id: int, report: Report) -> MessengerProbe:
    """Whether the bot can be used for it. Raises BadSettingError."""
    setting = f"{messenger.value.upper()}_TOKEN"
    try:
        answer = await api.call("getMe")
        if not answer.ok:
            raise BadSettingError(
                f"{setting}: is refused ({report.clean(str(answer))}); take it from BotFather again"
            )
        me = answer.result
        hook = await api.result("getWebhookInfo")
        waiting = await api.call("getUpdates", timeout=0, limit=100)
    except httpx.HTTPError as error:
        raise BadSettingError(
            f"{messenger.value.upper()}_API_URL: does not answer ({type(error).__name__}); check the network and the proxy"
        ) from None
    except Refused as refused:
        raise BadSettingError(f"{setting}: {report.clean(str(refused))}") from None
    if hook.get("url"):
        raise BadSettingError(
            f"{setting}: a webhook is set; stop the bot, or make a bot of its own for the probe"
        )
    if not waiting.ok:
        raise BadSettingError(
            f"{setting}: updates cannot be had ({report.clean(str(waiting))}); is the bot running?"
        )
    probe = MessengerProbe(messenger, api, chat_id, report, Facts(messenger.value, report), me)
    report.private = (
        *report.private,
        *(str(me.get(name) or "") for name in ("id", "username", "first_name")),
    )
    for update in waiting.result:
        probe._must_be_ours(update)
        probe.offset = update["update_id"] + 1
    report.keep("getMe", me)
    report.keep("getWebhookInfo", hook)
    probe.facts.saw("webhook_info", "full" if "pending_update_count" in hook else "url", "getWebhookInfo")
    return probe
