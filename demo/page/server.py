"""The page and the control API.

    GET  /, /telegram/{bot}, /bale/{bot}           the page; with a messenger as links to the bot lead to it
    GET  /emulators?phones=                        people, sample documents, SMS; chats of the phones named (or
                                                   of those that are on at first, where `phones` is empty)
    GET  /emulators/events, /emulators/live        what happens, as server-sent events, over a WebSocket
    GET  /emulators/queues                         what waits at the messengers and in the bot
    POST /emulators/people                         {"messenger", "name", "last_name"?, "mobile"?} a new phone
    GET  /emulators/people/{id}?last=&before=&since=
                                                   the chat: all of it, or the last messages (before one), and
                                                   all since one
    GET  /emulators/people/{id}/search?q=          ids of the messages that hold these words, oldest first
    GET  /emulators/people/{id}/wait?text=&within= wait for a message with these words
    POST /emulators/people/{id}/send               {"text", "reply"?, "once"?} `once`: a key; sent again with
                                                   the same key it is not doubled
    POST /emulators/people/{id}/forward            {"from": id of the chat, "message"}
    POST /emulators/people/{id}/contact            {} shares the own number
    POST /emulators/people/{id}/tap                {"label", "message"?} or {"data", "message"}
    POST /emulators/people/{id}/upload             multipart: `file` once or more (an album), `caption`, `once`,
                                                   `as` photo|file
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
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from demo import sample_documents
from demo.bot_process import BotProcess
from demo.botapi.files import MAX_UPLOAD
from demo.botapi.messenger_state import ChatEvent
from demo.botapi.state import Message, User
from demo.botapi.updates import Waiting
from demo.page import search, views
from demo.page.live import LiveEvents
from demo.page.queues import read_queues
from demo.page.static_files import StaticFiles
from demo.prompts import to_persian
from demo.same_origin import OwnAddress, own_pages_only
from demo.sms import Sms
from demo.users import DemoUser, DemoUsers

#: Nothing that people upload may run in this page.
_SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
_PAGE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
}
#: Phones whose chats are given at once with the list of people.
_MOST_PHONES = 60
#: Phones that a first visit sees.
_FIRST_PHONES = 6
#: Messages of each chat where there are many; a reader who scrolls asks for more.
_FEW_MESSAGES = 15
_KEYS_KEPT = 2000
#: Answers longer than this are compressed, characters.
_COMPRESSED_FROM = 2000
_LARGEST_MB = MAX_UPLOAD // (1024 * 1024)

BLOCKED = "ربات را مسدود کرده‌اید؛ نخست آن را باز کنید."
GONE = "این پیام دیگر نیست."
NO_PHOTO = "این فایل را نمی‌توان به‌صورت عکس فرستاد؛ آن را به‌صورت «فایل» بفرستید."
TOO_LARGE = f"فایل بزرگ است؛ هر بار تا {to_persian(str(_LARGEST_MB))} مگابایت بفرستید."
BAD_MOBILE = "شماره همراه را درست بنویسید، مانند ۰۹۱۲۳۴۵۶۷۸۹."

Answer = dict[str, Any] | None
Action = Callable[[web.Request, DemoUser], Awaitable[Answer]]


class PageServer:
    def __init__(
        self,
        users: DemoUsers,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bot: BotProcess | None = None,
        others: tuple[str, ...] = (),
        metrics_url: str | None = None,
        more_routes: Callable[[web.UrlDispatcher], None] = lambda router: None,
    ) -> None:
        self.users, self._more_routes = users, more_routes
        #: The bot's /metrics, where it has them.
        self.metrics_url = metrics_url
        #: Further values of Host under which it answers, as name:port.
        self.others = others
        #: The bot's process, where the page may kill it.
        self.bot = bot
        self.host, self.port = host, port
        self.live = LiveEvents()
        self._static = StaticFiles()
        #: Keys of sent messages and what they made, the latest: a page that lost the answer sends again.
        self._sent_once: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()
        self._switching = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        for messenger in users.emulators.messengers:
            messenger.server.state.listeners.append(self._happened)
            queue = messenger.server.state.queues[messenger.token]
            queue.on_taken = partial(self._taken, messenger.kind)
        users.emulators.sms.listeners.append(self._sms)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        own = own_pages_only(lambda: OwnAddress(self.host, self.port, self.others))
        app = web.Application(client_max_size=MAX_UPLOAD + 1024 * 1024, middlewares=[own, _refusals])
        router = app.router
        router.add_get("/", self._index)
        router.add_get("/{messenger:telegram|bale}/{bot}", self._index)
        router.add_get("/static/{name:.+}", self._static.serve)
        router.add_get("/emulators", self._emulators)
        router.add_get("/emulators/events", self.live.stream)
        router.add_get("/emulators/live", self.live.socket)
        router.add_get("/emulators/queues", self._queues)
        router.add_post("/emulators/people", self._new_person)
        router.add_post("/emulators/network", self._network)
        router.add_post("/emulators/bot", self._power)
        person_path = "/emulators/people/{id}"
        router.add_get(person_path, self._with(self._chat))
        router.add_get(f"{person_path}/wait", self._with(self._wait))
        router.add_get(f"{person_path}/search", self._with(self._search))
        router.add_get(f"{person_path}/files/{{file}}", self._file)
        for name, action in {
            "send": self._once(self._send),
            "forward": self._forward,
            "contact": self._contact,
            "tap": self._tap,
            "upload": self._upload_once,
            "document": self._document,
            "block": self._block,
            "sticker": self._sticker,
            "voice": self._voice,
        }.items():
            router.add_post(f"{person_path}/{name}", self._with(action))
        self._more_routes(router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self.port or self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self.live.close()
            await self._runner.cleanup()
            self._runner = None

    # ── reading ──

    async def _index(self, request: web.Request) -> web.Response:
        return self._static.respond(request, "index.html", _PAGE)

    async def _emulators(self, request: web.Request) -> web.Response:
        power = self.bot.runs if self.bot is not None else None
        answer = {**views.emulators(self.users), "bot": power, "told": self.live.told}
        if (phones := request.query.get("phones")) is not None:
            named = phones.split(",")[:_MOST_PHONES] if phones else []
            roles = [role for name in named if (role := self.users.find(name)) is not None]
            if not named:
                roles = [role for role in self.users.roles if role.shown][:_FIRST_PHONES]
            last = views.PAGE if len(roles) <= _FIRST_PHONES else _FEW_MESSAGES
            answer["chats"] = {views.person_id(role.person): views.chat(role, last=last) for role in roles}
        return _json(answer)

    async def _queues(self, request: web.Request) -> web.Response:
        return _json(await read_queues(self.users.emulators, self.metrics_url))

    async def _chat(self, request: web.Request, role: DemoUser) -> Answer:
        last, before, since = (request.query.get(name) for name in ("last", "before", "since"))
        return views.chat(
            role,
            last=max(1, int(last)) if last else None,
            before=int(before) if before else None,
            since=int(since) if since else None,
        )

    async def _search(self, request: web.Request, role: DemoUser) -> Answer:
        return {"hits": search.find(role.person.conversation.live(), request.query.get("q", ""))}

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
                    # Its address names its content.
                    headers["Cache-Control"] = "private, max-age=3600"
                    if not shown:
                        headers["Content-Disposition"] = "attachment"
                    kind = file.mime if shown else "application/octet-stream"
                    return web.Response(body=file.content, content_type=kind, headers=headers)
        raise web.HTTPNotFound

    def _tell(self, event: dict[str, Any]) -> None:
        self.live.tell(event)

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
            # An own message was written a moment ago; that it was taken is told by itself.
            fresh = {happening.message.id} if happening.kind == "message" else views.not_taken(role.person)
            event["message"] = views.message(role.person, happening.message, fresh)
        self._tell(event)

    def _taken(self, messenger: str, updates: list[Waiting]) -> None:
        """The bot has these updates: their senders see two ticks."""
        for update in updates:
            body = update.body.get("message")
            if not isinstance(body, dict) or (chat_id := views.chat_of(body)) is None:
                continue
            role = self.users.find(f"{messenger}-{chat_id}")
            if role is not None:
                told = {"kind": "taken", "id": views.person_id(role.person), "message": body["message_id"]}
                self._tell(told)

    def _sms(self, sms: Sms) -> None:
        self._tell({"kind": "sms", "sms": views.sms(sms)})

    # ── acting ──

    def _role(self, request: web.Request) -> DemoUser:
        role = self.users.find(request.match_info["id"])
        if role is None:
            raise web.HTTPNotFound
        return role

    def _with(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def endpoint(request: web.Request) -> web.Response:
            role = self._role(request)
            if request.method == "POST" and action != self._block:
                _require(not role.person.conversation.blocked, BLOCKED)
            return _json({"ok": True, **(await action(request, role) or {})})

        return endpoint

    async def _new_person(self, request: web.Request) -> web.Response:
        body = await _body(request)
        emulators = self.users.emulators
        messenger = {"telegram": emulators.telegram, "bale": emulators.bale}[body["messenger"]]
        name, last_name = str(body["name"]).strip()[:40], str(body.get("last_name") or "").strip()[:40]
        _require(bool(name), "نام را بنویسید.")
        mobile = _mobile(str(body.get("mobile") or "")) or self.users.next_mobile()
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
        _require(self.bot is not None, "روشن و خاموش کردن سامانه از این صفحه ممکن نیست.")
        assert self.bot is not None
        async with self._switching:
            if wanted and not self.bot.runs:
                await self.bot.start()
            elif not wanted and self.bot.runs:
                await self.bot.kill()
        self._tell({"kind": "bot", "on": self.bot.runs})
        return _json({"ok": True, "on": self.bot.runs})

    def _once(self, action: Action) -> Action:
        """The action; with a key that was used before, what it answered then."""

        async def run(request: web.Request, role: DemoUser) -> Answer:
            key = str((await _body(request)).get("once") or "")
            return await self._by_key(key, lambda: action(request, role))

        return run

    async def _by_key(self, key: str, action: Callable[[], Awaitable[Answer]]) -> Answer:
        if not key:
            return await action()
        if (known := self._sent_once.get(key)) is not None:
            return await asyncio.shield(known)
        made = self._sent_once[key] = asyncio.ensure_future(action())
        while len(self._sent_once) > _KEYS_KEPT:
            self._sent_once.popitem(last=False)
        try:
            # A page that goes away has sent its message all the same.
            return await asyncio.shield(made)
        except Exception:
            self._sent_once.pop(key, None)
            raise

    async def _send(self, request: web.Request, role: DemoUser) -> Answer:
        body = await _body(request)
        text = str(body["text"]).strip()
        _require(1 <= len(text) <= 4096, "متن پیام باید بین ۱ تا ۴۰۹۶ حرف باشد.")
        reply_to = body.get("reply")
        if reply_to is not None:
            _require(_message(role, reply_to) is not None, "پیامی که به آن پاسخ می‌دهید دیگر نیست.")
        return views.seen(role.person, await role.person.type(text, reply_to=reply_to))

    async def _forward(self, request: web.Request, role: DemoUser) -> Answer:
        body = await _body(request)
        source = self.users.find(str(body["from"]))
        _require(source is not None, "گوشی فرستنده پیدا نشد.")
        assert source is not None
        _require(source.person.state is role.person.state, "پیام را فقط به همان پیام‌رسان می‌توان هدایت کرد.")
        message = _message(source, body["message"])
        _require(message is not None, GONE)
        assert message is not None
        bot = role.person.bot
        origin = message.sender or User(bot.id, bot.name, username=bot.username)
        return views.seen(role.person, await role.person.forward(message, origin))

    async def _contact(self, request: web.Request, role: DemoUser) -> Answer:
        return views.seen(role.person, await role.person.share())

    async def _tap(self, request: web.Request, role: DemoUser) -> Answer:
        body = await _body(request)
        person = role.person
        if "data" in body:
            message = _message(role, body["message"])
            _require(message is not None, GONE)
            assert message is not None
            _require(body["data"] in message.offered, "چنین دکمه‌ای روی این پیام نیست.")
            await person.press(message.id, str(body["data"]), str(body.get("label") or ""))
            return None
        on = next((seen for seen in person.history() if seen.id == body.get("message")), None)
        return {"opened": await person.tap(str(body["label"]), on=on)}

    async def _upload_once(self, request: web.Request, role: DemoUser) -> Answer:
        form = await request.post()
        return await self._by_key(str(form.get("once") or ""), lambda: self._upload(form, role))

    async def _upload(
        self, form: MultiDictProxy[str | bytes | bytearray | web.FileField], role: DemoUser
    ) -> Answer:
        caption = str(form.get("caption") or "") or None
        as_photo = form.get("as") == "photo"
        given = [
            (part.filename, part.file.read())
            for part in form.getall("file", [])
            if isinstance(part, web.FileField)
        ]
        _require(1 <= len(given) <= 10, "یک تا ده فایل را می‌توان با هم فرستاد.")
        _require(all(content for _, content in given), "فایل خالی است؛ فایل دیگری بفرستید.")
        _require(all(len(content) <= MAX_UPLOAD for _, content in given), TOO_LARGE)
        try:
            if len(given) > 1:
                await role.person.send_album(
                    [content if as_photo else (name, content) for name, content in given], caption
                )
            elif as_photo:
                await role.person.send_photo(given[0][1], caption)
            else:
                await role.person.send_file(given[0][0], given[0][1], caption=caption)
        except ValueError as error:
            raise ValueError(NO_PHOTO) from error
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
    body = await request.json() if request.body_exists else {}
    if not isinstance(body, dict):
        raise ValueError("یک شیء JSON لازم است.")
    return body


def _message(role: DemoUser, id: object) -> Message | None:
    """A message of this chat that is still there."""
    message = role.person.conversation.messages.get(int(str(id)))
    return None if message is None or message.deleted else message


def _mobile(written: str) -> str:
    """09… in Latin digits, whichever digits, signs and prefix were typed; empty where nothing was. Raises
    ValueError where it is no mobile."""
    digits = "".join(str(int(sign)) for sign in written if sign.isdecimal())
    if not written.strip():
        return ""
    digits = re.sub(r"^(?:00)?98(?=9\d{9}$)", "0", digits)
    _require(re.fullmatch(r"09\d{9}", digits) is not None, BAD_MOBILE)
    return digits


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
    except web.HTTPRequestEntityTooLarge:
        return _json({"ok": False, "error": TOO_LARGE}, status=413)
    except (AssertionError, KeyError, ValueError, TypeError) as error:
        return _json({"ok": False, "error": str(error)}, status=400)


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    answer = web.Response(text=text, status=status, content_type="application/json")
    if len(text) > _COMPRESSED_FROM:
        answer.enable_compression()
    return answer
