"""The pay page and the gateway's return. A return is only a hint: `payments.settle` learns the truth.

See docs/specification.md 2.3.
"""

import asyncio
import logging
import math
import re
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.application.resources import Resources
from bot.core.context import PublicInfo
from bot.core.refusals import NotAllowed, Refusal
from bot.services import payments
from bot.services.payments import PageState, PayView
from bot.texts import t
from bot.texts.formats import digits, jalali_time, number, toman
from bot.web.body import TooLong, read_form
from bot.web.html import page, security_headers
from storage.enums import AttemptState, Messenger

log = logging.getLogger(__name__)

#: Seconds that a browser waits for the bank's word; then the page says that it is being asked, and looks
#: again.
SETTLE_TIMEOUT = 10.0
TOKEN = re.compile(r"^[A-Za-z0-9_-]{16,64}$")
#: The number of an attempt; the database counts no further.
ATTEMPT = re.compile(r"^[0-9]{1,18}$", re.ASCII)
#: Biggest return that a gateway posts, bytes.
MAX_RETURN = 16 * 1024
#: What the page says of an attempt: (texts under "pay.", mood of the page).
_SAYS = {
    AttemptState.CREATED: ("open", "wait"),
    AttemptState.VERIFYING: ("checking", "wait"),
    AttemptState.PAID: ("paid", "ok"),
    AttemptState.FAILED: ("failed", "bad"),
    AttemptState.UNCERTAIN: ("uncertain", "wait"),
    AttemptState.EXPIRED: ("failed", "bad"),
    AttemptState.REFUND_DUE: ("refund", "wait"),
    AttemptState.REFUNDED: ("refunded", "ok"),
}
_PAGE_SAYS = {
    PageState.PAID: ("paid", "ok"),
    PageState.WITHDRAWN: ("withdrawn", "wait"),
    PageState.UNCERTAIN: ("uncertain", "wait"),
    PageState.HELD: ("held", "wait"),
}
Links = list[tuple[str, str]]


def back_to_chat(public_info: PublicInfo) -> Links:
    """Links to the bot on each messenger it serves."""
    links = [(messenger, link) for messenger in Messenger if (link := public_info.bot_links.get(messenger))]
    if len(links) == 1:
        return [(t("pay.page.back"), links[0][1])]
    return [(t(f"pay.page.back_{messenger}"), link) for messenger, link in links]


