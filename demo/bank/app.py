"""The bank over HTTP: both protocols, the page of the payer, and the controls of a test."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from demo.bank import zarinpal, zibal
from demo.bank.ledger import Answer, Bank, BankFaults, Payment, PaymentState
from demo.bank.page import PAGE
from demo.same_origin import OwnAddress, OwnPagesOnly

Call = Callable[[Bank, dict[str, Any]], Answer]
_page = Environment(autoescape=True).from_string(PAGE)


class Broken(Response):
    """An answer that breaks off: the caller sees a connection lost in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def _api(bank: Bank, kind: str, call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        faults = bank.faults
        bank.calls[kind] = bank.calls.get(kind, 0) + 1
        if faults.timeout:
            await asyncio.sleep(3600)
        if faults.down or (faults.no_inquiry and kind == "inquiry"):
            return Broken()
        if faults.broken:
            return HTMLResponse("<html><h1>502 Bad Gateway</h1></html>", status_code=502)
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            return JSONResponse({"data": [], "errors": {"code": -9, "message": "not JSON"}}, status_code=415)
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return JSONResponse({"data": [], "errors": {"code": -9, "message": "not JSON"}}, status_code=400)
        answer = call(bank, body)
        if kind == "verify" and faults.lose_verify:
            faults.lose_verify -= 1
            return Broken()
        if kind == "create" and faults.lose_create:
            faults.lose_create -= 1
            return Broken()
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        return JSONResponse(content, status_code=status)

    return endpoint


def _show(payment: Payment | None, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_page.render(payment=payment, Stand=PaymentState), status_code=status)


def _payer_routes(bank: Bank) -> list[Route]:
    """The pages that the payer sees."""

    async def start(request: Request) -> Response:
        gateway = "zarinpal" if "authority" in request.path_params else "zibal"
        payment = bank.find(request.path_params.get("authority") or request.path_params.get("track"), gateway)
        if payment is not None and request.headers.get("referer"):
            payment.referrer = request.headers["referer"]
        return _show(payment, 200 if payment else 404)

    async def decide(request: Request) -> Response:
        payment = bank.payments.get(request.path_params["ref"])
        action = request.path_params["action"]
        if payment is None:
            return _show(None, 404)
        if payment.stand is not PaymentState.IN_BANK:
            return _show(payment, 409)
        if action == "cancel":
            return RedirectResponse(bank.cancel(payment.ref), 303)
        if action == "error":
            bank.cancel(payment.ref)
            return _show(payment, 500)
        if action == "slow":
            await asyncio.sleep(bank.slowness)
            if payment.stand is not PaymentState.IN_BANK:
                return _show(payment, 409)
        back = bank.pay(payment.ref)
        return _show(payment) if action == "leave" else RedirectResponse(back, 303)

    return [
        Route("/pg/StartPay/{authority}", start),
        Route("/start/{track:int}", start),
        Route("/bank/{ref}/{action}", decide, methods=["POST"]),
    ]


def _control_routes(bank: Bank) -> list[Route]:
    """What the tests and the demo page ask of the bank."""

    async def control_payments(request: Request) -> Response:
        listed = [
            {
                "ref": payment.ref,
                "gateway": payment.gateway,
                "amount": payment.amount,
                "state": payment.stand,
                "order_id": payment.order_id,
                "description": payment.description,
            }
            for payment in bank.payments.values()
        ]
        return JSONResponse({"payments": listed, "faults": asdict(bank.faults), "calls": bank.calls})

    async def control_faults(request: Request) -> Response:
        wanted = await request.json()
        known = {field.name: type(getattr(bank.faults, field.name)) for field in fields(BankFaults)}
        if any(name not in known or type(value) is not known[name] for name, value in wanted.items()):
            return JSONResponse({"known": sorted(known)}, status_code=400)
        for name, value in wanted.items():
            setattr(bank.faults, name, value)
        return JSONResponse(asdict(bank.faults))

    async def control_decide(request: Request) -> Response:
        act = {"pay": bank.pay, "cancel": bank.cancel, "silence": bank.silence}[request.path_params["action"]]
        try:
            return JSONResponse({"callback": act(request.path_params["ref"])})
        except (KeyError, ValueError) as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=409)

    return [
        Route("/control/payments", control_payments),
        Route("/control/faults", control_faults, methods=["POST"]),
        Route("/control/payments/{ref}/{action}", control_decide, methods=["POST"]),
    ]


def build_bank_app(bank: Bank | None = None, *, host: str = "127.0.0.1") -> Starlette:
    """The bank as a web server on `host`; `app.state.bank` is the Bank."""
    bank = bank or Bank()

    v4, v1 = "/pg/v4/payment", "/v1"
    app = Starlette(
        routes=[
            Route(f"{v4}/request.json", _api(bank, "create", zarinpal.request), methods=["POST"]),
            Route(f"{v4}/verify.json", _api(bank, "verify", zarinpal.verify), methods=["POST"]),
            Route(f"{v4}/inquiry.json", _api(bank, "inquiry", zarinpal.inquiry), methods=["POST"]),
            Route(f"{v4}/unVerified.json", _api(bank, "unverified", zarinpal.unverified), methods=["POST"]),
            Route(f"{v1}/request", _api(bank, "create", zibal.request), methods=["POST"]),
            Route(f"{v1}/verify", _api(bank, "verify", zibal.verify), methods=["POST"]),
            Route(f"{v1}/inquiry", _api(bank, "inquiry", zibal.inquiry), methods=["POST"]),
            *_payer_routes(bank),
            *_control_routes(bank),
        ],
        middleware=[Middleware(OwnPagesOnly, own=OwnAddress(host))],
    )
    app.state.bank = bank
    return app
