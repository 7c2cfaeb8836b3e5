"""The page and the control API.

    GET  /                                    the page
    GET  /emulators                                people, sample documents, SMS
    GET  /emulators/events                         what happens, as server-sent events
    POST /emulators/people                         {"messenger", "name", "last_name"?, "mobile"?} a new phone
    GET  /emulators/people/{id}                    the whole chat
    GET  /emulators/people/{id}/wait?text=&within= wait for a message with these words
    POST /emulators/people/{id}/send               {"text"}
    POST /emulators/people/{id}/contact            {} shares the own number
    POST /emulators/people/{id}/tap                {"label", "message"?} or {"data", "message"}
    POST /emulators/people/{id}/upload             multipart: `file` once or more (an album), `caption`, `as` photo|file
    POST /emulators/people/{id}/document           {"code", "as": photo|file|pdf|blurred|dark|glare}
    POST /emulators/people/{id}/block              {"blocked": true|false}
    POST /emulators/people/{id}/sticker, …/voice   {}
    GET  /emulators/people/{id}/files/{unique id}  a file of this chat
    POST /emulators/network                        {"messenger", "out": true|false}
    POST /emulators/bot                            {"on": true|false} kill -9 of the bot, and its new start

Actions answer {"ok": true, …} or 400/404 {"ok": false, "error"}; 403 to another page's requests, and under
another name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from demo import sample_documents
from demo.bot_process import BotProcess
from demo.botapi.files import MAX_UPLOAD
from demo.botapi.messenger_state import ChatEvent
from demo.page import views
from demo.same_origin import OwnAddress, own_pages_only
from demo.sms import Sms
from demo.users import DemoUser, DemoUsers

STATIC = Path(__file__).parent / "static"
_QUIET_SECONDS = 15
#: Nothing that people upload may run in this page.
_SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
_PAGE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}

Answer = dict[str, Any] | None


class PageServer:
    def __init__(
        self,
        users: DemoUsers,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bot: BotProcess | None = None,
        others: tuple[str, ...] = (),
    ) -> None:
        self.users = users
        #: Further values of Host under which it answers, as name:port.
        self.others = others
        #: The bot's process, where the page may kill it.
        self.bot = bot
        self.host, self.port = host, port
        self._streams: set[asyncio.Queue[str]] = set()
        self._switching = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        for messenger in users.emulators.messengers:
            messenger.server.state.listeners.append(self._happened)
        users.emulators.sms.listeners.append(self._sms)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        own = own_pages_only(lambda: OwnAddress(self.host, self.port, self.others))
        app = web.Application(client_max_size=MAX_UPLOAD + 1024 * 1024, middlewares=[own, _refusals])
        router = app.router
        router.add_get("/", self._index)
        router.add_static("/static", STATIC)
        router.add_get("/emulators", self._emulators)
        router.add_get("/emulators/events", self._events)
        router.add_post("/emulators/people", self._new_person)
        router.add_post("/emulators/network", self._network)
        router.add_post("/emulators/bot", self._power)
        person_path = "/emulators/people/{id}"
        router.add_get(person_path, self._with(self._chat))
        router.add_get(f"{person_path}/wait", self._with(self._wait))
        router.add_get(f"{person_path}/files/{{file}}", self._file)
        for name, action in {
            "send": self._send,
            "contact": self._contact,
            "tap": self._tap,
            "upload": self._upload,
            "document": self._document,
            "block": self._block,
            "sticker": self._sticker,
            "voice": self._voice,
        }.items():
            router.add_post(f"{person_path}/{name}", self._with(action))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self.port or self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # ── reading ──

    async def _index(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers=_PAGE)

    async def _emulators(self, request: web.Request) -> web.Response:
        power = self.bot.runs if self.bot is not None else None
        return _json({**views.emulators(self.users), "bot": power})

    async def _chat(self, request: web.Request, role: DemoUser) -> Answer:
        return views.chat(role)

    async def _wait(self, request: web.Request, role: DemoUser) -> Answer:
        within = float(request.query.get("within", "10"))
        seen = await role.person.sees(request.query.get("text"), within=within)
        return views.seen(role.person, seen)

    async def _file(self, request: web.Request) -> web.Response:
        role = self._role(request)
        for message in role.person.conversation.messages.values():
            for file in message.files:
                if file.unique_id == request.match_info["file"]:
                    shown = (file.mime or "") in ("image/jpeg", "image/png", "application/pdf")
                    headers = {} if file.mime == "application/pdf" else dict(_SANDBOX)
                    headers["X-Content-Type-Options"] = "nosniff"
                    if not shown:
                        headers["Content-Disposition"] = "attachment"
                    kind = file.mime if shown else "application/octet-stream"
                    return web.Response(body=file.content, content_type=kind, headers=headers)
        raise web.HTTPNotFound

    async def _events(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._streams.add(queue)
        try:
            await stream.write(b": hello\n\n")
            while True:
                try:
                    async with asyncio.timeout(_QUIET_SECONDS):
                        event = await queue.get()
                except TimeoutError:
                    event = ": still here\n\n"
                await stream.write(event.encode())
        except (ConnectionError, asyncio.CancelledError):
            return stream
        finally:
            self._streams.discard(queue)

    def _tell(self, event: dict[str, Any]) -> None:
        line = f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        for queue in self._streams:
            queue.put_nowait(line)

    def _happened(self, happening: ChatEvent) -> None:
        role = next(
            (user for user in self.users.roles if user.person.conversation is happening.conversation), None
        )
        if role is None:
            return
        event: dict[str, Any] = {
            "kind": happening.kind,
            "person": views.role(role),
            "text": happening.text,
            "chat": views.chat_state(role),
        }
        if happening.message is not None:
            event["message"] = views.message(role.person, happening.message)
        self._tell(event)

    def _sms(self, sms: Sms) -> None:
        self._tell({"kind": "sms", "sms": views.sms(sms)})

    # ── acting ──

    def _role(self, request: web.Request) -> DemoUser:
        role = self.users.find(request.match_info["id"])
        if role is None:
            raise web.HTTPNotFound
        return role

    def _with(
        self, action: Callable[[web.Request, DemoUser], Awaitable[Answer]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def endpoint(request: web.Request) -> web.Response:
            return _json({"ok": True, **(await action(request, self._role(request)) or {})})

        return endpoint

    async def _new_person(self, request: web.Request) -> web.Response:
        body = await _body(request)
        emulators = self.users.emulators
        messenger = {"telegram": emulators.telegram, "bale": emulators.bale}[body["messenger"]]
        name, last_name = str(body["name"]).strip()[:40], str(body.get("last_name") or "").strip()[:40]
        _require(bool(name), "نام را بنویسید.")
        mobile = str(body.get("mobile") or self.users.next_mobile())
        role = self.users.add(messenger, name, last_name, mobile=mobile, shown=True)
        self._tell({"kind": "person", "person": views.role(role), "chat": views.chat_state(role)})
        return _json({"ok": True, **views.role(role)})

    async def _network(self, request: web.Request) -> web.Response:
        body = await _body(request)
        emulators = self.users.emulators
        server = {"telegram": emulators.telegram, "bale": emulators.bale}[body["messenger"]].server
        if body["out"]:
            server.go_out()
        else:
            server.come_back()
        self._tell({"kind": "network", "messenger": server.kind, "out": server.is_out})
        return _json({"ok": True})

    async def _power(self, request: web.Request) -> web.Response:
        wanted = bool((await _body(request))["on"])
        _require(self.bot is not None, "این شهر فرمان سامانه را در دست ندارد.")
        assert self.bot is not None
        async with self._switching:
            if wanted and not self.bot.runs:
                await self.bot.start()
            elif not wanted and self.bot.runs:
                await self.bot.kill()
        self._tell({"kind": "bot", "on": self.bot.runs})
        return _json({"ok": True, "on": self.bot.runs})

    async def _send(self, request: web.Request, role: DemoUser) -> Answer:
        text = str((await _body(request))["text"]).strip()
        _require(1 <= len(text) <= 4096, "متن پیام باید بین ۱ تا ۴۰۹۶ حرف باشد.")
        return views.seen(role.person, await role.person.type(text))

    async def _contact(self, request: web.Request, role: DemoUser) -> Answer:
        return views.seen(role.person, await role.person.share())

    async def _tap(self, request: web.Request, role: DemoUser) -> Answer:
        body = await _body(request)
        person = role.person
        if "data" in body:
            message = person.conversation.messages[int(body["message"])]
            _require(body["data"] in message.offered, "چنین دکمه‌ای روی این پیام نیست.")
            await person.press(message.id, str(body["data"]), str(body.get("label") or ""))
            return None
        on = next((seen for seen in person.history() if seen.id == body.get("message")), None)
        return {"opened": await person.tap(str(body["label"]), on=on)}

    async def _upload(self, request: web.Request, role: DemoUser) -> Answer:
        form = await request.post()
        caption = str(form.get("caption") or "") or None
        as_photo = form.get("as") == "photo"
        given = [
            (part.filename, part.file.read())
            for part in form.getall("file")
            if isinstance(part, web.FileField)
        ]
        _require(1 <= len(given) <= 10, "یک تا ده فایل را می‌توان با هم فرستاد.")
        if len(given) > 1:
            await role.person.send_album(
                [content if as_photo else (name, content) for name, content in given], caption
            )
        elif as_photo:
            await role.person.send_photo(given[0][1], caption)
        else:
            await role.person.send_file(given[0][0], given[0][1], caption=caption)
        return None

    async def _document(self, request: web.Request, role: DemoUser) -> Answer:
        body = await _body(request)
        document = sample_documents.SAMPLE_DOCUMENTS[body["code"]]
        owner = f"{role.identity.first_name} {role.identity.last_name}"
        if body.get("as") == "pdf":
            content = await asyncio.to_thread(sample_documents.pdf, document.code, owner)
            await role.person.send_file(f"{document.name}.pdf", content)
            return None
        kind = body["as"] if body.get("as") in sample_documents.KINDS else "sharp"
        content = await asyncio.to_thread(sample_documents.jpeg, document.code, owner, kind)
        if body.get("as") == "file":
            await role.person.send_file(f"{document.name}.jpg", content)
        else:
            await role.person.send_photo(content)
        return None

    async def _block(self, request: web.Request, role: DemoUser) -> Answer:
        if (await _body(request))["blocked"]:
            await role.person.block()
        else:
            await role.person.unblock()
        return None

    async def _sticker(self, request: web.Request, role: DemoUser) -> Answer:
        return views.seen(role.person, await role.person.sticker())

    async def _voice(self, request: web.Request, role: DemoUser) -> Answer:
        return views.seen(role.person, await role.person.voice())


async def _body(request: web.Request) -> dict[str, Any]:
    body = await request.json() if request.can_read_body else {}
    if not isinstance(body, dict):
        raise ValueError("یک شیء JSON لازم است.")
    return body


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What a person cannot do is a plain sentence."""
    try:
        return await handler(request)
    except (AssertionError, KeyError, ValueError, TypeError) as error:
        return _json({"ok": False, "error": str(error)}, status=400)


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json")
