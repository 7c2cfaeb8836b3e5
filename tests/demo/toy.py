"""A bot of a few lines, so that the page has somebody to talk to."""

import asyncio
import json
from contextlib import suppress
from typing import Any

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

    async def call(self, method: str, **params: Any) -> Any:
        body = {name: json.dumps(one) if isinstance(one, dict) else one for name, one in params.items()}
        return (await self.http.post(f"{self.root}/{method}", data=body)).json()["result"]

    async def _serve(self) -> None:
        offset = 0
        while True:
            for update in await self.call("getUpdates", offset=offset, timeout=30):
                offset = update["update_id"] + 1
                if "callback_query" in update:
                    await self._pressed(update["callback_query"])
                elif "message" in update:
                    await self._told(update["message"])

    async def _pressed(self, query: dict[str, Any]) -> None:
        await self.call("answerCallbackQuery", callback_query_id=query["id"], text="چشم")
        message = query["message"]
        where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        await self.call("editMessageText", text="کد ملی ۱۰ رقمی خود را بنویسید.", **where)

    async def _told(self, message: dict[str, Any]) -> None:
        where = {"chat_id": message["chat"]["id"]}
        text = message.get("text", "")
        if document := message.get("document"):
            await self.call("sendDocument", caption="دریافت شد.", document=document["file_id"], **where)
        elif photo := message.get("photo"):
            await self.call("sendPhoto", caption="دریافت شد.", photo=photo[-1]["file_id"], **where)
        elif message.get("contact"):
            away = {"remove_keyboard": True}
            await self.call("sendMessage", text="📎 «شناسنامه» را بفرستید.", reply_markup=away, **where)
        elif text.startswith("/start"):
            await self.call("sendMessage", text="خوش آمدید.", reply_markup=BUTTONS, **where)
        elif text.startswith("۹۹۹"):
            await self.call("sendMessage", text="شماره همراه؟", reply_markup=SHARE, **where)
        else:
            await self.call("sendMessage", text=f"گفتید: {text}", **where)
