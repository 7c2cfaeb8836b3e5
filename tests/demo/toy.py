"""A bot of a few lines, so that the page has somebody to talk to."""

import asyncio
import json
from contextlib import suppress

import httpx

from demo.emulators import EmulatedMessenger

BUTTONS = {
    "inline_keyboard": [
        [{"text": "🔑 ورود", "callback_data": "login"}, {"text": "📝 ثبت‌نام", "callback_data": "register"}],
        [{"text": "صفحه بانک", "url": "http://127.0.0.1:9/pay"}],
    ]
}
SHARE = {"keyboard": [[{"text": "📱 ارسال شماره همراه", "request_contact": True}], ["انصراف"]]}


class ToyBot:
    """Answers one messenger until it is left."""

    def __init__(self, face: EmulatedMessenger) -> None:
        self.root = f"{face.server.url}/bot{face.token}"
        self.http = httpx.AsyncClient(trust_env=False, timeout=60)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "ToyBot":
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self.http.aclose()

    async def call(self, method: str, **params: object) -> object:
        for name in ("reply_markup",):
            if name in params:
                params[name] = json.dumps(params[name])
        return (await self.http.post(f"{self.root}/{method}", data=params)).json()["result"]

    async def _serve(self) -> None:
        offset = 0
        while True:
            for update in await self.call("getUpdates", offset=offset, timeout=30):
                offset = update["update_id"] + 1
                if "callback_query" in update:
                    await self._pressed(update["callback_query"])
                elif "message" in update:
                    await self._told(update["message"])

    async def _pressed(self, query: dict[str, dict[str, dict[str, int]]]) -> None:
        await self.call("answerCallbackQuery", callback_query_id=query["id"], text="چشم")
        message = query["message"]
        await self.call(
            "editMessageText",
            chat_id=message["chat"]["id"],
            message_id=message["message_id"],
            text="کد ملی ۱۰ رقمی خود را بفرستید.",
        )

    async def _told(self, message: dict[str, dict[str, int]]) -> None:
        chat = message["chat"]["id"]
        if message.get("contact"):
            await self.call(
                "sendMessage",
                chat_id=chat,
                text="📎 «شناسنامه» را بفرستید.",
                reply_markup={"remove_keyboard": True},
            )
        elif message.get("photo") or message.get("document"):
            held = message.get("document") or message["photo"][-1]
            method = "sendDocument" if message.get("document") else "sendPhoto"
            kind = "document" if message.get("document") else "photo"
            await self.call(method, chat_id=chat, caption="دریافت شد.", **{kind: held["file_id"]})
        elif str(message.get("text", "")).startswith("/start"):
            await self.call("sendMessage", chat_id=chat, text="خوش آمدید.", reply_markup=BUTTONS)
        elif str(message.get("text", "")).startswith("۹۹۹"):
            await self.call("sendMessage", chat_id=chat, text="شماره همراه؟", reply_markup=SHARE)
        else:
            await self.call("sendMessage", chat_id=chat, text=f"گفتید: {message.get('text')}")
