"""An SMS provider speaking Kavenegar's protocol over HTTP, and the phones its messages arrive on.

See docs/gateways.md 2.1.

`{url}/v1/{API-KEY}/{scope}/{method}.json` by GET or POST form: sms/send (with localid), verify/lookup,
sms/status, sms/statuslocalmessageid, account/info. Troubles are ordered with `fail`, as an HTTP status, a
code, or a cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from demo import clock
from demo.same_origin import OwnAddress, own_pages_only

API_KEY = "demo-key"
#: Texts of the codes that a test is likely to order.
_CODES = {
    400: "پارامترها ناقص هستند",
    402: "عملیات ناموفق بود",
    403: "کد شناسائی API-Key معتبر نمی‌باشد",
    409: "سرور قادر به پاسخگوئی نیست بعدا تلاش کنید",
    411: "دریافت کننده نامعتبر است",
    412: "ارسال کننده نامعتبر است",
    413: "پیام خالی است و یا طول پیام بیش از حد مجاز می‌باشد",
    414: "حجم درخواست بیشتر از حد مجاز است",
    418: "اعتبار حساب شما کافی نیست",
    419: "طول آرایه متن و گیرنده و فرستنده هم اندازه نیست",
    424: "الگوی مورد نظر پیدا نشد",
    431: "ساختار کد صحیح نمی‌باشد",
    451: "فراخوانی بیش از حد در بازه زمانی مشخص",
}
MAX_MESSAGE = 900
_RETURN = dict[str, Any]


@dataclass(slots=True)
class Sms:
    id: int
    #: As given: 09… or 98….
    to: str
    text: str
    sender: str
    at: float
    localid: str | None = None
    #: 1 queued, 5 sent, 10 delivered, 11 undelivered, 14 blocked.
    status: int = 10
    template: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def mobile(self) -> str:
        """09…"""
        return _local(self.to)


@dataclass(slots=True)
class _Trouble:
    times: int | None
    status: int = 0
    code: int = 0
    cut: bool = False
    done: bool = False
    delay: float = 0.0


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(_CODES.get(code, str(code)))
        self.code = code


class SmsServer:
    """One provider with one account on one port."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, key: str = API_KEY) -> None:
        self.host, self.port, self.key = host, port, key
        self.sent: list[Sms] = []
        #: Every request that came, also the refused ones: method and parameters.
        self.calls: list[tuple[str, dict[str, str]]] = []
        #: Template name → text with %token, %token2, %token10 …; None: every template exists.
        self.templates: dict[str, str] | None = None
        #: The status that new messages get.
        self.next_status = 10
        self.listeners: list[Callable[[Sms], None]] = []
        #: Rial on the account.
        self.credit = 1_000_000
        self._troubles: list[_Trouble] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    # ── the phones ──

    def inbox(self, mobile: str) -> list[Sms]:
        """What arrived at 09…"""
        return [sms for sms in self.sent if sms.mobile == _local(mobile)]

    async def sees(self, mobile: str, part: str, *, within: float = 90.0) -> Sms:
        """Wait for a message at 09… that contains the words."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for sms in reversed(self.inbox(mobile)):
                        if part in sms.text:
                            return sms
                    waiter = asyncio.get_running_loop().create_future()
                    self._waiters.append(waiter)
                    await waiter
        except TimeoutError:
            arrived = [(sms.mobile, sms.text) for sms in self.sent]
            raise AssertionError(f"no SMS {part!r} at {mobile}; arrived: {arrived}") from None

    # ── troubles ──

    def fail(
        self,
        *,
        code: int = 0,
        status: int = 0,
        cut: bool = False,
        done: bool = False,
        delay: float = 0.0,
        times: int | None = 1,
    ) -> None:
        """The next `times` requests: Kavenegar's `code`, or a bare HTTP `status`, or a cut connection.

        With `done` the message is sent all the same and only the answer is lost. None: until `recover`."""
        self._troubles.append(_Trouble(times, status, code, cut, done, delay))

    def recover(self) -> None:
        self._troubles.clear()

    def _next_trouble(self) -> _Trouble | None:
        if not self._troubles:
            return None
        trouble = self._troubles[0]
        if trouble.times is not None:
            trouble.times -= 1
            if trouble.times <= 0:
                self._troubles.pop(0)
        return trouble

    # ── serving ──

    async def start(self) -> None:
        app = web.Application(middlewares=[own_pages_only(lambda: OwnAddress(self.host))])
        app.router.add_route("*", "/v1/{key}/{scope}/{method}.json", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self.port or self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        given = dict(request.query)
        if request.method == "POST":
            given |= {name: str(value) for name, value in (await request.post()).items()}
        method = f"{request.match_info['scope']}/{request.match_info['method']}"
        self.calls.append((method, given))
        trouble = self._next_trouble()
        if trouble is not None:
            await asyncio.sleep(trouble.delay)
        try:
            if request.match_info["key"] != self.key:
                raise _Refused(403)
            if trouble is not None and trouble.code and not trouble.done:
                raise _Refused(trouble.code)
            lost = trouble is not None and (trouble.cut or trouble.status)
            entries = None
            if not lost or (trouble is not None and trouble.done):
                entries = self._answer(method, given)
        except _Refused as refused:
            return _reply(refused.code, str(refused), None)
        if trouble is not None and trouble.cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if trouble is not None and trouble.status:
            return web.Response(
                status=trouble.status, text="<html>Bad Gateway</html>", content_type="text/html"
            )
        return _reply(200, "تایید شد", entries)

    def _answer(self, method: str, given: dict[str, str]) -> Any:
        match method:
            case "sms/send":
                return self._send(given)
            case "verify/lookup":
                return self._lookup(given)
            case "sms/status":
                return [self._status(number) for number in given.get("messageid", "").split(",")]
            case "sms/statuslocalmessageid":
                return [self._local_status(number) for number in given.get("localid", "").split(",")]
            case "account/info":
                return {"remaincredit": self.credit, "expiredate": 1_900_000_000, "type": "Master"}
            case _:
                raise _Refused(404)

    def _send(self, given: dict[str, str]) -> list[_RETURN]:
        receptors = [number for number in given.get("receptor", "").split(",") if number]
        message = given.get("message", "")
        if not receptors:
            raise _Refused(400)
        if len(receptors) > 200:
            raise _Refused(414)
        if not message.strip() or len(message) > MAX_MESSAGE:
            raise _Refused(413)
        locals_ = given["localid"].split(",") if given.get("localid") else []
        if locals_ and len(locals_) != len(receptors):
            raise _Refused(419)
        entries = []
        for number, receptor in enumerate(receptors):
            localid = locals_[number] if locals_ else None
            known = next((sms for sms in self.sent if localid is not None and sms.localid == localid), None)
            if known is None:
                known = self._deliver(receptor, message, given.get("sender", "10004346"), localid)
            entries.append(_entry(known))
        return entries

    def _lookup(self, given: dict[str, str]) -> list[_RETURN]:
        template = given.get("template", "")
        tokens = {name: value for name, value in given.items() if name.startswith("token")}
        if not template or "token" not in tokens:
            raise _Refused(400)
        if self.templates is not None and template not in self.templates:
            raise _Refused(424)
        spaces = {"token": 0, "token2": 0, "token3": 0, "token10": 5, "token20": 8}
        for name, value in tokens.items():
            if len(value) > 100 or value.count(" ") > spaces.get(name, 0) or set(value) & {"\n", "_"}:
                raise _Refused(431)
        text = (self.templates or {}).get(template, " ".join(tokens.values()))
        for name in sorted(tokens, key=len, reverse=True):
            text = text.replace(f"%{name}", tokens[name])
        sms = self._deliver(given.get("receptor", ""), text, "30002626", None)
        sms.template, sms.tokens = template, tokens
        return [_entry(sms)]

    def _deliver(self, receptor: str, text: str, sender: str, localid: str | None) -> Sms:
        if not (_local(receptor).startswith("09") and len(_local(receptor)) == 11):
            raise _Refused(411)
        sms = Sms(8_792_343 + len(self.sent), receptor, text, sender, clock.time(), localid, self.next_status)
        self.sent.append(sms)
        for listener in list(self.listeners):
            listener(sms)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        return sms

    def _status(self, message_id: str) -> _RETURN:
        sms = next((sms for sms in self.sent if str(sms.id) == message_id), None)
        status = sms.status if sms else 100
        return {"messageid": int(message_id or 0), "status": status, "statustext": _STATUS.get(status, "")}

    def _local_status(self, localid: str) -> _RETURN:
        sms = next((sms for sms in self.sent if sms.localid == localid), None)
        status = sms.status if sms else 100
        return {
            "messageid": sms.id if sms else 0,
            "localid": localid,
            "status": status,
            "statustext": _STATUS.get(status, ""),
        }


_STATUS = {
    1: "در صف ارسال",
    5: "ارسال به مخابرات",
    6: "خطا در ارسال پیام",
    10: "رسیده به گیرنده",
    11: "نرسیده به گیرنده",
    13: "لغو شده",
    14: "بلاک شده است",
    100: "شناسه پیامک نامعتبر است",
}


def _entry(sms: Sms) -> _RETURN:
    return {
        "messageid": sms.id,
        "message": sms.text,
        "status": 1,
        "statustext": _STATUS[1],
        "sender": sms.sender,
        "receptor": sms.to,
        "date": int(sms.at),
        "cost": 1200,
    }


def _reply(status: int, message: str, entries: Any) -> web.Response:
    body = {"return": {"status": status, "message": message}, "entries": entries}
    return web.json_response(body, status=status)


def _local(mobile: str) -> str:
    """+98912…, 0098912…, 98912… and 912… as 0912…"""
    digits = mobile.removeprefix("+").removeprefix("00")
    if digits.startswith("98"):
        digits = digits[2:]
    return digits if digits.startswith("0") else "0" + digits