class PayPages:
    """The routes under /pay."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._asking: set[asyncio.Task[AttemptState]] = set()

    @property
    def _public_info(self) -> PublicInfo:
        return self._resources.public_info  # the links to the bots are known only after the start

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/pay/{token}", self.show_page, methods=["GET"]),
            Route("/pay/{token}", self.go, methods=["POST"]),
            Route("/pay/callback/{gateway}/{attempt}", self.returned, methods=["GET", "POST"]),
        ]

    async def show_page(self, request: Request) -> Response:
        view = await self._view(request)
        if view is None:
            return self.unknown()
        if view.state is PageState.PAYABLE:
            return page("pay.html", self._public_info.public_url, view=view)
        says, mood = _PAGE_SAYS[view.state]
        return self._say(says, mood, facts=_facts(view, paid=view.state is PageState.PAID))

    async def go(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not TOKEN.match(token):
            return self.unknown()
        try:
            redirect = await payments.open_attempt(self._resources, token)
        except NotAllowed:
            return self.unknown()
        except payments.TooManyAttempts as refusal:
            seconds = max(1, math.ceil((refusal.until - self._resources.clock()).total_seconds()))
            return self._say("too_many", "wait", status=429, values=refusal.args_of_text, retry_after=seconds)
        except Refusal as refusal:
            if refusal.key in ("error.nothing_due", "error.payment_uncertain", "error.payment_held"):
                return await self.show_page(request)
            again = [(t("pay.page.again"), payments.pay_url(self._public_info, token))]
            return page(
                "message.html",
                self._public_info.public_url,
                status=503,
                title=t("pay.trouble.title"),
                text=t(refusal.key, **refusal.args_of_text),
                mood="bad",
                facts=[],
                links=again + back_to_chat(self._public_info),
                refresh=None,
            )
        if redirect.fields is not None:
            return page("forward.html", self._public_info.public_url, redirect=redirect)
        return RedirectResponse(redirect.url, 303, headers=security_headers(self._public_info.public_url))

    async def returned(self, request: Request) -> Response:
        """The browser comes back from the bank, or a forged request pretends to.

        The body is read only once the attempt is known."""
        gateway, number = self._resources.gateway, request.path_params["attempt"]
        if request.path_params["gateway"] != gateway.name or not ATTEMPT.match(number):
            return self.unknown()
        attempt_id = int(number)
        known = await self._resources.database.read(
            partial(payments.attempt_of_return, gateway=gateway.name, attempt_id=attempt_id)
        )
        if known is None or known[0] is None:
            return self.unknown()
        params = dict(request.query_params)
        if request.method == "POST":
            try:
                params |= await read_form(request, MAX_RETURN)
            except TooLong:
                return Response(status_code=413)
            except ClientDisconnect:
                return Response(status_code=400)
        hint = gateway.parse_callback(params)
        if known[0] != hint.ref:
            return self.unknown()
        state = await self._settled(attempt_id, cancelled=not hint.user_says_ok)
        says, mood = _SAYS[state]
        links = back_to_chat(self._public_info)
        same = f"{request.url.path}?{urlencode(params)}"
        if state is AttemptState.CREATED:
            links.insert(0, (t("pay.page.recheck"), same))
        elif mood == "bad":
            links.insert(0, (t("pay.page.again"), payments.pay_url(self._public_info, known[1] or "")))
        refresh = {"seconds": 4, "url": same} if state is AttemptState.VERIFYING else None
        view = await self._resources.database.read(
            partial(payments.pay_view, token=known[1] or "", now=self._resources.clock())
        )
        facts = [] if view is None else _facts(view, paid=state is AttemptState.PAID)
        return self._say(says, mood, facts=facts, links=links, refresh=refresh)

    async def _settled(self, attempt_id: int, *, cancelled: bool) -> AttemptState:
        """What the bank says while the browser waits. Asking goes on after it; whatever the bank says then is
        settled all the same."""
        task = asyncio.create_task(payments.settle_return(self._resources, attempt_id, cancelled=cancelled))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        done, _ = await asyncio.wait([task], timeout=SETTLE_TIMEOUT)
        if done:
            return task.result()
        task.add_done_callback(_log_failure)
        return AttemptState.VERIFYING

    def hurried(self, request: Request, seconds: int) -> HTMLResponse:
        """Too many requests: when to come back, and that no payment is lost by it."""
        again: Links = []
        if request.method == "GET" and request.url.path.startswith("/pay/"):
            again = [(t("pay.page.again"), f"{request.url.path}?{request.url.query}".rstrip("?"))]
        return self._say(
            "hurried",
            "wait",
            status=429,
            values={"seconds": digits(seconds)},
            links=[*again, *back_to_chat(self._public_info)],
            retry_after=seconds,
        )

    def unknown(self) -> HTMLResponse:
        """The same page for every address that leads nowhere."""
        return self._say("unknown", "bad", status=404)

    async def _view(self, request: Request) -> PayView | None:
        token = request.path_params["token"]
        if not TOKEN.match(token):
            return None
        return await self._resources.database.read(
            partial(payments.pay_view, token=token, now=self._resources.clock())
        )

    def _say(
        self,
        says: str,
        mood: str,
        *,
        status: int = 200,
        facts: list[tuple[str, str]] | None = None,
        links: Links | None = None,
        refresh: dict[str, object] | None = None,
        values: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> HTMLResponse:
        answer = page(
            "message.html",
            self._public_info.public_url,
            status=status,
            title=t(f"pay.{says}.title"),
            text=t(f"pay.{says}.text", **(values or {})),
            mood=mood,
            facts=facts or [],
            links=back_to_chat(self._public_info) if links is None else links,
            refresh=refresh,
        )
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer


def _facts(view: PayView, *, paid: bool) -> list[tuple[str, str]]:
    """Who pays what for which request; of a payment that was made, its day and the bank's reference too."""
    amount = t("pay.page.both", amount=number(view.amount_rial), toman=toman(view.amount_rial))
    facts = [
        (t("pay.page.payer"), view.payer),
        (t("pay.page.amount"), amount),
        (t("pay.page.tracking"), view.tracking_code),
    ]
    if paid and view.paid_at is not None:
        facts.append((t("pay.page.paid_at"), jalali_time(view.paid_at)))
    if paid and view.bank_ref:
        facts.append((t("pay.page.bank_ref"), view.bank_ref))
    return facts


def _log_failure(task: asyncio.Task[AttemptState]) -> None:
    """No caller waits for it any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a payment could not be settled; the reconciler goes on", exc_info=error)
