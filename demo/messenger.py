"""An emulated messenger: Telegram's or Bale's Bot API over HTTP, stateful and strict, for any number of bots.

    server = MessengerServer(kind="bale")
    await server.start()
    server.add_bot("222:BALE-TOKEN", username="demo_bot")
    … methods at {server.url}/bot{token}/{method}, files at {server.url}/file/bot{token}/{path}

Requests that a correct bot would never send are refused and recorded in `server.violations`. `server.faults`
orders troubles, `server.outage()` cuts everything off, `server.inject()` puts a raw update into the queue.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from aiohttp import web

from demo.botapi.call import Verbatim
from demo.botapi.errors import ApiError, Violation, broken_rule
from demo.botapi.faults import Fault, Faults
from demo.botapi.limits import Limits
from demo.botapi.messenger_state import MarkedText, MessengerState
from demo.botapi.methods import METHODS, Call
from demo.botapi.parameters import BALE, NOT_IMPLEMENTED, TELEGRAM
from demo.botapi.params import Params
from demo.botapi.quirks import Quirks
from demo.botapi.state import Bot, Json
from demo.same_origin import OwnAddress, own_pages_only

Kind = Literal["telegram", "bale"]
#: Largest body taken: an upload of 50 MB with its envelope.
_MAX_BODY = 52 * 1024 * 1024
_CALLS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Answered:
    """One request of a bot: what was asked, what was answered. Status 0: the connection was cut."""

    method: str
    params: dict[str, Any]
    status: int
    description: str = ""
    token: str = ""


class MessengerServer:
    """One messenger on one port. Runs on the loop it is started on; not for threads."""

    def __init__(
        self,
        kind: Kind,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        quirks: Quirks | None = None,
        first_update_id: int = 1,
        first_message_id: int = 1,
    ) -> None:
        self.kind: Kind = kind
        self.host, self.port = host, port
        self.state = MessengerState(
            kind,
            quirks or Quirks.of(kind),
            first_update_id=first_update_id,
            first_message_id=first_message_id,
        )
        self.table = TELEGRAM if kind == "telegram" else BALE
        self.faults = Faults()
        #: Of each bot, by its token.
        self.limits: dict[str, Limits] = {}
        #: The latest requests, oldest first.
        self.calls: deque[Answered] = deque(maxlen=_CALLS_KEPT)
        self._out = False
        self._runner: web.AppRunner | None = None

    # ── for tests and the demo ──

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def violations(self) -> list[Violation]:
        return self.state.violations

    @property
    def marked(self) -> list[MarkedText]:
        """Texts that Bale showed with markup, wanted or not."""
        return self.state.marked

    def add_bot(
        self, token: str, *, username: str = "technical_officer_bot", name: str = "مسئول فنی تجهیزات پزشکی"
    ) -> Bot:
        bot = self.state.add_bot(token, username=username, name=name)
        self.state.queues[token].held = lambda: self._out
        self.limits[token] = Limits(self.state.quirks.flood_forms)
        return bot

    def inject(self, raw: Json, token: str | None = None) -> int | None:
        """Queue a raw update as it is, however broken; an update_id is added where there is none."""
        return self.state.queues[token or next(iter(self.state.bots))].put(dict(raw), as_is=True)

    def inject_raw(self, raw: bytes, token: str | None = None) -> None:
        """Queue bytes in the place of an update, JSON or not; getUpdates and the webhook hand them over as
        they are."""
        self.state.queues[token or next(iter(self.state.bots))].put_raw(raw)

    def deliver_twice(self, updates: int = 1, token: str | None = None) -> None:
        """The next so many updates are handed to the bot a second time after it confirmed them."""
        self.state.queues[token or next(iter(self.state.bots))].duplicates += updates

    def number_updates_anew(self, first: int, token: str | None = None) -> None:
        """After a quiet week: the next update has the number `first`, lower or higher than before. Raises
        ValueError while updates wait."""
        self.state.queues[token or next(iter(self.state.bots))].number_anew(first)

    def pending(self, token: str | None = None) -> int:
        """Updates the bot has not confirmed yet."""
        return len(self.state.queues[token or next(iter(self.state.bots))].waiting)

    def behave(self, **changed: Any) -> None:
        """From now on otherwise than the table of facts has it: names and values of `Quirks`."""
        self.state.quirks = self.state.shapes.quirks = replace(self.state.quirks, **changed)

    @property
    def is_out(self) -> bool:
        return self._out

    def go_out(self) -> None:
        """Every connection is cut until `come_back`."""
        self._out = True

    def come_back(self) -> None:
        self._out = False
        for queue in self.state.queues.values():
            queue.stir()

    @contextmanager
    def outage(self) -> Iterator[None]:
        self.go_out()
        try:
            yield
        finally:
            self.come_back()

    def forget_callbacks(self) -> None:
        """From now on it is too late to answer the buttons pressed so far."""
        for bot in self.state.bots.values():
            for query in bot.queries.values():
                query.made = 0.0

    def calls_of(self, method: str) -> list[Answered]:
        return [call for call in self.calls if call.method == method]

    # ── serving ──

    async def start(self) -> None:
        app = web.Application(
            client_max_size=_MAX_BODY, middlewares=[own_pages_only(lambda: OwnAddress(self.host))]
        )
        app.router.add_route("*", "/file/bot{token}/{path:.+}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await site.start()
        if not self.port:
            self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for queue in self.state.queues.values():
            queue.stop()
            queue.end_poller()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _method(self, request: web.Request) -> web.StreamResponse:
        if self._out:
            return self._cut(request)
        name = request.match_info["method"]
        bot = self.state.bots.get(request.match_info["token"])
        method = self.table.find(name) or name
        params = Params()
        fault: Fault | None = None
        try:
            params = await Params.read(request)
            fault = self.faults.next_for(method, _chat_id(params)) or self._too_soon(bot, method, params)
            if fault is not None:
                await fault.pause()
            if fault is not None and not fault.done and (fault.reset or fault.answers):
                status, body = fault.status, {}
            else:
                status, body = 200, {"ok": True, "result": await self._answer(bot, method, params)}
        except ApiError as error:
            status, body = error.status, dict(error.body())
            if self.state.quirks.error_status == "200":
                status = 200
            if error.violation:
                value = str(params.summary())[:300]
                self.violations.append(Violation(method, error.description, value))
        except ConnectionResetError:
            raise  # the bot hung up before all of its call was there, as one that is stopped does
        except Exception as error:
            # The emulator itself is wrong: loud in the tests, an honest 500 to the bot.
            self.violations.append(
                Violation(method, f"emulator failed: {error!r}", str(params.summary())[:300])
            )
            raise
        description = str(body.get("description", fault.name if fault else ""))
        token = request.match_info["token"]
        cut = fault is not None and fault.reset
        self.calls.append(Answered(method, params.summary(), 0 if cut else status, description, token))
        if fault is not None and fault.reset:
            return self._cut(request)
        if fault is not None and fault.answers:
            return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type)
        if isinstance(result := body.get("result"), Verbatim):
            content = b'{"ok": true, "result": ' + result.json + b"}"
        else:
            content = json.dumps(body, ensure_ascii=False).encode()
        return web.Response(status=status, body=content, content_type="application/json", charset="utf-8")

    def _too_soon(self, bot: Bot | None, method: str, params: Params) -> Fault | None:
        """A 429, where the bot writes more than it may."""
        chat_id = _chat_id(params)
        conversation = (
            self.state.conversation(bot, chat_id) if bot is not None and chat_id is not None else None
        )
        if bot is None or conversation is None:
            return None
        messages = len(params.object("media", list) or [0]) if method == "sendMediaGroup" else 1
        private = conversation.chat.type == "private"
        return self.limits[bot.token].refuse(method, conversation.chat.id, private=private, messages=messages)

    async def _answer(self, bot: Bot | None, method: str, params: Params) -> Any:
        if bot is None:
            words = "Bad Request: Token not found" if self.kind == "bale" else "Unauthorized"
            raise ApiError(self.state.quirks.wrong_token, words)
        if method.lower() in NOT_IMPLEMENTED and not self.state.quirks.descriptions:
            raise ApiError(501, "Not Implemented", violation=True)
        if method not in self.table.known:
            raise ApiError(self.state.quirks.unknown_method, "Not Found", violation=True)
        self._check_names(method, params)
        return await METHODS[method](Call(self.state, bot, method, params))

    def _check_names(self, method: str, params: Params) -> None:
        missing = self.table.required[method] - params.names
        if missing:
            raise broken_rule(f"parameters missing: {', '.join(sorted(missing))}")
        unknown = params.names - self.table.known[method]
        if not unknown:
            return
        rule = f"unknown parameters: {', '.join(sorted(unknown))}"
        if self.state.quirks.unknown_parameters == "refused":
            raise broken_rule(rule)
        # They are ignored, but a bot should not send what does not exist.
        self.violations.append(Violation(method, rule))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if self._out:
            return self._cut(request)
        fault = self.faults.next_for("file", None)
        if fault is not None:
            await fault.pause()
        if fault is not None and fault.reset:
            return self._cut(request)
        if fault is not None and fault.answers:
            return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type)
        bot = self.state.bots.get(request.match_info["token"])
        path = request.match_info["path"]
        file = bot.paths.get(path) if bot else None
        if file is None and bot is not None and self.state.quirks.download_by_id:
            file = bot.files.get(path)
        self.calls.append(Answered("file", {"path": request.match_info["path"]}, 200 if file else 404))
        if file is None:
            refusal = {"ok": False, "error_code": 404, "description": "Not Found"}
            return web.json_response(refusal, status=404)
        if fault is not None and (fault.broken_off or fault.endless):
            return await self._badly(request, fault, file.content)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _badly(self, request: web.Request, fault: Fault, content: bytes) -> web.StreamResponse:
        """Half of the file, or more of it than there is, until the bot has enough."""
        response = web.StreamResponse()
        if fault.broken_off:
            response.content_length = len(content)
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        with suppress(ConnectionError):
            while fault.endless:
                await response.write(content)
        return self._cut(request)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        """Reset the connection: the bot sees no answer at all."""
        transport = request.transport
        if transport is not None:
            raw = transport.get_extra_info("socket")
            if raw is not None:
                # SO_LINGER 0 makes the close a reset.
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            transport.abort()
        return web.Response()


def _chat_id(params: Params) -> int | None:
    try:
        return params.integer("chat_id")
    except ApiError:
        return None
